package charter

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/board/panel"
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

// clashes returns all conflicts that some of the given accounts have with any of them, by
// accounts and rule.
func (c *Charter) clashes(x accounts, ids, of []string) []clash {
	var found []clash
	add := func(a, b, rule, text string) {
		found = append(found, clash{min(a, b), max(a, b), rule, text})
	}
	asked := map[string]bool{}
	for _, id := range of {
		asked[id] = true
	}
	among := x.among(ids)
	for id := range among {
		for _, other := range x.byID[id].Competitors {
			if among[other] && other != id && (asked[id] || asked[other]) {
				add(id, other, ruleCompetitors, "they are declared competitors")
			}
		}
	}
	for _, same := range c.sameness(x) {
		having := map[string][]string{}
		for id := range among {
			if v := same.value(id); v != "" {
				having[v] = append(having[v], id)
			}
		}
		for id := range asked {
			if !among[id] {
				continue
			}
			v := same.value(id)
			for _, other := range having[v] {
				if other != id {
					add(id, other, same.rule, same.text(v))
				}
			}
		}
	}
	slices.SortFunc(found, func(p, q clash) int {
		return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b), cmp.Compare(p.rule, q.rule))
	})
	return slices.Compact(found) // each of both may have named the other
}

// among returns which of these accounts are known.
func (x accounts) among(ids []string) map[string]bool {
	known := make(map[string]bool, len(ids))
	for _, id := range ids {
		if x.byID[id] != nil {
			known[id] = true
		}
	}
	return known
}

// sameness is a rule by which accounts are in conflict that have something in common.
type sameness struct {
	rule string
	// what they have in common, in words.
	what string
	// value is empty for an account that has nothing of the kind.
	value func(id string) string
	// text is a clause about two that have a value in common.
	text func(value string) string
}

func (c *Charter) sameness(x accounts) []sameness {
	var rules []sameness
	for _, key := range c.Conflicts.SameAttributes {
		rules = append(rules, sameness{ruleAttribute + key, "the same " + key,
			func(id string) string { return x.byID[id].Attributes[key] },
			func(value string) string { return fmt.Sprintf("both have %s %q", key, value) }})
	}
	if c.Conflicts.SameGroup {
		rules = append(rules, sameness{ruleGroup, "one group", x.top, func(top string) string { return "both are in the group of " + top }})
	}
	return rules
}

// maxConflicts is how many pairs of a pool may be in conflict, for each rule: in a public
// record, which names each, they come to some 11 MB.
const maxConflicts = 150_000

// conflicts adds the pairs of the pool that are in conflict to the problem.
// FAILED_PRECONDITION where there are too many.
func (p *Preparation) conflicts() error {
	x, pool := p.accounts, p.Problem.Pool
	place := make(map[string]int, len(pool))
	for i, member := range pool {
		place[member.ID] = i
	}
	var found [][2]int
	for i, member := range pool {
		for _, other := range x.byID[member.ID].Competitors {
			if j, ok := place[other]; ok && j != i {
				found = append(found, [2]int{min(i, j), max(i, j)})
			}
		}
	}
	for _, same := range p.charter.sameness(x) {
		having := map[string][]int{}
		pairs := 0
		for i, member := range pool {
			v := same.value(member.ID)
			if v == "" {
				continue
			}
			if pairs += len(having[v]); pairs > maxConflicts {
				return tooManyConflicts(pool, same)
			}
			for _, j := range having[v] {
				found = append(found, [2]int{j, i})
			}
			having[v] = append(having[v], i)
		}
	}
	slices.SortFunc(found, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	p.Problem.Conflicts = slices.Compact(found)
	return nil
}

// tooManyConflicts says by which rule there are too many conflicts in a pool, and what to do.
func tooManyConflicts(pool []panel.Member, rule sameness) error {
	size, most := map[string]int{}, ""
	for _, member := range pool {
		if v := rule.value(member.ID); v != "" {
			if size[v]++; size[v] > size[most] {
				most = v
			}
		}
	}
	return fault.New(fault.FailedPrecondition, ReasonInfeasible,
		"More than %d pairs of the %d accounts in the pool would be in conflict because they have %s (%q: %d accounts): "+
			"take that out of the charter's conflicts, and set quotas of at most one seat for such values instead.",
		maxConflicts, len(pool), rule.what, most, size[most])
}
