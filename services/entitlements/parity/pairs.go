package parity

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// list fills in the pairs of all findings.
func (a *audit) list(ctx context.Context, all []Comparison) error {
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(runtime.GOMAXPROCS(0))
	for i := range all {
		c := &all[i]
		if c.Outcome != Finding {
			continue
		}
		workers.Go(func() error {
			for _, g := range a.groupings {
				if g.by.String() == c.By {
					c.Pairs = g.pairs(c, a.options.Within)
				}
			}
			return ctx.Err()
		})
	}
	return workers.Wait()
}

// candidate is two cases of one stratum: one of the group treated worse, one of the
// other, and how far apart they are.
type candidate struct {
	worse, better uint32
	apart         int64
}

// pairs returns the pairs of like cases that differ most, no case twice: of times and
// values those with the greatest difference. Of rates all differ alike, so that it is
// those that were opened closest to one another.
func (g *grouping) pairs(c *Comparison, within []Dimension) []Pair {
	m, _ := ParseMetric(c.Metric)
	worse := slices.IndexFunc(g.groups, func(one group) bool { return one.name == c.Worse })
	other := c.Groups[0]
	if other == c.Worse {
		other = c.Groups[1]
	}
	better := slices.IndexFunc(g.groups, func(one group) bool { return one.name == other })
	var found []candidate
	for s := range g.strata {
		bad, good := g.cell(s, worse), g.cell(s, better)
		if len(bad) == 0 || len(good) == 0 {
			continue
		}
		if m.Favourable() == "" {
			found = append(found, g.furthest(m, bad, good)...)
		} else {
			found = append(found, g.closest(m, bad, good)...)
		}
		found = best(found)
	}
	pairs := make([]Pair, len(found))
	for i, one := range found {
		pairs[i].Cases = [2]PairedCase{g.paired(m, one.worse), g.paired(m, one.better)}
		for _, d := range within {
			pairs[i].Alike = append(pairs[i].Alike, Shared{d.String(), g.cases.Value(int(one.worse), d)})
		}
	}
	return pairs
}

// best returns the MaxPairs best candidates, the best first.
func best(found []candidate) []candidate {
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.apart, a.apart), cmp.Compare(a.worse, b.worse), cmp.Compare(a.better, b.better))
	})
	return found[:min(len(found), MaxPairs)]
}

// furthest pairs the cases treated worst with those treated best of a stratum. A time
// that is still open can be the longer one, never the shorter.
func (g *grouping) furthest(m Metric, bad, good []uint32) []candidate {
	sign := int64(1) // a long time is bad
	if m == RemedyValue {
		sign = -1
	}
	top := g.extreme(bad, func(row uint32) (int64, bool) {
		v, _, known := g.quantity(m, row)
		return sign * v, known
	})
	bottom := g.extreme(good, func(row uint32) (int64, bool) {
		v, open, known := g.quantity(m, row)
		return -sign * v, known && !open
	})
	var found []candidate
	for i := range min(len(top), len(bottom)) {
		high, _, _ := g.quantity(m, top[i])
		low, _, _ := g.quantity(m, bottom[i])
		if apart := sign * (high - low); apart > 0 {
			found = append(found, candidate{top[i], bottom[i], apart})
		}
	}
	return found
}

// extreme returns up to MaxPairs rows with the greatest keys, the greatest first.
func (g *grouping) extreme(rows []uint32, key func(uint32) (int64, bool)) []uint32 {
	type keyed struct {
		row uint32
		key int64
	}
	top := make([]keyed, 0, MaxPairs+1)
	for _, row := range rows {
		k, ok := key(row)
		if !ok || len(top) == MaxPairs && k <= top[MaxPairs-1].key {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, k, func(one keyed, k int64) int {
			if one.key >= k {
				return -1
			}
			return 1
		})
		top = slices.Insert(top, at, keyed{row, k})
		top = top[:min(len(top), MaxPairs)]
	}
	out := make([]uint32, len(top))
	for i, one := range top {
		out[i] = one.row
	}
	return out
}

// quantity returns a time in milliseconds or a value in minor units.
func (g *grouping) quantity(m Metric, row uint32) (v int64, open, known bool) {
	if m == RemedyValue {
		v = g.cases.values[row]
		return v, false, v != notKnown
	}
	l := g.cases.lapse(int(row), m)
	return l.Time.Milliseconds(), l.Open, l.Known
}

// closest pairs cases of a stratum with the bad outcome in one group and the good one in
// the other, such as were opened closest to one another. Apart is less than 0: the
// seconds between them.
func (g *grouping) closest(m Metric, bad, good []uint32) []candidate {
	bad, good = g.having(m, bad, No), g.having(m, good, Yes)
	opened := g.cases.opened
	gap := func(one, other uint32) int64 {
		apart := opened[one] - opened[other]
		return max(apart, -apart)
	}
	var found []candidate
	next := 0 // of good, which is taken in order, so that no case is taken twice
	for _, row := range bad {
		for next+1 < len(good) && gap(row, good[next+1]) < gap(row, good[next]) {
			next++
		}
		if next == len(good) {
			break
		}
		found = append(found, candidate{row, good[next], -gap(row, good[next])})
		next++
	}
	return best(found)
}

// having returns the cases with an outcome, in the order in which they were opened.
func (g *grouping) having(m Metric, rows []uint32, a Answer) []uint32 {
	kept := make([]uint32, 0, len(rows))
	for _, row := range rows {
		if g.cases.outcome(int(row), m) == a {
			kept = append(kept, row)
		}
	}
	slices.SortStableFunc(kept, func(a, b uint32) int { return cmp.Compare(g.cases.opened[a], g.cases.opened[b]) })
	return kept
}

func (g *grouping) paired(m Metric, row uint32) PairedCase {
	at := int(row)
	p := PairedCase{
		Name: g.cases.Name(at), Group: g.cases.Value(at, g.by),
		Opened: g.cases.Opened(at).Format(time.RFC3339), Remedy: g.cases.Remedy(at),
	}
	if m.Favourable() == "" {
		p.Figure, p.Open, _ = g.quantity(m, row)
	} else if g.cases.outcome(at, m) == Yes {
		p.Figure = 1
	}
	return p
}
