package panel

import "slices"

// expand makes a lottery over panels from one over compositions, in which all members of
// a type have the same probability.
//
// Within a composition that seats c of the n members of a type, they take turns: with
// the composition's probability laid out as a circle of length 1, member j sits from
// j*c/n on, for a length of c/n (McNaughton's wrap-around rule). As that is at most once
// around, nobody takes two seats at a time, and at any time c of them sit. The circle
// falls into arcs on which the panel stays the same.
func expand(types []Type, compositions []Composition) Lottery {
	var l Lottery
	for _, c := range compositions {
		starts := arcs(types, c.Counts)
		for i, start := range starts {
			end := fraction{1, 1}
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			l.Panels = append(l.Panels, seatedAt(types, c.Counts, start))
			l.Probabilities = append(l.Probabilities, c.Probability*(end.float()-start.float()))
		}
	}
	return l
}

// fraction is a place on the circle.
type fraction struct{ over, under int }

func (f fraction) float() float64 { return float64(f.over) / float64(f.under) }

func compareFractions(a, b fraction) int { return a.over*b.under - b.over*a.under }

// arcs returns where panels change, ascending from 0.
func arcs(types []Type, counts []int) []fraction {
	starts := []fraction{{0, 1}}
	done := map[int]bool{1: true}
	for t, n := range counts {
		if n == 0 {
			continue
		}
		size := len(types[t].Members)
		parts := size / gcd(n, size)
		if done[parts] {
			continue
		}
		done[parts] = true
		for i := 1; i < parts; i++ {
			starts = append(starts, fraction{i, parts})
		}
	}
	slices.SortFunc(starts, compareFractions)
	return slices.CompactFunc(starts, func(a, b fraction) bool { return compareFractions(a, b) == 0 })
}

// seatedAt returns the panel that sits from a place on.
func seatedAt(types []Type, counts []int, at fraction) Panel {
	var panel Panel
	for t, n := range counts {
		if n == 0 {
			continue
		}
		size := len(types[t].Members)
		for j, member := range types[t].Members {
			// Whether at, or at plus a whole turn, is from j*n/size to (j+1)*n/size.
			from := ceil(j*n*at.under-at.over*size, size*at.under)
			to := ceil((j+1)*n*at.under-at.over*size, size*at.under)
			if to > from {
				panel = append(panel, member)
			}
		}
	}
	slices.Sort(panel)
	return panel
}

// ceil returns a/b rounded up, where b is more than 0.
func ceil(a, b int) int {
	if a > 0 {
		return (a + b - 1) / b
	}
	return -(-a / b)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
