package usage

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// However often, by whomever and in however many processes units of a use are released at
// once, no more come back than it took, and the history tells of each who released it and
// why: also where the use went to the ledger long ago, and where it was reserved first.
func TestNoMoreIsReleasedThanWasUsed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1000, "P1Y", 0, schedule.Anniversary)))
		used, err := f.Consume(ctx, someone, use(10), false)
		require.NoError(t, err)
		reserved, err := f.Reserve(ctx, someone, use(9), 0)
		require.NoError(t, err)
		committed, err := f.Commit(ctx, someone, "a", reserved.Entry.ID, 7)
		require.NoError(t, err)
		for range 3 * moveAt {
			_, err := f.Consume(ctx, someone, use(1), false)
			require.NoError(t, err)
		}
		before := f.left(t)
		f.clock.set(noon("2026-12-24"))
		processes := []*Usage{f.Usage, f.another(t)}
		for _, e := range []Entry{used.Entry, committed.Entry} {
			told := map[string]bool{}
			var refused []error
			var mu sync.Mutex
			var wg sync.WaitGroup
			for i := range 30 {
				wg.Go(func() {
					by := resource.Call{Principal: fmt.Sprint("principals/p-", i), Method: "release"}
					_, err := processes[i%2].Release(ctx, by, "a", e.ID, 1, fmt.Sprint("reason ", i))
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						refused = append(refused, err)
						return
					}
					told[fmt.Sprintf("principals/p-%d reason %[1]d", i)] = true
				})
			}
			wg.Wait()
			for _, err := range refused {
				wantReason(t, err, ReasonNotReleasable, "0 were not released yet")
			}
			require.Len(t, told, int(e.Units))
			before += e.Units
			require.Equal(t, before, f.left(t))
			page, err := f.History(ctx, Query{Account: "a", Size: 1000, Keep: func(r *Entry) bool { return r.Of == e.ID }})
			require.NoError(t, err)
			require.Len(t, page.Entries, int(e.Units))
			for _, r := range page.Entries {
				require.Equal(t, []any{Released, int64(1), e.Day}, []any{r.Type, r.Units, r.Day})
				require.True(t, told[r.Who+" "+r.Note], "%+v", r)
				delete(told, r.Who+" "+r.Note)
			}
		}
		f.rebuilt(t, "a", "hours")
	})
}

// Units released after their period raise what it carries over, to the rollover at most.
func TestAReleaseAfterThePeriodRaisesWhatIsCarriedOver(t *testing.T) {
	f := onSQLite(t)
	f.grants.grant("hours", holding("2026-03-01", "", 1, hours(10, "P1M", 2, schedule.ByCalendar)))
	used, err := f.Consume(t.Context(), someone, use(9), false)
	require.NoError(t, err)
	f.clock.set(noon("2026-04-10"))
	require.Equal(t, int64(11), f.left(t))
	_, err = f.Release(t.Context(), someone, "a", used.Entry.ID, 4, "the expert was ill")
	require.NoError(t, err)
	require.Equal(t, int64(12), f.left(t))
}
