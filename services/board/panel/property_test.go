package panel

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestLeximinAgainstAllPanels compares solutions with what follows from the list of all
// panels.
func TestLeximinAgainstAllPanels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallProblem(t)
		panels := allPanels(p)
		s, err := Leximin(t.Context(), p, Options{})
		if len(panels) == 0 {
			requireRelaxation(t, p, err)
			return
		}
		require.NoError(t, err)
		requireSound(t, p, s)
		require.InDeltaSlice(t, leximinOver(t, panels, len(p.Pool)), s.Marginals, 1e-6)
		requireUnreachable(t, p, s, panels)
		requireCertificate(t, p, s, panels)
	})
}

// requireUnreachable checks that exactly those are unreachable who are in no panel.
func requireUnreachable(t *rapid.T, p *Problem, s *Solution, panels []Panel) {
	var want, got []int
	for i := range p.Pool {
		if !slices.ContainsFunc(panels, func(panel Panel) bool { return seated(panel, i) }) {
			want = append(want, i)
		}
	}
	for _, u := range s.Unreachable {
		got = append(got, u.Member)
	}
	require.Equal(t, want, got)
}

// requireCertificate checks that the levels prove by themselves, given the list of
// panels, that nobody can have more without somebody having less who has no more.
func requireCertificate(t *rapid.T, p *Problem, s *Solution, panels []Panel) {
	levelOf := make([]int, len(p.Pool))
	for i := range levelOf {
		levelOf[i] = -1
	}
	for n, level := range s.Levels {
		if n > 0 {
			require.GreaterOrEqual(t, level.Probability, s.Levels[n-1].Probability-1e-9)
		}
		for _, i := range level.Members {
			require.Equal(t, -1, levelOf[i], "member %d is on two levels", i)
			levelOf[i] = n
			require.InDelta(t, level.Probability, s.Marginals[i], 1e-6)
		}
	}
	for n, level := range s.Levels {
		var free, lower float64
		for i, w := range level.Weights {
			require.GreaterOrEqual(t, w, 0.0)
			if levelOf[i] >= n {
				free += w
			} else {
				lower += w * s.Marginals[i]
			}
		}
		require.InDelta(t, 1, free, 1e-9)
		for _, i := range level.Members {
			require.Positive(t, level.Weights[i], "nothing holds member %d", i)
		}
		for _, panel := range panels {
			var sum float64
			for _, i := range panel {
				sum += level.Weights[i]
			}
			require.LessOrEqual(t, sum, level.Ceiling+1e-9)
		}
		require.InDelta(t, level.Bound, level.Ceiling-lower, 1e-6)
	}
	for i, n := range levelOf {
		require.Equal(t, n < 0, s.Marginals[i] == 0, "member %d", i)
	}
}

// requireRelaxation checks that an infeasible problem has panels with the changes
// proposed, and none with changes by fewer seats.
func requireRelaxation(t *rapid.T, p *Problem, err error) {
	var infeasible *InfeasibleError
	require.ErrorAs(t, err, &infeasible)
	require.NotEmpty(t, infeasible.Reason)
	loose := *p
	loose.Categories = nil
	for _, c := range p.Categories {
		loose.Categories = append(loose.Categories, Category{c.Name, slices.Clone(c.Values)})
		for i := range c.Values {
			loose.Categories[len(loose.Categories)-1].Values[i] = Quota{c.Values[i].Value, 0, p.Seats}
		}
	}
	fewest := -1
	for _, panel := range allPanels(&loose) {
		changed := 0
		for i, c := range p.Categories {
			for _, q := range c.Values {
				n := 0
				for _, member := range panel {
					if p.Pool[member].Values[i] == q.Value {
						n++
					}
				}
				changed += max(0, q.Min-n, n-q.Max)
			}
		}
		if fewest < 0 || changed < fewest {
			fewest = changed
		}
	}
	if fewest < 0 {
		require.Empty(t, infeasible.Relaxation)
		return
	}
	proposed := 0
	for _, change := range infeasible.Relaxation {
		q := p.quota(change.Category, change.Value)
		proposed += q.Min - change.Min + change.Max - q.Max
	}
	require.Equal(t, fewest, proposed)
}

// TestOrderAndNamesChangeNothing solves a problem and the same one in another order, under
// other names.
func TestOrderAndNamesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallProblem(t)
		place := rapid.Permutation(upTo(len(p.Pool))).Draw(t, "pool order") // where each member goes
		column := rapid.Permutation(upTo(len(p.Categories))).Draw(t, "category order")
		q := &Problem{Seats: p.Seats, Categories: make([]Category, len(p.Categories)), Pool: make([]Member, len(p.Pool))}
		other := func(name string) string { return strings.ToUpper(reversed(name)) }
		for c, category := range p.Categories {
			values := slices.Clone(category.Values)
			slices.Reverse(values)
			for v := range values {
				values[v].Value = other(values[v].Value)
			}
			q.Categories[column[c]] = Category{other(category.Name), values}
		}
		for i, member := range p.Pool {
			values := make([]string, len(member.Values))
			for c, value := range member.Values {
				values[column[c]] = other(value)
			}
			q.Pool[place[i]] = Member{other(member.ID), values}
		}
		for _, c := range slices.Backward(p.Conflicts) {
			q.Conflicts = append(q.Conflicts, [2]int{place[c[1]], place[c[0]]})
		}
		one, err := Leximin(t.Context(), p, Options{})
		two, errTwo := Leximin(t.Context(), q, Options{})
		require.Equal(t, err == nil, errTwo == nil)
		var infeasible *InfeasibleError
		if errors.As(err, &infeasible) {
			return
		}
		for i := range p.Pool {
			require.InDelta(t, one.Marginals[i], two.Marginals[place[i]], 1e-7)
		}
	})
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func reversed(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}
