package usage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// sums is what the uses of each balance add up to, and which entries were visited.
func (f *fixture) sums(t testing.TB, account string) map[string]int64 {
	t.Helper()
	sums, seen := map[string]int64{}, map[string]bool{}
	require.NoError(t, f.Uses(t.Context(), account, func(e *Entry) {
		require.False(t, seen[e.ID], "%s was visited twice", e.ID)
		seen[e.ID] = true
		sums[balanceID(e.Account, e.Benefit)] += e.Adds()
	}))
	return sums
}

// All that was used is visited once, whether it is in the balances, in the ledger or in
// both, and whatever was given back counts against it.
func TestR19UsesAreVisitedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1000, "P1Y", 0, schedule.Anniversary)))
		accounts := []string{"a", "a-1", "a-10", "a-2", "b"} // in order of balances, a/ comes behind a-
		for n, account := range accounts {
			for range 20 * n {
				_, err := f.Consume(t.Context(), someone, Use{Account: account, Benefit: "hours", Units: 2, Origin: Offered}, false)
				require.NoError(t, err)
			}
		}
		first, err := f.Consume(t.Context(), someone, Use{Account: "b", Benefit: "shipping", Units: 3, Origin: Automatic}, false)
		require.NoError(t, err)
		_, err = f.Release(t.Context(), someone, "b", first.Entry.ID, 1, "returned")
		require.NoError(t, err)
		booked, err := f.Reserve(t.Context(), someone, Use{Account: "a", Benefit: "hours", Units: 9, Origin: AskedFor}, time.Hour)
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"a-1/hours": 40, "a-10/hours": 80, "a-2/hours": 120, "b/hours": 160, "b/shipping": 2}, f.sums(t, ""))
		require.Equal(t, map[string]int64{"b/hours": 160, "b/shipping": 2}, f.sums(t, "b"))
		_, err = f.Commit(t.Context(), someone, "a", booked.Entry.ID, 4)
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"a/hours": 4}, f.sums(t, "a"))
		require.Empty(t, f.sums(t, "nobody"))
	})
}

// While entries move to the ledger, each that was there before is visited once.
func TestR19UsesAreVisitedOnceWhileTheyMove(t *testing.T) {
	f := onSQLite(t)
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(100_000, "P1Y", 0, schedule.Anniversary)))
	writing, stop := context.WithCancel(t.Context())
	running, ctx := errgroup.WithContext(writing)
	for n := range 4 {
		running.Go(func() error {
			for ctx.Err() == nil {
				u := Use{Account: fmt.Sprint("a-", n%2), Benefit: "hours", Units: 1, Origin: AskedFor}
				if _, err := f.Consume(ctx, someone, u, false); err != nil && ctx.Err() == nil {
					return err
				}
			}
			return nil
		})
	}
	for range 30 {
		before, err := f.Get(t.Context(), "a-1", "hours", time.Time{})
		require.NoError(t, err)
		seen := f.sums(t, "")["a-1/hours"]
		after, err := f.Get(t.Context(), "a-1", "hours", time.Time{})
		require.NoError(t, err)
		require.LessOrEqual(t, before.Used, seen)
		require.GreaterOrEqual(t, after.Used, seen)
	}
	stop()
	require.NoError(t, running.Wait())
}
