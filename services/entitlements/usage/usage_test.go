package usage

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestR18R20AUseCitesRuleVersionAndOrigin(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		out, err := f.Consume(t.Context(), call("r1", "p"), Use{Account: "a", Benefit: "hours", Units: 3, Origin: Offered, Note: "at the fair"}, false)
		require.NoError(t, err)
		e := out.Entry
		require.Equal(t, []any{Used, int64(3), Offered, "at the fair", "partner", 1, "principals/anna", day("2026-03-15")},
			[]any{e.Type, e.Units, e.Origin, e.Note, e.Rule, e.Version, e.Who, e.Day})
		require.Equal(t, []int64{10, 3, 7}, []int64{out.Standing.Limit, out.Standing.Used, out.Standing.Left})
		found, err := f.Entry(t.Context(), "a", e.ID)
		require.NoError(t, err)
		require.Equal(t, e, found)
		_, err = f.Entry(t.Context(), "b", e.ID)
		wantReason(t, err, fault.ReasonNotFound, "accounts/b/usageEntries/"+e.ID)

		_, err = f.Consume(t.Context(), someone, Use{Account: "a", Benefit: "hours", Units: 1}, false)
		wantReason(t, err, fault.ReasonInvalidArgument, "origin")
		_, err = f.Consume(t.Context(), someone, Use{Account: "a", Benefit: "hours", Origin: Offered}, false)
		wantReason(t, err, fault.ReasonInvalidArgument, "units")
		_, err = f.Consume(t.Context(), someone, use(8), false)
		wantReason(t, err, ReasonUsageLimit, "has 7 left")
		_, err = f.Consume(t.Context(), someone, use(7), false)
		require.NoError(t, err)
		_, err = f.Consume(t.Context(), someone, use(1), false)
		wantReason(t, err, ReasonUsageLimit, "has 0 left")
		_, err = f.Consume(t.Context(), someone, Use{Account: "nobody", Benefit: "hours", Units: 1, Origin: AskedFor}, false)
		wantReason(t, err, fault.ReasonNotFound, "accounts/nobody")
		f.rebuilt(t, "a", "hours")
	})
}

func TestTheUseOfAFeatureIsRecordedAndNotCounted(t *testing.T) {
	f := onSQLite(t)
	used := Use{Account: "a", Benefit: "shipping", Units: 5000, Origin: Automatic}
	_, err := f.Consume(t.Context(), someone, used, false)
	require.NoError(t, err)
	_, err = f.Reserve(t.Context(), someone, used, 0)
	wantReason(t, err, ReasonNotMetered, "no metered benefit")
	_, err = f.Get(t.Context(), "a", "shipping", time.Time{})
	wantReason(t, err, ReasonNotMetered, "no metered benefit")
	list, err := f.List(t.Context(), "a", time.Time{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "hours", list[0].Benefit)
	page, err := f.History(t.Context(), Query{Account: "a", Size: 10})
	require.NoError(t, err)
	require.Len(t, page.Entries, 1)
}

func TestAPreviewWritesNothing(t *testing.T) {
	f := onSQLite(t)
	out, err := f.Consume(t.Context(), call("r1", "p"), use(4), true)
	require.NoError(t, err)
	require.Equal(t, int64(6), out.Standing.Left)
	require.Equal(t, int64(10), f.left(t))
	_, err = f.Consume(t.Context(), someone, use(11), true)
	wantReason(t, err, ReasonUsageLimit, "10 left")
}

func TestReservations(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		reserved, err := f.Reserve(ctx, call("r1", "p"), use(6), 0)
		require.NoError(t, err)
		require.Equal(t, f.clock.now().Add(15*time.Minute), reserved.Entry.Expires)
		require.Equal(t, int64(4), f.left(t))
		_, err = f.Consume(ctx, someone, use(5), false)
		wantReason(t, err, ReasonUsageLimit, "has 4 left")
		_, err = f.Commit(ctx, someone, "a", reserved.Entry.ID, 7)
		wantReason(t, err, fault.ReasonInvalidArgument, "only 6 were reserved")

		committed, err := f.Commit(ctx, call("r2", "p"), "a", reserved.Entry.ID, 2)
		require.NoError(t, err)
		require.Equal(t, []int64{2, 0, 8}, []int64{committed.Standing.Used, committed.Standing.Reserved, committed.Standing.Left}, "the others came back")
		again, err := f.Commit(ctx, call("r2", "p"), "a", reserved.Entry.ID, 2)
		require.NoError(t, err)
		require.Equal(t, committed.Entry, again.Entry)
		_, err = f.Commit(ctx, call("r3", "p"), "a", reserved.Entry.ID, 2)
		wantReason(t, err, ReasonReservationState, "was committed at 2026-03-15")
		_, err = f.Cancel(ctx, someone, "a", reserved.Entry.ID)
		wantReason(t, err, ReasonReservationState, "was committed")
		_, err = f.Cancel(ctx, someone, "a", "none")
		wantReason(t, err, fault.ReasonNotFound, "none")

		second, err := f.Reserve(ctx, someone, use(8), time.Hour)
		require.NoError(t, err)
		open, err := f.Reservations(ctx, "a")
		require.NoError(t, err)
		require.Len(t, open, 1)
		require.Equal(t, second.Entry.ID, open[0].ID)
		_, err = f.Cancel(ctx, call("r4", "p"), "a", second.Entry.ID)
		require.NoError(t, err)
		_, err = f.Cancel(ctx, call("r4", "p"), "a", second.Entry.ID)
		require.NoError(t, err, "a retry")
		require.Equal(t, int64(8), f.left(t))
		f.rebuilt(t, "a", "hours")
	})
}

