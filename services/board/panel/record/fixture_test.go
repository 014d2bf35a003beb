package record

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/panel"
)

var (
	committed = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	deadline  = committed.Add(48 * time.Hour)
	known     = deadline.Add(4 * time.Hour)
	round     = Round{"drand", "12345", known}
)

// twoPeople is a plan in which Ana and Bo reveal secrets.
func twoPeople() SeedPlan {
	return SeedPlan{
		People:   []Person{{"Ana Ruiz", Commitment("ana's secret")}, {"Bo Li", Commitment("bo's secret")}},
		Deadline: deadline,
		Round:    round,
	}
}

// salted gives the accounts salts that are always the same.
func salted(t testing.TB, accounts ...string) *Pseudonyms {
	random := rand.NewChaCha8([32]byte{1})
	p, err := NewPseudonyms(random, accounts)
	require.NoError(t, err)
	return p
}

// fiveDraft is the board of five accounts for three seats, A in conflict with B and C,
// of whom A has a region of its own; one seat is held already.
func fiveDraft(t testing.TB, plan SeedPlan) (Draft, *Pseudonyms) {
	p := &panel.Problem{
		Seats:      3,
		Categories: []panel.Category{{Name: "region", Values: []panel.Quota{{Value: "north", Min: 0, Max: 1}, {Value: "south", Min: 2, Max: 3}}}},
		Conflicts:  [][2]int{{0, 1}, {0, 2}},
	}
	for i, id := range strings.Fields("A B C D E") {
		p.Pool = append(p.Pool, panel.Member{ID: id, Values: []string{[]string{"north", "south"}[min(i, 1)]}})
	}
	names := salted(t, strings.Fields("A B C D E Stays")...)
	concealed, err := names.Conceal(p)
	require.NoError(t, err)
	place := map[string]int{}
	accounts := names.Accounts()
	for i, m := range concealed.Pool {
		place[accounts[m.ID]] = i
	}
	of := func(ids string) (places []int) {
		for _, id := range strings.Fields(ids) {
			places = append(places, place[id])
		}
		return places
	}
	s := &panel.Solution{
		Marginals: make([]float64, 5),
		Proven:    true,
		Types:     []panel.Type{{Members: of("A"), Limit: 1}, {Members: of("B C"), Limit: 2}, {Members: of("D E"), Limit: 2}},
		Compositions: []panel.Composition{
			{Counts: []int{1, 0, 2}, Probability: 0.5}, {Counts: []int{0, 2, 1}, Probability: 0.5},
		},
		Levels: []panel.Level{{Probability: 0.5, Bound: 0.5, Members: of("A B C")}, {Probability: 0.75, Bound: 0.75, Members: of("D E")}},
	}
	for id, at := range place {
		s.Marginals[at] = map[string]float64{"A": 0.5, "B": 0.5, "C": 0.5, "D": 0.75, "E": 0.75}[id]
	}
	return Draft{
		Title:       Title{"boards/customers", "boards/customers/rotations/2027", "boards/customers/charters/1", committed},
		BoardQuotas: []panel.Category{{Name: "region", Values: []panel.Quota{{Value: "north", Min: 0, Max: 1}, {Value: "south", Min: 3, Max: 4}}}},
		Seated:      []Seated{{Member{names.Of("Stays"), []string{"south"}}, AsContinuing}},
		Problem:     concealed,
		Solution:    s,
		Panels:      20,
		Seed:        plan,
	}, names
}

func fiveCommitted(t testing.TB, plan SeedPlan) *Record {
	d, _ := fiveDraft(t, plan)
	r, err := Commit(d)
	require.NoError(t, err)
	return r
}

func fiveDrawn(t testing.TB) *Record {
	r, err := fiveCommitted(t, twoPeople()).Draw(Values{
		Time:    known,
		Round:   "8a3f",
		Secrets: map[string]string{"Ana Ruiz": "ana's secret"},
	})
	require.NoError(t, err)
	return r
}

// largeCommitted is a record of 500 accounts for 12 seats with quotas, conflicts and
// some on no panel; its lottery is not the fairest.
func largeCommitted(t testing.TB) *Record {
	random := rand.New(rand.NewPCG(1, 2))
	p := &panel.Problem{Seats: 12, Categories: []panel.Category{
		{Name: "sector", Values: []panel.Quota{{Value: "energy", Min: 1, Max: 6}, {Value: "food, drink", Min: 1, Max: 6}, {Value: "health", Min: 1, Max: 6}}},
		{Name: "region", Values: []panel.Quota{{Value: "Île-de-France", Min: 2, Max: 7}, {Value: "\"north\"", Min: 2, Max: 7}, {Value: "elsewhere <&>", Min: 0, Max: 7}}},
	}}
	accounts := make([]string, 500)
	for i := range accounts {
		accounts[i] = fmt.Sprintf("acct-%04d", i)
		values := make([]string, len(p.Categories))
		for c, category := range p.Categories {
			values[c] = category.Values[random.IntN(3)].Value
		}
		p.Pool = append(p.Pool, panel.Member{ID: accounts[i], Values: values})
	}
	for range 300 {
		a := random.IntN(499)
		p.Conflicts = append(p.Conflicts, [2]int{a, a + 1 + random.IntN(499-a)})
	}
	concealed, err := salted(t, accounts...).Conceal(p)
	require.NoError(t, err)
	r, err := Commit(Draft{
		Title:    Title{"a board", "2027", "3", committed},
		Problem:  concealed,
		Solution: anySolution(concealed, 60, random),
		Seed:     SeedPlan{Round: round},
	})
	require.NoError(t, err)
	return r
}

// anySolution is a lottery over some panels that meet the problem's rules.
func anySolution(p *panel.Problem, panels int, random *rand.Rand) *panel.Solution {
	s := &panel.Solution{Marginals: make([]float64, len(p.Pool))}
	conflicts := make([]string, len(p.Pool))
	for _, c := range p.Conflicts {
		conflicts[c[0]] += fmt.Sprint(c[1], " ")
		conflicts[c[1]] += fmt.Sprint(c[0], " ")
	}
	types, typeOf := map[string]int{}, make([]int, len(p.Pool))
	for i, m := range p.Pool {
		key := fmt.Sprint(m.Values, conflicts[i])
		if _, known := types[key]; !known {
			types[key] = len(s.Types)
			s.Types = append(s.Types, panel.Type{})
		}
		kind := &s.Types[types[key]]
		typeOf[i], kind.Members, kind.Limit = types[key], append(kind.Members, i), kind.Limit+1
	}
	for len(s.Compositions) < panels {
		members := panel.Panel(random.Perm(len(p.Pool))[:p.Seats])
		slices.Sort(members)
		if p.Violation(members) != nil {
			continue
		}
		c := panel.Composition{Counts: make([]int, len(s.Types)), Probability: 1 / float64(panels)}
		for _, m := range members {
			c.Counts[typeOf[m]]++
		}
		s.Compositions = append(s.Compositions, c)
	}
	for i := range p.Pool {
		for _, c := range s.Compositions {
			s.Marginals[i] += c.Probability * float64(c.Counts[typeOf[i]]) / float64(len(s.Types[typeOf[i]].Members))
		}
		if s.Marginals[i] == 0 {
			s.Unreachable = append(s.Unreachable, panel.Unreachable{Member: i, Reason: "this lottery does not have it"})
		}
	}
	return s
}

func encoded(t testing.TB, r *Record) []byte {
	text, err := r.Encode()
	require.NoError(t, err)
	return bytes.Clone(text)
}
