package engagements

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Candidate is an expert who could take an engagement.
type Candidate struct {
	Expert resource.Stored[Expert]
	// FreeMinutes is what is left of the hours that they can give this month; never
	// negative.
	FreeMinutes int
	// Missing are languages that were asked for and that they do not speak.
	Missing []string
	// Earlier is how many engagements of the account they have completed, and UnderWay how
	// many of any account they are on.
	Earlier, UnderWay int
	// Why says in sentences what speaks for them and against them.
	Why []string

	enough bool // so much is free as is planned
}

// Match proposes experts for an engagement: those who are active, work here still, and know
// its area. First come who speak the languages asked for, then who have the time, then who
// have worked with the account before. NOT_FOUND.
func (s *Service) Match(ctx context.Context, id string) ([]Candidate, error) {
	e, err := s.engagements.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	today, err := s.Today(ctx)
	if err != nil {
		return nil, err
	}
	experts, err := s.able(ctx, e.State.Area)
	if err != nil {
		return nil, fmt.Errorf("find experts for %s: %w", e.State.Area, err)
	}
	work, err := s.work(ctx, experts, e.State.Account, today)
	if err != nil {
		return nil, err
	}
	list := make([]Candidate, 0, len(experts))
	for _, x := range experts {
		list = append(list, candidate(x, &e.State, work[x.ID], today))
	}
	slices.SortFunc(list, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(len(a.Missing), len(b.Missing)), -compareBool(a.enough, b.enough), -cmp.Compare(a.Earlier, b.Earlier),
			-cmp.Compare(a.FreeMinutes, b.FreeMinutes), strings.Compare(a.Expert.ID, b.Expert.ID))
	})
	return list, nil
}

// asking is how many experts are asked after at once.
const asking = 8

// able returns the experts who know an area and can be put on an engagement.
func (s *Service) able(ctx context.Context, area string) ([]resource.Stored[Expert], error) {
	experts, err := s.experts.Lookup(ctx, "areas", area)
	if err != nil {
		return nil, err
	}
	experts = slices.DeleteFunc(experts, func(x resource.Stored[Expert]) bool { return x.State.Inactive })
	works := make([]bool, len(experts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(asking)
	for i, x := range experts {
		group.Go(func() (err error) {
			works[i], err = s.works(ctx, x.ID)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var able []resource.Stored[Expert]
	for i, x := range experts {
		if works[i] {
			able = append(able, x)
		}
	}
	return able, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// work is what an expert has done and does.
type work struct {
	// minutes are those of this month.
	minutes           int
	earlier, underWay int
}

// work counts what experts have done and do. It reads the engagements that hours of this
// month are of, those that the experts are on, and those of the account: however long the
// company has kept any.
func (s *Service) work(ctx context.Context, experts []resource.Stored[Expert], account string, today civil.Day) (map[string]work, error) {
	ids := make([]any, 0, len(experts))
	counts := map[string]work{}
	for _, x := range experts {
		ids = append(ids, x.ID)
		counts[x.ID] = work{}
	}
	tally := func(person string, add func(*work)) {
		if w, wanted := counts[person]; wanted {
			add(&w)
			counts[person] = w
		}
	}
	year, month, _ := today.Date()
	first := civil.Date(year, month, 1)
	for e, err := range s.engagements.All(ctx, docstore.Query{Index: "last_worked", From: int64(first), Limit: 100}) {
		if err != nil {
			return nil, fmt.Errorf("find the hours of this month: %w", err)
		}
		for _, h := range e.State.Hours {
			if h.Day >= first {
				tally(h.Person, func(w *work) { w.minutes += h.Minutes })
			}
		}
	}
	for e, err := range s.engagements.All(ctx, docstore.Query{Index: "account", Equal: []any{account}, Limit: 100}) {
		if err != nil {
			return nil, fmt.Errorf("find the engagements of the account: %w", err)
		}
		if e.State.State != Completed {
			continue
		}
		for _, person := range e.State.Experts {
			tally(person, func(w *work) { w.earlier++ })
		}
	}
	found, err := s.engagements.Lookup(ctx, "at_work", ids...)
	if err != nil {
		return nil, fmt.Errorf("find what experts are on: %w", err)
	}
	seen := map[string]bool{} // one that several are on may be found several times
	for _, e := range found {
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		for _, person := range e.State.AtWork {
			tally(person, func(w *work) { w.underWay++ })
		}
	}
	return counts, nil
}

// candidate judges an expert for an engagement.
func candidate(x resource.Stored[Expert], e *Engagement, w work, today civil.Day) Candidate {
	all := x.State.HoursAMonth * 60
	c := Candidate{Expert: x, FreeMinutes: max(0, all-w.minutes), Earlier: w.earlier, UnderWay: w.underWay}
	c.enough = c.FreeMinutes > 0 && c.FreeMinutes >= e.PlannedMinutes
	c.Why = append(c.Why, fmt.Sprintf("Knows %s.", e.Area))
	for _, tag := range e.Languages {
		if speaks(x.State.Languages, tag) {
			c.Why = append(c.Why, fmt.Sprintf("Speaks %s, which was asked for.", tag))
		} else {
			c.Missing = append(c.Missing, tag)
			c.Why = append(c.Why, fmt.Sprintf("Does not speak %s, which was asked for.", tag))
		}
	}
	year, month, _ := today.Date()
	free := fmt.Sprintf("Has %s of %s free in %s %d.", span(c.FreeMinutes), span(all), month, year)
	if !c.enough && e.PlannedMinutes > 0 {
		free += fmt.Sprintf(" %s are planned.", span(e.PlannedMinutes))
	}
	c.Why = append(c.Why, free)
	if w.earlier > 0 {
		c.Why = append(c.Why, fmt.Sprintf("Has completed %s of %s.", count(w.earlier, "engagement"), names.Join("accounts", e.Account)))
	}
	if w.underWay > 0 {
		c.Why = append(c.Why, fmt.Sprintf("Is on %s under way.", count(w.underWay, "engagement")))
	}
	return c
}

// speaks says whether one of the languages is the one asked for, or a form of it, as de-AT
// is of de.
func speaks(languages []string, wanted string) bool {
	return slices.ContainsFunc(languages, func(l string) bool { return l == wanted || strings.HasPrefix(l, wanted+"-") })
}
