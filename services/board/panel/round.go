package panel

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Rounding is a lottery that draws one of a stated number of panels, each with the same
// chance, so that anybody can check who is drawn how often by counting.
type Rounding struct {
	// Panels are the panels to draw from, in ascending order; one may stand there more
	// than once.
	Panels []Panel
	// Counts says for each member of the pool on how many of the panels it sits: its
	// probability is exactly that part of the panels.
	Counts []int
	// Loss says for each member of the pool how much more (or, negative, less) likely
	// it is to be drawn than in the solution.
	Loss []float64
	// LargestLoss is the largest amount of a loss.
	LargestLoss float64
	// Lost are those who have a chance in the solution and none here, as ascending
	// indexes into the pool.
	Lost []int
}

// negligible is a probability that is only a solver's inexactness.
const negligible = 1e-9

// Round approximates a solution by a lottery over that many panels, 1 or more.
//
// How often each composition of the solution stands is rounded by largest remainders
// and then changed, one panel at a time, as long as that lowers the largest loss. Seats
// of a type go round among its members, so that the counts of any two differ by at
// most one. Which of them have one more follows from their order in the pool.
func Round(s *Solution, panels int) (*Rounding, error) {
	if panels < 1 {
		return nil, fmt.Errorf("a lottery over %d panels draws nothing: give 1 or more", panels)
	}
	if len(s.Compositions) == 0 {
		return nil, errors.New("the solution has no panels to round")
	}
	a := newApportionment(s, panels)
	a.improve()
	r := &Rounding{Panels: a.deal(), Counts: make([]int, len(s.Marginals)), Loss: make([]float64, len(s.Marginals))}
	for _, panel := range r.Panels {
		for _, member := range panel {
			r.Counts[member]++
		}
	}
	for i, p := range s.Marginals {
		r.Loss[i] = float64(r.Counts[i])/float64(panels) - p
		r.LargestLoss = max(r.LargestLoss, math.Abs(r.Loss[i]))
		if r.Counts[i] == 0 && p > negligible {
			r.Lost = append(r.Lost, i)
		}
	}
	return r, nil
}

// apportionment says how many of the panels have each composition.
type apportionment struct {
	types        []Type
	compositions []Composition
	panels       int
	times        []int
	// off is, for each type, by how much the seats of its members, over all panels,
	// exceed what the solution gives them: a member's part of it.
	off []float64
}

// newApportionment rounds by largest remainders.
func newApportionment(s *Solution, panels int) *apportionment {
	a := &apportionment{s.Types, s.Compositions, panels, make([]int, len(s.Compositions)), make([]float64, len(s.Types))}
	left := panels
	order := make([]int, len(a.times))
	remainder := make([]float64, len(a.times))
	for k, c := range a.compositions {
		exact := c.Probability * float64(panels)
		a.times[k] = min(int(exact), left)
		left -= a.times[k]
		order[k], remainder[k] = k, exact-float64(a.times[k])
	}
	slices.SortStableFunc(order, func(k, l int) int { return cmp.Compare(remainder[l], remainder[k]) })
	for i := 0; left > 0; i, left = i+1, left-1 {
		a.times[order[i%len(order)]]++
	}
	for t, kind := range a.types {
		for k, c := range a.compositions {
			a.off[t] += (float64(a.times[k]) - c.Probability*float64(panels)) * float64(c.Counts[t])
		}
		a.off[t] /= float64(len(kind.Members))
	}
	return a
}

// improvements bounds the exchanges that are tried, in types looked at; it is a count
// and no time, so that the same solution is rounded alike everywhere.
const improvements = 50_000_000

// improve exchanges one panel's composition for another as long as that lowers the
// largest loss.
func (a *apportionment) improve() {
	budget := improvements
	for budget > 0 && a.improveOnce(&budget) {
	}
}

// improveOnce makes the first exchange that lowers the largest loss, or one of several
// that are largest, and reports whether there was one.
func (a *apportionment) improveOnce(budget *int) bool {
	worst := 0
	for t := range a.off {
		if math.Abs(a.off[t]) > math.Abs(a.off[worst]) {
			worst = t
		}
	}
	if len(a.off) == 0 {
		return false
	}
	sign := 1
	if a.off[worst] < 0 {
		sign = -1
	}
	below := math.Abs(a.off[worst]) - negligible
	for k, from := range a.compositions {
		if a.times[k] == 0 {
			continue
		}
		for l, to := range a.compositions {
			if sign*(from.Counts[worst]-to.Counts[worst]) > 0 && a.lowers(from, to, worst, below, budget) {
				a.exchange(k, l)
				return true
			}
			if *budget <= 0 {
				return false
			}
		}
	}
	return false
}

// lowers reports whether an exchange brings the worst loss below a bound and no other
// loss to the bound or farther beyond it.
func (a *apportionment) lowers(from, to Composition, worst int, bound float64, budget *int) bool {
	for t := range a.off {
		*budget--
		before, after := math.Abs(a.off[t]), math.Abs(a.off[t]+a.change(from, to, t))
		if after >= bound && (t == worst || after > before+negligible) {
			return false
		}
	}
	return true
}

// change is what an exchange adds to how much a type's members are off.
func (a *apportionment) change(from, to Composition, t int) float64 {
	return float64(to.Counts[t]-from.Counts[t]) / float64(len(a.types[t].Members))
}

func (a *apportionment) exchange(k, l int) {
	a.times[k]--
	a.times[l]++
	for t := range a.off {
		a.off[t] += a.change(a.compositions[k], a.compositions[l], t)
	}
}

// deal seats members: within each type the seats go round.
func (a *apportionment) deal() []Panel {
	next := make([]int, len(a.types))
	panels := make([]Panel, 0, a.panels)
	for k, c := range a.compositions {
		for range a.times[k] {
			panel := Panel{}
			for t, seats := range c.Counts {
				members := a.types[t].Members
				for range seats {
					panel = append(panel, members[next[t]])
					next[t] = (next[t] + 1) % len(members)
				}
			}
			slices.Sort(panel)
			panels = append(panels, panel)
		}
	}
	slices.SortFunc(panels, slices.Compare)
	return panels
}
