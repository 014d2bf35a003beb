package decision

import (
	"time"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Holding is a stretch of time in which an account has a benefit by one rule of one
// version.
type Holding struct {
	// From is the first instant; To the first after it, zero where it does not end by itself.
	From, To time.Time
	Rule     *schedule.Rule
	// Version is the number of the version the rule stands in.
	Version int
	// Benefit is the benefit as that version has it.
	Benefit *schedule.Benefit
}

// Holdings returns when the account has a benefit, ascending and disjoint, with the rule
// that At cites. It fails with ErrUnknownBenefit when no version has the benefit.
func (t Timeline) Holdings(benefitID string) ([]Holding, error) {
	index, ok := t.book.byID[benefitID]
	if !ok {
		return nil, ErrUnknownBenefit
	}
	of := &t.book.benefits[index]
	var list []Holding
	for i, s := range t.steps {
		if s.class != uint32(of.class) || s.rule == none {
			continue
		}
		r := &t.book.rules[s.rule]
		h := Holding{From: time.UnixMilli(s.at).UTC(), Rule: r.Rule, Version: t.book.versions[r.version].number, Benefit: of.byVersion[r.version]}
		if i+1 < len(t.steps) && t.steps[i+1].class == s.class {
			h.To = time.UnixMilli(t.steps[i+1].at).UTC()
		}
		list = append(list, h)
	}
	return list, nil
}

// Benefits returns the ids of all benefits that any version has: those of the first
// version first.
func (b *Book) Benefits() []string {
	ids := make([]string, len(b.benefits))
	for i := range b.benefits {
		ids[i] = b.benefits[i].id
	}
	return ids
}
