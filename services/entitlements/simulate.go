package entitlements

import (
	"context"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// MaxSample is how many accounts a simulation names, at most, of those that would gain or
// lose something.
const MaxSample = 1000

// Simulating is a schedule to be tried on all accounts.
type Simulating struct {
	// File is the text of a schedule file; nil where Schedule counts.
	File     []byte
	Schedule *schedule.Schedule
	// At is as of which instant; zero is now, where Day is not given.
	At time.Time
	// Day is as of the end of which day, in the zone of the schedule; nil where At counts.
	Day *civil.Day
	// Sample is how many accounts are named of those that gain or lose something, from 0
	// to MaxSample.
	Sample int
	// Rules are the ids of rules of the schedule that are counted together as Chosen, and
	// Account is the id of an account of which that says whether it would get something by
	// them; both may be empty.
	Rules   []string
	Account string
	// Tell is called as the simulation goes on, by one goroutine at a time, with how many
	// parts of all accounts are done; nil where nobody wants to know. Its error ends the
	// simulation.
	Tell func(done, total int) error
}

// Simulate says who would hold what if a schedule were in force, and what that is expected
// to cost. It is as if the schedule came into force on its effective day, where that is past
// at the instant and not before the version in force, else at the instant itself; versions
// that take effect later are left out. It changes nothing. ErrScheduleInvalid; ErrCurrency
// where currency or zone are not the company's.
func (s *Service) Simulate(ctx context.Context, p Simulating) (*Simulation, error) {
	if p.Sample < 0 || p.Sample > MaxSample {
		return nil, fault.Invalid("sample_size", "%d is not a number from 0 to %d", p.Sample, MaxSample)
	}
	content, err := Publishing{File: p.File, Schedule: p.Schedule}.content(s.fed())
	if err != nil {
		return nil, err
	}
	if err := s.agreeWithCompany(ctx, content, false); err != nil {
		return nil, err
	}
	at, err := s.simulatedInstant(p, content)
	if err != nil {
		return nil, err
	}
	trial, err := s.trialOf(content, at)
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	tallies, err := trial.run(ctx, s.current.Load(), p)
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	return trial.result(tallies, p)
}

// simulatedInstant is as of when a schedule is tried.
func (s *Service) simulatedInstant(p Simulating, content *schedule.Schedule) (time.Time, error) {
	at := p.At
	switch {
	case p.Day != nil:
		zone, err := civil.LoadZone(content.TimeZone)
		if err != nil {
			return time.Time{}, err
		}
		if *p.Day < civil.Date(1900, time.January, 2) || *p.Day > civil.Date(2199, time.December, 30) {
			return time.Time{}, fault.Invalid("as_of_date", "%s is not a day from 1900-01-02 to 2199-12-30", *p.Day)
		}
		at = zone.End(*p.Day)
	case at.IsZero():
		at = s.now()
	case at.Before(earliest) || !at.Before(latest):
		return time.Time{}, fault.Invalid("as_of", "%s is not in the years 1900 to 2199", at.UTC().Format(time.RFC3339))
	}
	return at.UTC().Truncate(time.Millisecond), nil
}

// trial is a schedule on trial at an instant.
type trial struct {
	at     time.Time
	number int // that the version would have
	// then has the versions in force up to the instant and the schedule behind them, now
	// only those; nil where there is none.
	then, now *book
	content   *schedule.Schedule
	from      time.Time
	company   decision.Company
	benefits  map[string]int // index into the benefits of a tally
	ids       []string
	rules     map[*schedule.Rule]int // those of the schedule: index into the rules of a tally
}

// trialOf puts a schedule on trial.
func (s *Service) trialOf(content *schedule.Schedule, at time.Time) (*trial, error) {
	published := s.book.Load()
	past := published.versions
	for len(past) > 0 && past[len(past)-1].InForce.After(at) {
		past = past[:len(past)-1]
	}
	t := &trial{at: at, from: at, content: content, number: len(published.versions) + 1,
		benefits: map[string]int{}, rules: map[*schedule.Rule]int{}}
	zone, err := civil.LoadZone(content.TimeZone)
	if err != nil {
		return nil, err
	}
	if effective := content.Notice.Effective; effective != civil.Never {
		start := zone.Start(effective).UTC()
		if !start.After(at) && (len(past) == 0 || !start.Before(past[len(past)-1].InForce)) {
			t.from = start
		}
	}
	proposed := &Version{Number: len(past) + 1, Schedule: content, InForce: t.from}
	if t.then, err = s.bookOf(append(past[:len(past):len(past)], proposed), published.company); err != nil {
		return nil, err
	}
	if len(past) > 0 {
		if t.now, err = s.bookOf(past, published.company); err != nil {
			return nil, err
		}
	}
	t.company = t.then.rules.Company()
	t.number = proposed.Number
	t.index()
	return t, nil
}

// index numbers the benefits of all versions, those of the schedule first, and its rules.
func (t *trial) index() {
	add := func(s *schedule.Schedule) {
		for _, b := range s.Benefits {
			if _, known := t.benefits[b.ID]; !known {
				t.benefits[b.ID] = len(t.ids)
				t.ids = append(t.ids, b.ID)
			}
		}
	}
	add(t.content)
	for i := len(t.then.versions) - 1; i >= 0; i-- {
		add(t.then.versions[i].Schedule)
	}
	for i := range t.content.Rules {
		t.rules[&t.content.Rules[i]] = i
	}
}

// run decides about all accounts by both books.
func (t *trial) run(ctx context.Context, p *projection, s Simulating) ([]*tally, error) {
	tallies := make([]*tally, workers())
	for i := range tallies {
		tallies[i] = t.tally(s)
	}
	visited := telling(s.Tell)
	err := p.walk(ctx, nil, func(worker int, members []member) error {
		for i := range members {
			if err := t.count(ctx, p, &members[i], tallies[worker]); err != nil {
				return err
			}
		}
		return visited()
	})
	return tallies, err
}

// count takes an account into a tally.
func (t *trial) count(ctx context.Context, p *projection, m *member, into *tally) error {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	known, err := p.known(ctx, t.then, m.id, m.facts, w, new(memo))
	if err != nil {
		return err
	}
	into.begin()
	into.revenue += t.company.Spend(known.Ledger, schedule.Trailing12Months, known.Joined, t.then.zone.DayOf(t.at))
	if t.now != nil {
		for _, g := range t.now.rules.Grants(known, t.at) {
			for _, id := range g.Benefits {
				into.held[t.benefits[id]].now = true
			}
		}
	}
	for _, g := range t.then.rules.Grants(known, t.at) {
		for _, id := range g.Benefits {
			h := &into.held[t.benefits[id]]
			h.then = true
			h.byProposed = h.byProposed || g.Version == t.number
		}
		if g.Version == t.number {
			into.meets(t.rules[g.Rule], g.Benefits, t.benefits)
		}
	}
	into.end(m.id)
	return nil
}
