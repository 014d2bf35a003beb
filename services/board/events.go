package board

import (
	"context"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// rotationShown is how long a rotation is shown in calendars: it is a moment.
const rotationShown = time.Hour

// Events returns what calendars show of the rotations and terms of the board of a name
// that are under way between two instants; NOT_FOUND. It makes Rotations a
// calendar.Source.
func (r *Rotations) Events(ctx context.Context, name string, from, to time.Time) ([]calendar.Event, error) {
	id, ok := names.ID(name, "boards")
	if !ok {
		return nil, fmt.Errorf("%q is no name of a board", name)
	}
	b, err := r.boards.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	zone, err := civil.LoadZone(b.State.Zone)
	if err != nil {
		return nil, fmt.Errorf("the time zone of %s: %w", name, err)
	}
	rotations, err := r.all(ctx, id)
	if err != nil {
		return nil, err
	}
	roster, err := r.rosters.get(ctx, id)
	if err != nil {
		return nil, err
	}
	called, err := r.called(ctx, rotations, roster)
	if err != nil {
		return nil, err
	}
	var all []calendar.Event
	for _, rotation := range rotations {
		all = append(all, rotationEvents(id, rotation, b.State.State, zone, called)...)
	}
	for i := range roster.Terms {
		all = append(all, termEvents(id, &roster.Terms[i], zone, called[roster.Terms[i].Account])...)
	}
	var list []calendar.Event
	for _, e := range all {
		if e.Start.Before(to) && e.End.After(from) {
			e.Calendar, e.Summary = name, b.State.DisplayName+": "+e.Summary
			list = append(list, e)
		}
	}
	return list, nil
}

var _ calendar.Source = (*Rotations)(nil)

// called is what people call those who were invited or have terms, by id.
func (r *Rotations) called(ctx context.Context, rotations []resource.Stored[Rotation], roster Roster) (map[string]string, error) {
	var ids []string
	for _, rotation := range rotations {
		for _, i := range rotation.State.Invitations {
			ids = append(ids, i.Account)
		}
	}
	for i := range roster.Terms {
		ids = append(ids, roster.Terms[i].Account)
	}
	return r.accounts.called(ctx, ids)
}

// rotationEvents are the rotation itself, called off where the board is closed before it,
// and by when those who are invited answer.
func rotationEvents(board string, r resource.Stored[Rotation], of State, zone civil.Zone, called map[string]string) []calendar.Event {
	name := RotationName(board, names.Last(r.ID))
	at := calendar.Event{UID: name, Kind: occasion.Rotation, Resource: name, Start: r.State.Start, End: r.State.Start.Add(rotationShown),
		Zone: zone.String(), Summary: "rotation (members change)", Private: r.State.Reason}
	switch state := r.State.State; {
	case state == Skipped, state == Cancelled, of == Closed && !state.over():
		at.Status = calendar.Cancelled
	case state == Scheduled:
		at.Status = calendar.Tentative
	default:
		at.Status = calendar.Confirmed
	}
	if r.State.Kind == Vacancy {
		at.Summary = "rotation (vacant seats are filled)"
	}
	list := []calendar.Event{at}
	for _, i := range r.State.Invitations {
		if i.Unasked {
			continue
		}
		due := calendar.Event{UID: name + "#answer-" + i.Account, Kind: occasion.AnswerDue, Resource: name, Accounts: []string{AccountName(i.Account)},
			Start: i.Deadline.Add(-rotationShown), End: i.Deadline, Zone: zone.String(), Summary: "last hour for " + called[i.Account] + " to answer the invitation to a seat"}
		if i.State != Invited {
			due.Status = calendar.Cancelled
		}
		list = append(list, due)
	}
	return list
}

// termEvents are the first and the last day of a term.
func termEvents(board string, t *Term, zone civil.Zone, called string) []calendar.Event {
	name := TermName(board, t.ID)
	day := func(part string, kind calendar.Kind, day civil.Day, summary string) calendar.Event {
		e := calendar.Event{UID: name + "#" + part, Kind: kind, Resource: name, Accounts: []string{AccountName(t.Account)}, AllDay: true,
			Zone: zone.String(), Summary: summary, Private: fmt.Sprintf("%s, seat %d.", called, t.Seat)}
		e.Start, e.End = calendar.WholeDay(day, zone)
		return e
	}
	// A term that ended before it began has no day.
	if t.Over() <= t.Start {
		return nil
	}
	return []calendar.Event{
		day("start", occasion.TermStart, t.Start, "first day of the term of "+called),
		day("end", occasion.TermEnd, t.Over()-1, "last day of the term of "+called),
	}
}
