package loyalty

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// search is for the existing account that would be next to have an offer.
type search struct {
	offer *Offer
	// benefit is what it would have, or criteria what it would have to meet.
	benefit  string
	criteria *schedule.Condition
	// waiting is the place of each account on the waiting list, from 1; nil where the list
	// does not decide.
	waiting map[string]int
}

// candidate is an existing account that may be next; the zero value is nobody.
type candidate struct {
	account  string
	position int
	way      decision.Way // without requirements where it meets all
}

// before says whether it comes before another: by the waiting list, or as the nearest.
func (c candidate) before(other candidate) bool {
	if other.account == "" {
		return true
	}
	return cmp.Or(cmp.Compare(c.position, other.position), c.way.Compare(other.way), strings.Compare(c.account, other.account)) < 0
}

// searches are for the findings to which there is a next one.
func (c *comparison) searches(r *Report) []search {
	var list []search
	for i := range r.Offers {
		o := &r.Offers[i]
		switch {
		case o.Reason == ConditionsUnmet && o.Benefit != "":
			list = append(list, search{offer: o, benefit: o.Benefit})
		case o.Reason != "" && o.Programme != "":
			p := &c.programmes[c.index(o.Programme)]
			s := search{offer: o, criteria: &p.Criteria}
			if o.Reason != ConditionsUnmet {
				s.waiting = positions(p.Waiting)
			}
			list = append(list, s)
		}
	}
	return list
}

func positions(waiting []string) map[string]int {
	at := make(map[string]int, len(waiting))
	for i, account := range waiting {
		at[account] = i + 1
	}
	return at
}

// findNext goes through all accounts to say who would be next to have what is a finding.
func (c *comparison) findNext(ctx context.Context, r *Report, tell func(done, total int) error) error {
	searches := c.searches(r)
	if len(searches) == 0 {
		return nil
	}
	best := make([][]candidate, c.Workers)
	for i := range best {
		best[i] = make([]candidate, len(searches))
	}
	err := c.Each(ctx, func(worker int, id string, a decision.Account) error {
		if is, active := c.side(&a); !active || is != existing {
			return nil
		}
		for i := range searches {
			found, is, err := c.candidate(&searches[i], id, &a)
			if err != nil {
				return err
			}
			if is && found.before(best[worker][i]) {
				best[worker][i] = found
			}
		}
		return nil
	}, tell)
	if err != nil {
		return err
	}
	for i := range searches {
		var next candidate
		for worker := range best {
			if found := best[worker][i]; found.account != "" && found.before(next) {
				next = found
			}
		}
		if next.account != "" {
			searches[i].offer.Next = &Next{next.account, next.position, c.takes(next.way)}
		}
	}
	return nil
}

// candidate says whether an existing account may be next, and how near it is.
func (c *comparison) candidate(s *search, id string, a *decision.Account) (candidate, bool, error) {
	found := candidate{account: id}
	if s.waiting != nil {
		if found.position = s.waiting[id]; found.position == 0 {
			return found, false, nil
		}
	}
	ways, err := c.ways(s, a)
	if err != nil {
		return found, false, err
	}
	if len(ways) > 0 {
		found.way = ways[0]
	}
	return found, len(ways) > 0 || s.waiting != nil, nil
}

// ways are those that an account has to what is searched for, the nearest first. Those through
// programmes that it could not get into now are none.
func (c *comparison) ways(s *search, a *decision.Account) ([]decision.Way, error) {
	if s.criteria != nil {
		return c.Book.Judge(*a, c.At, s.criteria).Ways, nil
	}
	ways, err := c.Book.Distance(*a, c.At, s.benefit)
	return slices.DeleteFunc(ways, func(w decision.Way) bool {
		return slices.ContainsFunc(w.Requires, func(r decision.Requirement) bool {
			return r.Subject == schedule.Programme && !c.open(r.Programme)
		})
	}), err
}

// takes says what a way still takes.
func (c *comparison) takes(way decision.Way) string {
	missing := make([]string, len(way.Requires))
	for i, r := range way.Requires {
		missing[i] = c.Book.Phrase(r)
	}
	return strings.Join(missing, ", and ")
}
