// Package diary remembers what calendar programs were told of a board, by its feeds and by
// its invitations, so that a change is told as one by both: under the UID and with the
// SEQUENCE that follow from what was told before.
package diary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/docstore"
)

// Diary is what calendar programs were told of the boards of a store. Any number of
// processes may use the same.
type Diary struct {
	boards *docstore.Collection[board]
	now    func() time.Time
	// origin tells this installation's events from those of others; it never changes.
	origin calendarfeed.Origin
}

// board is what the calendars of a board were told; its id is the board's.
type board struct {
	Events []calendar.Told `bson:"events"`
}

// Open opens the diary of a store. Random is read where the store is new.
func Open(ctx context.Context, store *docstore.Store, random io.Reader, now func() time.Time) (*Diary, error) {
	d := &Diary{now: now}
	var err error
	if d.boards, err = docstore.OpenCollection[board](ctx, store, docstore.Spec{Name: "calendar_told", Silent: true}); err == nil {
		d.origin, err = calendarfeed.OpenOrigin(ctx, store, random)
	}
	if err != nil {
		return nil, fmt.Errorf("open what calendars were told: %w", err)
	}
	return d, nil
}

// Recall returns what the calendars of a board, by its id, were told.
func (d *Diary) Recall(ctx context.Context, id string) ([]calendar.Told, error) {
	kept, err := d.boards.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, nil
	}
	return kept.Body.Events, err
}

// TellAll returns what the calendars of a board, by its id, are told now of all that is
// under way between two instants, and remembers it.
func (d *Diary) TellAll(ctx context.Context, id string, events []calendar.Event, from, to time.Time) ([]calendar.Told, error) {
	at := d.now()
	return d.remember(ctx, id, func(before []calendar.Told) []calendar.Told {
		return calendar.Merge(before, events, from, to, at)
	})
}

// Tell returns what calendars are told now of one event of a board, by its id, and of it
// alone: the accounts that it names no more are told that it is cancelled. It remembers
// that, and completes the UID as Complete does.
func (d *Diary) Tell(ctx context.Context, id string, e calendar.Event) ([]calendar.Told, error) {
	at := d.now()
	all, err := d.remember(ctx, id, func(before []calendar.Told) []calendar.Told { return calendar.MergeOne(before, e, at) })
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(slices.Clone(all), func(t calendar.Told) bool { return t.UID != e.UID })
	for i := range own {
		own[i].UID = d.origin.UID(e.UID)
	}
	return own, nil
}

// Complete makes the UIDs of events those of no other installation.
func (d *Diary) Complete(events []calendar.Event) { d.origin.Complete(events) }

// remember writes what merge makes of what was told, where that is something else.
func (d *Diary) remember(ctx context.Context, id string, merge func([]calendar.Told) []calendar.Told) ([]calendar.Told, error) {
	before, err := d.Recall(ctx, id)
	if err != nil {
		return nil, err
	}
	if same(before, merge(before)) {
		return before, nil
	}
	kept, err := d.boards.Upsert(ctx, id, func(b *docstore.Doc[board]) error {
		b.Body.Events = merge(b.Body.Events)
		return nil
	})
	return kept.Body.Events, err
}

// same compares what was stored with what would be. Telling what was told already
// returns the stored events as they are.
func same(a, b []calendar.Told) bool {
	return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b))
}
