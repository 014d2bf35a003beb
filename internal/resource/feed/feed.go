// Package feed serves a service's feed of changes to those who keep copies: from behind a
// resume token on, in order, and then as they come, with how old a copy may be.
package feed

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

// Change is something that happened to an aggregate. S is what followers are told of the
// state right after it.
type Change[S any] struct {
	Position int64
	// Source is the aggregate, as accounts/acme.
	Source string
	// Version is the aggregate's right after it.
	Version int64
	// Type is what happened, as account.updated.
	Type string
	// At is when, by the writer's clock; Recorded when the feed took it.
	At, Recorded time.Time
	// Principal is the name of the one on whose behalf it was made, or empty.
	Principal string
	State     S
}

// Batch is a part of the feed.
type Batch[S any] struct {
	Changes []Change[S]
	// Resume goes on behind these changes.
	Resume string
	// CaughtUp says that the follower has all that was acknowledged longer than Age ago.
	CaughtUp bool
	Age      time.Duration
}

// Feed is the changes of one store.
type Feed[S any] struct {
	store       *docstore.Store
	collections []string
	read        func(context.Context, []docstore.FeedEvent) ([]S, error)
}

// Open returns the feed of a store. Collections are those whose changes are told. Read
// returns the states that some events lead to, in their order, of as many of them from
// the first on as it thinks fit for one message, and of one at least.
func Open[S any](
	store *docstore.Store, collections []string, read func(context.Context, []docstore.FeedEvent) ([]S, error),
) *Feed[S] {
	return &Feed[S]{store: store, collections: collections, read: read}
}

const (
	// heartbeat is how long a follower hears nothing at most.
	heartbeat = 250 * time.Millisecond
	// mostChanges and mostBytes bound the changes told at once, so that a message stays
	// below 4 MiB, which every client of gRPC takes.
	mostChanges = 500
	mostBytes   = 2 << 20
	// locateAttempts and locatePause are how long Locate waits for the relay, which as a
	// rule takes milliseconds, before it sends its caller away.
	locateAttempts = 10
	locatePause    = 10 * time.Millisecond
	// soon is when to ask again for what is on its way.
	soon = 20 * time.Millisecond
)

