package meetings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// maxYears is how many years ahead meetings are laid out at once, at most.
	maxYears = 20
	// maxScheduled is how many meetings are entered at once, at most.
	maxScheduled = 1000
)

// Plan is what scheduling is to enter.
type Plan struct {
	// Years is how far ahead of now, 1 to 20.
	Years int
	// Place and Link are those of new meetings.
	Place, Link string
	// Duration is how long new meetings last, where the recurrence does not say; two
	// hours, where it is 0.
	Duration time.Duration
	// CancelObsolete cancels what an earlier recurrence foresaw.
	CancelObsolete bool
}

// Scheduled is what scheduling did, or would.
type Scheduled struct {
	// Created are new, and Existing counts the occurrences that had their meeting.
	Created  []resource.Stored[Meeting]
	Existing int
	// Retimed are meetings that nobody moved or invited to, which the recurrence now has
	// at another hour or for another time.
	Retimed []resource.Stored[Meeting]
	// Restored are meetings that scheduling had cancelled and the recurrence foresees again.
	Restored []resource.Stored[Meeting]
	// Outdated are the ids of such meetings that were invited to, and stay as they are.
	Outdated []string
	// Obsolete are the ids of meetings that the recurrence does not foresee any more.
	Obsolete []string
}

// Schedule enters the meetings that the charter in force now foresees from now on. The
// same occurrence is the same meeting, so it can be repeated at will, and what was moved
// or cancelled by hand stays so; what an earlier call cancelled comes back. NOT_FOUND for the board; FAILED_PRECONDITION with
// BOARD_STATE or NO_CHARTER_IN_FORCE; INVALID_ARGUMENT. With check, nothing is written. A process
// that dies leaves some meetings entered, and the next call enters the others.
func (s *Meetings) Schedule(ctx context.Context, call resource.Call, board string, plan Plan, check bool) (Scheduled, error) {
	from := s.now()
	foreseen, zone, err := s.foreseen(ctx, board, plan, from)
	if err != nil {
		return Scheduled{}, err
	}
	work := scheduling{Meetings: s, call: resource.Call{Principal: call.Principal}, board: board, plan: plan, check: check}
	there, err := work.there(ctx, from)
	if err != nil {
		return Scheduled{}, err
	}
	for _, o := range foreseen {
		m := Meeting{Board: board, State: Planned, Start: o.Start.UTC(), Zone: zone, Duration: o.End.Sub(o.Start),
			Occurrence: o.Day.String(), Place: plan.Place, Link: plan.Link}
		if m.Duration == 0 {
			m.Duration = work.duration(there[m.Occurrence])
		}
		if err := work.enter(ctx, m, there); err != nil {
			return Scheduled{}, err
		}
		delete(there, m.Occurrence)
	}
	return work.done, work.obsolete(ctx, there, from)
}

// foreseen returns the occurrences to enter, and their zone.
func (s *Meetings) foreseen(ctx context.Context, board string, plan Plan, from time.Time) ([]calendar.Occurrence, string, error) {
	if plan.Years < 1 || plan.Years > maxYears {
		return nil, "", fault.Invalid("years", "is %d: it must be from 1 to %d", plan.Years, maxYears)
	}
	p := problems{}
	p.link("link", plan.Link)
	p.duration("duration", plan.Duration, 0)
	if err := p.err(); err != nil {
		return nil, "", err
	}
	if _, err := s.openBoard(ctx, board); err != nil {
		return nil, "", err
	}
	charter, err := s.boards.Charter(ctx, board, from)
	if err != nil {
		return nil, "", err
	}
	when := charter.Rules.Meetings.When
	if when == nil {
		return nil, "", fault.Precondition(ReasonNoCharter, "boards/"+board,
			"The charter of boards/%s has no meeting recurrence: publish a version with one, or call meetings by hand.", board)
	}
	series, err := when.Series(charter.Rules.Workdays)
	if err != nil {
		return nil, "", fmt.Errorf("the meeting recurrence of version %d of the charter of boards/%s: %w", charter.Version, board, err)
	}
	list, err := series.Between(from, from.AddDate(plan.Years, 0, 0))
	if err != nil {
		return nil, "", err
	}
	if len(list) > maxScheduled {
		return nil, "", fault.Invalid("years", "%d years hold %d meetings: at most %d are entered at once", plan.Years, len(list), maxScheduled)
	}
	return list, series.Zone().String(), nil
}

// scheduling is one run of Schedule.
type scheduling struct {
	*Meetings
	call  resource.Call
	board string
	plan  Plan
	check bool
	done  Scheduled
}