func TestAReservationExpiresByItself(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	reserved, err := f.Reserve(ctx, someone, use(10), 0)
	require.NoError(t, err)
	f.clock.set(reserved.Entry.Expires.Add(-time.Millisecond))
	require.Equal(t, int64(0), f.left(t))
	f.clock.set(reserved.Entry.Expires)
	require.Equal(t, int64(10), f.left(t), "nobody has to take it out")
	_, err = f.Commit(ctx, someone, "a", reserved.Entry.ID, 0)
	wantReason(t, err, ReasonReservationState, "expired at 2026-03-15")
	require.NoError(t, f.Sweep(ctx))
	require.NoError(t, f.Sweep(ctx))
	page, err := f.History(ctx, Query{Account: "a", Size: 10})
	require.NoError(t, err)
	require.Len(t, page.Entries, 2, "and it is told of once")
	require.Equal(t, Expired, page.Entries[0].Type)
	f.rebuilt(t, "a", "hours")
}

func TestAReservationCountsInThePeriodInWhichItWasMade(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(10, "P1M", 0, schedule.ByCalendar)))
	f.clock.set(zone.Start(day("2026-04-01")).Add(-time.Minute))
	reserved, err := f.Reserve(ctx, someone, use(10), time.Hour)
	require.NoError(t, err)
	f.clock.set(zone.Start(day("2026-04-01")).Add(time.Minute))
	require.Equal(t, int64(10), f.left(t))
	_, err = f.Commit(ctx, someone, "a", reserved.Entry.ID, 0)
	require.NoError(t, err)
	require.Equal(t, int64(10), f.left(t))
	_, err = f.Consume(ctx, someone, use(10), false)
	require.NoError(t, err)
}

func TestReleasedUnitsComeBackOnceInTheirPeriod(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(10, "P1M", 0, schedule.ByCalendar)))
		used, err := f.Consume(ctx, someone, use(9), false)
		require.NoError(t, err)
		_, err = f.Release(ctx, someone, "a", used.Entry.ID, 4, "")
		wantReason(t, err, fault.ReasonInvalidArgument, "why the units come back")
		out, err := f.Release(ctx, call("r1", "p"), "a", used.Entry.ID, 4, "the expert was ill")
		require.NoError(t, err)
		require.Equal(t, int64(5), out.Standing.Left)
		_, err = f.Release(ctx, call("r1", "p"), "a", used.Entry.ID, 4, "the expert was ill")
		require.NoError(t, err, "a retry")
		require.Equal(t, int64(5), f.left(t))
		_, err = f.Release(ctx, someone, "a", used.Entry.ID, 6, "again")
		wantReason(t, err, ReasonNotReleasable, "5 were not released yet")
		_, err = f.Release(ctx, someone, "a", out.Entry.ID, 1, "a release")
		wantReason(t, err, ReasonNotReleasable, "only those used")

		for range 70 { // the release goes to the ledger
			spent, err := f.Consume(ctx, someone, use(1), false)
			require.NoError(t, err)
			_, err = f.Release(ctx, someone, "a", spent.Entry.ID, 0, "again")
			require.NoError(t, err)
		}
		f.clock.set(noon("2026-04-10"))
		out, err = f.Release(ctx, someone, "a", used.Entry.ID, 0, "the rest")
		require.NoError(t, err)
		require.Equal(t, int64(5), out.Entry.Units)
		require.Equal(t, int64(10), f.left(t), "it was used in March, and comes back there")
		march, err := f.Get(ctx, "a", "hours", noon("2026-03-31"))
		require.NoError(t, err)
		require.Equal(t, int64(5), march.Left, "as it was known then")
		_, err = f.Release(ctx, someone, "a", used.Entry.ID, 0, "too much")
		wantReason(t, err, ReasonNotReleasable, "0 were not released yet")
		f.rebuilt(t, "a", "hours")
	})
}

func TestARequestIsServedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1000, "P1Y", 0, schedule.Anniversary)))
		var first []Entry
		for i := range 150 { // most go to the ledger
			out, err := f.Consume(ctx, call(fmt.Sprint("r", i), "p"), use(1), false)
			require.NoError(t, err)
			first = append(first, out.Entry)
		}
		for i := range 150 {
			out, err := f.Consume(ctx, call(fmt.Sprint("r", i), "p"), use(1), false)
			require.NoError(t, err)
			require.Equal(t, first[i].Seq, out.Entry.Seq)
		}
		require.Equal(t, int64(850), f.left(t))
		for _, i := range []int{0, 149} {
			_, err := f.Consume(ctx, call(fmt.Sprint("r", i), "another"), use(1), false)
			wantReason(t, err, fault.ReasonRequestIDReused, "r")
		}
		f.rebuilt(t, "a", "hours")
	})
}

// However many wait for a balance, all are served.
func TestR18ACrowdOnOneBalance(t *testing.T) {
	f := onSQLite(t)
	const callers = 1500
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(callers, "P1Y", 0, schedule.Anniversary)))
	running, ctx := errgroup.WithContext(t.Context())
	for i := range callers {
		running.Go(func() error {
			_, err := f.Consume(ctx, call(fmt.Sprint("r", i), "p"), use(1), false)
			return err
		})
	}
	require.NoError(t, running.Wait())
	require.Equal(t, int64(0), f.left(t))
	f.rebuilt(t, "a", "hours")
}

func TestABalanceHasSoManyOpenReservationsAtMost(t *testing.T) {
	f := onSQLite(t)
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1000, "P1Y", 0, schedule.Anniversary)))
	first, err := f.Reserve(t.Context(), someone, use(1), 0)
	require.NoError(t, err)
	_, err = f.balances.Update(t.Context(), balanceID("a", "hours"), func(d *docstore.Doc[balance]) error {
		open := d.Body.Count.Open[0]
		for i := range maxOpen - 1 {
			open.ID = fmt.Sprint("r-", i)
			d.Body.Count.Open = append(d.Body.Count.Open, open)
		}
		return nil
	})
	require.NoError(t, err)
	_, err = f.Reserve(t.Context(), someone, use(1), 0)
	wantReason(t, err, ReasonReservationLimit, "500 open reservations")
	_, err = f.Cancel(t.Context(), someone, "a", first.Entry.ID)
	require.NoError(t, err)
	_, err = f.Reserve(t.Context(), someone, use(1), 0)
	require.NoError(t, err)
}

// 200 callers at once use exactly the limit, each call sent twice: none is refused that
// need not be, and none is counted twice.
func TestR18ManyCallersOnOneBalance(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		const callers, limit = 200, 150
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(limit, "P1Y", 0, schedule.Anniversary)))
		var mu sync.Mutex
		processes := []*Usage{f.Usage, f.another(t)}
		served, refused, made := map[string]int{}, map[int]error{}, map[int]string{}
		var wg sync.WaitGroup
		for i := range callers {
			for _, process := range processes {
				wg.Go(func() {
					out, err := process.Consume(ctx, call(fmt.Sprint("r", i), "p"), use(1), false)
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						refused[i] = err
						return
					}
					served[out.Entry.ID]++
					made[i] = out.Entry.ID
				})
			}
		}
		wg.Wait()
		for _, err := range refused {
			wantReason(t, err, ReasonUsageLimit, "has 0 left")
		}
		require.Len(t, served, limit)
		require.Len(t, refused, callers-limit)
		for i, id := range made { // by then most have left the balance
			out, err := processes[i%2].Consume(ctx, call(fmt.Sprint("r", i), "p"), use(1), false)
			require.NoError(t, err)
			require.Equal(t, id, out.Entry.ID)
		}
		require.Equal(t, int64(0), f.left(t))
		f.rebuilt(t, "a", "hours")
	})
}
