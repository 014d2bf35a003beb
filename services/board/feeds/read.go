package feeds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// refresh is how long calendar programs may keep what they have.
const refresh = time.Hour

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

// Read returns the calendar of the secret that has a hash. NOT_FOUND for one that is unknown, and in the
// same words for one that was revoked, or whose board is gone.
func (s *Service) Read(ctx context.Context, hash Hash) (Calendar, error) {
	feed, err := s.table.Lookup(ctx, byHash, hash[:])
	if err != nil {
		return Calendar{}, err
	}
	if len(feed) == 0 {
		return Calendar{}, errNoCalendar
	}
	document, err := s.document(ctx, feed[0].State.Subject)
	s.told.Complete(document.Events)
	if isNotFound(err) {
		return Calendar{}, errNoCalendar
	}
	if err != nil {
		return Calendar{}, err
	}
	text, err := document.ICalendar()
	if err != nil {
		return Calendar{}, err
	}
	sum := sha256.Sum256(text)
	return Calendar{Text: text, Etag: hex.EncodeToString(sum[:16])}, s.noteRead(ctx, feed[0].ID)
}

func isNotFound(err error) bool {
	var told *fault.Error
	return errors.As(err, &told) && told.Kind == fault.NotFound
}

// noteRead notes that a feed was read, once an hour.
func (s *Service) noteRead(ctx context.Context, id string) error {
	now := s.now()
	d, err := s.reads.Get(ctx, id)
	switch {
	case err != nil && !errors.Is(err, docstore.ErrNotFound):
		return err
	case err == nil && now.Sub(d.Body.At) < time.Hour:
		return nil
	}
	_, err = s.reads.Upsert(ctx, id, func(d *docstore.Doc[lastRead]) error {
		d.Body.At = now
		return nil
	})
	return err
}

// document makes the calendar of a subject.
func (s *Service) document(ctx context.Context, subject string) (calendar.Document, error) {
	kind, id, _ := parseSubject(subject)
	d := calendar.Document{Product: occasion.Product, Refresh: refresh}
	if kind == ofBoard {
		b, err := s.boards.Board(ctx, id)
		if err != nil {
			return d, err
		}
		d.Name, d.Zone = b.DisplayName, b.Zone
		told, err := s.tell(ctx, id)
		d.Events = calendar.Whole(told)
		return d, err
	}
	all, err := s.boards.Boards(ctx)
	if err != nil {
		return d, err
	}
	d.Name = "Advisory boards"
	own := calendar.Whole
	if kind == ofAccount {
		name, _, err := s.boards.Account(ctx, id)
		if err != nil {
			return d, err
		}
		d.Name = "Advisory boards: " + name
		own = func(told []calendar.Told) []calendar.Event { return calendar.Own(told, names.Join(ofAccount, id)) }
	} else {
		all = slices.DeleteFunc(all, func(b Board) bool { return !slices.Contains(b.Managers, id) })
	}
	for _, b := range all {
		told, err := s.tell(ctx, b.ID)
		if err != nil {
			return d, err
		}
		d.Events = append(d.Events, own(told)...)
	}
	calendar.Sort(d.Events)
	return d, nil
}
