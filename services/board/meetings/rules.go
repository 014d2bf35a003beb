package meetings

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// keepsCharter returns CHARTER_BROKEN, naming each rule on meetings that would be broken,
// where a meeting is to be as it is given.
func (s *Meetings) keepsCharter(ctx context.Context, to resource.Stored[Meeting]) error {
	before, err := s.Get(ctx, to.ID)
	if err != nil {
		return err
	}
	now := s.now()
	rules, err := s.boards.Charter(ctx, before.State.Board, now)
	var told *fault.Error
	if errors.As(err, &told) && told.Reason == ReasonNoCharter {
		return nil // there is no rule to break
	}
	if err != nil {
		return err
	}
	broken := rules.short(now, before.State, to.State)
	if rules.PerYear > 0 {
		few, err := s.few(ctx, rules, before, to)
		if err != nil {
			return err
		}
		broken = append(broken, few...)
	}
	if len(broken) == 0 {
		return nil
	}
	e := fault.New(fault.FailedPrecondition, ReasonCharter, "The charter would be broken: %s.", broken[0])
	for _, b := range broken {
		e = e.WithCondition(ReasonCharter, Name(to.ID), "%s", b)
	}
	return e.WithResource(meetingType, Name(to.ID))
}

// short says that a change is announced too late: before the earlier of when the meeting
// was to begin, and when it is to begin now.
func (c Charter) short(now time.Time, before, to Meeting) []string {
	begins := before.Start
	if to.State != Cancelled && to.Start.Before(begins) {
		begins = to.Start
	}
	if c.NoticeDays == 0 || !begins.AddDate(0, 0, -c.NoticeDays).Before(now) {
		return nil
	}
	return []string{fmt.Sprintf("a change is announced %d days ahead, and %s is nearer", c.NoticeDays, before.clock(begins))}
}

// few says in which twelve months a change leaves fewer meetings than there have to be,
// where that is not so without it. The months are those behind each meeting, as far as
// meetings are laid out.
func (s *Meetings) few(ctx context.Context, rules Charter, before, to resource.Stored[Meeting]) ([]string, error) {
	var was, will []time.Time
	for m, err := range s.of(ctx, before.State.Board, time.Time{}, time.Time{}) {
		if err != nil {
			return nil, err
		}
		if m.State.State == Cancelled {
			continue
		}
		was = append(was, m.State.Start)
		switch {
		case m.ID != to.ID:
			will = append(will, m.State.Start)
		case to.State.State != Cancelled:
			will = append(will, to.State.Start)
		}
	}
	slices.SortFunc(will, time.Time.Compare)
	if len(was) == 0 {
		return nil, nil
	}
	last := was[len(was)-1]
	known := sparse(was, last, rules.PerYear)
	var broken []string
	for _, from := range sparse(will, last, rules.PerYear) {
		if slices.ContainsFunc(known, from.Equal) {
			continue
		}
		broken = append(broken, fmt.Sprintf("any twelve months have %d meetings, and those from %s have %d", rules.PerYear,
			to.State.clock(from), within(will, from)))
	}
	return broken, nil
}

// sparse returns the beginnings of the twelve months, behind a meeting each and up to the
// last, that have fewer meetings than there have to be. Times ascend.
func sparse(times []time.Time, last time.Time, least int) []time.Time {
	var list []time.Time
	for _, from := range times {
		if !from.AddDate(1, 0, 0).After(last) && within(times, from) < least {
			list = append(list, from)
		}
	}
	return list
}

// within counts the times from an instant on, for twelve months.
func within(times []time.Time, from time.Time) int {
	n := 0
	for _, at := range times {
		if !at.Before(from) && at.Before(from.AddDate(1, 0, 0)) {
			n++
		}
	}
	return n
}
