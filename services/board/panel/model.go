package panel

import (
	"cmp"
	"slices"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// model is a problem in terms of its types: which compositions are allowed.
type model struct {
	problem *Problem
	types   []kind
	limits  []int               // for each type the most that a composition can have; lowered as it becomes known
	quotas  []quota             // in an order that depends on names only
	byType  [][]int             // for each type its quotas, one a category
	cliques [][]int             // sets of types of which a composition has at most one; they cover all conflicts
	cuts    []linear.Constraint // what no composition exceeds, found on the way
}

// quota is a Quota of the problem.
type quota struct {
	category, value string
	low, high       int
	types           []int // those who have that value
}

func newModel(p *Problem) *model {
	categories := make([]int, len(p.Categories))
	for i := range categories {
		categories[i] = i
	}
	slices.SortFunc(categories, func(a, b int) int { return cmp.Compare(p.Categories[a].Name, p.Categories[b].Name) })
	m := &model{problem: p, types: compress(p, categories)}
	m.byType = make([][]int, len(m.types))
	for i, c := range categories {
		values := slices.Clone(p.Categories[c].Values)
		slices.SortFunc(values, func(a, b Quota) int { return cmp.Compare(a.Value, b.Value) })
		for _, v := range values {
			q := quota{category: p.Categories[c].Name, value: v.Value, low: v.Min, high: v.Max}
			for t, k := range m.types {
				if k.values[i] == v.Value {
					q.types = append(q.types, t)
					m.byType[t] = append(m.byType[t], len(m.quotas))
				}
			}
			m.quotas = append(m.quotas, q)
		}
	}
	m.limits = make([]int, len(m.types))
	for t, k := range m.types {
		m.limits[t] = min(k.Limit, p.Seats)
		for _, q := range m.byType[t] {
			m.limits[t] = min(m.limits[t], m.quotas[q].high)
		}
	}
	m.cliques = cliques(m.types)
	return m
}

// cliques covers the conflicts with sets of types that are all in conflict with one
// another, each as large as adding one after the other makes it.
func cliques(types []kind) [][]int {
	covered := map[[2]int]bool{}
	var all [][]int
	for a, k := range types {
		for _, b := range k.conflicts {
			if b < a || covered[[2]int{a, b}] {
				continue
			}
			clique := []int{a, b}
			for _, c := range k.conflicts {
				if c != b && !slices.ContainsFunc(clique[1:], func(t int) bool { return !excludes(types[t], c) }) {
					clique = append(clique, c)
				}
			}
			slices.Sort(clique)
			for i, t := range clique {
				for _, u := range clique[i+1:] {
					covered[[2]int{t, u}] = true
				}
			}
			all = append(all, clique)
		}
	}
	return all
}

func excludes(k kind, other int) bool {
	_, found := slices.BinarySearch(k.conflicts, other)
	return found
}

// size returns how many members a type has.
func (m *model) size(t int) int { return len(m.types[t].Members) }

// rows returns what every composition meets, in terms of the numbers of the types: first
// the seats, quotas and cuts, then the conflicts.
func (m *model) rows() (rows, conflicts []linear.Constraint) {
	all := make([]int, len(m.types))
	for t := range all {
		all[t] = t
	}
	seats := float64(m.problem.Seats)
	rows = append(rows, linear.Constraint{Low: seats, High: seats, Entries: ones(all)})
	for _, q := range m.quotas {
		most := 0
		for _, t := range q.types {
			most += m.limits[t]
		}
		if q.low > 0 || q.high < min(most, m.problem.Seats) {
			rows = append(rows, linear.Constraint{Low: float64(q.low), High: float64(q.high), Entries: ones(q.types)})
		}
	}
	for _, clique := range m.cliques {
		c := linear.Constraint{Low: -linear.Inf, High: 1}
		for _, t := range clique {
			if m.limits[t] > 0 {
				c.Entries = append(c.Entries, linear.Entry{Index: t, Value: 1 / float64(m.limits[t])})
			}
		}
		if len(c.Entries) > 1 {
			conflicts = append(conflicts, c)
		}
	}
	return append(rows, m.cuts...), conflicts
}

func ones(types []int) []linear.Entry {
	entries := make([]linear.Entry, len(types))
	for i, t := range types {
		entries[i] = linear.Entry{Index: t, Value: 1}
	}
	return entries
}

// search returns a search over the compositions, whose variable t is the number of
// type t. Its rows are those of the model, the conflicts being lazy.
func (m *model) search() *linear.Search {
	s := &linear.Search{LP: new(linear.LP)}
	for t, k := range m.types {
		s.Integers = append(s.Integers, s.LP.Variable(0, 0, float64(m.limits[t])))
		s.Excludes = append(s.Excludes, k.conflicts)
	}
	rows, conflicts := m.rows()
	for _, r := range rows {
		s.LP.Row(r.Low, r.High, r.Entries...)
	}
	s.Lazy = conflicts
	return s
}
