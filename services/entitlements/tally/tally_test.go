package tally

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestWindowsOfADay(t *testing.T) {
	day := civil.Date(2026, time.November, 22)
	for window, want := range map[Window]Span{
		Month:   {Month, "2026-11", civil.Date(2026, time.November, 1), civil.Date(2026, time.November, 30)},
		Quarter: {Quarter, "2026-q4", civil.Date(2026, time.October, 1), civil.Date(2026, time.December, 31)},
		Year:    {Year, "2026", civil.Date(2026, time.January, 1), civil.Date(2026, time.December, 31)},
	} {
		require.Equal(t, want, window.Of(day))
	}
	require.Equal(t, "2025-q4", Quarter.Of(civil.Date(2026, time.March, 31)).Before().ID)
	require.Equal(t, "2026-q1", Quarter.Of(civil.Date(2026, time.March, 31)).ID)
	require.Equal(t, "2026-q2", Quarter.Of(civil.Date(2026, time.April, 1)).ID)
	require.False(t, Window("week").Valid())
}

func TestWindowsFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := civil.Day(rapid.Int32Range(-100_000, 100_000).Draw(t, "day"))
		w := rapid.SampledFrom([]Window{Month, Quarter, Year}).Draw(t, "window")
		s := w.Of(day)
		require.True(t, s.From <= day && day <= s.To)
		require.Equal(t, s, w.Of(s.From))
		require.Equal(t, s, w.Of(s.To))
		require.Equal(t, s.From-1, s.Before().To)
		require.NotEqual(t, s.ID, s.Before().ID)
	})
}

func TestAThresholdWantsTimesAndAccounts(t *testing.T) {
	both := Threshold{Count: 3, Share: 2500, Window: Quarter} // 25 %
	for _, c := range []struct {
		figures Figures
		reached bool
	}{
		{Figures{Count: 2, Accounts: 2, Of: 4}, false},
		{Figures{Count: 3, Accounts: 1, Of: 5}, false},
		{Figures{Count: 3, Accounts: 1, Of: 4}, true},
		{Figures{Count: 30, Accounts: 24, Of: 100}, false},
		{Figures{Count: 30, Accounts: 25, Of: 100}, true},
		{Figures{Count: 30, Accounts: 25}, false},
	} {
		require.Equal(t, c.reached, both.Reached(c.figures), "%+v", c.figures)
	}
	require.True(t, Threshold{Count: 1, Window: Year}.Reached(Figures{Count: 1}))
	require.NoError(t, both.Check("t"))
	require.ErrorContains(t, Threshold{Count: 0, Window: Year}.Check("t"), "t.count")
	require.ErrorContains(t, Threshold{Count: 1, Share: 10_001, Window: Year}.Check("t"), "t.account_share")
	require.ErrorContains(t, Threshold{Count: 1, Window: "week"}.Check("t"), "t.window")
}

// opened notes which reviews were opened.
type opened map[string]Cause

func (o opened) OpenOnce(_ context.Context, _ resource.Call, c Cause, _ string) (string, error) {
	id := c.Subject + "@" + c.Span.ID
	o[id] = c
	return id, nil
}

func (o opened) Opened(_ context.Context, subject string, span Span) (string, error) {
	id := subject + "@" + span.ID
	if _, ok := o[id]; !ok {
		return "", nil
	}
	return id, nil
}

// recorder records entries of a subject, and notes how often its window was read.
type recorder struct {
	Subject
	reviews opened
	entries []string
	read    int
}

func newRecorder(t Threshold, accounts int) *recorder {
	r := &recorder{reviews: opened{}}
	r.Subject = Subject{Name: "x", Threshold: t, Reviews: r.reviews,
		Entries: func(context.Context, Span) iter.Seq2[string, error] {
			r.read++
			return func(yield func(string, error) bool) {
				for _, e := range r.entries {
					if !yield(e, nil) {
						return
					}
				}
			}
		},
		Accounts: func(context.Context) (int, error) { return accounts, nil },
	}
	return r
}

// record writes an entry and judges it by a counter.
func (r *recorder) record(t require.TestingT, c *Counter, day civil.Day, account string) string {
	r.entries = append(r.entries, account)
	id, err := c.Judge(context.Background(), resource.Call{}, r.Subject, day, account)
	require.NoError(t, err)
	return id
}

func TestWhatReachesItsThresholdIsReviewedOnceAWindow(t *testing.T) {
	day, c := civil.Date(2026, time.November, 22), &Counter{}
	r := newRecorder(Threshold{Count: 3, Share: 5000, Window: Quarter}, 4)
	for _, account := range []string{"a", "a", "", "a"} { // often enough, but one account alone
		require.Empty(t, r.record(t, c, day, account))
	}
	require.Equal(t, "x@2026-q4", r.record(t, c, day, "b"))
	require.Equal(t, Figures{Count: 5, Accounts: 2, Of: 4}, r.reviews["x@2026-q4"].Figures)
	read := r.read
	require.Equal(t, "x@2026-q4", r.record(t, c, day, "c"))
	require.Equal(t, read, r.read, "nothing is counted once there is a review")
	require.Equal(t, "x@2027-q1", r.record(t, c, day+60, "b"))
}

