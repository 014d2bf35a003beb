package meetings

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// deliverEvery is how often notices are looked for that were not handed over when
	// they were written: their process died, or the outbox could not be reached.
	deliverEvery = time.Minute
	// deliverySize is how many meetings are dealt with at a time.
	deliverySize = 100
	// itself is on whose behalf notices are marked as handed over.
	itself = "principals/board-service"
)

// Run hands over for delivery what is still to be, until ctx ends. Any number of
// processes may run it; one at a time does the work, under a lease.
func (s *Meetings) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "meeting-notices", func(ctx context.Context) error {
		for {
			if err := s.DeliverPending(ctx); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "notices of meetings were not handed over", "error", err)
			}
			if err := lifecycle.Pause(ctx, deliverEvery); err != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// DeliverPending hands over for delivery all that is still to be. What cannot be is left
// for the next time, and the first error returned.
func (s *Meetings) DeliverPending(ctx context.Context) error {
	var first error
	q := docstore.Query{Index: byUnsent, Equal: []any{true}, Limit: deliverySize}
	for m, err := range s.table.All(ctx, q) {
		if err == nil {
			_, err = s.deliver(ctx, m)
		}
		if err != nil && first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return first
}

// andDeliver hands over what a change has to tell. Where that fails the change stands all
// the same, and Run tries again.
func (s *Meetings) andDeliver(ctx context.Context, stored resource.Stored[Meeting], err error) (resource.Stored[Meeting], error) {
	if err != nil || !stored.State.Unsent {
		return stored, err
	}
	delivered, err := s.deliver(ctx, stored)
	if err != nil {
		slog.WarnContext(ctx, "notices of a meeting wait to be handed over", "meeting", Name(stored.ID), "error", err)
		return stored, nil
	}
	return delivered, nil
}

// sent names a notice that was handed over.
type sent struct {
	account string
	number  int
}

// deliver puts the pending notices of a meeting into the outbox and then marks them. A
// process that dies in between leaves them pending, and the outbox knows their ids.
func (s *Meetings) deliver(ctx context.Context, stored resource.Stored[Meeting]) (resource.Stored[Meeting], error) {
	board, err := s.boards.Board(ctx, stored.State.Board)
	if err != nil {
		return stored, err
	}
	event, err := s.event(ctx, stored, board)
	if err != nil {
		return stored, err
	}
	told, err := s.calendars.Tell(ctx, stored.State.Board, event)
	if err != nil {
		return stored, fmt.Errorf("say what calendars are told of %s: %w", Name(stored.ID), err)
	}
	done := map[sent]bool{}
	for _, i := range stored.State.Invitations {
		if !i.pending() {
			continue
		}
		if err := s.delivery.Put(ctx, message(stored.ID, stored.State, board, i, told)); err != nil {
			return stored, fmt.Errorf("hand over a notice of %s for accounts/%s: %w", Name(stored.ID), i.Account, err)
		}
		done[sent{i.Account, i.Notices[len(i.Notices)-1].Number}] = true
	}
	at := s.now()
	return s.change(ctx, resource.Call{Principal: itself}, stored.ID, "", "meeting.notified", func(m *Meeting) error {
		m.Invitations = slices.Clone(m.Invitations)
		for n, i := range m.Invitations {
			last := len(i.Notices) - 1
			if i.pending() && done[sent{i.Account, i.Notices[last].Number}] {
				m.Invitations[n].Notices = slices.Clone(i.Notices)
				m.Invitations[n].Notices[last].Sent = at
			}
		}
		m.settleUnsent()
		return nil
	})
}
