package board

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/diary"
	"github.com/evenhand/evenhand/services/board/meetings"
	"github.com/evenhand/evenhand/services/board/outbox"
)

// Options are what the service takes from outside. The zero value serves.
type Options struct {
	// Now is the clock; time.Now by default.
	Now func() time.Time
	// Random is the source of ids and salts; crypto/rand by default.
	Random io.Reader
	// Log receives what happens in the background; slog.Default by default.
	Log *slog.Logger
	// Delivery carries what people are written; without one it waits in the outbox.
	Delivery outbox.Delivery
	// From is whom invitations to meetings name as who invites; it is to be the one that
	// Delivery writes from. advisory-board@localhost by default.
	From outbox.Address
}

// Service is the board service.
type Service struct {
	Boards     *Boards
	Charters   *Charters
	Candidates *Candidates
	Terms      *Rosters
	Rotations  *Rotations
	Lotteries  *Lotteries
	Findings   *Findings
	Accounts   *Accounts
	Meetings   *meetings.Meetings
	Outbox     *outbox.Outbox
	Feed       *Feed

	delivers bool
	archive  *archive
	requests *resource.Requests
	store    *docstore.Store
	log      *slog.Logger
}

// wiring is what the use cases are made of.
type wiring struct {
	store    *docstore.Store
	requests *resource.Requests
	source   Source
	now      func() time.Time
	random   io.Reader
	log      *slog.Logger
}

// New opens the collections of the service in its store, which must be relayed
// (docstore's relay) for the feed to advance.
func New(ctx context.Context, store *docstore.Store, source Source, opts Options) (*Service, error) {
	s, err := open(ctx, store, source, opts)
	if err != nil {
		return nil, fmt.Errorf("open the board service: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, store *docstore.Store, source Source, opts Options) (*Service, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.From.Email == "" {
		opts.From = outbox.Address{Name: "Advisory board", Email: "advisory-board@localhost"}
	}
	w := wiring{store: store, source: source, random: opts.Random, log: opts.Log,
		now: func() time.Time { return opts.Now().UTC().Truncate(time.Millisecond) }}
	var err error
	if w.requests, err = resource.OpenRequests(ctx, store, w.now); err != nil {
		return nil, err
	}
	s := &Service{requests: w.requests, store: store, log: w.log, delivers: opts.Delivery != nil}
	if s.Boards, err = openBoards(ctx, w); err != nil {
		return nil, err
	}
	if s.Accounts, err = openAccounts(ctx, w); err != nil {
		return nil, err
	}
	if s.Charters, err = openCharters(ctx, w, s.Boards); err != nil {
		return nil, err
	}
	if s.Candidates, err = openCandidates(ctx, w, s.Boards, s.Accounts); err != nil {
		return nil, err
	}
	if s.Terms, err = openRosters(ctx, w, s.Boards); err != nil {
		return nil, err
	}
	people := directory{source}
	if s.Outbox, err = outbox.Open(ctx, store, opts.Delivery, people, w.now, w.log); err != nil {
		return nil, err
	}
	if s.archive, err = openArchive(ctx, store); err != nil {
		return nil, err
	}
	if s.Rotations, err = openRotations(ctx, w, s); err != nil {
		return nil, err
	}
	if s.Lotteries, err = openLotteries(ctx, w, s.archive); err != nil {
		return nil, err
	}
	if s.Findings, err = openFindings(ctx, w, s.Rotations); err != nil {
		return nil, err
	}
	calendars, err := diary.Open(ctx, store, w.random, w.now)
	if err != nil {
		return nil, err
	}
	mail := meetingMail{s.Outbox, people, opts.From, w.now}
	if s.Meetings, err = meetings.New(ctx, store, w.requests, meetingBoards{s}, calendars, mail); err != nil {
		return nil, err
	}
	s.Boards.closing, s.Boards.dissolve = s.Rotations.noteClose, s.dissolve
	s.Accounts.changed, s.Terms.changed = s.Findings.accountsChanged, s.Findings.look
	s.Feed = openFeed(store)
	return s, nil
}

// Run follows accounts, and does what falls due, until ctx ends; it returns nil then. Any
// number of processes may run it; one at a time does each of its works, under a lease.
func (s *Service) Run(ctx context.Context) error {
	works, running := errgroup.WithContext(ctx)
	works.Go(func() error { return s.requests.Run(running) })
	works.Go(func() error { return s.Accounts.follow(running) })
	works.Go(func() error { return s.runDue(running) })
	works.Go(func() error { return s.Meetings.Run(running) })
	if s.delivers {
		works.Go(func() error { return s.Outbox.Run(running) })
	}
	if err := works.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// Requests returns what recognises the requests to the service's store, for the tables
// that the packages below keep in it.
func (s *Service) Requests() *resource.Requests { return s.requests }

// directory finds addresses at accounts.
type directory struct{ source Source }

// Address implements outbox.Directory.
func (d directory) Address(ctx context.Context, account, contact string) (outbox.Address, error) {
	c, err := d.source.Contact(ctx, account, contact)
	if errors.Is(err, ErrNoContact) || err == nil && c.Email == "" {
		return outbox.Address{}, errors.Join(outbox.ErrNoAddress, err)
	}
	return outbox.Address{Name: c.DisplayName, Email: c.Email}, err
}
