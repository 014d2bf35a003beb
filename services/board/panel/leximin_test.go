package panel

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// twoByTwo has people of two genders and leanings, as many as given of each pair.
func twoByTwo(seats, low, high, femaleLiberal, femaleConservative, maleLiberal, maleConservative int) *Problem {
	p := &Problem{Seats: seats, Categories: []Category{
		{"gender", []Quota{{"female", low, high}, {"male", low, high}}},
		{"leaning", []Quota{{"conservative", low, high}, {"liberal", low, high}}},
	}}
	add := func(n int, gender, leaning string) {
		for range n {
			p.Pool = append(p.Pool, Member{fmt.Sprintf("person %d", len(p.Pool)), []string{gender, leaning}})
		}
	}
	add(femaleLiberal, "female", "liberal")
	add(femaleConservative, "female", "conservative")
	add(maleLiberal, "male", "liberal")
	add(maleConservative, "male", "conservative")
	return p
}

func TestLeximinOfExamples(t *testing.T) {
	tests := []struct {
		name    string
		problem *Problem
		share   float64 // of everyone
	}{
		{"small", twoByTwo(20, 9, 20, 1, 99, 100, 0), 0.1},
		{"large", twoByTwo(200, 99, 200, 1, 999, 1000, 0), 0.1},
		{"everyone", twoByTwo(4, 0, 4, 1, 1, 1, 1), 1},
		{"no seats", twoByTwo(0, 0, 0, 1, 1, 1, 1), 0},
		{"nobody", &Problem{}, 0},
		{"no categories", &Problem{Seats: 1, Pool: []Member{{ID: "a"}, {ID: "b"}}}, 0.5},
		{"two in conflict", &Problem{Seats: 1, Pool: []Member{{ID: "a"}, {ID: "b"}}, Conflicts: [][2]int{{0, 1}}}, 0.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Leximin(t.Context(), tt.problem, Options{})
			require.NoError(t, err)
			requireSound(t, tt.problem, s)
			for i, marginal := range s.Marginals {
				require.InDelta(t, tt.share, marginal, 1e-9, "member %d", i)
			}
			require.Equal(t, tt.share == 0, len(s.Unreachable) == len(tt.problem.Pool))
		})
	}
}

func TestLeximinOfFiveAccounts(t *testing.T) {
	p := fiveAccounts()
	s, err := Leximin(t.Context(), p, Options{})
	require.NoError(t, err)
	requireSound(t, p, s)
	require.InDeltaSlice(t, []float64{0.5, 0.5, 0.5, 0.75, 0.75}, s.Marginals, 1e-12)
	require.Len(t, s.Levels, 2)
	require.Equal(t, []int{0, 1, 2}, s.Levels[0].Members)
	require.Equal(t, []int{3, 4}, s.Levels[1].Members)
}

// TestOddCycleNeedsACut has five members in a ring of conflicts, of whom two sit: what the
// conflicts say one by one would let everyone have 1/2.
func TestOddCycleNeedsACut(t *testing.T) {
	p := &Problem{Seats: 3}
	for i := range 6 {
		p.Pool = append(p.Pool, Member{ID: fmt.Sprint(i)})
	}
	for i := range 5 {
		p.Conflicts = append(p.Conflicts, [2]int{i, (i + 1) % 5})
	}
	s, err := Leximin(t.Context(), p, Options{})
	require.NoError(t, err)
	requireSound(t, p, s)
	require.InDeltaSlice(t, []float64{0.4, 0.4, 0.4, 0.4, 0.4, 1}, s.Marginals, 1e-9)
}

func TestTwinsInConflictAreOneType(t *testing.T) {
	p := twoByTwo(2, 1, 1, 3, 0, 0, 2)
	p.Conflicts = [][2]int{{0, 1}, {1, 2}, {0, 2}, {0, 3}, {1, 3}, {2, 3}}
	s, err := Leximin(t.Context(), p, Options{})
	require.NoError(t, err)
	requireSound(t, p, s)
	require.InDeltaSlice(t, []float64{1. / 3, 1. / 3, 1. / 3, 0, 1}, s.Marginals, 1e-9)
	require.Len(t, s.Types, 3)
	i := slices.IndexFunc(s.Types, func(k Type) bool { return len(k.Members) == 3 })
	require.Equal(t, 1, s.Types[i].Limit)
	require.Equal(t, 3, s.Unreachable[0].Member)
}

