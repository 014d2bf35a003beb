package calendarfeed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Refresh is how long calendar programs may keep what they have.
const Refresh = time.Hour

// errNoCalendar is the answer for every secret that opens nothing, whatever it once was.
var errNoCalendar = fault.New(fault.NotFound, fault.ReasonNotFound,
	"There is no calendar at this address: it is mistyped, or was revoked. Ask whoever gave it to you for another.")

// Calendar is a calendar as it is read at a secret address.
type Calendar struct {
	// Text is iCalendar (RFC 5545), in UTF-8.
	Text []byte
	// Etag differs for calendars that differ.
	Etag string
}

// Read returns the calendar of the secret that has a hash, of which document makes what is
// in it from the feed's subject. NOT_FOUND for one that is unknown, and in the same words
// for one that was revoked, or for which document says NOT_FOUND.
func (f *Feeds) Read(ctx context.Context, hash Hash, document func(ctx context.Context, subject string) (calendar.Document, error)) (Calendar, error) {
	feed, err := f.table.Lookup(ctx, byHash, hash[:])
	if err != nil {
		return Calendar{}, err
	}
	if len(feed) == 0 {
		return Calendar{}, errNoCalendar
	}
	d, err := document(ctx, feed[0].State.Subject)
	if isNotFound(err) {
		return Calendar{}, errNoCalendar
	}
	if err != nil {
		return Calendar{}, err
	}
	text, err := d.ICalendar()
	if err != nil {
		return Calendar{}, err
	}
	sum := sha256.Sum256(text)
	return Calendar{Text: text, Etag: hex.EncodeToString(sum[:16])}, f.noteRead(ctx, feed[0].ID)
}

func isNotFound(err error) bool {
	var told *fault.Error
	return errors.As(err, &told) && told.Kind == fault.NotFound
}

// noteRead notes that a feed was read, once an hour.
func (f *Feeds) noteRead(ctx context.Context, id string) error {
	now := f.now()
	d, err := f.reads.Get(ctx, id)
	switch {
	case err != nil && !errors.Is(err, docstore.ErrNotFound):
		return err
	case err == nil && now.Sub(d.Body.At) < time.Hour:
		return nil
	}
	_, err = f.reads.Upsert(ctx, id, func(d *docstore.Doc[lastRead]) error {
		d.Body.At = now
		return nil
	})
	return err
}
