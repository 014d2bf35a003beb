package rewards

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// mortal is a database on which a write fails: before it is made, or after it was made and
// before anybody was told. Others are as they always are.
type mortal struct {
	docstore.Backend
	mu    sync.Mutex
	armed bool
	after bool
	left  int // writes before the fatal one
}

var errDied = fmt.Errorf("%w: the process died", docstore.ErrUnavailable)

// dies says whether this write is the fatal one, or one behind it.
func (m *mortal) dies() (before, after bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.armed {
		return false, false
	}
	m.left--
	return m.left < 0 && !m.after || m.left < -1, m.left == -1 && m.after
}

func (m *mortal) write(call func() error) error {
	before, after := m.dies()
	if before {
		return errDied
	}
	if err := call(); err != nil || !after {
		return err
	}
	return errDied
}

func (m *mortal) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	if collection == "leases" {
		return m.Backend.Insert(ctx, collection, records)
	}
	return m.write(func() error { return m.Backend.Insert(ctx, collection, records) })
}

func (m *mortal) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	if collection == "leases" {
		return m.Backend.Replace(ctx, collection, ifVersion, r)
	}
	return m.write(func() error { return m.Backend.Replace(ctx, collection, ifVersion, r) })
}

// Whichever write a process dies at, before it or after it, the next one brings the ledger
// to the same end.
func TestR10ACrashAtAnyWriteLosesAndDoublesNothing(t *testing.T) {
	rules := simple()
	rules.Caps.PersonMonth = 25
	work := []Work{touch(t, "c", "2026-11-20"), touch(t, "a", "2026-11-18"), touch(t, "d", "2026-12-01"), touch(t, "b", "2026-11-19")}
	want := map[string]int{"a/touch/carol": 10, "b/touch/carol": 10, "c/touch/carol": 5}
	for _, after := range []bool{false, true} {
		for at, survived := 0, false; !survived; at++ {
			m := &mortal{Backend: teststore.SQLite(t), after: after, left: at}
			f := start(t, m)
			f.publish(t, rules)
			m.mu.Lock()
			m.armed = true
			m.mu.Unlock()
			var err error
			for _, part := range [][]Work{work[:2], work[2:]} {
				if err == nil {
					err = errors.Join(f.Observe(t.Context(), part), f.Settle(t.Context()))
				}
			}
			survived = err == nil
			m.mu.Lock()
			m.armed = false
			m.mu.Unlock()

			f.open(t)
			f.credits(t, work...)
			require.Equal(t, want, f.net(t, "2026-11"), "died at write %d, after it: %t", at, after)
			require.Equal(t, map[string]int{"d/touch/carol": 10}, f.net(t, "2026-12"))
			for key, e := range f.ledger(t, "2026-11") {
				require.NotZero(t, e.Points, "%s says nothing that the entry before did not say", key)
			}
		}
	}
}

// Two processes may both believe that they hold the lease, and people correct meanwhile.
func TestR10ProcessesThatSettleAtATimeWriteNothingTwice(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		rules := simple()
		rules.Caps.PersonMonth = 95
		f.publish(t, rules)
		var work []Work
		for i := range 12 {
			work = append(work, touch(t, fmt.Sprintf("t%02d", i), fmt.Sprintf("2026-11-%02d", i+1)))
		}
		var wg sync.WaitGroup
		for n := range 3 {
			wg.Go(func() {
				for i := range work {
					if err := f.Observe(context.Background(), []Work{work[(i*5+n*4)%len(work)]}); err != nil {
						t.Error(err)
					}
					if err := f.Settle(context.Background()); err != nil && !errors.Is(err, errMeanwhile) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		require.NoError(t, f.Settle(t.Context()))
		net, sum := f.net(t, "2026-11"), 0
		for _, points := range net {
			sum += points
		}
		require.Equal(t, 95, sum)
		require.Equal(t, 5, net["t09/touch/carol"])
		require.Len(t, net, 10)
	})
}
