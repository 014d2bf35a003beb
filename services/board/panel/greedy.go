package panel

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Estimate is what is known of the probabilities that a way of drawing gives.
type Estimate struct {
	// Marginals is the probability of each member of the pool.
	Marginals []float64
	// Samples is how many panels were drawn to estimate them; 0 where they are exact.
	Samples int
	// Attempts is how many panels were begun for these, more than Samples where some
	// could not be completed.
	Attempts int
	// Method says in a few words where the numbers come from.
	Method string
}

// attemptsPerPanel bounds how often the greedy way begins anew for one panel.
const attemptsPerPanel = 1000

// Greedy estimates the probabilities of the way in which panels were drawn before
// lotteries were computed: LEGACY in the supplement of Flanigan et al. (Nature 2021).
// Seat by seat, a member of the value whose quota is the most urgent is drawn, where
// urgent is how many seats it still needs, by how many of the pool have it; whoever then
// fits no more leaves the pool; and what ends without a panel is begun anew.
//
// Numbers are drawn from random alone. It fails where a thousand attempts in a row give
// no panel. Where the limit, if more than 0, is over first, the estimate is of the panels
// drawn by then; ErrTimeLimit where there is none.
func Greedy(ctx context.Context, p *Problem, samples int, limit time.Duration, random *rand.Rand) (*Estimate, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	limited, cancel := within(ctx, limit)
	defer cancel()
	e := &Estimate{Marginals: make([]float64, len(p.Pool))}
	counts := make([]int, len(p.Pool))
	g := newGreedy(p, random)
	for e.Samples < samples {
		members, err := g.panel(limited, &e.Attempts)
		if expired(ctx, err) {
			break
		}
		if err != nil {
			return nil, err
		}
		e.Samples++
		for _, member := range members {
			counts[member]++
		}
	}
	if e.Samples == 0 && samples > 0 {
		return nil, ErrTimeLimit
	}
	e.share(counts)
	e.Method = fmt.Sprintf("%d panels drawn, %d attempts", e.Samples, e.Attempts) + e.cut(samples)
	return e, nil
}

// share makes probabilities of how often each member was on a sample.
func (e *Estimate) share(counts []int) {
	for i, n := range counts {
		e.Marginals[i] = float64(n) / float64(max(1, e.Samples))
	}
}

// cut says in a clause that there are fewer samples than were wanted.
func (e *Estimate) cut(wanted int) string {
	if e.Samples == wanted {
		return ""
	}
	return fmt.Sprintf(" (%d wanted, within the time limit)", wanted)
}

// within returns a context that ends with a time limit, where that is more than 0.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}

// expired says whether an error means that a time limit within the caller's context is
// over.
func expired(caller context.Context, err error) bool {
	return errors.Is(err, context.DeadlineExceeded) && caller.Err() == nil
}

// greedy draws one panel after another.
type greedy struct {
	problem *Problem
	random  *rand.Rand
	quotas  []Quota
	has     [][]int // the quotas a member counts for
	against [][]int
	holders [][]int // the pool by quota, and behind them everybody; only the first left[q] are still there
	left    []int
	at      [][]int // where a member stands among the holders of has[m][i]
	seated  []int   // by quota
}

func newGreedy(p *Problem, random *rand.Rand) *greedy {
	g := &greedy{problem: p, random: random, has: make([][]int, len(p.Pool)), against: make([][]int, len(p.Pool)), at: make([][]int, len(p.Pool))}
	for i, c := range p.Categories {
		index := map[string]int{}
		for _, q := range c.Values {
			index[q.Value] = len(g.quotas)
			g.quotas = append(g.quotas, q)
		}
		for m := range p.Pool {
			g.has[m] = append(g.has[m], index[p.Pool[m].Values[i]])
		}
	}
	// Everybody counts for the seats themselves: they fill where no other quota is.
	everybody := len(g.quotas)
	g.quotas = append(g.quotas, Quota{Max: p.Seats})
	g.holders = make([][]int, len(g.quotas))
	for m := range p.Pool {
		g.has[m] = append(g.has[m], everybody)
		for _, q := range g.has[m] {
			g.at[m] = append(g.at[m], len(g.holders[q]))
			g.holders[q] = append(g.holders[q], m)
		}
	}
	for _, c := range p.Conflicts {
		g.against[c[0]] = append(g.against[c[0]], c[1])
		g.against[c[1]] = append(g.against[c[1]], c[0])
	}
	g.left, g.seated = make([]int, len(g.quotas)), make([]int, len(g.quotas))
	return g
}

// panel draws until there is a panel.
func (g *greedy) panel(ctx context.Context, attempts *int) ([]int, error) {
	for range attemptsPerPanel {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		*attempts++
		if members, complete := g.attempt(); complete {
			return members, nil
		}
	}
	return nil, fmt.Errorf("the greedy way found no panel in %d attempts", attemptsPerPanel)
}

// attempt draws seat by seat; it reports whether the panel meets all quotas.
func (g *greedy) attempt() ([]int, bool) {
	for q := range g.quotas {
		g.left[q], g.seated[q] = len(g.holders[q]), 0
	}
	for q := range g.quotas {
		if g.quotas[q].Max == 0 {
			g.dropAll(q)
		}
	}
	var members []int
	for len(members) < g.problem.Seats {
		quota := g.urgent()
		if quota < 0 {
			return nil, false
		}
		member := g.holders[quota][g.random.IntN(g.left[quota])]
		g.drop(member)
		members = append(members, member)
		for _, other := range g.against[member] {
			g.drop(other)
		}
		for _, q := range g.has[member] {
			if g.seated[q]++; g.seated[q] == g.quotas[q].Max {
				g.dropAll(q)
			}
		}
	}
	for q, quota := range g.quotas {
		if g.seated[q] < quota.Min {
			return nil, false
		}
	}
	return members, true
}

// urgent returns the quota with the highest share of still needed seats by those left,
// any of several; -1 where nobody is left, or too few for what is needed.
func (g *greedy) urgent() int {
	best, ratio, ties := -1, 0.0, 0
	for q, quota := range g.quotas[:max(1, len(g.quotas)-1)] {
		needed := quota.Min - g.seated[q]
		if needed > g.left[q] {
			return -1
		}
		if g.left[q] == 0 {
			continue
		}
		switch share := float64(needed) / float64(g.left[q]); {
		case best < 0 || share > ratio:
			best, ratio, ties = q, share, 1
		case share == ratio:
			if ties++; g.random.IntN(ties) == 0 {
				best = q
			}
		}
	}
	return best
}

func (g *greedy) dropAll(q int) {
	for g.left[q] > 0 {
		g.drop(g.holders[q][g.left[q]-1])
	}
}

// drop takes a member out of the pool, if it is still there.
func (g *greedy) drop(member int) {
	for i, q := range g.has[member] {
		at, last := g.at[member][i], g.left[q]-1
		if at > last {
			return // gone already
		}
		other := g.holders[q][last]
		g.holders[q][at], g.holders[q][last] = other, member
		g.at[member][i] = last
		for j, shared := range g.has[other] {
			if shared == q {
				g.at[other][j] = at
			}
		}
		g.left[q] = last
	}
}
