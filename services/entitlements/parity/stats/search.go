package stats

import (
	"math"
	"slices"
)

const (
	// A search ends when it is as close as tolerance in units of its effect, or as fine, which
	// large samples are long before, in standard deviations.
	tolerance = 1e-9
	fine      = 1e-4
	// rounding is how far sums that are equal may differ by rounding, in standard deviations.
	rounding = 1e-9
)

// inversion finds the effects that a test does not reject.
type inversion struct {
	// deviate is the test's standardised statistic once an effect is taken out of the data; it
	// falls, in steps, from positive to negative as the effect grows.
	deviate  func(effect float64) float64
	from, to float64 // every step lies between
	critical float64 // the test rejects from this distance of deviate on
	seen     []point // what is known of deviate, by effect
}

// point is an effect and its deviate.
type point struct{ effect, deviate float64 }

// solve returns the effect where deviate is 0 (the middle, where it is so for a range), and
// the limits outside of which the test rejects, infinite where it never does. It is false
// where deviate is never 0, or from some effect on always.
func (v *inversion) solve() (middle, low, high float64, ok bool) {
	first, firstOK := v.crossing(rounding)
	last, lastOK := v.crossing(-rounding)
	if !firstOK || !lastOK {
		return 0, 0, 0, false
	}
	middle = first + (last-first)/2
	low, lowOK := v.crossing(v.critical - rounding)
	if !lowOK {
		low = math.Inf(-1)
	}
	high, highOK := v.crossing(rounding - v.critical)
	if !highOK {
		high = math.Inf(1)
	}
	return middle, min(low, middle), max(high, middle), true
}

// crossing returns where deviate falls from above a level to it or below; false where it
// does not do so between from and to.
func (v *inversion) crossing(level float64) (float64, bool) {
	low, high, ok := v.bracket(level)
	if !ok {
		return 0, false
	}
	return v.narrow(low, high, level), true
}

// bracket returns neighbours that are known to be above a level and not above it, going
// out from what is known already in growing steps.
func (v *inversion) bracket(level float64) (low, high point, ok bool) {
	if len(v.seen) == 0 {
		v.at(min(max(0, v.from), v.to))
	}
	for step := 0.05; v.seen[0].deviate <= level; step *= 2 {
		if v.seen[0].effect <= v.from {
			return low, high, false
		}
		v.at(max(v.from, v.seen[0].effect-step))
	}
	for step := 0.05; v.seen[len(v.seen)-1].deviate > level; step *= 2 {
		last := v.seen[len(v.seen)-1].effect
		if last >= v.to {
			return low, high, false
		}
		v.at(min(v.to, last+step))
	}
	i := slices.IndexFunc(v.seen, func(p point) bool { return p.deviate <= level })
	return v.seen[i-1], v.seen[i], true
}

// narrow closes in on where deviate falls to a level by interpolation, but in at most two
// evaluations more than by halving (the ITP method: Oliveira and Takahashi, ACM
// Transactions on Mathematical Software 47, 2020, with its constants 0.2 over the width, 2
// and 1).
func (v *inversion) narrow(low, high point, level float64) float64 {
	width := high.effect - low.effect
	allowed := tolerance * math.Exp2(math.Ceil(math.Log2(width/tolerance))+1)
	for scale := 0.2 / width; width > tolerance && low.deviate-high.deviate > fine; width = high.effect - low.effect {
		half := low.effect + width/2
		x := half
		above, below := low.deviate-level, level-high.deviate
		if share := above / (above + below); !math.IsNaN(share) { // it is of infinities
			x = low.effect + share*width
		}
		// Towards the middle a little, so that the far end comes in too, and near to it enough.
		x = half + math.Copysign(max(0, math.Abs(x-half)-scale*width*width), x-half)
		reach := max(0, allowed/2-width/2)
		x = min(max(x, half-reach), half+reach)
		if p := v.at(x); p.deviate > level {
			low = p
		} else {
			high = p
		}
		allowed /= 2
	}
	return low.effect + (high.effect-low.effect)/2
}

// at evaluates deviate and remembers it.
func (v *inversion) at(effect float64) point {
	p := point{effect, v.deviate(effect)}
	i, _ := slices.BinarySearchFunc(v.seen, effect, func(q point, effect float64) int {
		if q.effect < effect {
			return -1
		}
		return 1
	})
	v.seen = slices.Insert(v.seen, i, p)
	return p
}
