package tally

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// Log is the entries of a kind of subjects, as the breaches of house rules, which are
// counted as they are recorded. The id of an entry is that of its subject, a slash and its
// own.
type Log[T any, P resource.Aggregate[T]] struct {
	*resource.Table[T, P]
	opts LogOptions[T]
	// counter judges what this process records.
	counter Counter
}

// LogOptions are what the entries of a log are. All but Random are needed.
type LogOptions[T any] struct {
	// Event is what is told when an entry is recorded.
	Event string
	// Index is that of the entries of a subject by their day; that of all by their day is
	// called day.
	Index string
	// Read returns what is counted of an entry.
	Read func(T) Entry
	// Subject returns the subject with an id, but for its entries.
	Subject func(ctx context.Context, id string) (Subject, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
}

// Entry is what is counted of an entry.
type Entry struct {
	// Subject and Account are ids; the account to which it happened may be empty.
	Subject, Account string
	Day              civil.Day
}

// OpenLog opens the entries of a kind, in the store that the requests are of.
func OpenLog[T any, P resource.Aggregate[T]](
	ctx context.Context, requests *resource.Requests, kind resource.Kind[T], opts LogOptions[T],
) (*Log[T, P], error) {
	table, err := resource.OpenTable[T, P](ctx, requests, kind)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", kind.Spec.Name, err)
	}
	return &Log[T, P]{Table: table, opts: opts}, nil
}

// Record writes an entry, as check makes it, and returns also the id of the review that
// its subject has for that window; empty where there is none. It returns the errors of
// check, which is not asked about what this very request wrote before. With validateOnly,
// nothing is written.
func (l *Log[T, P]) Record(
	ctx context.Context, call resource.Call, entry T, check func(context.Context, T) (T, error), validateOnly bool,
) (resource.Stored[T], string, error) {
	none := resource.Stored[T]{}
	own, err := call.NewID(l.opts.Random)
	if err != nil {
		return none, "", err
	}
	id := l.opts.Read(entry).Subject + "/" + own
	if earlier, known, err := l.Created(ctx, call, id); err != nil {
		return none, "", err
	} else if known {
		return earlier, l.review(ctx, call, earlier), nil
	}
	if entry, err = check(ctx, entry); err != nil {
		return none, "", err
	}
	if validateOnly {
		return l.Unwritten(id, entry), "", nil
	}
	stored, err := l.Create(ctx, call, id, entry, l.opts.Event)
	if err != nil {
		return none, "", err
	}
	return stored, l.review(ctx, call, stored), nil
}

// review returns the id of the review that the window of an entry has, and opens the one
// that it makes due. The entry stands by then, so that nothing fails the call any more:
// what cannot be judged now is judged by Follow.
func (l *Log[T, P]) review(ctx context.Context, call resource.Call, stored resource.Stored[T]) string {
	id, err := l.judge(ctx, &l.counter, call.Principal, stored.State)
	if err != nil {
		slog.WarnContext(ctx, "what was recorded could not be judged yet", "entry", l.Kind().Name(stored.ID), "error", err)
	}
	return id
}

func (l *Log[T, P]) judge(ctx context.Context, counter *Counter, who string, entry T) (string, error) {
	e := l.opts.Read(entry)
	s, err := l.opts.Subject(ctx, e.Subject)
	if err != nil {
		return "", err
	}
	s.Entries = func(ctx context.Context, span Span) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for stored, err := range l.Between(ctx, e.Subject, span.From, span.To) {
				if !yield(l.opts.Read(stored.State).Account, err) {
					return
				}
			}
		}
	}
	return counter.Judge(ctx, resource.Call{Principal: who}, s, e.Day, e.Account)
}

// Between is the entries of a subject from one day to another, both among them; of all
// subjects where its id is empty.
func (l *Log[T, P]) Between(ctx context.Context, subject string, from, to civil.Day) iter.Seq2[resource.Stored[T], error] {
	q := docstore.Query{Index: "day", From: int64(from), To: int64(to) + 1, Limit: 1000}
	if subject != "" {
		q.Index, q.Equal = l.opts.Index, []any{subject}
	}
	return l.All(ctx, q)
}

// Judged is how Follow judges the entries.
func (l *Log[T, P]) Judged() Judged {
	return Judged{Collection: l.Kind().Spec.Name, Event: l.opts.Event,
		Judge: func(ctx context.Context, counter *Counter, id, who string) error {
			stored, err := l.Get(ctx, id)
			if err == nil {
				_, err = l.judge(ctx, counter, who, stored.State)
			}
			return err
		}}
}
