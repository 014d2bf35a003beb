package panel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// kind is a Type with what the solver needs to know of it.
type kind struct {
	Type
	values    []string // by category, in the order of the model's categories
	conflicts []int    // ascending indexes of the types it excludes
}

// compress returns the types of the pool, in an order that depends on attributes and
// conflicts alone, except among types that these do not tell apart.
//
// Two members are interchangeable when their attributes are the same and either they
// have the same conflicts, or they are in conflict with one another and otherwise have
// the same ones.
func compress(p *Problem, categories []int) []kind {
	neighbours := neighbours(p)
	byKey := map[string][]int{}
	key := func(member int, withSelf bool) string {
		var b strings.Builder
		for _, c := range categories {
			fmt.Fprintf(&b, "%q,", p.Pool[member].Values[c])
		}
		others := neighbours[member]
		if withSelf {
			at, _ := slices.BinarySearch(others, member)
			others = slices.Insert(slices.Clone(others), at, member)
		}
		fmt.Fprint(&b, withSelf, others)
		return b.String()
	}
	for i := range p.Pool {
		byKey[key(i, true)] = append(byKey[key(i, true)], i)
	}
	for i := range p.Pool {
		if together := key(i, true); len(byKey[together]) == 1 {
			delete(byKey, together)
			byKey[key(i, false)] = append(byKey[key(i, false)], i)
		}
	}
	kinds := make([]kind, 0, len(byKey))
	for _, members := range byKey {
		k := kind{Type: Type{Members: members, Limit: len(members)}}
		if len(members) > 1 && slices.Contains(neighbours[members[0]], members[1]) {
			k.Limit = 1
		}
		for _, c := range categories {
			k.values = append(k.values, p.Pool[members[0]].Values[c])
		}
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b kind) int { return a.Members[0] - b.Members[0] })
	return ordered(kinds, func(k kind) []int { return neighbours[k.Members[0]] })
}

// neighbours returns, for each member of the pool, those in conflict with it, ascending.
func neighbours(p *Problem) [][]int {
	all := make([][]int, len(p.Pool))
	for _, conflict := range p.Conflicts {
		all[conflict[0]] = append(all[conflict[0]], conflict[1])
		all[conflict[1]] = append(all[conflict[1]], conflict[0])
	}
	for i := range all {
		slices.Sort(all[i])
		all[i] = slices.Compact(all[i])
	}
	return all
}

// ordered sorts types by attributes and size, and what is equal in that by the places of
// those they are in conflict with, until that tells no more of them apart (colour
// refinement); then it fills in their conflicts.
func ordered(kinds []kind, members func(kind) []int) []kind {
	typeOf := map[int]int{}
	for i, k := range kinds {
		for _, m := range k.Members {
			typeOf[m] = i
		}
	}
	adjacent := make([][]int, len(kinds))
	for i, k := range kinds {
		for _, m := range members(k) {
			if typeOf[m] != i {
				adjacent[i] = append(adjacent[i], typeOf[m])
			}
		}
		slices.Sort(adjacent[i])
		adjacent[i] = slices.Compact(adjacent[i])
	}
	order, place := refine(kinds, adjacent)
	sorted := make([]kind, len(kinds))
	for i, old := range order {
		sorted[i] = kinds[old]
		for _, other := range adjacent[old] {
			sorted[i].conflicts = append(sorted[i].conflicts, place[other])
		}
		slices.Sort(sorted[i].conflicts)
	}
	return sorted
}

// refine returns the types in order, and for each its place there.
func refine(kinds []kind, adjacent [][]int) (order, place []int) {
	colour := make([]int, len(kinds)) // equal for types not told apart yet
	order = make([]int, len(kinds))
	for i := range order {
		order[i] = i
	}
	signature := func(i int) []int {
		seen := make([]int, len(adjacent[i]))
		for j, other := range adjacent[i] {
			seen[j] = colour[other]
		}
		slices.Sort(seen)
		return seen
	}
	compare := func(a, b int) int {
		return cmp.Or(slices.Compare(kinds[a].values, kinds[b].values),
			cmp.Compare(kinds[a].Limit, kinds[b].Limit), cmp.Compare(len(kinds[a].Members), len(kinds[b].Members)))
	}
	for colours := 0; ; {
		slices.SortStableFunc(order, compare)
		next, n := make([]int, len(kinds)), 0
		for at, i := range order {
			if at > 0 && compare(order[at-1], i) != 0 {
				n = at
			}
			next[i] = n
		}
		distinct := len(unique(next))
		colour = next
		if distinct == colours || len(kinds) == 0 {
			break
		}
		colours = distinct
		signatures := make([][]int, len(kinds))
		for i := range kinds {
			signatures[i] = signature(i)
		}
		was := colour
		compare = func(a, b int) int {
			return cmp.Or(cmp.Compare(was[a], was[b]), slices.Compare(signatures[a], signatures[b]))
		}
	}
	place = make([]int, len(kinds))
	for at, i := range order {
		place[i] = at
	}
	return order, place
}

func unique(values []int) []int {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