// Watch hands over every change behind a resume token, in order, and then each new one
// as it comes, and says at least four times a second how old the follower's copy is;
// until ctx ends or tell fails. Where statesOf names collections, only the states of these
// are read; other changes come without. FEED_OUT_OF_RANGE where the feed does not reach
// back so far; INVALID_ARGUMENT for a token that is none of its own, or another
// collection.
func (f *Feed[S]) Watch(ctx context.Context, token string, statesOf []string, tell func(Batch[S]) error) error {
	position, err := parseToken(token)
	if err != nil {
		return err
	}
	for i, collection := range statesOf {
		if !slices.Contains(f.collections, collection) {
			return fault.Invalid(fmt.Sprintf("states_of[%d]", i), "is %q, which this feed does not tell of: name some of %s, or none for all",
				collection, strings.Join(f.collections, ", "))
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := make(chan []Change[S], 2) // while some are told, more are read
	ended := make(chan error, 1)
	go func() {
		ended <- f.store.Feed().Follow(ctx, position, func(events []docstore.FeedEvent) error {
			return f.fill(ctx, events, statesOf, read)
		})
		close(read)
	}()
	err = f.relay(ctx, position, read, tell)
	cancel()
	for range read { // let the reader end
	}
	if err == nil {
		err = <-ended
	}
	if errors.Is(err, docstore.ErrOutOfRange) {
		return fault.New(fault.OutOfRange, "FEED_OUT_OF_RANGE",
			"The feed does not hold what follows this resume token any more: take the head with GetFeed, list everything, and resume from the head.").Because(err)
	}
	return err
}

// relay tells what was read, and the age of it; nil where no more is read.
func (f *Feed[S]) relay(ctx context.Context, position int64, read <-chan []Change[S], tell func(Batch[S]) error) error {
	pulse := time.NewTimer(0)
	defer pulse.Stop()
	for {
		var changes []Change[S]
		select {
		case more, ok := <-read:
			if !ok {
				return nil
			}
			changes, position = more, more[len(more)-1].Position
		case <-pulse.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		batch := Batch[S]{Changes: changes, Resume: ResumeToken(position)}
		if scan, ok := f.store.Scanned(); ok {
			batch.CaughtUp, batch.Age = scan.Position <= position, scan.Age
		}
		if err := tell(batch); err != nil {
			return err
		}
		pulse.Reset(heartbeat)
	}
}

// fill makes changes of events, as many at a time as one message holds.
func (f *Feed[S]) fill(ctx context.Context, events []docstore.FeedEvent, statesOf []string, read chan<- []Change[S]) error {
	for len(events) > 0 {
		n := 0
		for size := 0; n < min(len(events), mostChanges) && size < mostBytes; n++ {
			size += len(events[n].Data)
		}
		states, err := f.states(ctx, events[:n], statesOf)
		if err != nil {
			return err
		}
		changes := make([]Change[S], len(states))
		for i, e := range events[:len(states)] {
			changes[i] = Change[S]{Position: e.Position, Source: e.Source, Version: e.N, Type: e.Type,
				At: e.At, Recorded: e.Recorded, Principal: e.Who, State: states[i]}
		}
		select {
		case read <- changes:
		case <-ctx.Done():
			return ctx.Err()
		}
		events = events[len(states):]
	}
	return nil
}

// states returns the states that events lead to, of as many of them from the first on as
// fit one message; for those of other collections than statesOf, if any are named, none.
func (f *Feed[S]) states(ctx context.Context, events []docstore.FeedEvent, statesOf []string) ([]S, error) {
	if len(statesOf) == 0 {
		return f.read(ctx, events)
	}
	var wanted []docstore.FeedEvent
	var places []int
	for i, e := range events {
		if collection, _, _ := strings.Cut(e.Source, "/"); slices.Contains(statesOf, collection) {
			wanted, places = append(wanted, e), append(places, i)
		}
	}
	states := make([]S, len(events))
	if len(wanted) == 0 {
		return states, nil
	}
	read, err := f.read(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for i, state := range read {
		states[places[i]] = state
	}
	if len(read) < len(wanted) {
		states = states[:places[len(read)]]
	}
	return states, nil
}

// Head returns the head of the feed after waiting until all that was acknowledged
// before is in it.
func (f *Feed[S]) Head(ctx context.Context) (position int64, resume string, err error) {
	if err := f.store.Flush(ctx); err != nil {
		return 0, "", err
	}
	position, err = f.store.Feed().Head(ctx)
	return position, ResumeToken(position), err
}

// Locate returns the position of the write that left an aggregate at a version:
// UNAVAILABLE while the feed has it not, INVALID_ARGUMENT for an aggregate that is none
// of this service.
func (f *Feed[S]) Locate(ctx context.Context, aggregate string, version int64) (int64, error) {
	if collection, _, _ := strings.Cut(aggregate, "/"); !slices.Contains(f.collections, collection) {
		return 0, fault.Invalid("consistency_token", "names %q, which is kept by another service", aggregate)
	}
	for attempt := 1; ; attempt++ {
		position, err := f.store.Feed().Locate(ctx, aggregate, version)
		if err != nil || position > 0 {
			return position, err
		}
		if attempt == locateAttempts {
			return 0, fault.New(fault.Unavailable, fault.ReasonUnavailable,
				"Version %d of %s is not in the feed yet.", version, aggregate).WithRetry(soon)
		}
		if err := lifecycle.Pause(ctx, locatePause); err != nil {
			return 0, err
		}
	}
}

// ResumeToken makes the resume token of a position. It is opaque to callers, so that it can
// come to carry more.
func ResumeToken(position int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("1." + strconv.FormatInt(position, 10)))
}

func parseToken(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	digits, ok := strings.CutPrefix(string(b), "1.")
	position, parseErr := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || parseErr != nil || position < 0 || ResumeToken(position) != text {
		return 0, fault.Invalid("resume_token", "is not one that this feed gave: leave it out to begin anew")
	}
	return position, nil
}
