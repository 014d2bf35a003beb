package stats

import "math"

// tolerance is how close crossing comes, in units of its argument.
const tolerance = 1e-9

// crossing returns the point where f, which falls (in steps, it may be) from positive to
// not positive, does so: the supremum of the points where it is positive. It searches from
// start with a first step of step, between from and to, and is false where f does not
// change sign there.
func crossing(f func(float64) float64, start, step, from, to float64) (float64, bool) {
	low, high := min(max(from, start-step), to), max(min(to, start+step), from)
	atLow, atHigh := f(low), f(high)
	for atLow <= 0 {
		if low <= from {
			return 0, false
		}
		high, atHigh = low, atLow
		step *= 2
		low = max(from, low-step)
		atLow = f(low)
	}
	for atHigh > 0 {
		if high >= to {
			return 0, false
		}
		low, atLow = high, atHigh
		step *= 2
		high = min(to, high+step)
		atHigh = f(high)
	}
	return narrow(f, low, high, atLow, atHigh), true
}

// narrow takes the false position between the ends, with the Illinois rule (an end kept
// twice counts half), and the middle after each step that did not halve the bracket.
func narrow(f func(float64) float64, low, high, atLow, atHigh float64) float64 {
	last := 0
	for high-low > tolerance*max(1, math.Abs(low)) {
		width := high - low
		x := low + width*atLow/(atLow-atHigh)
		// Off the ends a little, so that both come in at last.
		x = min(max(x, low+tolerance/2), high-tolerance/2)
		for range 2 {
			if y := f(x); y > 0 {
				low, atLow = x, y
				if last > 0 {
					atHigh /= 2
				}
				last = 1
			} else {
				high, atHigh = x, y
				if last < 0 {
					atLow /= 2
				}
				last = -1
			}
			if high-low <= width/2 {
				break
			}
			x = low + (high-low)/2
			last = 0
		}
	}
	return low + (high-low)/2
}
