package charter

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/evenhand/evenhand/services/board/panel"
)

// standIn draws panels for tests of what is around the draw: fast, by plain search, and
// without any claim to fairness.
var standIn = Draw{Leximin: someLottery, Heaviest: searchHeaviest}

// search walks through panels member by member, those first in order first, and cuts
// off what can no longer meet seats, quotas or the weight to beat. Weights are 0 or 1.
type search struct {
	p       *panel.Problem
	weights []float64
	order   []int
	foes    map[int][]int
	counts  []map[string]int // by category and value, of those taken
	left    []map[string]int // and of those still to be looked at
	heavy   []map[string]int // and of these, of those with a weight
	taken   []int
	barred  []int // how many of those taken are in conflict with a member
	weight  float64
	best    panel.Panel
	most    float64
	heavier int // with a weight, of those still to be looked at
	steps   int
}

func newSearch(p *panel.Problem, weights []float64, order []int) *search {
	s := &search{p: p, weights: weights, order: order, foes: map[int][]int{}, barred: make([]int, len(p.Pool)), most: -1}
	for _, c := range p.Conflicts {
		s.foes[c[0]] = append(s.foes[c[0]], c[1])
		s.foes[c[1]] = append(s.foes[c[1]], c[0])
	}
	for range p.Categories {
		s.counts, s.left, s.heavy = append(s.counts, map[string]int{}), append(s.left, map[string]int{}), append(s.heavy, map[string]int{})
	}
	for m := range p.Pool {
		s.look(m, 1)
	}
	s.walk(0)
	return s
}

func (s *search) hopeless(at int) bool {
	seats := s.p.Seats - len(s.taken)
	if len(s.order)-at < seats {
		return true
	}
	if s.weight+float64(min(seats, s.heavier)) <= s.most {
		return true
	}
	for i, c := range s.p.Categories {
		missing, room, heavy, more := 0, 0, 0, 0
		for _, q := range c.Values {
			n, left := s.counts[i][q.Value], s.left[i][q.Value]
			if n > q.Max || n+left < q.Min {
				return true
			}
			missing += max(0, q.Min-n)
			room += min(left, q.Max-n)
			most, sure := min(s.heavy[i][q.Value], q.Max-n), min(s.heavy[i][q.Value], max(0, q.Min-n))
			heavy, more = heavy+sure, more+most-sure
		}
		if missing > seats || room < seats || s.weight+float64(heavy+min(seats-missing, more)) <= s.most {
			return true
		}
	}
	return false
}

func (s *search) walk(at int) {
	if s.steps++; s.steps > 2_000_000 {
		panic(fmt.Sprintf("the stand-in searched for too long: %d seats, %v, pool %d, %d conflicts, most %v %v %v", s.p.Seats, s.p.Categories, len(s.p.Pool), len(s.p.Conflicts), s.most, s.weights, s.p.Conflicts))
	}
	if s.hopeless(at) {
		return
	}
	if len(s.taken) == s.p.Seats {
		s.best, s.most = slices.Sorted(slices.Values(s.taken)), s.weight
		return
	}
	m := s.order[at]
	s.look(m, -1)
	if s.barred[m] == 0 {
		s.take(m, 1)
		s.walk(at + 1)
		s.take(m, -1)
	}
	s.walk(at + 1)
	s.look(m, 1)
}

func (s *search) look(m, n int) {
	if s.weights[m] > 0 {
		s.heavier += n
	}
	for i, v := range s.p.Pool[m].Values {
		s.left[i][v] += n
		if s.weights[m] > 0 {
			s.heavy[i][v] += n
		}
	}
}

func (s *search) take(m, n int) {
	for i, v := range s.p.Pool[m].Values {
		s.counts[i][v] += n
	}
	for _, foe := range s.foes[m] {
		s.barred[foe] += n
	}
	s.weight += float64(n) * s.weights[m]
	if n > 0 {
		s.taken = append(s.taken, m)
	} else {
		s.taken = s.taken[:len(s.taken)-1]
	}
}

func searchHeaviest(_ context.Context, p *panel.Problem, weights []float64) (panel.Panel, error) {
	order := make([]int, len(p.Pool))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(weights[b] - weights[a]) })
	if found := newSearch(p, weights, order); found.most >= 0 {
		return found.best, nil
	}
	return nil, &panel.InfeasibleError{Reason: "the search found none", Relaxation: anything(p)}
}

// someLottery draws from a few panels, found in orders that the pool's ids shuffle.
func someLottery(_ context.Context, p *panel.Problem) (*panel.Solution, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	hash := fnv.New64a()
	for _, m := range p.Pool {
		fmt.Fprintln(hash, m.ID)
	}
	random := rand.New(rand.NewPCG(hash.Sum64(), 0))
	s := &panel.Solution{Proven: true}
	seen := map[string]bool{}
	for range 8 {
		found := newSearch(p, make([]float64, len(p.Pool)), random.Perm(len(p.Pool)))
		if found.most < 0 {
			return nil, &panel.InfeasibleError{Reason: "the search found none", Relaxation: anything(p)}
		}
		if key := fmt.Sprint(found.best); !seen[key] {
			seen[key] = true
			s.Panels = append(s.Panels, found.best)
		}
	}
	for range s.Panels {
		s.Probabilities = append(s.Probabilities, 1/float64(len(s.Panels)))
	}
	s.Marginals = s.Lottery.Marginals(len(p.Pool))
	return s, nil
}

// anything lifts every quota that still bounds something.
func anything(p *panel.Problem) []panel.Change {
	var changes []panel.Change
	for _, c := range p.Categories {
		for _, q := range c.Values {
			if c.Name != TurnCategory && (q.Min > 0 || q.Max < p.Seats) {
				changes = append(changes, panel.Change{Category: c.Name, Value: q.Value, Min: 0, Max: p.Seats})
			}
		}
	}
	return changes
}
