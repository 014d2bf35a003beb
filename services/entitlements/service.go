package entitlements

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// Options tune a Service. The zero value serves.
type Options struct {
	// CacheAccounts is how many accounts may be in memory (--decision-cache-accounts);
	// 2,000,000 by default. Those with changes the store lacks come on top.
	CacheAccounts int
	// CacheTimelines is how many computed timelines may be kept
	// (--decision-cache-timelines); 1,000,000 by default.
	CacheTimelines int
	// FlushInterval is how often changes are written to the store at most; 5 s by
	// default. Under load it grows to ten times what a flush takes, up to 30 s.
	FlushInterval time.Duration
	// Board is the board service; nil where there is none. No rule on terms served on
	// boards can be published then.
	Board BoardSource
	// Plans is the plans service; nil where there is none. No rule on innovation projects
	// can be published then.
	Plans PlansSource
	// Now is the clock; time.Now by default. Where it keeps the monotonic reading,
	// ages are monotonic.
	Now func() time.Time
	// Log receives what happens in the background; slog.Default by default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.CacheAccounts <= 0 {
		o.CacheAccounts = 2_000_000
	}
	if o.CacheTimelines <= 0 {
		o.CacheTimelines = 1_000_000
	}
	if o.FlushInterval <= 0 {
		o.FlushInterval = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Service answers who is entitled to what. It is safe for concurrent use.
type Service struct {
	store    *docstore.Store
	requests *resource.Requests
	pages    *pageStore
	versions *versionStore
	source   Source
	// programmes are those of this service's store; nil where there are none, so that no
	// rule about one can be published.
	programmes ProgrammeSource
	opts       Options
	now        func() time.Time
	log        *slog.Logger

	// current is the projection that answers.
	current atomic.Pointer[projection]
	// applying is held while a batch is applied to the current projection, and while
	// it is exchanged.
	applying sync.Mutex
	// rebuilding is held by who builds a projection beside the current one.
	rebuilding sync.Mutex

	book     atomic.Pointer[book]
	bookLock sync.Mutex // held while the book is changed

	// terms are those on boards that decisions read, and projects the innovation projects
	// that customers confirmed.
	terms    *follower[TermChange, roll, *roll]
	projects *follower[ProjectChange, confirmed, *confirmed]

	// fresh is when this copy was last as far as the feed; nil while it never was.
	fresh atomic.Pointer[freshness]
	// trouble is why the feed cannot be followed; nil while it can.
	trouble atomic.Pointer[error]
	// headTrouble is why the head of the feed cannot be asked for; nil while it can.
	headTrouble atomic.Pointer[error]
	// head is how far the feed was when last asked; 0 before it was, then the position
	// plus one.
	head     atomic.Int64
	flushNow chan struct{}
}

// Open returns the service on its store, with the versions and the checkpoint read. It
// answers from then on; Run makes it follow what happens.
func Open(ctx context.Context, store *docstore.Store, source Source, opts Options) (*Service, error) {
	opts = opts.withDefaults()
	s := &Service{store: store, source: source, opts: opts, now: opts.Now, log: opts.Log, flushNow: make(chan struct{}, 1)}
	var err error
	if s.requests, err = resource.OpenRequests(ctx, store, opts.Now); err != nil {
		return nil, fmt.Errorf("open entitlements: %w", err)
	}
	if s.pages, err = openPageStore(ctx, store); err != nil {
		return nil, fmt.Errorf("open entitlements: %w", err)
	}
	if s.versions, err = openVersionStore(ctx, store); err != nil {
		return nil, fmt.Errorf("open entitlements: %w", err)
	}
	if err := s.openFollowers(ctx); err != nil {
		return nil, fmt.Errorf("open entitlements: %w", err)
	}
	p, err := s.restore(ctx)
	if err != nil {
		return nil, fmt.Errorf("open entitlements: %w", err)
	}
	at, _ := p.at()
	if err := s.bind(nil, at.company); err != nil {
		return nil, fmt.Errorf("open entitlements: %w", err)
	}
	if err := s.readVersions(ctx); err != nil {
		return nil, fmt.Errorf("open entitlements: %w", err)
	}
	s.install(p)
	return s, nil
}

// restore returns a projection that goes on where the store stands.
func (s *Service) restore(ctx context.Context) (*projection, error) {
	from, err := s.pages.loadCheckpoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	empty, err := s.pages.empty(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	found := withPages
	if empty {
		found = withNothing
	}
	return newProjection(s.pages, from, int64(s.opts.CacheAccounts), found), nil
}

// Run follows the accounts, board and plans services and the published versions, and writes
// what was learnt to the store, until ctx ends; then it writes once more. It returns nil
// when ctx ended.
func (s *Service) Run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return s.requests.Run(running) })
	g.Go(func() error { return s.follow(running) })
	g.Go(func() error { return s.measureAge(running) })
	g.Go(func() error { return s.followBoard(running) })
	g.Go(func() error { return s.followPlans(running) })
	g.Go(func() error { return s.followVersions(running) })
	g.Go(func() error { return s.keepFlushed(running) })
	g.Go(func() error { return s.watchCheckpoint(running) })
	g.Go(func() error { return s.warmUp(running) })
	err := g.Wait()
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

// Requests returns what recognises the requests to the service's store, for the tables
// that the packages below keep in it.
func (s *Service) Requests() *resource.Requests { return s.requests }

// ReadProgrammes makes rules read the places that accounts have in programmes. It is for
// who composes the service, before it is used.
func (s *Service) ReadProgrammes(source ProgrammeSource) { s.programmes = source }

// retry calls attempt until ctx ends: again after a growing wait, at most 5 s, when it
// fails. Of several failures in a row only the first is logged aloud: while a process
// starts, what it needs may be starting too.
func (s *Service) retry(ctx context.Context, what string, attempt func(context.Context) error) error {
	const shortest = 50 * time.Millisecond
	wait := shortest
	for {
		began := s.now()
		err := attempt(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.now().Sub(began) > 10*time.Second {
			wait = shortest
		}
		level := slog.LevelDebug
		if wait == shortest {
			level = slog.LevelWarn
		}
		s.log.Log(ctx, level, what+" failed, trying again", "error", err, "wait", wait)
		if err := lifecycle.Pause(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, 5*time.Second)
	}
}
