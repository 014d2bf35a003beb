package panel

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
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
	// Those in conflict with one another have the same conflicts once each counts itself.
	together := make([]string, len(p.Pool))
	attributes := attributes(p, categories)
	for i := range p.Pool {
		at, _ := slices.BinarySearch(neighbours[i], i)
		together[i] = key(attributes[i], true, slices.Insert(slices.Clone(neighbours[i]), at, i))
		byKey[together[i]] = append(byKey[together[i]], i)
	}
	for i := range p.Pool {
		if len(byKey[together[i]]) == 1 {
			delete(byKey, together[i])
			apart := key(attributes[i], false, neighbours[i])
			byKey[apart] = append(byKey[apart], i)
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

// attributes returns, for each member of the pool, a number that those with the same
// values share.
func attributes(p *Problem, categories []int) []int {
	all := make([]int, len(p.Pool))
	known := map[string]int{}
	var b []byte
	for i, member := range p.Pool {
		b = b[:0]
		for _, c := range categories {
			b = strconv.AppendQuote(b, member.Values[c])
		}
		n, ok := known[string(b)]
		if !ok {
			n = len(known)
			known[string(b)] = n
		}
		all[i] = n
	}
	return all
}

// key is equal for members of one type.
func key(attributes int, withSelf bool, conflicts []int) string {
	b := strconv.AppendBool(binary.AppendUvarint(nil, uint64(attributes)), withSelf)
	for _, other := range conflicts {
		b = binary.AppendUvarint(b, uint64(other))
	}
	return string(b)
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
