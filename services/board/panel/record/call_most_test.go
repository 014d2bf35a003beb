package record

import (
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// calling is a record as far as a call reads it, with who holds seats.
func calling(t *rapid.T) (r *Record, holding []string) {
	r = &Record{Rules: Rules{Seats: rapid.IntRange(1, 6).Draw(t, "seats"), Categories: []string{"sector", "region"}}, Outcome: &Outcome{}}
	for _, category := range r.Rules.Categories {
		for value := range 3 {
			least := rapid.IntRange(0, 2).Draw(t, "min")
			r.Quotas = append(r.Quotas, Quota{Category: category, Value: fmt.Sprint(value), Min: least, Max: rapid.IntRange(least, 4).Draw(t, "max")})
		}
	}
	for i := range rapid.IntRange(1, 9).Draw(t, "pool") {
		values := []string{fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "sector")), fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "region"))}
		r.Pool = append(r.Pool, Member{fmt.Sprintf("p%d", i), values})
	}
	for i, a := range r.Pool {
		for _, b := range r.Pool[i+1:] {
			if rapid.IntRange(0, 5).Draw(t, "conflict") == 0 {
				r.Conflicts = append(r.Conflicts, Pair{a.ID, b.ID})
			}
		}
	}
	for _, m := range rapid.Permutation(r.Pool).Draw(t, "order") {
		if len(holding) < r.Rules.Seats && rapid.IntRange(0, 3).Draw(t, "holds") == 0 && r.bearable(append(slices.Clone(holding), m.ID)) {
			holding = append(holding, m.ID)
		} else {
			r.Outcome.Alternates = append(r.Outcome.Alternates, m.ID)
		}
	}
	return r, holding
}

// bearable says in the plainest way whether members break no maximum and no conflict, and
// leave as many seats as the minimums need.
func (r *Record) bearable(members []string) bool {
	for _, pair := range r.Conflicts {
		if slices.Contains(members, pair[0]) && slices.Contains(members, pair[1]) {
			return false
		}
	}
	for c, category := range r.Rules.Categories {
		needed := 0
		for _, q := range r.Quotas {
			seated := 0
			for _, m := range r.Pool {
				if slices.Contains(members, m.ID) && m.Values[c] == q.Value {
					seated++
				}
			}
			if q.Category == category {
				needed += max(0, q.Min-seated)
				if seated > q.Max {
					return false
				}
			}
		}
		if needed > r.Rules.Seats-len(members) {
			return false
		}
	}
	return true
}

// R38: whoever is called are as many as can be, and of those many the first in the order of
// the draw, as trying everything finds.
func TestR38CallFillsAsManySeatsAsCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, holding := calling(t)
		line := r.Outcome.Alternates
		var best []int
		for set := range uint(1) << len(line) {
			var places []int
			members := slices.Clone(holding)
			for i, id := range line {
				if set&(1<<i) != 0 {
					places, members = append(places, i), append(members, id)
				}
			}
			if len(members) > r.Rules.Seats || bits.OnesCount(set) < len(best) || !r.bearable(members) {
				continue
			}
			if len(places) > len(best) || slices.Compare(places, best) < 0 {
				best = places
			}
		}
		called, err := r.Call(holding, nil)
		if len(best) == 0 && len(holding) < r.Rules.Seats {
			require.ErrorIs(t, err, ErrNoAlternates)
			return
		}
		require.NoError(t, err)
		want := []string{}
		for _, place := range best {
			want = append(want, line[place])
		}
		require.Equal(t, want, called)
		again, err := r.Call(holding, nil)
		require.NoError(t, err)
		require.Equal(t, called, again)
	})
}

// Two seats are free, one of which only somebody of the north may take, and nobody of the
// north is left: the other one is filled.
func TestCallLeavesASeatForWhatIsMissing(t *testing.T) {
	r := &Record{
		Rules:   Rules{Seats: 3, Categories: []string{"region"}},
		Quotas:  []Quota{{Category: "region", Value: "north", Min: 1, Max: 2}, {Category: "region", Value: "south", Min: 0, Max: 3}},
		Pool:    []Member{{"a", []string{"south"}}, {"b", []string{"south"}}, {"c", []string{"south"}}, {"n", []string{"north"}}},
		Outcome: &Outcome{Alternates: []string{"c", "b", "n"}},
	}
	called, err := r.Call([]string{"a"}, []string{"n"})
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, called)
	_, err = r.Call([]string{"a", "c"}, []string{"n"})
	require.ErrorIs(t, err, ErrNoAlternates, "the last seat is for the north")
	called, err = r.Call([]string{"a"}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"c", "n"}, called)
}

// How long a search takes follows from how often it looks at a member, even where many
// seats are free, and conflicts leave nothing to be seen beforehand.
func TestCallEndsWhereMuchIsFree(t *testing.T) {
	r := &Record{Rules: Rules{Seats: 60, Categories: []string{"region"}}, Outcome: &Outcome{},
		Quotas: []Quota{{Category: "region", Value: "south", Max: 60}}}
	for i := range 150 {
		r.Pool = append(r.Pool, Member{fmt.Sprintf("p%03d", i), []string{"south"}})
		r.Outcome.Alternates = append(r.Outcome.Alternates, r.Pool[i].ID)
		for j := range i {
			if i/3 == j/3 || (i*j)%17 == 1 { // of three in a row, one can be seated
				r.Conflicts = append(r.Conflicts, Pair{r.Pool[j].ID, r.Pool[i].ID})
			}
		}
	}
	_, err := r.Call(nil, nil)
	require.ErrorIs(t, err, ErrNotWorkedOut)
}
