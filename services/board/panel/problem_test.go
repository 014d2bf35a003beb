package panel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// fiveAccounts is the pool of board.md: 3 seats, A in conflict with B and with C.
func fiveAccounts() *Problem {
	return &Problem{Seats: 3, Pool: []Member{{ID: "A"}, {ID: "B"}, {ID: "C"}, {ID: "D"}, {ID: "E"}}, Conflicts: [][2]int{{0, 1}, {2, 0}}}
}

// smallBoard has two categories and four members.
func smallBoard() *Problem {
	return &Problem{
		Seats: 2,
		Categories: []Category{
			{"sector", []Quota{{"energy", 1, 1}, {"health", 0, 2}}},
			{"region", []Quota{{"west", 1, 2}, {"south", 0, 1}}},
		},
		Pool: []Member{{"a", []string{"energy", "west"}}, {"b", []string{"energy", "south"}}, {"c", []string{"health", "west"}}, {"d", []string{"health", "south"}}},
	}
}

func TestCheckNamesEverythingWrong(t *testing.T) {
	require.NoError(t, smallBoard().Check())
	require.NoError(t, fiveAccounts().Check())
	require.NoError(t, new(Problem).Check())
	tests := []struct {
		name   string
		change func(*Problem)
		errors []string
	}{
		{"seats", func(p *Problem) { p.Seats = -1 }, []string{"the number of seats is -1"}},
		{"category without name", func(p *Problem) { p.Categories[0].Name = "" }, []string{"category 1 has no name"}},
		{"category twice", func(p *Problem) { p.Categories[1].Name = "sector" }, []string{`category "sector" is given twice`}},
		{"no values", func(p *Problem) { p.Categories[0].Values = nil; p.Pool = nil }, []string{`category "sector" has no values`}},
		{"value twice", func(p *Problem) { p.Categories[0].Values[1].Value = "energy"; p.Pool = nil }, []string{`"sector" has the value "energy" twice`}},
		{"min above max", func(p *Problem) { p.Categories[0].Values[0] = Quota{"energy", 2, 1} }, []string{`sector "energy" is 2 to 1 seats`}},
		{"negative min", func(p *Problem) { p.Categories[0].Values[0].Min = -1 }, []string{`sector "energy" is -1 to 1 seats`}},
		{"no id", func(p *Problem) { p.Pool[2].ID = "" }, []string{"member 3 of the pool has no id"}},
		{"id twice", func(p *Problem) { p.Pool[2].ID = "a" }, []string{`member "a" is in the pool twice`}},
		{"too few values", func(p *Problem) { p.Pool[0].Values = nil }, []string{`member "a" has 0 values for 2 categories`}},
		{"unknown value", func(p *Problem) { p.Pool[0].Values[1] = "north" }, []string{`member "a" has the value "north", which category "region" does not list`}},
		{"conflict outside", func(p *Problem) { p.Conflicts = [][2]int{{0, 4}} }, []string{"conflict 1 names members 1 and 5 of a pool of 4"}},
		{"conflict with itself", func(p *Problem) { p.Conflicts = [][2]int{{1, 1}} }, []string{`member "b" is in conflict with itself`}},
		{"several at once", func(p *Problem) { p.Seats = -2; p.Pool[3].ID = "b" }, []string{"the number of seats is -2", `member "b" is in the pool twice`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := smallBoard()
			tt.change(p)
			err := p.Check()
			for _, part := range tt.errors {
				require.ErrorContains(t, err, part)
			}
		})
	}
}

func TestViolation(t *testing.T) {
	p := smallBoard()
	p.Conflicts = [][2]int{{2, 1}}
	tests := []struct {
		name   string
		panel  Panel
		broken []string // nothing where the panel is right
	}{
		{"right", Panel{0, 2}, nil},
		{"right with both from the south", Panel{0, 3}, nil},
		{"conflict", Panel{1, 2}, []string{`"c" and "b" are in conflict`}},
		{"quotas", Panel{1, 3}, []string{`region "west" has 0 seats, its quota is 1 to 2`, `region "south" has 2 seats`}},
		{"too few", Panel{0}, []string{"1 members for 2 seats"}},
		{"order", Panel{2, 0}, []string{"ascending order"}},
		{"twice", Panel{0, 0}, []string{"ascending order"}},
		{"nobody", Panel{0, 4}, []string{"member 5 of a pool of 4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := p.Violation(tt.panel)
			if tt.broken == nil {
				require.NoError(t, err)
			}
			for _, part := range tt.broken {
				require.ErrorContains(t, err, part)
			}
		})
	}
}

func TestMarginalsOfALottery(t *testing.T) {
	l := Lottery{Panels: []Panel{{0, 1}, {1, 2}}, Probabilities: []float64{0.25, 0.75}}
	require.Equal(t, []float64{0.25, 1, 0.75, 0}, l.Marginals(4))
}
