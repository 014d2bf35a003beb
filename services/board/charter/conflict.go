package charter

import (
	"cmp"
	"fmt"
	"slices"
)

// The rules by which accounts are in conflict. Those by an attribute are followed by
// its key.
const (
	ruleCompetitors = "competitors"
	ruleGroup       = "group"
	ruleAttribute   = "same "
)

// clash is a conflict between two accounts, a before b by id.
type clash struct {
	a, b string
	rule string
	// text is a clause about both: "both are in the group of globex".
	text string
}

// clashes returns all conflicts among the given accounts, by accounts and rule.
func (c *Charter) clashes(x accounts, ids []string) []clash {
	var found []clash
	add := func(a, b, rule, text string) {
		if a > b {
			a, b = b, a
		}
		found = append(found, clash{a, b, rule, text})
	}
	among := make(map[string]bool, len(ids))
	for _, id := range ids {
		among[id] = x.byID[id] != nil
	}
	for _, id := range ids {
		if !among[id] {
			continue
		}
		for _, other := range x.byID[id].Competitors {
			if among[other] && other != id {
				add(id, other, ruleCompetitors, "they are declared competitors")
			}
		}
	}
	for _, key := range c.Conflicts.SameAttributes {
		same := func(id string) string { return x.byID[id].Attributes[key] }
		pairs(ids, among, same, func(a, b, value string) {
			add(a, b, ruleAttribute+key, fmt.Sprintf("both have %s %q", key, value))
		})
	}
	if c.Conflicts.SameGroup {
		pairs(ids, among, x.top, func(a, b, top string) { add(a, b, ruleGroup, "both are in the group of "+top) })
	}
	slices.SortFunc(found, func(p, q clash) int {
		return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b), cmp.Compare(p.rule, q.rule))
	})
	return slices.Compact(found) // both may name each other as competitors
}

// pairs calls back for every two accounts with the same value, unless that is empty.
func pairs(ids []string, among map[string]bool, value func(id string) string, found func(a, b, value string)) {
	having := map[string][]string{}
	for _, id := range ids {
		if !among[id] {
			continue
		}
		v := value(id)
		if v == "" {
			continue
		}
		for _, other := range having[v] {
			found(other, id, v)
		}
		having[v] = append(having[v], id)
	}
}
