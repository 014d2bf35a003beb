package accounts

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

// Feed is the use cases of following this service's changes.
type Feed struct {
	store  *docstore.Store
	ledger *Ledger
}

// Change is something that happened to an aggregate.
type Change struct {
	Position int64
	// Source is the aggregate, as accounts/acme or revenue/….
	Source string
	// Version is the aggregate's right after it.
	Version int64
	// Type is what happened, as account.updated.
	Type string
	// At is when, by the writer's clock; Recorded when the feed took it.
	At, Recorded time.Time
	// Principal is the name of the one on whose behalf it was made, or empty.
	Principal string
	// At most one of these is set: the state right after the change, where the type has
	// one that followers may see.
	Company *CompanyState
	Account *Account
	Revenue *Revenue
}

// Changes is part of the feed.
type Changes struct {
	Changes []Change
	// Resume goes on behind these changes.
	Resume string
	// CaughtUp says that the follower has all that was acknowledged longer than Age ago.
	CaughtUp bool
	Age      time.Duration
}

const (
	// heartbeat is how long a follower hears nothing at most.
	heartbeat = 250 * time.Millisecond
	// mostChanges, mostBytes and mostChunks bound the changes told at once, so that a
	// message stays below 4 MiB, which every client of gRPC takes: an account is a few
	// hundred kilobytes at most, and is told even where it goes beyond mostBytes.
	mostChanges = 500
	mostBytes   = 2 << 20
	mostChunks  = 40
	// locateAttempts and locatePause are how long Locate waits for the relay, which as a
	// rule takes milliseconds, before it sends its caller away.
	locateAttempts = 10
	locatePause    = 10 * time.Millisecond
)

// resumeToken makes the token of a position. It is opaque to callers, so that it can
// come to carry more.
func resumeToken(position int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("1." + strconv.FormatInt(position, 10)))
}

func parseResumeToken(token string) (int64, error) {
	if token == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	text, ok := strings.CutPrefix(string(b), "1.")
	position, parseErr := strconv.ParseInt(text, 10, 64)
	if err != nil || !ok || parseErr != nil || position < 0 || resumeToken(position) != token {
		return 0, invalid("resume_token", "is not one that this feed gave: leave it out to begin anew")
	}
	return position, nil
}

// Watch hands over every change behind a resume token, in order, and then each new one
// as it comes, and says at least four times a second how old the follower's copy is;
// until ctx ends or tell fails. ErrOutOfRange where the feed does not reach back so far.
func (f *Feed) Watch(ctx context.Context, token string, tell func(Changes) error) error {
	position, err := parseResumeToken(token)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := make(chan []Change, 2) // while some are told, more are read
	ended := make(chan error, 1)
	go func() {
		ended <- f.store.Feed().Follow(ctx, position, func(events []docstore.FeedEvent) error {
			return f.hydrate(ctx, events, read)
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
		return fail(ErrOutOfRange, "", "the feed does not hold what follows this resume token any more: take the head with GetFeed, list everything, and resume from the head")
	}
	return err
}

// relay tells what was read, and the age of it; nil where no more is read.
func (f *Feed) relay(ctx context.Context, position int64, read <-chan []Change, tell func(Changes) error) error {
	pulse := time.NewTimer(0)
	defer pulse.Stop()
	for {
		var changes []Change
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
		batch := Changes{Changes: changes, Resume: resumeToken(position)}
		if scan, ok := f.store.Scanned(); ok {
			batch.CaughtUp, batch.Age = scan.Position <= position, scan.Age
		}
		if err := tell(batch); err != nil {
			return err
		}
		pulse.Reset(heartbeat)
	}
}

// hydrate makes changes of events, with the entries of chunks, as many at a time as one
// message holds.
func (f *Feed) hydrate(ctx context.Context, events []docstore.FeedEvent, read chan<- []Change) error {
	for len(events) > 0 {
		n, size, chunks := 0, 0, []string(nil)
		for n < min(len(events), mostChanges) && size < mostBytes && len(chunks) < mostChunks {
			if id, ok := chunkOf(&events[n]); ok {
				chunks = append(chunks, id)
			}
			size += len(events[n].Data)
			n++
		}
		changes, err := f.changes(ctx, events[:n], chunks)
		if err != nil {
			return err
		}
		select {
		case read <- changes:
		case <-ctx.Done():
			return ctx.Err()
		}
		events = events[n:]
	}
	return nil
}

func chunkOf(e *docstore.FeedEvent) (id string, ok bool) {
	if e.Type != revenueRecorded {
		return "", false
	}
	return strings.CutPrefix(e.Source, chunkSpec.Name+"/")
}

func (f *Feed) changes(ctx context.Context, events []docstore.FeedEvent, chunks []string) ([]Change, error) {
	docs, err := f.ledger.columns.GetMany(ctx, chunks)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*columns, len(docs))
	for i := range docs {
		byID[docs[i].ID] = &docs[i].Body
	}
	changes := make([]Change, len(events))
	for i := range events {
		if err := changes[i].fill(&events[i], byID); err != nil {
			return nil, fmt.Errorf("event %d of the feed, %s of %s: %w", events[i].Position, events[i].Type, events[i].Source, err)
		}
	}
	return changes, nil
}

func (c *Change) fill(e *docstore.FeedEvent, chunks map[string]*columns) error {
	*c = Change{Position: e.Position, Source: e.Source, Version: e.N, Type: e.Type,
		At: e.At, Recorded: e.Recorded, Principal: e.Who}
	if id, ok := chunkOf(e); ok {
		columns := chunks[id]
		if columns == nil {
			return errChunk
		}
		revenue, err := columns.revenue()
		c.Revenue = &revenue
		return err
	}
	collection, _, _ := strings.Cut(e.Source, "/")
	switch collection {
	case "company":
		c.Company = &CompanyState{}
		return bson.Unmarshal(e.Data, c.Company)
	case accountsSpec.Name:
		c.Account = &Account{}
		return bson.Unmarshal(e.Data, c.Account)
	}
	return nil
}

// Head returns the head of the feed after waiting until all that was acknowledged
// before is in it.
func (f *Feed) Head(ctx context.Context) (position int64, resume string, err error) {
	if err := f.store.Flush(ctx); err != nil {
		return 0, "", err
	}
	position, err = f.store.Feed().Head(ctx)
	return position, resumeToken(position), err
}

// told are the collections whose changes are in the feed.
var told = []string{"company", "rates", "attribute_keys", "accounts", "contacts", "reach", "revenue", "imports", "principals", "tokens"}

// Locate returns the position of the write that left an aggregate at a version: ErrNotYet
// while the feed has it not, ErrInvalid for an aggregate that is none of this service.
func (f *Feed) Locate(ctx context.Context, aggregate string, version int64) (int64, error) {
	if collection, _, _ := strings.Cut(aggregate, "/"); !slices.Contains(told, collection) {
		return 0, invalid("consistency_token", "names %q, which is kept by another service", aggregate)
	}
	for attempt := 1; ; attempt++ {
		position, err := f.store.Feed().Locate(ctx, aggregate, version)
		if err != nil || position > 0 {
			return position, err
		}
		if attempt == locateAttempts {
			return 0, fail(ErrNotYet, aggregate, "version %d of %s is not in the feed yet", version, aggregate)
		}
		if err := lifecycle.Pause(ctx, locatePause); err != nil {
			return 0, err
		}
	}
}
