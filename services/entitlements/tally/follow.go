package tally

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

// Judged is a collection whose entries are judged.
type Judged struct {
	// Collection is where the entries are, and Event what is told when one is recorded.
	Collection, Event string
	// Judge judges the entry with an id by a counter, on behalf of who recorded it.
	Judge func(ctx context.Context, c *Counter, id, who string) error
}

const (
	// pause is how long nothing is tried again for after it failed.
	pause = 5 * time.Second
	// far is how many events of no interest go by before it is noted that they did.
	far = 10_000
)

// Follow judges every entry that is recorded, at least once, until ctx ends: also those
// of processes that died before they could, and those that only together with entries of
// other processes reach a threshold. It reads the store's own feed, behind a checkpoint.
// Any number of processes may run it; one at a time does the work, under a lease.
func Follow(ctx context.Context, store *docstore.Store, judged ...Judged) error {
	checkpoints, err := docstore.OpenCheckpoints(ctx, store)
	if err != nil {
		return err
	}
	return store.WithLease(ctx, "tally", func(ctx context.Context) error {
		// What was counted under an earlier lease lacks what another process was told of since.
		f := follower{store: store, checkpoints: checkpoints, judged: judged, counter: &Counter{}}
		for {
			err := f.follow(ctx)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			slog.WarnContext(ctx, "what was recorded could not be judged, trying again", "error", err)
			if err := lifecycle.Pause(ctx, pause); err != nil {
				return err
			}
		}
	})
}

type follower struct {
	store       *docstore.Store
	checkpoints *docstore.Checkpoints
	judged      []Judged
	counter     *Counter
}

func (f *follower) follow(ctx context.Context) error {
	at, err := f.checkpoints.Get(ctx, "tally")
	if err != nil {
		return fmt.Errorf("find how far the tally is: %w", err)
	}
	return f.store.Feed().Follow(ctx, at, func(events []docstore.FeedEvent) error {
		found := false
		for _, e := range events {
			mine, err := f.judge(ctx, e)
			if err != nil {
				return fmt.Errorf("judge %s: %w", e.Source, err)
			}
			found = found || mine
		}
		last := events[len(events)-1].Position
		if !found && last-at < far {
			return nil
		}
		at = last
		return f.checkpoints.Advance(ctx, "tally", last)
	})
}

// judge says whether the event is of an entry that is judged.
func (f *follower) judge(ctx context.Context, e docstore.FeedEvent) (bool, error) {
	for _, j := range f.judged {
		if id, ok := strings.CutPrefix(e.Source, j.Collection+"/"); ok && e.Type == j.Event {
			return true, j.Judge(ctx, f.counter, id, e.Who)
		}
	}
	return false, nil
}
