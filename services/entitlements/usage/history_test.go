package usage

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestHistoryIsCompleteWhileEntriesMoveToTheLedger(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1000, "P1Y", 0, schedule.Anniversary)))
		var want []string
		record := func(benefit string) {
			f.clock.set(f.clock.now().Add(time.Second))
			out, err := f.Consume(ctx, someone, Use{Account: "a", Benefit: benefit, Units: 1, Origin: Automatic}, false)
			require.NoError(t, err)
			want = append([]string{out.Entry.ID}, want...)
		}
		for i := range 100 {
			record("hours")
			if i%9 == 0 {
				record("shipping")
			}
		}
		var got []string
		for q := (Query{Account: "a", Size: 7}); ; {
			page, err := f.History(ctx, q)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Entries), 7)
			for _, e := range page.Entries {
				got = append(got, e.ID)
			}
			if len(got) == 35 { // what is written meanwhile is not on later pages, and moves others
				before := len(want)
				for range 40 {
					record("hours")
				}
				want = want[len(want)-before:]
			}
			if page.Next == nil {
				break
			}
			text, err := page.Next.MarshalJSON() // as a page token keeps it
			require.NoError(t, err)
			q.After = nil
			require.NoError(t, q.After.UnmarshalJSON(text))
		}
		require.Equal(t, want, got)

		from := noon("2026-03-15").Add(10 * time.Second)
		page, err := f.History(ctx, Query{Account: "a", Size: 1000, Ascending: true, From: from, To: from.Add(20 * time.Second),
			Keep: func(e *Entry) bool { return e.Benefit == "hours" }})
		require.NoError(t, err)
		require.NotEmpty(t, page.Entries)
		for _, e := range page.Entries {
			require.False(t, e.At.Before(from) || !e.At.Before(from.Add(20*time.Second)) || e.Benefit != "hours", "%+v", e)
		}
		page, err = f.History(ctx, Query{Account: "b", Size: 10})
		require.NoError(t, err)
		require.Empty(t, page.Entries)
	})
}

func TestR35ABalanceAsOfThePast(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	at := map[int64]time.Time{}
	for i := range int64(9) {
		f.clock.set(f.clock.now().Add(time.Hour))
		at[i+1] = f.clock.now()
		_, err := f.Consume(ctx, someone, use(1), false)
		require.NoError(t, err)
	}
	f.clock.set(f.clock.now().Add(time.Hour))
	reserved, err := f.Reserve(ctx, someone, use(1), 2*time.Hour)
	require.NoError(t, err)
	f.clock.set(f.clock.now().Add(24 * time.Hour))
	require.NoError(t, f.Sweep(ctx))
	for used, then := range at {
		b, err := f.Get(ctx, "a", "hours", then)
		require.NoError(t, err)
		require.Equal(t, 10-used, b.Left, "right after")
		b, err = f.Get(ctx, "a", "hours", then.Add(-time.Millisecond))
		require.NoError(t, err)
		require.Equal(t, 11-used, b.Left, "right before")
	}
	for _, c := range []struct {
		after time.Duration
		left  int64
	}{{0, 0}, {2*time.Hour - time.Millisecond, 0}, {2 * time.Hour, 1}} {
		b, err := f.Get(ctx, "a", "hours", reserved.Entry.At.Add(c.after))
		require.NoError(t, err)
		require.Equal(t, c.left, b.Left, "the reservation after %s", c.after)
	}
	_, err = f.Get(ctx, "a", "hours", f.clock.now().Add(time.Second))
	wantReason(t, err, "INVALID_ARGUMENT", "in the future")
}

func TestEachThresholdIsToldOnceInAPeriod(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	b := hours(10, "P1M", 0, schedule.ByCalendar)
	b.Notices = []int{50, 80, 100}
	f.grants.grant("hours", holding("2026-02-01", "", 1, b))
	told := func(out Outcome, err error) (list []string) {
		require.NoError(t, err)
		for _, n := range out.Entry.Notices {
			require.Equal(t, out.Entry.ID, n.Entry)
			list = append(list, fmt.Sprintf("%d%% %d/%d", n.Percent, n.Used, n.Allowance))
		}
		return list
	}
	require.Empty(t, told(f.Consume(ctx, someone, use(4), false)))
	reserved, err := f.Reserve(ctx, someone, use(4), 0)
	require.Empty(t, told(reserved, err), "what is reserved is not used")
	require.Equal(t, []string{"50% 8/10", "80% 8/10"}, told(f.Commit(ctx, someone, "a", reserved.Entry.ID, 0)))
	last, err := f.Consume(ctx, someone, use(2), false)
	require.Equal(t, []string{"100% 10/10"}, told(last, err))
	_, err = f.Release(ctx, someone, "a", last.Entry.ID, 0, "was not needed")
	require.NoError(t, err)
	require.Empty(t, told(f.Consume(ctx, someone, use(2), false)), "it was told of")
	f.clock.set(noon("2026-04-02"))
	require.Equal(t, []string{"50% 5/10"}, told(f.Consume(ctx, someone, use(5), false)), "another period")
	balance, err := f.Get(ctx, "a", "hours", time.Time{})
	require.NoError(t, err)
	require.Len(t, balance.Notices, 4)
	f.rebuilt(t, "a", "hours")
}

func TestARollingThresholdIsToldAgainAPeriodLater(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(10, "P1M", 0, schedule.Rolling)))
	for _, c := range []struct {
		on    string
		units int64
		told  int
	}{{"2026-03-01", 8, 1}, {"2026-03-20", 1, 0}, {"2026-04-01", 7, 1}, {"2026-04-20", 2, 0}} {
		f.clock.set(noon(c.on))
		out, err := f.Consume(ctx, someone, use(c.units), false)
		require.NoError(t, err)
		require.Len(t, out.Entry.Notices, c.told, c.on)
	}
}
