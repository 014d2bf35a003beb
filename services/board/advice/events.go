package advice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// Events returns what a board's calendar shows of its solicitations and their ideas: the
// last day for ideas, the day by which they are decided, and by when what was promised
// is done; what was answered or done is cancelled. The board is named as boards/customers. It is a calendar.Source.
func (s *Service) Events(ctx context.Context, board string, from, to time.Time) ([]calendar.Event, error) {
	id, ok := names.ID(board, "boards")
	if !ok {
		return nil, fmt.Errorf("%q is no name of a board", board)
	}
	zone, err := s.zone(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the company's time zone: %w", err)
	}
	called, err := s.directory.Board(ctx, id)
	if called, err = orName(called, board, err); err != nil {
		return nil, err
	}
	people := map[string]string{} // a few answer for many
	person := func(id string) (string, error) {
		if _, known := people[id]; !known {
			name, err := s.directory.Principal(ctx, id)
			if people[id], err = orName(name, "principals/"+id, err); err != nil {
				return "", err
			}
		}
		return people[id], nil
	}
	var list []calendar.Event
	add := func(e calendar.Event, day civil.Day) {
		e.Calendar, e.AllDay, e.Zone, e.Summary = board, true, zone.String(), called+": "+e.Summary
		if e.Start, e.End = calendar.WholeDay(day, zone); day != 0 && e.Start.Before(to) && e.End.After(from) {
			list = append(list, e)
		}
	}
	for n, err := range s.Solicitations.table.All(ctx, docstore.Query{Index: "board", Equal: []any{id}}) {
		if err != nil {
			return nil, fmt.Errorf("read the solicitations of %s: %w", board, err)
		}
		if n.State.Opened == 0 {
			continue // drafts are nobody else's matter
		}
		name, status := SolicitationName(n.ID), calendar.Confirmed
		if n.State.Stored == Withdrawn {
			status = calendar.Cancelled
		}
		decision := status
		if n.State.Stored == Answered { // nothing is to be decided any more
			decision = calendar.Cancelled
		}
		owner, err := person(n.State.Owner)
		if err != nil {
			return nil, err
		}
		add(calendar.Event{UID: name + "#ideas", Kind: occasion.IdeasDue, Resource: name, Status: status,
			Summary: "last day for ideas: " + n.State.Question}, n.State.Closes)
		add(calendar.Event{UID: name + "#decision", Kind: occasion.DecisionDue, Resource: name, Status: decision,
			Summary: "to be decided: " + n.State.Question, Private: owner + " answers."}, n.State.Decision)
	}
	for i, err := range s.Ideas.table.All(ctx, docstore.Query{Index: "board", Equal: []any{id}}) {
		if err != nil {
			return nil, fmt.Errorf("read the ideas of %s: %w", board, err)
		}
		d := i.State.Disposition()
		if d == nil || !d.promises() || i.State.Into != "" {
			continue
		}
		name, status := IdeaName(i.ID), calendar.Confirmed
		if !d.Done.IsZero() {
			status = calendar.Cancelled
		}
		owner, err := person(d.Owner)
		if err != nil {
			return nil, err
		}
		add(calendar.Event{UID: name + "#follow-up", Kind: occasion.FollowUpDue, Resource: name, Status: status,
			Summary: "promised: " + i.State.Title, Private: owner + " sees to it."}, d.Due)
	}
	return list, nil
}

var _ calendar.Source = (*Service)(nil)

// orName is what people call something, or its name where it is not there any more.
func orName(called, name string, err error) (string, error) {
	if errors.Is(err, resource.ErrNotFound) {
		return name, nil
	}
	if err != nil {
		return "", fmt.Errorf("look up %s: %w", name, err)
	}
	return called, nil
}