func TestUnreachableReasons(t *testing.T) {
	p := smallBoard()
	p.Categories[1].Values[1] = Quota{"south", 0, 0}
	p.Pool = append(p.Pool, Member{"e", []string{"health", "west"}})
	p.Conflicts = [][2]int{{0, 4}}
	s, err := Leximin(t.Context(), p, Options{})
	require.NoError(t, err)
	require.Equal(t, []float64{1, 0, 1, 0, 0}, s.Marginals)
	require.Equal(t, []Unreachable{
		{1, `with this member seated, region "south" may have at most 0; no panel of 2 from this pool keeps to this`, nil},
		{3, `with this member seated, region "south" may have at most 0; no panel of 2 from this pool keeps to this`, nil},
		{4, `with this member seated, region "south" may have at most 0, sector "energy" needs at least 1 and one pair is in conflict; no panel of 2 from this pool keeps to all of these`, []int{0}},
	}, s.Unreachable)
}

func TestInfeasible(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*Problem)
		reason   string
		proposal []Change
	}{
		{"pool too small", func(p *Problem) { p.Seats = 5; p.Categories = nil; clearValues(p) },
			"the pool has 4 members for 5 seats", nil},
		{"too many wanted", func(p *Problem) { p.Categories[0].Values[0] = Quota{"energy", 3, 4}; p.Seats = 3 },
			`sector "energy" needs at least 3; no panel of 3 from this pool keeps to this (2 in the pool)`, []Change{{"sector", "energy", 2, 4}}},
		{"minimums above the seats", func(p *Problem) {
			p.Categories[0].Values[1].Min = 2
		}, `sector "energy" needs at least 1 and sector "health" needs at least 2; no panel of 2 from this pool keeps to both`, []Change{{"sector", "energy", 0, 1}}},
		{"conflicts alone", func(p *Problem) { p.Conflicts = [][2]int{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}} },
			"6 pairs are in conflict; no panel of 2 from this pool keeps to this", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := smallBoard()
			tt.change(p)
			_, err := Leximin(t.Context(), p, Options{})
			var infeasible *InfeasibleError
			require.ErrorAs(t, err, &infeasible)
			require.Equal(t, tt.reason, infeasible.Reason)
			require.Equal(t, tt.proposal, infeasible.Relaxation)
			require.ErrorContains(t, err, tt.reason)
		})
	}
}

func clearValues(p *Problem) {
	for i := range p.Pool {
		p.Pool[i].Values = nil
	}
}

func TestIllFormedProblemIsRefused(t *testing.T) {
	p := smallBoard()
	p.Pool[0].Values[0] = "mining"
	_, err := Leximin(t.Context(), p, Options{})
	require.ErrorContains(t, err, `member "a" has the value "mining"`)
}

func TestCancellation(t *testing.T) {
	p := dense(1, 150, 12)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := Leximin(ctx, p, Options{Progress: func(Progress) {
		if calls++; calls == 20 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, calls, 60)
}

func TestDeadlineOfTheCallerIsAnError(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, err := Leximin(ctx, fiveAccounts(), Options{TimeLimit: time.Hour})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTimeLimit(t *testing.T) {
	p := dense(1, 60, 8)
	_, err := Leximin(t.Context(), p, Options{TimeLimit: 1})
	require.ErrorIs(t, err, ErrTimeLimit)

	// The time is over when everyone has been found a panel.
	const limit = time.Second
	s, err := Leximin(t.Context(), p, Options{TimeLimit: limit, Progress: func(at Progress) {
		if at.Done == at.Of {
			time.Sleep(limit)
		}
	}})
	require.NoError(t, err)
	require.False(t, s.Proven)
	best, err := Leximin(t.Context(), p, Options{})
	require.NoError(t, err)
	requireSound(t, p, best)
	require.Greater(t, best.Levels[0].Probability, s.Levels[0].Probability)
	require.InDelta(t, best.Levels[0].Probability, s.Levels[0].Bound, 0.01)
	require.Positive(t, s.Gap)
	var seats float64
	for _, marginal := range s.Marginals {
		require.Positive(t, marginal)
		seats += marginal
	}
	require.InDelta(t, p.Seats, seats, 1e-9)
	for _, panel := range s.Panels {
		require.NoError(t, p.Violation(panel))
	}
}
