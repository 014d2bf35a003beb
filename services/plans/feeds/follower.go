package feeds

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

// ErrTrimmed says that a feed no longer goes back to where the copies stand.
var ErrTrimmed = errors.New("the feed no longer reaches back to where the copies stand")

// Source is the feed of one service. Errors that are not named here are passed on as they
// are.
type Source interface {
	// Watch calls apply with everything that follows a resume token, in the feed's order,
	// and then with what comes, until ctx ends or apply fails. The empty token means the
	// beginning. ErrTrimmed where the feed does not reach back so far.
	Watch(ctx context.Context, resume string, apply func(Batch) error) error
	// Head returns the feed's last position, after waiting until all that was acknowledged
	// before the call is in the feed.
	Head(ctx context.Context) (int64, error)
}

// Taker takes changes over into a copy. It may get a change again, and changes older than
// what it has: from a process that lost its lease without knowing.
type Taker interface {
	Take(ctx context.Context, changes []Change) error
}

// TakerFunc is a function that takes changes over.
type TakerFunc func(ctx context.Context, changes []Change) error

// Take implements Taker.
func (f TakerFunc) Take(ctx context.Context, changes []Change) error { return f(ctx, changes) }

// Options are what a follower takes from outside. Source is needed.
type Options struct {
	Source Source
	// Takers get each batch one after the other.
	Takers []Taker
	Log    *slog.Logger
}

// Follower follows the feed of one service.
type Follower struct {
	service Service
	store   *docstore.Store
	marks   *docstore.Collection[mark]
	opts    Options
}

// mark is how far a feed is applied.
type mark struct {
	Position int64     `bson:"position"`
	Resume   string    `bson:"resume"`
	Recorded time.Time `bson:"recorded"`
}

// Open makes a follower of a service's feed, whose mark is kept in the store.
func Open(ctx context.Context, store *docstore.Store, service Service, opts Options) (*Follower, error) {
	marks, err := docstore.OpenCollection[mark](ctx, store, docstore.Spec{Name: "feed_marks", Silent: true})
	if err != nil {
		return nil, fmt.Errorf("follow the %s feed: %w", service, err)
	}
	return &Follower{service: service, store: store, marks: marks, opts: opts}, nil
}

// Service returns whose feed it follows.
func (f *Follower) Service() Service { return f.service }

// Run applies the feed as it comes, until ctx ends. Any number of processes may run it; one
// at a time does the work, under a lease.
func (f *Follower) Run(ctx context.Context) error {
	return f.store.WithLease(ctx, "feed-"+string(f.service), func(ctx context.Context) error {
		return lifecycle.Retry(ctx, f.opts.Log, fmt.Sprintf("following the %s feed", f.service), func(ctx context.Context) error {
			at, err := f.mark(ctx)
			if err != nil {
				return err
			}
			return f.opts.Source.Watch(ctx, at.Resume, func(b Batch) error { return f.apply(ctx, b) })
		})
	})
}

func (f *Follower) mark(ctx context.Context) (mark, error) {
	d, err := f.marks.Get(ctx, string(f.service))
	if errors.Is(err, docstore.ErrNotFound) {
		return mark{}, nil
	}
	return d.Body, err
}

// apply hands a batch to the takers and then marks it, so that after a crash it begins
// anew with the same changes.
func (f *Follower) apply(ctx context.Context, b Batch) error {
	if b.Position == 0 {
		return nil
	}
	for portion := range portions(b.Changes) {
		for _, taker := range f.opts.Takers {
			if err := taker.Take(ctx, portion); err != nil {
				return fmt.Errorf("take over changes up to %d of the %s feed: %w", b.Position, f.service, err)
			}
		}
	}
	_, err := f.marks.Upsert(ctx, string(f.service), func(d *docstore.Doc[mark]) error {
		if b.Position > d.Body.Position {
			d.Body = mark{Position: b.Position, Resume: b.Resume, Recorded: b.Recorded}
		}
		return nil
	})
	return err
}

// atOnce is how many entries of revenue takers get in one call, more or less: a batch can
// hold 50,000, of as many accounts, and what is made of them would take a multiple of
// their size.
const atOnce = 10_000

// portions are the changes, in their order, in parts that are small enough for takers. No
// change is divided.
func portions(changes []Change) iter.Seq[[]Change] {
	return func(yield func([]Change) bool) {
		from, entries := 0, 0
		for i := range changes {
			if r := changes[i].Revenue; r != nil {
				entries += len(r.Index)
			}
			if entries >= atOnce || i == len(changes)-1 {
				if !yield(changes[from : i+1]) {
					return
				}
				from, entries = i+1, 0
			}
		}
	}
}

// Lag is how far a copy is behind its feed.
type Lag struct {
	Service Service
	// Applied is the position of the last change that was taken over, and Head of the last
	// in the feed. Of a service that was not reached it is 0.
	Applied, Head int64
	// Recorded is when the feed took the last change that was taken over; zero where none
	// was. While changes are missing, the copies are as of then.
	Recorded time.Time
	// Unreachable is why the service was not reached; nil where it was.
	Unreachable error
}

// Behind is how many changes are missing.
func (l Lag) Behind() int64 { return max(0, l.Head-l.Applied) }

// Applied returns the position of the last change that was taken over.
func (f *Follower) Applied(ctx context.Context) (int64, error) {
	at, err := f.mark(ctx)
	return at.Position, err
}

// Lag says how far the copies are behind the feed.
func (f *Follower) Lag(ctx context.Context) (Lag, error) {
	at, err := f.mark(ctx)
	if err != nil {
		return Lag{}, err
	}
	lag := Lag{Service: f.service, Applied: at.Position, Recorded: at.Recorded}
	lag.Head, lag.Unreachable = f.opts.Source.Head(ctx)
	if ctx.Err() != nil {
		return lag, ctx.Err()
	}
	return lag, nil
}