// duration is how long a meeting lasts that the recurrence leaves open: as it does.
func (w *scheduling) duration(there resource.Stored[Meeting]) time.Duration {
	return cmp.Or(there.State.Duration, w.plan.Duration, 2*time.Hour)
}

// lookBack is how far back a meeting may lie whose occurrence is still to come: it was
// moved there by hand.
const lookBack = 2 * 366 * 24 * time.Hour

// there returns the meetings that come of occurrences, by these. A meeting that was moved
// may begin before the occurrence, or long after it.
func (w *scheduling) there(ctx context.Context, from time.Time) (map[string]resource.Stored[Meeting], error) {
	there := map[string]resource.Stored[Meeting]{}
	for m, err := range w.of(ctx, w.board, from.Add(-lookBack), time.Time{}) {
		if err != nil {
			return nil, fmt.Errorf("read the meetings of boards/%s: %w", w.board, err)
		}
		if m.State.Occurrence != "" {
			there[m.State.Occurrence] = m
		}
	}
	return there, nil
}

// enter enters a meeting that is not there, and retimes one that is.
func (w *scheduling) enter(ctx context.Context, m Meeting, there map[string]resource.Stored[Meeting]) error {
	id := ID(w.board, m.Occurrence)
	old, ok := there[m.Occurrence]
	if !ok && w.check {
		w.done.Created = append(w.done.Created, w.table.Unwritten(id, m))
		return nil
	}
	if !ok {
		created, err := w.table.Create(ctx, w.call, id, m, "meeting.scheduled")
		if err == nil {
			w.done.Created = append(w.done.Created, created)
			return nil
		}
		if !errors.Is(err, resource.ErrExists) {
			return err
		}
		if old, err = w.Get(ctx, id); err != nil { // somebody else schedules too, or it was moved far away
			return err
		}
	}
	w.done.Existing++
	switch {
	case old.State.Obsolete:
		restored, err := w.put(ctx, old, func(now *Meeting) { now.restore(m) })
		w.done.Restored = append(w.done.Restored, restored)
		return err
	case !old.State.differs(m):
		return nil
	case old.State.State == Invited:
		w.done.Outdated = append(w.done.Outdated, id)
		return nil
	}
	retimed, err := w.put(ctx, old, func(now *Meeting) { now.retime(m) })
	w.done.Retimed = append(w.done.Retimed, retimed)
	return err
}

// differs says whether a meeting that stands where the recurrence put it is not where
// it puts it now.
func (m *Meeting) differs(now Meeting) bool {
	return !m.Moved && (m.State == Planned || m.State == Invited) &&
		(!m.Start.Equal(now.Start) || m.Zone != now.Zone || m.Duration != now.Duration)
}

// retime puts a planned meeting to where the recurrence has it now.
func (m *Meeting) retime(now Meeting) {
	if m.State == Planned && m.differs(now) {
		m.Start, m.Zone, m.Duration = now.Start, now.Zone, now.Duration
		m.Sequence++
	}
}

// restore brings a meeting back that scheduling had cancelled, to where the recurrence
// has it now.
func (m *Meeting) restore(now Meeting) {
	if m.Obsolete {
		m.State, m.Obsolete, m.Reason = Planned, false, ""
		m.Start, m.Zone, m.Duration = now.Start, now.Zone, now.Duration
		m.Sequence++
	}
}

// put changes a meeting that is there; where only is checked, as it would be.
func (w *scheduling) put(ctx context.Context, m resource.Stored[Meeting], change func(*Meeting)) (resource.Stored[Meeting], error) {
	if w.check {
		change(&m.State)
		return m, nil
	}
	return w.change(ctx, w.call, m.ID, "", "meeting.scheduled", func(m *Meeting) error {
		change(m)
		return nil
	})
}

// obsolete deals with meetings to come whose occurrence is foreseen no more.
func (w *scheduling) obsolete(ctx context.Context, left map[string]resource.Stored[Meeting], from time.Time) error {
	until := from.AddDate(w.plan.Years, 0, 0)
	for _, day := range slices.Sorted(maps.Keys(left)) {
		m, state := left[day], left[day].State
		if state.State != Planned || state.Moved || state.Start.Before(from) || !state.Start.Before(until) {
			continue
		}
		w.done.Obsolete = append(w.done.Obsolete, m.ID)
		if !w.plan.CancelObsolete || w.check {
			continue
		}
		_, err := w.change(ctx, w.call, m.ID, "", "meeting.cancelled", func(m *Meeting) error {
			if m.State == Planned && !m.Moved {
				m.cancel("The charter's meeting recurrence does not foresee it any more.")
				m.Obsolete = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
