package usage

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// mortal is a database whose process dies at a write: before it, or after it was made and
// before anybody was told. From then on it takes no write.
type mortal struct {
	docstore.Backend
	mu     sync.Mutex
	fatal  int // the write to die at; less than 0 for none
	after  bool
	armed  bool
	dead   bool
	writes int
}

var errDied = fmt.Errorf("%w: the process died", docstore.ErrUnavailable)

func (m *mortal) write(call func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDied
	}
	if m.armed && m.fatal == m.writes {
		m.dead = true
		if m.after {
			_ = call() // what it answers reaches nobody
		}
		return errDied
	}
	if m.armed {
		m.writes++
	}
	return call()
}

func (m *mortal) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	return m.write(func() error { return m.Backend.Insert(ctx, collection, records) })
}

func (m *mortal) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	return m.write(func() error { return m.Backend.Replace(ctx, collection, ifVersion, r) })
}

// Close leaves the database to the next process.
func (m *mortal) Close() error { return nil }

// steps are the calls of one life, each with the request id that a retry has too: 60 uses
// that fill the balance, so that entries move, and a reservation that is committed.
func steps(f *fixture) []func(context.Context) error {
	var list []func(context.Context) error
	for i := range 62 {
		list = append(list, func(ctx context.Context) error {
			_, err := f.Consume(ctx, call(fmt.Sprint("use-", i), "p"), use(1), false)
			return err
		})
	}
	var reserved string
	return append(list,
		func(ctx context.Context) error {
			out, err := f.Reserve(ctx, call("reserve", "p"), use(7), time.Hour)
			reserved = out.Entry.ID
			return err
		},
		func(ctx context.Context) error {
			_, err := f.Commit(ctx, call("commit", "p"), "a", reserved, 5)
			return err
		},
		func(ctx context.Context) error {
			_, err := f.Consume(ctx, call("last", "p"), use(1), false)
			return err
		})
}

// A process dies at any write, before or after it: between reserving and committing,
// between the balance and the ledger. The next one sends all calls again with their
// request ids, and each has counted once.
func TestACrashAtAnyWrite(t *testing.T) {
	total := crash(t, &mortal{fatal: -1})
	require.Greater(t, total, 66)
	for _, after := range []bool{false, true} {
		for at := 58; at < total; at++ { // those before are like the first of these
			t.Run(fmt.Sprintf("write %d, made %t", at, after), func(t *testing.T) {
				crash(t, &mortal{fatal: at, after: after})
			})
		}
	}
}

// crash makes one life and the next, and returns how many writes the first made.
func crash(t *testing.T, dies *mortal) int {
	path := filepath.Join(t.TempDir(), "entitlements.db")
	backend, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	dies.Backend = backend
	first := start(t, dies)
	first.grants.grant("hours", holding("2026-02-01", "", 1, hours(100, "P1Y", 0, schedule.ByCalendar)))
	dies.armed = true
	for _, step := range steps(first) {
		if err := step(t.Context()); err != nil {
			require.ErrorIs(t, err, errDied)
			break
		}
	}
	made := dies.writes
	next := start(t, backend)
	next.grants = first.grants
	next.Usage, err = New(t.Context(), next.store, first.grants, next.clock.now, nil)
	require.NoError(t, err)
	for _, step := range steps(next) {
		require.NoError(t, step(t.Context()))
	}
	require.Equal(t, int64(100-62-5-1), next.left(t))
	next.rebuilt(t, "a", "hours")
	return made
}
