package tally

import (
	"context"
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

func TestWhatReachesItsThresholdIsReviewedOnceAWindow(t *testing.T) {
	reviews, entries, asked := opened{}, []string{"a", "a"}, 0
	s := Subject{Name: "x", Threshold: Threshold{Count: 3, Share: 5000, Window: Quarter},
		Entries: func(context.Context, Span) iter.Seq2[string, error] {
			asked++
			return func(yield func(string, error) bool) {
				for _, e := range entries {
					if !yield(e, nil) {
						return
					}
				}
			}
		},
		Accounts: func(context.Context) (int, error) { return 4, nil },
	}
	judge := func(day civil.Day) string {
		id, err := Judge(t.Context(), reviews, resource.Call{}, s, day)
		require.NoError(t, err)
		return id
	}
	day := civil.Date(2026, time.November, 22)
	require.Empty(t, judge(day))
	entries = []string{"a", "a", "", "a"} // often enough, but one account alone
	require.Empty(t, judge(day))
	entries = append(entries, "b")
	require.Equal(t, "x@2026-q4", judge(day))
	require.Equal(t, Figures{Count: 5, Accounts: 2, Of: 4}, reviews["x@2026-q4"].Figures)
	counted := asked
	require.Equal(t, "x@2026-q4", judge(day))
	require.Equal(t, counted, asked, "nothing is counted once there is a review")
	require.Equal(t, "x@2027-q1", judge(day+60))
}