func TestAWindowIsNotReadForEveryEntry(t *testing.T) {
	day, c := civil.Date(2026, time.November, 22), &Counter{}
	r := newRecorder(Threshold{Count: 10, Share: 100, Window: Quarter}, 1000)
	for range 500 { // one account alone
		require.Empty(t, r.record(t, c, day, "a"))
	}
	require.LessOrEqual(t, r.read, 2)
	for i := range 9 {
		require.Equal(t, i == 8, r.record(t, c, day, string(rune('b'+i))) != "")
	}
	require.LessOrEqual(t, r.read, 3)
	require.Equal(t, Figures{Count: 509, Accounts: 10, Of: 1000}, r.reviews["x@2026-q4"].Figures)
}

// While one call reads a window, which may take long, no other waits for it: the one that
// reads sees to it that what came meanwhile is judged.
func TestNoEntryWaitsForAnotherThatIsJudged(t *testing.T) {
	day, c := civil.Date(2026, time.November, 22), &Counter{}
	r := newRecorder(Threshold{Count: 3, Share: 5000, Window: Quarter}, 4)
	entries, found := r.Entries, [][]string{{"a"}, {"a", "a", "b"}}
	r.Entries = func(ctx context.Context, span Span) iter.Seq2[string, error] {
		r.entries = found[r.read]
		if r.read == 0 {
			for _, account := range found[1][1:] { // recorded after the window was read
				id, err := c.Judge(ctx, resource.Call{}, r.Subject, day, account)
				require.NoError(t, err)
				require.Empty(t, id)
			}
		}
		return entries(ctx, span)
	}
	id, err := c.Judge(t.Context(), resource.Call{}, r.Subject, day, "a")
	require.NoError(t, err)
	require.Equal(t, "x@2026-q4", id)
	require.Equal(t, 2, r.read)
	require.Equal(t, Figures{Count: 3, Accounts: 2, Of: 4}, r.reviews["x@2026-q4"].Figures)
}

// What was read in vain is read again for the next entry.
func TestAnEntryIsJudgedAfterAnotherCouldNotBe(t *testing.T) {
	day, c := civil.Date(2026, time.November, 22), &Counter{}
	r := newRecorder(Threshold{Count: 2, Window: Quarter}, 0)
	entries, late := r.Entries, errors.New("the deadline is over")
	r.Entries = func(context.Context, Span) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) { yield("", late) }
	}
	r.entries = []string{"a"}
	_, err := c.Judge(t.Context(), resource.Call{}, r.Subject, day, "a")
	require.ErrorIs(t, err, late)
	r.Entries = entries
	require.Equal(t, "x@2026-q4", r.record(t, c, day, "b"))
}

// While the accounts cannot be counted, or there are none, nobody knows the share.
func TestAShareOfAccountsThatAreNotKnownIsNotReached(t *testing.T) {
	day, c := civil.Date(2026, time.November, 22), &Counter{}
	r := newRecorder(Threshold{Count: 2, Share: 100, Window: Quarter}, 0)
	require.Empty(t, r.record(t, c, day, "a"))
	require.Empty(t, r.record(t, c, day, "b"))
	behind := errors.New("40 of 50,000 accounts are known")
	r.Accounts = func(context.Context) (int, error) { return 0, behind }
	_, err := c.Judge(t.Context(), resource.Call{}, r.Subject, day, "b")
	require.ErrorIs(t, err, behind)
	r.Accounts = func(context.Context) (int, error) { return 200, nil }
	require.Equal(t, "x@2026-q4", r.record(t, c, day, "b"))
	require.Equal(t, Figures{Count: 3, Accounts: 2, Of: 200}, r.reviews["x@2026-q4"].Figures)
}

// Whatever is judged twice, by whichever counter and in whichever order, the counter that
// is told of all entries opens the review with the entry that reaches the threshold.
func TestACounterThatIsToldOfAllMissesNothing(t *testing.T) {
	day := civil.Date(2026, time.November, 22)
	rapid.Check(t, func(t *rapid.T) {
		threshold := Threshold{Count: rapid.IntRange(1, 8).Draw(t, "count"), Share: rapid.IntRange(0, 5000).Draw(t, "share"), Window: Year}
		r, all, calls := newRecorder(threshold, 10), &Counter{}, &Counter{}
		seen := map[string]struct{}{}
		f := Figures{Of: 10}
		for _, account := range rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e"}), 1, 30).Draw(t, "accounts") {
			f.add(account, seen)
			if rapid.Bool().Draw(t, "also by a call") {
				r.record(t, calls, day, account)
				r.entries = r.entries[:len(r.entries)-1]
			}
			id := r.record(t, all, day, account)
			require.Equal(t, threshold.Reached(f), id != "", "%+v", f)
			if id != "" {
				return
			}
			if rapid.Bool().Draw(t, "told again") {
				again, err := all.Judge(context.Background(), resource.Call{}, r.Subject, day, account)
				require.NoError(t, err)
				require.Empty(t, again)
			}
		}
	})
}
