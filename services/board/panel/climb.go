package panel

// climber improves compositions by exchanging one seat for another as long as that
// raises the sum of weights.
type climber struct {
	*model
	weights []float64
	counts  []int
	filled  []int // for each quota its seats
	blocked []int // for each type how many seated types exclude it
}

func (m *model) climber(weights []float64) *climber { return &climber{model: m, weights: weights} }

// climb returns the best composition on the way up from the given one, and its weight.
func (c *climber) climb(counts []int) ([]int, float64) {
	c.start(counts)
	for c.step() {
	}
	var sum float64
	for t, n := range c.counts {
		sum += c.weights[t] * float64(n)
	}
	return c.counts, sum
}

func (c *climber) start(counts []int) {
	c.counts = append([]int(nil), counts...)
	c.filled = make([]int, len(c.quotas))
	c.blocked = make([]int, len(c.types))
	for t, n := range counts {
		for _, q := range c.byType[t] {
			c.filled[q] += n
		}
		if n > 0 {
			c.block(t, 1)
		}
	}
}

func (c *climber) block(t, by int) {
	for _, other := range c.types[t].conflicts {
		c.blocked[other] += by
	}
}

// step makes the best exchange and says whether there was one.
func (c *climber) step() bool {
	const least = 1e-9
	best, from, to := least, -1, -1
	for out, n := range c.counts {
		if n == 0 {
			continue
		}
		if n == 1 {
			c.block(out, -1)
		}
		for in, w := range c.weights {
			if gain := w - c.weights[out]; gain > best && c.counts[in] < c.limits[in] && c.blocked[in] == 0 && c.fits(out, in) {
				best, from, to = gain, out, in
			}
		}
		if n == 1 {
			c.block(out, 1)
		}
	}
	if from < 0 {
		return false
	}
	c.move(from, -1)
	c.move(to, 1)
	return true
}

// fits says whether the quotas allow a seat to go from one type to another.
func (c *climber) fits(out, in int) bool {
	for i, q := range c.byType[out] {
		r := c.byType[in][i]
		if q != r && (c.filled[q] <= c.quotas[q].low || c.filled[r] >= c.quotas[r].high) {
			return false
		}
	}
	return true
}

func (c *climber) move(t, by int) {
	before := c.counts[t]
	c.counts[t] += by
	for _, q := range c.byType[t] {
		c.filled[q] += by
	}
	if (before == 0) != (c.counts[t] == 0) {
		c.block(t, by)
	}
}
