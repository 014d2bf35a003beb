package mongodb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// acknowledged is what writers were told is written.
type acknowledged struct {
	mu       sync.Mutex
	versions map[string]int64
	position int64
}

func (a *acknowledged) document(id string, version int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.versions[id] = version
}

func (a *acknowledged) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.versions)
}

// TestServerCrash kills the server while writers insert, change and append to the
// feed, and looks whether all that was acknowledged is there when it is up again. The
// variable names a script that kills a server nobody else uses, as deploy/mongodb/local
// does: "crash" kills it, "up" starts it and prints its connection string.
func TestServerCrash(t *testing.T) {
	script := os.Getenv("EVENHAND_TEST_MONGODB_CRASH")
	if script == "" {
		t.Skip("skipped: EVENHAND_TEST_MONGODB_CRASH does not name a script that kills and starts a server (make test-crash)")
	}
	server := func(do string) string {
		var stderr strings.Builder
		cmd := exec.Command(script, do)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, stderr.String())
		return strings.TrimSpace(string(out))
	}
	uri := server("up")
	name := "test_" + strings.ToLower(rand.Text())
	opened, err := Open(t.Context(), uri, name, Options{Timeout: 5 * time.Second})
	require.NoError(t, err)
	b := opened.(*backend)
	t.Cleanup(func() { dropDatabase(t, uri, name) })
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "things"}))

	told := &acknowledged{versions: map[string]int64{}}
	for round := range 3 {
		before := told.count()
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() { told.write(ctx, t, b, fmt.Sprintf("%d-%d", round, w)) })
		}
		writers.Go(func() { told.appendFeed(ctx, t, b) })
		for told.count() < before+200 && !t.Failed() {
			time.Sleep(10 * time.Millisecond)
		}
		server("crash")
		server("up")
		for at := told.count(); told.count() < at+50 && !t.Failed(); {
			time.Sleep(10 * time.Millisecond) // the same connections serve on
		}
		stop()
		writers.Wait()
		told.check(t, b)
	}
}

// write inserts documents and changes each once, until ctx ends. Whatever fails must
// say that the database is not available.
func (a *acknowledged) write(ctx context.Context, t *testing.T, b *backend, writer string) {
	for i := 0; ctx.Err() == nil; i++ {
		id := fmt.Sprintf("%s-%d", writer, i)
		err := b.Insert(ctx, "things", []docstore.Record{record(t, id, 1, bson.M{"n": int64(1)})})
		if err == nil {
			a.document(id, 1)
			if err = b.Replace(ctx, "things", 1, record(t, id, 2, bson.M{"n": int64(2)})); err == nil {
				a.document(id, 2)
			}
		}
		if err != nil && !errors.Is(err, docstore.ErrUnavailable) && ctx.Err() == nil {
			t.Errorf("write %s: %v (%+v)", id, err, errors.Unwrap(err))
			return
		}
	}
}

// appendFeed appends as a relay does: after a failure it looks where the feed ends.
func (a *acknowledged) appendFeed(ctx context.Context, t *testing.T, b *backend) {
	for ctx.Err() == nil {
		_, last, _, err := b.FeedBounds(ctx)
		for err == nil {
			events := make([]docstore.FeedEvent, 3)
			for i := range events {
				last++
				events[i] = docstore.FeedEvent{Position: last, Source: "things/feed", Event: docstore.Event{N: last}}
			}
			if _, err = b.AppendFeed(ctx, events); err == nil {
				a.mu.Lock()
				a.position = last
				a.mu.Unlock()
			}
		}
		if !errors.Is(err, docstore.ErrUnavailable) && !errors.Is(err, docstore.ErrFenced) && ctx.Err() == nil {
			t.Errorf("append to the feed: %v", err)
			return
		}
	}
}

// check reads everything back.
func (a *acknowledged) check(t *testing.T, b *backend) {
	a.mu.Lock()
	defer a.mu.Unlock()
	there := map[string]docstore.Record{}
	for after := ""; ; {
		rs, err := b.Pending(t.Context(), "things", after, 1000)
		require.NoError(t, err)
		for _, r := range rs {
			there[r.ID], after = r, r.ID
		}
		if len(rs) == 0 {
			break
		}
	}
	for id, version := range a.versions {
		r := there[id]
		require.GreaterOrEqual(t, r.Version, version, id)
		require.Len(t, r.Out, int(r.Version), id)
	}
	var last int64
	for {
		events, err := b.ReadFeed(t.Context(), last, 1000)
		require.NoError(t, err)
		for _, e := range events {
			require.Equal(t, last+1, e.Position)
			last = e.Position
		}
		if len(events) == 0 {
			break
		}
	}
	require.GreaterOrEqual(t, last, a.position)
	t.Logf("%d documents and %d feed positions acknowledged, and there", len(a.versions), a.position)
}
