package parity

import (
	"cmp"
	"math"
	"slices"
)

// grouping is the cases sorted into the groups of one column and the strata of those
// alike: cell (s, g) has the cases of stratum s and group g.
type grouping struct {
	cases  *Cases
	by     Dimension
	groups []group // by name
	strata int
	// rows are the cases cell by cell, and ends where each cell of rows ends.
	rows []uint32
	ends []uint32
	// Of what is left out: cases that have no value in the column, cases of groups compared
	// of which it is not known which are alike, and cases and number of the groups beyond
	// the largest MaxGroups.
	unknown, unlike, smallCases, smallGroups int
}

// group is one value of the column, and how many cases have it.
type group struct {
	name  string
	code  uint16
	cases int
}

// newGrouping sorts the cases; stratumOf is the stratum of each case, or noStratum.
func newGrouping(c *Cases, by Dimension, stratumOf []uint32, strata int) *grouping {
	g := &grouping{cases: c, by: by, strata: strata}
	place := g.choose()
	g.ends = make([]uint32, strata*len(g.groups)+1)
	codes := c.columns[by].codes
	kept := 0
	for row, code := range codes {
		switch at := place[code]; {
		case at < 0:
		case stratumOf[row] == noStratum:
			g.unlike++
		default:
			g.ends[int(stratumOf[row])*len(g.groups)+at+1]++
			kept++
		}
	}
	for i := 1; i < len(g.ends); i++ {
		g.ends[i] += g.ends[i-1]
	}
	g.rows = make([]uint32, kept)
	next := slices.Clone(g.ends)
	for row, code := range codes {
		if at := place[code]; at >= 0 && stratumOf[row] != noStratum {
			cell := int(stratumOf[row])*len(g.groups) + at
			g.rows[next[cell]] = uint32(row) //nolint:gosec // at most MaxCases
			next[cell]++
		}
	}
	g.ends = g.ends[1:]
	return g
}

// choose picks the groups to compare, and returns the place of each code among them; -1
// where it is left out.
func (g *grouping) choose() []int {
	column := &g.cases.columns[g.by]
	all := make([]group, len(column.names))
	for code, name := range column.names {
		all[code] = group{name: name, code: uint16(code)} //nolint:gosec // codes are 16 bits
	}
	for _, code := range column.codes {
		all[code].cases++
	}
	all = slices.DeleteFunc(all, func(one group) bool {
		if one.name == "" {
			g.unknown = one.cases
		}
		return one.name == ""
	})
	slices.SortFunc(all, func(a, b group) int { return cmp.Or(cmp.Compare(b.cases, a.cases), cmp.Compare(a.name, b.name)) })
	for _, small := range all[min(MaxGroups, len(all)):] {
		g.smallGroups++
		g.smallCases += small.cases
	}
	g.groups = all[:min(MaxGroups, len(all))]
	slices.SortFunc(g.groups, func(a, b group) int { return cmp.Compare(a.name, b.name) })
	place := make([]int, len(column.names))
	for i := range place {
		place[i] = -1
	}
	for at, one := range g.groups {
		place[one.code] = at
	}
	return place
}

// cell returns the cases of a stratum and a group.
func (g *grouping) cell(stratum, group int) []uint32 {
	at := stratum*len(g.groups) + group
	begin := uint32(0)
	if at > 0 {
		begin = g.ends[at-1]
	}
	return g.rows[begin:g.ends[at]]
}

// noStratum stands for that of a case of which it is not known which are like it.
const noStratum = math.MaxUint32

// stratify returns the stratum of each case, those being alike in all of within, and
// how many strata there are. A case without a value in one of these is in none: two of
// which something is not known need not be alike in it.
func (c *Cases) stratify(within []Dimension) ([]uint32, int) {
	strata, count := make([]uint32, c.Len()), 1
	for _, d := range within {
		seen := map[uint64]uint32{}
		unknown := slices.Index(c.columns[d].names, "")
		for row, code := range c.columns[d].codes {
			if strata[row] == noStratum || int(code) == unknown {
				strata[row] = noStratum
				continue
			}
			key := uint64(strata[row])<<16 | uint64(code)
			stratum, known := seen[key]
			if !known {
				stratum = uint32(len(seen)) //nolint:gosec // at most MaxCases
				seen[key] = stratum
			}
			strata[row] = stratum
		}
		count = max(len(seen), 1)
	}
	return strata, count
}

// column returns what was left out of the grouping altogether, and what was not.
func (g *grouping) column() Column {
	c := Column{By: g.by.String(), Unknown: g.unknown, UnknownWithin: g.unlike, SmallGroups: g.smallGroups, SmallGroupCases: g.smallCases}
	for _, one := range g.groups {
		c.Groups = append(c.Groups, one.name)
		c.Cases = append(c.Cases, one.cases)
	}
	return c
}
