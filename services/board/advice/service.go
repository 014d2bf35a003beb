package advice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// Directory knows those whom solicitations and ideas name. Each method returns what
// people call them, and resource.ErrNotFound where there is no such one.
type Directory interface {
	Account(ctx context.Context, id string) (string, error)
	Contact(ctx context.Context, account, id string) (string, error)
	Board(ctx context.Context, id string) (string, error)
	Principal(ctx context.Context, id string) (string, error)
}

// Delivery hands messages over to those who send them.
type Delivery interface {
	// Put enters a message into the outbox, once: one of an id that was entered before
	// is left as it is. It returns false where there is nobody to write to.
	Put(ctx context.Context, m Message) (bool, error)
}

// Message is what those who gave an idea are told of it.
type Message struct {
	// ID is unique to the message.
	ID string
	// To is whom it is for.
	To Giver
	// Idea is the id of the idea that was answered.
	Idea string
	// Subject is a line, Text the message in plain text, and HTML the same as a page.
	Subject, Text, HTML string
}

// Options are what the service takes from outside. Directory and Delivery are needed.
type Options struct {
	Directory Directory
	Delivery  Delivery
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Now is the clock; time.Now by default.
	Now func() time.Time
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
}

// Service is the use cases of solicitations, ideas and the report of what became of
// them.
type Service struct {
	Solicitations *Solicitations
	Ideas         *Ideas

	store *docstore.Store
	wiring
}

// wiring is what the use cases are made of.
type wiring struct {
	directory Directory
	delivery  Delivery
	zone      func(context.Context) (civil.Zone, error)
	now       func() time.Time
	ids       *resource.Sequence
}

// New opens the collections in a store. Requests are those of the store's other tables.
func New(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil || opts.Delivery == nil {
		return nil, errors.New("open solicitations and ideas: a directory and a delivery are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	now := func() time.Time { return opts.Now().UTC().Truncate(time.Millisecond) }
	w := wiring{opts.Directory, opts.Delivery, opts.Zone, now, resource.NewSequence(now, opts.Random)}
	s := &Service{store: store, wiring: w}
	var err error
	if s.Ideas, err = openIdeas(ctx, requests, w); err != nil {
		return nil, fmt.Errorf("open ideas: %w", err)
	}
	if s.Solicitations, err = openSolicitations(ctx, store, requests, w, s.Ideas); err != nil {
		return nil, fmt.Errorf("open solicitations: %w", err)
	}
	s.Ideas.solicitations = s.Solicitations
	return s, nil
}

const (
	// settleEvery is how often what processes left unfinished when they died is looked
	// for, and patience how long something has to have been left alone to count as that.
	settleEvery = 5 * time.Second
	patience    = 10 * time.Second
)

// Run finishes what a process that died has left half done, until ctx ends. Any number
// of processes may run it; one at a time does the work, under a lease.
func (s *Service) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "advice", func(ctx context.Context) error {
		for {
			if err := s.Ideas.settleAll(ctx, patience); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "unfinished changes of ideas were not finished", "error", err)
			}
			if err := lifecycle.Pause(ctx, settleEvery); err != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// today returns the calendar day it is.
func (w wiring) today(ctx context.Context) (civil.Day, error) {
	zone, err := w.zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone.DayOf(w.now()), nil
}

// known wants what a field names to be there.
func known(field, name string, _ string, err error) error {
	if errors.Is(err, resource.ErrNotFound) {
		return fault.Invalid(field, "%s does not exist", name)
	}
	if err != nil {
		return fmt.Errorf("look up %s: %w", name, err)
	}
	return nil
}

// giver wants an account, and the contact where there is one, to be there.
func (w wiring) giver(ctx context.Context, field string, g Giver) error {
	name, err := w.directory.Account(ctx, g.Account)
	if err := known(field+"account", "accounts/"+g.Account, name, err); err != nil || g.Contact == "" {
		return err
	}
	name, err = w.directory.Contact(ctx, g.Account, g.Contact)
	return known(field+"contact", g.String(), name, err)
}

// newID returns the id that a call gives what it creates.
func (w wiring) newID(call resource.Call) (string, error) {
	if call.RequestID != "" {
		return call.Request().DocumentID(), nil
	}
	return w.ids.Next()
}
