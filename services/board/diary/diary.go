// Package diary remembers what calendar programs were told of a board, by its feeds and by
// its invitations, so that a change is told as one by both: under the UID and with the
// SEQUENCE that follow from what was told before.
package diary

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
)

// Diary is what calendar programs were told of the boards of a store. Any number of
// processes may use the same.
type Diary struct {
	boards *docstore.Collection[board]
	now    func() time.Time
	// origin tells this installation's events from those of others; it never changes.
	origin string
}

// board is what the calendars of a board were told; its id is the board's.
type board struct {
	Events []calendar.Told `bson:"events"`
}

// origin is a name drawn once for an installation.
type origin struct {
	Name string `bson:"name"`
}

const theOrigin = "origin"

// Open opens the diary of a store. Random is read where the store is new.
func Open(ctx context.Context, store *docstore.Store, random io.Reader, now func() time.Time) (*Diary, error) {
	d := &Diary{now: now}
	var err error
	if d.boards, err = docstore.OpenCollection[board](ctx, store, docstore.Spec{Name: "calendar_told", Silent: true}); err == nil {
		d.origin, err = openOrigin(ctx, store, random)
	}
	if err != nil {
		return nil, fmt.Errorf("open what calendars were told: %w", err)
	}
	return d, nil
}

func openOrigin(ctx context.Context, store *docstore.Store, random io.Reader) (string, error) {
	origins, err := docstore.OpenCollection[origin](ctx, store, docstore.Spec{Name: "calendar_origin", Silent: true})
	if err != nil {
		return "", err
	}
	d, err := origins.Get(ctx, theOrigin)
	if !errors.Is(err, docstore.ErrNotFound) {
		return d.Body.Name, err
	}
	var b [10]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	name := strings.ToLower(base32.StdEncoding.EncodeToString(b[:])) + ".evenhand"
	_, err = origins.Insert(ctx, theOrigin, origin{name})
	if err == nil || !errors.Is(err, docstore.ErrExists) {
		return name, err
	}
	d, err = origins.Get(ctx, theOrigin) // another process was faster
	return d.Body.Name, err
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
		own[i].UID = d.complete(e.UID)
	}
	return own, nil
}

// Complete makes the UIDs of events those of no other installation.
func (d *Diary) Complete(events []calendar.Event) {
	for i := range events {
		events[i].UID = d.complete(events[i].UID)
	}
}

func (d *Diary) complete(uid string) string { return uid + "@" + d.origin }

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
