package signals

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Take implements feeds.Taker: it observes what facts follow from.
func (s *Service) Take(ctx context.Context, changes []feeds.Change) error {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return fmt.Errorf("find the company's time zone: %w", err)
	}
	var all []Observation
	for i := range changes {
		all = append(all, observed(&changes[i], zone)...)
	}
	if len(all) == 0 {
		return nil
	}
	return s.Observe(ctx, all)
}

// observed is what a change says of accounts. Instants count on the company's days.
func observed(c *feeds.Change, zone civil.Zone) []Observation {
	var all []Observation
	add := func(account string, what What) {
		all = append(all, Observation{Feed: string(c.Service), Position: c.Position, Account: account, What: what})
	}
	switch {
	case c.Account != nil:
		add(c.Account.ID, AccountChanged{})
	case c.Plan != "":
		add(c.Plan, PlanChanged{})
	case c.Revenue != nil:
		r := c.Revenue
		paid := make([]Payments, len(r.Accounts))
		for i, at := range r.Index {
			paid[at] = append(paid[at], Payment{civil.Day(r.Days[i]), r.Minor[i]})
		}
		for i, account := range r.Accounts {
			add(account, paid[i])
		}
	case c.Usage != nil && (c.Usage.Type == feeds.Used || c.Usage.Type == feeds.Committed):
		add(c.Usage.Account, Used{Benefit: c.Usage.Benefit, Day: c.Usage.Day})
	case c.Case != nil:
		for _, clock := range c.Case.Clocks {
			if !clock.Breached || clock.Commitment == "" {
				continue
			}
			at := clock.Due
			if at.IsZero() { // it stands still, and is due when it goes on
				at = c.At
			}
			add(c.Case.Account, Broken{Case: c.Case.Name, Issue: c.Case.Issue, Commitment: clock.Commitment, Day: zone.DayOf(at)})
		}
	case c.Citation != nil && c.Citation.Account != "":
		add(c.Citation.Account, Cited{Clause: c.Citation.Clause, Day: c.Citation.Day})
	case c.Review != nil:
		if clause, ok := names.ID(c.Review.Subject, "clauses"); ok {
			r := ClauseReview{Clause: clause, Review: c.Review.Name, Opened: zone.DayOf(c.At)}
			if !c.Review.Open {
				r.Decided = zone.DayOf(c.At)
			}
			add("", r)
		}
	}
	for _, t := range c.Terms {
		ends := t.End
		if ends == civil.Never {
			ends = t.PlannedEnd
		}
		add(t.Account, BoardTerm{Term: t.Name, Board: t.Board, Begins: t.Start, Ends: ends})
	}
	return all
}
