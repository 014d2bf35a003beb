package schedule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Extend returns the next edition of a schedule: all of it, and behind that the benefits,
// bundles and rules of a fragment, a YAML text with these keys only. The edition's notice
// has the minimum of the one before, a reason, and no effective day. Its error is of type
// Problems, with places in the fragment.
func Extend(before *Schedule, fragment []byte, reason string) (*Schedule, error) {
	root, err := document(fragment)
	if err != nil {
		return nil, err
	}
	r := newReader(root)
	if r.currency, err = LookupCurrency(before.Currency); err != nil {
		return nil, fmt.Errorf("extend the schedule: %w", err)
	}
	var more Schedule
	r.object(root, "",
		field{"benefits", items(r, &more.Benefits, r.benefit)},
		field{"bundles", items(r, &more.Bundles, r.bundle)},
		field{"rules", items(r, &more.Rules, r.rule)})
	if len(more.Rules) == 0 && len(r.problems) == 0 {
		r.report(root, "", Missing, "no rule is added: write one under rules, since benefits are granted by rules only")
	}
	next := *before
	next.Benefits = slices.Concat(before.Benefits, more.Benefits)
	next.Bundles = slices.Concat(before.Bundles, more.Bundles)
	next.Rules = slices.Concat(before.Rules, more.Rules)
	next.Notice = Notice{Effective: civil.Never, Reason: reason, Minimum: before.Notice.Minimum}
	next.SetDefaults()
	problems := r.problems
	for _, p := range Validate(&next) {
		p.Path = before.withinFragment(p.Path)
		if !r.problems.concern(p.Path) {
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		located := r.places.Locate(problems)
		return nil, located[:min(len(located), MaxProblems)]
	}
	return &next, nil
}

var listItem = regexp.MustCompile(`^(benefits|bundles|rules)\[(\d+)\]`)

// withinFragment makes of a path in an extended schedule the path in the fragment.
func (s *Schedule) withinFragment(path string) string {
	match := listItem.FindStringSubmatch(path)
	if match == nil {
		return path
	}
	at, err := strconv.Atoi(match[2])
	had := map[string]int{"benefits": len(s.Benefits), "bundles": len(s.Bundles), "rules": len(s.Rules)}[match[1]]
	if err != nil || at < had {
		return path
	}
	return match[1] + index(at-had) + path[len(match[0]):]
}

// NewRules returns the ids of the rules that a schedule has and the one before it, which
// may be nil, has not.
func (s *Schedule) NewRules(before *Schedule) []string {
	var ids []string
	for _, r := range s.Rules {
		if before == nil || !slices.ContainsFunc(before.Rules, func(b Rule) bool { return b.ID == r.ID }) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}
