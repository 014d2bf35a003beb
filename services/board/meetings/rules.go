package meetings

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// keepsCharter returns CHARTER_BROKEN, naming each rule on meetings that would be broken,
// where a meeting is to be as it is given.
func (s *Meetings) keepsCharter(ctx context.Context, to resource.Stored[Meeting]) error {
	charter, err := s.boards.Charter(ctx, to.State.Board, s.now())
	if isNoCharter(err) {
		return nil // there is no rule to break
	}
	if err != nil {
		return err
	}
	before, after, err := s.days(ctx, to)
	if err != nil || len(before) == 0 {
		return err
	}
	broken := charter.Rules.Meeting(s.Today(&to.State), before, after, before[len(before)-1])
	if len(broken) == 0 {
		return nil
	}
	e := fault.New(fault.FailedPrecondition, ReasonCharter, "The charter would be broken: %s.", broken[0].Text)
	for _, b := range broken {
		e = e.WithCondition(ReasonCharter, Name(to.ID), "%s", b.Text)
	}
	return e.WithResource(meetingType, Name(to.ID))
}

// keepsNotice returns SHORT_NOTICE, naming the earliest day, where a meeting is called for
// a day sooner than the charter lets it be announced, without saying why.
func (s *Meetings) keepsNotice(ctx context.Context, name string, m *Meeting) error {
	if m.ShortNotice != "" {
		return nil
	}
	charter, err := s.boards.Charter(ctx, m.Board, s.now())
	if isNoCharter(err) {
		return nil // there is no notice to keep
	}
	if err != nil {
		return err
	}
	earliest, notice := charter.Rules.EarliestCall(s.Today(m)), charter.Rules.Meetings.NoticeDays
	if notice == 0 || m.zone().DayOf(m.Start) >= earliest {
		return nil
	}
	return fault.Precondition(ReasonShortNotice, name, "The charter of boards/%s has meetings called %d days ahead: call it for %s or later, "+
		"or say in short_notice_reason why it is called at shorter notice, which members are told.", m.Board, notice, earliest).
		With("earliest_date", earliest.String()).WithResource(meetingType, name)
}

func isNoCharter(err error) bool { return isFor(err, ReasonNoCharter) }

func isCharterBroken(err error) bool { return isFor(err, ReasonCharter) }

func isFor(err error, reason string) bool {
	var told *fault.Error
	return errors.As(err, &told) && told.Reason == reason
}

// days returns the days on which the board meets, as they are, and as they will be when a
// meeting is as it is given; each in its meeting's zone. Both ascend.
func (s *Meetings) days(ctx context.Context, to resource.Stored[Meeting]) (before, after []civil.Day, err error) {
	day := func(m *Meeting) civil.Day { return m.zone().DayOf(m.Start) }
	for m, err := range s.of(ctx, to.State.Board, time.Time{}, time.Time{}) {
		if err != nil {
			return nil, nil, err
		}
		if m.State.State == Cancelled {
			continue
		}
		before = append(before, day(&m.State))
		if m.ID == to.ID {
			m = to
		}
		if m.State.State != Cancelled {
			after = append(after, day(&m.State))
		}
	}
	slices.Sort(before)
	slices.Sort(after)
	return slices.Compact(before), slices.Compact(after), nil
}
