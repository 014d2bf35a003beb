package stats

import "math"

// permutations is the distribution of a stratum's lead under no difference: the
// probability of each value, from the least one possible in steps of one.
type permutations struct {
	least         float64
	probabilities []float64
}

// permutations counts, for every way to choose the cases of A out of the stratum's, the sum
// of their ranks. Ranks are doubled, so that those of ties are whole numbers too.
func (s Sample) permutations() permutations {
	var ranks []int
	s.eachValue(func(inA, inB int) {
		before, tied := len(ranks), inA+inB
		for range tied {
			ranks = append(ranks, 2*before+tied+1)
		}
	})
	total := 0
	for _, rank := range ranks {
		total += rank
	}
	// ways[k][sum] is in how many ways k of the cases so far have that sum of ranks.
	ways := make([][]float64, len(s.A)+1)
	for k := range ways {
		ways[k] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for _, rank := range ranks {
		for k := len(s.A); k > 0; k-- {
			for sum := total; sum >= rank; sum-- {
				ways[k][sum] += ways[k-1][sum-rank]
			}
		}
	}
	all := 0.0
	for _, n := range ways[len(s.A)] {
		all += n
	}
	for sum := range ways[len(s.A)] {
		ways[len(s.A)][sum] /= all
	}
	// The doubled rank sum is the lead and a constant.
	a, n := len(s.A), len(ranks)
	return permutations{least: -float64(a * (n + 1)), probabilities: ways[a]}
}

// atLeast returns the probability of a lead at least as far from 0 as the given one.
func (p permutations) atLeast(lead float64) float64 {
	var sum float64
	for i, probability := range p.probabilities {
		if math.Abs(p.least+float64(i)) >= math.Abs(lead) {
			sum += probability
		}
	}
	return min(1, sum)
}

// critical returns the least lead whose atLeast is at most alpha, +Inf if none is.
func (p permutations) critical(alpha float64) float64 {
	var sum float64
	critical := math.Inf(1)
	for distance := -p.least; distance > 0; distance-- {
		sum += p.at(distance) + p.at(-distance)
		if sum > alpha {
			break
		}
		if p.at(distance) > 0 || p.at(-distance) > 0 {
			critical = distance
		}
	}
	return critical
}

func (p permutations) at(lead float64) float64 {
	i := int(lead - p.least)
	if i < 0 || i >= len(p.probabilities) {
		return 0
	}
	return p.probabilities[i]
}
