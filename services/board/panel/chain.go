package panel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// chain is the Markov chain of Uniform: sets of members as many as the seats, each with
// a weight of exp(-strictness * what it breaks).
type chain struct {
	problem    *Problem
	random     *rand.Rand
	order      []int // the pool; the first Seats of it are seated
	has        [][]int
	bounds     []Quota
	seated     []int // by quota
	against    [][]int
	in         []bool
	strictness float64
	broken     int // seats by which quotas are missed, and pairs in conflict
}

func newChain(p *Problem, random *rand.Rand) *chain {
	g := newGreedy(p, random)
	c := &chain{problem: p, random: random, order: random.Perm(len(p.Pool)), bounds: g.quotas, has: g.has, against: g.against}
	c.seated, c.in = make([]int, len(c.bounds)), make([]bool, len(p.Pool))
	for _, q := range c.bounds {
		c.broken += q.Min
	}
	for _, member := range c.order[:p.Seats] {
		c.put(member, 1)
	}
	return c
}

// put seats a member with times 1 and takes it away with -1.
func (c *chain) put(member, times int) {
	for _, q := range c.has[member] {
		before := c.missed(q)
		c.seated[q] += times
		c.broken += c.missed(q) - before
	}
	for _, other := range c.against[member] {
		if c.in[other] {
			c.broken += times
		}
	}
	c.in[member] = times > 0
}

// missed is by how many seats a quota is missed.
func (c *chain) missed(q int) int {
	return max(0, c.bounds[q].Min-c.seated[q], c.seated[q]-c.bounds[q].Max)
}

// step tries to exchange a member.
func (c *chain) step() {
	seats := c.problem.Seats
	i, j := c.random.IntN(seats), seats+c.random.IntN(len(c.order)-seats)
	before := c.broken
	c.put(c.order[i], -1)
	c.put(c.order[j], 1)
	if worse := c.broken - before; worse > 0 && c.random.Float64() >= math.Exp(-c.strictness*float64(worse)) {
		c.put(c.order[j], -1)
		c.put(c.order[i], 1)
		return
	}
	c.order[i], c.order[j] = c.order[j], c.order[i]
}

// run makes some steps and returns after how many of them no rule is broken.
func (c *chain) run(ctx context.Context, steps int) (unbroken int, err error) {
	for i := range steps {
		if i%8192 == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		c.step()
		if c.broken == 0 {
			unbroken++
		}
	}
	return unbroken, nil
}

// Parts of the chain's time, in steps.
const (
	mostStrict    = 12.0 // beyond it a rule is hardly ever broken
	warmUp        = 100  // steps by member of the pool, at each strictness
	apart         = 2    // steps by member of the pool between two samples
	stepsForOne   = 20   // times these steps are made for one sample at most
	leastUnbroken = 0.1  // part of the steps after which no rule should be broken
)

// samplePanels estimates the probabilities of a panel that is any with equal likelihood;
// where the context's deadline comes first, from the samples drawn by then. It returns the
// context's error where there is none.
func samplePanels(ctx context.Context, p *Problem, samples int, random *rand.Rand) (*Estimate, error) {
	if p.Seats == 0 || p.Seats >= len(p.Pool) {
		return nil, fmt.Errorf("no panel of %d from a pool of %d can be sampled", p.Seats, len(p.Pool))
	}
	c := newChain(p, random)
	if err := c.warm(ctx); err != nil {
		return nil, err
	}
	e := &Estimate{Marginals: make([]float64, len(p.Pool))}
	counts := make([]int, len(p.Pool))
	late := false
	for e.Samples < samples && e.Attempts < stepsForOne*samples {
		_, err := c.run(ctx, apart*len(p.Pool))
		if late = errors.Is(err, context.DeadlineExceeded); late && e.Samples > 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		e.Attempts++
		if c.broken > 0 {
			continue
		}
		e.Samples++
		for _, member := range c.order[:p.Seats] {
			counts[member]++
		}
	}
	if e.Samples == 0 {
		return nil, fmt.Errorf("no panel that meets the quotas and conflicts was met in %d samples", e.Attempts)
	}
	e.share(counts)
	e.Method = fmt.Sprintf("estimated, %d panels of a Markov chain", e.Samples)
	if late {
		e.Method += e.cut(samples)
	}
	return e, nil
}

// warm makes the chain stricter until it breaks no rule often enough.
func (c *chain) warm(ctx context.Context) error {
	steps := warmUp * len(c.order)
	for c.strictness = 1; c.strictness < mostStrict; c.strictness += 0.5 {
		unbroken, err := c.run(ctx, steps)
		if err != nil {
			return err
		}
		if float64(unbroken) >= leastUnbroken*float64(steps) {
			break
		}
	}
	_, err := c.run(ctx, steps)
	return err
}
