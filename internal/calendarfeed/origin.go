package calendarfeed

import (
	"context"
	"encoding/base32"
	"errors"
	"io"
	"strings"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
)

// Origin tells the events of one store's calendars from those of all others; it never
// changes.
type Origin struct{ name string }

// origin is a name drawn once for a store.
type origin struct {
	Name string `bson:"name"`
}

const theOrigin = "origin"

// OpenOrigin returns the origin of a store. Random is read where the store is new.
func OpenOrigin(ctx context.Context, store *docstore.Store, random io.Reader) (Origin, error) {
	origins, err := docstore.OpenCollection[origin](ctx, store, docstore.Spec{Name: "calendar_origin", Silent: true})
	if err != nil {
		return Origin{}, err
	}
	d, err := origins.Get(ctx, theOrigin)
	if !errors.Is(err, docstore.ErrNotFound) {
		return Origin{d.Body.Name}, err
	}
	var b [10]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Origin{}, err
	}
	name := strings.ToLower(base32.StdEncoding.EncodeToString(b[:])) + ".evenhand"
	_, err = origins.Insert(ctx, theOrigin, origin{name})
	if err == nil || !errors.Is(err, docstore.ErrExists) {
		return Origin{name}, err
	}
	d, err = origins.Get(ctx, theOrigin) // another process was faster
	return Origin{d.Body.Name}, err
}

// UID makes the UID of an event one of no other store.
func (o Origin) UID(uid string) string { return uid + "@" + o.name }

// Complete does so with the UIDs of events.
func (o Origin) Complete(events []calendar.Event) {
	for i := range events {
		events[i].UID = o.UID(events[i].UID)
	}
}
