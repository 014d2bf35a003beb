package stats

import "slices"

// Sample has the values of one stratum by group.
type Sample struct {
	A, B []float64
}

// Samples are the strata in which two groups' values are compared by their ranks.
type Samples struct {
	strata []Sample
}

// NewSamples returns strata ready to be compared. It sorts the slices in place and keeps
// them; those sorted already are only read, so that comparisons side by side may share
// groups sorted beforehand.
func NewSamples(strata []Sample) Samples {
	var both []Sample
	for _, s := range strata {
		if len(s.A) > 0 && len(s.B) > 0 {
			ascending(s.A)
			ascending(s.B)
			both = append(both, s)
		}
	}
	return Samples{both}
}

// ascending sorts values unless they are sorted.
func ascending(values []float64) {
	if !slices.IsSorted(values) {
		slices.Sort(values)
	}
}

// weight is that of van Elteren's locally best test.
func (s Sample) weight() float64 { return 1 / float64(len(s.A)+len(s.B)+1) }

// lead returns by how many more pairs A's value is the higher one than B's is, once B's
// values are multiplied by scale, which must not be negative, and moved by shift.
func (s Sample) lead(scale, shift float64) float64 {
	below, upTo := 0, 0 // how many of B are lower than a, not higher than a
	sum := 0
	for _, a := range s.A {
		for below < len(s.B) && s.B[below]*scale+shift < a {
			below++
		}
		upTo = max(upTo, below)
		for upTo < len(s.B) && s.B[upTo]*scale+shift <= a {
			upTo++
		}
		sum += below + upTo - len(s.B)
	}
	return float64(sum)
}

// variance returns the variance of half of lead under no difference, ties taken into account.
func (s Sample) variance() float64 {
	a, b := float64(len(s.A)), float64(len(s.B))
	n := a + b
	return a * b / 12 * (n + 1 - s.ties()/(n*(n-1)))
}

// ties returns the sum, over the values that occur t times, of t³ - t.
func (s Sample) ties() float64 {
	var sum float64
	s.eachValue(func(inA, inB int) {
		t := float64(inA + inB)
		sum += t*t*t - t
	})
	return sum
}

// eachValue visits the distinct values in ascending order with how often they occur.
func (s Sample) eachValue(visit func(inA, inB int)) {
	i, j := 0, 0
	for i < len(s.A) || j < len(s.B) {
		var value float64
		if j == len(s.B) || i < len(s.A) && s.A[i] <= s.B[j] {
			value = s.A[i]
		} else {
			value = s.B[j]
		}
		fromI, fromJ := i, j
		for i < len(s.A) && s.A[i] == value {
			i++
		}
		for j < len(s.B) && s.B[j] == value {
			j++
		}
		visit(i-fromI, j-fromJ)
	}
}
