package panel

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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
// and then changed, one panel at a time, as long as that lowers the largest loss. The
// members of a type take its seats in turn, each round in another order, so that the
// counts of any two differ by at most one. Which of them have one more follows from their
// order in the pool.
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
	// seats has, for each composition, the types it seats, ascending, and by how much a
	// panel more adds to what is off.
	seats   [][]change
	scratch []change
}

// newApportionment rounds by largest remainders.
func newApportionment(s *Solution, panels int) *apportionment {
	a := &apportionment{
		types: s.Types, compositions: s.Compositions, panels: panels,
		times: make([]int, len(s.Compositions)), off: make([]float64, len(s.Types)),
	}
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
	for k, c := range a.compositions {
		var seats []change
		for t, n := range c.Counts {
			if n > 0 {
				by := float64(n) / float64(len(a.types[t].Members))
				seats = append(seats, change{t, by})
				a.off[t] += (float64(a.times[k]) - c.Probability*float64(panels)) * by
			}
		}
		a.seats = append(a.seats, seats)
	}
	return a
}

// improvements bounds the exchanges that are tried, in types looked at; it is a count
// and no time, so that the same solution is rounded alike everywhere.
const improvements = 100_000_000

// improve exchanges one panel's composition for another as long as that lowers the sum
// of the fourth powers of the losses, and then as long as it lowers the largest.
func (a *apportionment) improve() {
	budget := improvements
	times, off := slices.Clone(a.times), slices.Clone(a.off)
	for a.sweep(&budget, a.lowersSum) {
	}
	if largest(a.off) > largest(off) { // many small losses for a large one
		a.times, a.off = times, off
	}
	for a.sweep(&budget, a.lowersLargest) {
	}
}

// sweep makes, for each composition in turn, the exchanges for others that lower what is
// to be lowered; it reports whether there was one.
func (a *apportionment) sweep(budget *int, lowers func(changes []change) bool) (exchanged bool) {
	for k := range a.compositions {
		for l := range a.compositions {
			if a.times[k] == 0 || *budget <= 0 {
				break
			}
			changes := a.changes(k, l)
			*budget -= len(changes)
			if k == l || !lowers(changes) {
				continue
			}
			a.times[k]--
			a.times[l]++
			for _, c := range changes {
				a.off[c.kind] += c.by
			}
			exchanged = true
		}
	}
	return exchanged && *budget > 0
}

// change is what an exchange adds to how much a type's members are off.
type change struct {
	kind int
	by   float64
}

// changes says what exchanging a panel of composition k for one of l does, by type. The
// result is valid until the next call.
func (a *apportionment) changes(k, l int) []change {
	a.scratch = a.scratch[:0]
	from, to := a.seats[k], a.seats[l]
	for len(from) > 0 || len(to) > 0 {
		var c change
		switch {
		case len(to) == 0 || len(from) > 0 && from[0].kind < to[0].kind:
			c, from = change{from[0].kind, -from[0].by}, from[1:]
		case len(from) == 0 || to[0].kind < from[0].kind:
			c, to = to[0], to[1:]
		default:
			c, from, to = change{to[0].kind, to[0].by - from[0].by}, from[1:], to[1:]
		}
		if c.by != 0 {
			a.scratch = append(a.scratch, c)
		}
	}
	return a.scratch
}

func (a *apportionment) lowersSum(changes []change) bool {
	fourth := func(x float64) float64 { return x * x * x * x }
	sum := 0.0
	for _, c := range changes {
		sum += fourth(a.off[c.kind]+c.by) - fourth(a.off[c.kind])
	}
	return sum < -negligible
}

// lowersLargest reports whether the losses that change become less than the largest is,
// when the largest is among them.
func (a *apportionment) lowersLargest(changes []change) bool {
	before, after, most := 0.0, 0.0, largest(a.off)
	for _, c := range changes {
		before, after = max(before, math.Abs(a.off[c.kind])), max(after, math.Abs(a.off[c.kind]+c.by))
	}
	return before >= most && after < most-negligible
}

func largest(off []float64) float64 {
	most := 0.0
	for _, o := range off {
		most = max(most, math.Abs(o))
	}
	return most
}

// deal seats members. Who sits with whom is mixed: were the seats of a type to go round in
// one order, twelve members alike on three seats would meet in four panels only.
func (a *apportionment) deal() []Panel {
	// A record has the panels that it deals, before its seed exists: the same mixing every
	// time gives nobody an advantage, and the same solution the same panels.
	random := rand.New(rand.NewPCG(uint64(a.panels), uint64(len(a.types))))
	decks := make([]deck, len(a.types))
	for t := range decks {
		decks[t].members = a.types[t].Members
	}
	panels := make([]Panel, 0, a.panels)
	for k, c := range a.compositions {
		for range a.times[k] {
			panel := Panel{}
			for t, seats := range c.Counts {
				panel = append(panel, decks[t].take(seats, random)...)
			}
			slices.Sort(panel)
			panels = append(panels, panel)
		}
	}
	slices.SortFunc(panels, slices.Compare)
	return panels
}

// deck deals the members of a type: each once before any of them a second time.
type deck struct {
	members []int
	// left are those who are still to be dealt in this round, the next one last.
	left []int
}

// take deals n different members, of whom there are as many.
func (d *deck) take(n int, random *rand.Rand) []int {
	var taken []int
	if n > len(d.left) {
		taken = slices.Clone(d.left)
		d.left = slices.DeleteFunc(slices.Clone(d.members), func(m int) bool { return slices.Contains(taken, m) })
		random.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
		d.left = append(slices.Clone(taken), d.left...) // they sit already, so they come last
	}
	next := len(d.left) - n + len(taken)
	taken = append(taken, d.left[next:]...)
	d.left = d.left[:next]
	return taken
}
