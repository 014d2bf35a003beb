package panel

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// countedNodes bounds how much is counted before panels are sampled instead; it is a
// count and no time, so that everybody gets the same answer.
const countedNodes = 2_000_000

// Uniform gives the probabilities when all panels that meet the problem's rules are
// equally likely: exactly where the panels can be counted, otherwise estimated from
// samples.
//
// Samples come from a Markov chain (Metropolis) over all sets of members, in which one
// member is exchanged for another at a time and panels that break the rules are less
// likely the more they do; among those that break none, all are equally likely. How fast
// such a chain mixes is not proven, so the result is an estimate without bound. Numbers
// are drawn from random alone.
//
// It fails where no panel meets the rules, or the chain meets none. Of the limit, if more
// than 0, half at most is spent on counting; where it is over before all samples are
// drawn, the estimate is of those drawn by then, and ErrTimeLimit where there is none.
func Uniform(ctx context.Context, p *Problem, samples int, limit time.Duration, random *rand.Rand) (*Estimate, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	limited, cancel := within(ctx, limit)
	defer cancel()
	half, stop := within(limited, limit/2)
	defer stop()
	if exact, err := countPanels(half, p); exact != nil || err != nil && !expired(ctx, err) {
		return exact, err
	}
	e, err := samplePanels(limited, p, samples, random)
	if expired(ctx, err) {
		err = ErrTimeLimit
	}
	return e, err
}

// counting goes through all compositions of a problem.
type counting struct {
	kinds     []kind
	counts    []int       // by kind, of the composition at hand
	quotas    [][]int     // by kind: the places in seated of its values
	bounds    []Quota     // by place
	seated    []int       // by place
	room      []int       // seats that this kind and the following can take at most
	category  [][]int     // the places of each category
	binomials [][]float64 // logarithms: by kind, how many choices there are of so many
	scale     float64     // logarithm of the number of all sets of members
	nodes     int
	weight    float64   // of all panels, by all sets of members
	sums      []float64 // by kind: the weighted number of members seated
}

// countPanels returns nil where there is too much to count.
func countPanels(ctx context.Context, p *Problem) (*Estimate, error) {
	c := newCounting(p)
	if !c.from(ctx, 0, p.Seats) || ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if c.weight == 0 {
		if c.scale < 600 { // no weight can have been too small for a float
			return nil, fmt.Errorf("no panel of %d meets the quotas and conflicts", p.Seats)
		}
		return nil, nil
	}
	e := &Estimate{Marginals: make([]float64, len(p.Pool)), Method: "exact, all panels counted"}
	for t, k := range c.kinds {
		for _, member := range k.Members {
			e.Marginals[member] = c.sums[t] / c.weight / float64(len(k.Members))
		}
	}
	return e, nil
}

func newCounting(p *Problem) *counting {
	every := make([]int, len(p.Categories))
	for i := range every {
		every[i] = i
	}
	c := &counting{kinds: compress(p, every)}
	place := map[[2]string]int{}
	for _, category := range p.Categories {
		var places []int
		for _, q := range category.Values {
			place[[2]string{category.Name, q.Value}] = len(c.bounds)
			places = append(places, len(c.bounds))
			c.bounds = append(c.bounds, q)
		}
		c.category = append(c.category, places)
	}
	c.seated = make([]int, len(c.bounds))
	c.counts, c.sums = make([]int, len(c.kinds)), make([]float64, len(c.kinds))
	c.room = make([]int, len(c.kinds)+1)
	for t, k := range slices.Backward(c.kinds) {
		c.room[t] = c.room[t+1] + k.Limit
	}
	for _, k := range c.kinds {
		var quotas []int
		for i, category := range p.Categories {
			quotas = append(quotas, place[[2]string{category.Name, p.Pool[k.Members[0]].Values[i]}])
		}
		c.quotas = append(c.quotas, quotas)
		logs := make([]float64, k.Limit+1)
		for n := range logs {
			logs[n] = logChoices(len(k.Members), n)
		}
		c.binomials = append(c.binomials, logs)
	}
	c.scale = logChoices(len(p.Pool), min(p.Seats, len(p.Pool)))
	return c
}

// logChoices is the logarithm of the number of ways to choose k of n.
func logChoices(n, k int) float64 {
	log := func(x int) float64 { l, _ := math.Lgamma(float64(x + 1)); return l }
	return log(n) - log(k) - log(n-k)
}

// from seats all numbers of the kinds from t on in the open seats. It reports whether
// that is not too much to count.
func (c *counting) from(ctx context.Context, t, open int) bool {
	if c.nodes++; c.nodes > countedNodes || c.nodes%4096 == 0 && ctx.Err() != nil {
		return false
	}
	if open > c.room[t] || !c.possible(open) {
		return true
	}
	if t == len(c.kinds) {
		c.add()
		return true
	}
	most := min(open, c.kinds[t].Limit)
	for _, other := range c.kinds[t].conflicts {
		if other < t && c.counts[other] > 0 {
			most = 0
		}
	}
	for _, q := range c.quotas[t] {
		most = min(most, c.bounds[q].Max-c.seated[q])
	}
	for n := range most + 1 {
		c.seat(t, n)
		fine := c.from(ctx, t+1, open-n)
		c.seat(t, -n)
		if !fine {
			return false
		}
	}
	return true
}

// possible reports whether the open seats are enough for what the quotas still need.
func (c *counting) possible(open int) bool {
	for _, places := range c.category {
		needed := 0
		for _, q := range places {
			needed += max(0, c.bounds[q].Min-c.seated[q])
		}
		if needed > open {
			return false
		}
	}
	return true
}

func (c *counting) seat(t, n int) {
	c.counts[t] += n
	for _, q := range c.quotas[t] {
		c.seated[q] += n
	}
}

// add counts the panels of a composition.
func (c *counting) add() {
	log := -c.scale
	for t, n := range c.counts {
		log += c.binomials[t][n]
	}
	weight := math.Exp(log)
	c.weight += weight
	for t, n := range c.counts {
		c.sums[t] += weight * float64(n)
	}
}
