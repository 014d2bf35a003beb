package statements

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Hours count on their day of work, whatever becomes of the engagement and whenever that is:
// in the quarter of the work and in no other; a statement that was issued stays as it is.
func TestR31HoursCountOnTheirDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		given := func(number int, on civil.Day, minutes int64) feeds.Change {
			return feeds.Change{Service: feeds.Own, Work: &feeds.Work{Name: fmt.Sprint("engagements/g1/hours/", number), Kind: "hours", Account: "acme", Day: on, Minutes: minutes}}
		}
		minutes := func(q Quarter, view View) int64 {
			got, err := f.Get(ctx, "acme", q, view, time.Time{})
			require.NoError(t, err)
			return got.Figure("hours-given").Minutes
		}
		f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
		f.take(t, given(1, july, 600), given(2, day("2026-10-02"), 45))
		require.Equal(t, []int64{600, 45}, []int64{minutes(q3, Default), minutes(q3+1, Default)})
		_, err := f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
		require.NoError(t, err)
		f.take(t, feeds.Change{Service: feeds.Own, Work: &feeds.Work{Name: "engagements/g1", Kind: "engagement", Account: "acme", Minutes: 645,
			Completed: time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)}})
		require.Equal(t, []int64{600, 45}, []int64{minutes(q3, Current), minutes(q3+1, Current)}, "its completion counts none again")
		f.take(t, given(3, july, -600))
		require.Equal(t, []int64{600, 0}, []int64{minutes(q3, Issued), minutes(q3, Current)})
		got, err := f.Get(ctx, "acme", q3, Issued, time.Time{})
		require.NoError(t, err)
		require.False(t, got.Differs)
		require.Equal(t, "engagements/g1/hours/1", got.Figure("hours-given").Sources[0].Name)
		sum, err := f.Sum(ctx, q3+1)
		require.NoError(t, err)
		require.EqualValues(t, 45, sum.Figure("hours-given").Minutes)
	})
}

// An instant counts in the quarter that it is in where the company is, also where the
// company settled its zone later.
func TestR31InstantsCountInTheCompanysZone(t *testing.T) {
	f := onSQLite(t)
	solved := func(name string, at time.Time) feeds.Change {
		return feeds.Change{Service: feeds.Entitlements, Case: &feeds.Case{Name: "accounts/acme/cases/" + name, Account: "acme", Resolved: true, Ended: at}}
	}
	f.take(t, customer("acme", day("2020-01-01")), solved("c1", time.Date(2026, 10, 1, 3, 59, 59, 0, time.UTC)), solved("c2", time.Date(2026, 10, 1, 4, 0, 0, 0, time.UTC)))
	count := func(q Quarter) int64 {
		got, err := f.Get(t.Context(), "acme", q, Default, time.Time{})
		require.NoError(t, err)
		return got.Figure("cases-solved").Count
	}
	require.Equal(t, []int64{0, 2}, []int64{count(q3), count(q3 + 1)})
	f.take(t, settled("USD", "America/New_York"))
	require.Equal(t, []int64{1, 1}, []int64{count(q3), count(q3 + 1)})
}

// What is reopened is not solved any more, and what comes of an idea later takes the place of
// what came first.
func TestR40WhatIsTakenBackDoesNotCount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.filled(t)
		at := time.Date(2026, time.October, 20, 12, 0, 0, 0, time.UTC)
		f.take(t,
			feeds.Change{Service: feeds.Entitlements, Case: &feeds.Case{Name: "accounts/acme/cases/c1", Account: "acme", Issue: "late"}},
			feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i1", Account: "acme", Title: "Ship at night", Given: july, Outcome: feeds.Declined, Decided: at}},
			feeds.Change{Service: feeds.Own, Work: &feeds.Work{Name: "engagements/g1", Kind: "engagement", Account: "acme", Withdrawn: true}})
		got, err := f.Get(t.Context(), "acme", q3, Current, time.Time{})
		require.NoError(t, err)
		for _, id := range []string{"cases-solved", "commitments-kept", "ideas-adopted", "engagements"} {
			require.Zero(t, got.Figure(id).Count, id)
		}
		next, err := f.Get(t.Context(), "acme", q3+1, Current, time.Time{})
		require.NoError(t, err)
		require.EqualValues(t, 1, next.Figure("ideas-declined").Count)
		brook, err := f.Get(t.Context(), "brook", q3, Current, time.Time{})
		require.NoError(t, err)
		require.Zero(t, brook.Figure("ideas-adopted").Count)
	})
}

// An idea that is merged into one that has its answer got the answer by being merged: it
// counts then, and gives nobody a statement for a quarter before it was given.
func TestR40WhatIsMergedLaterIsAnsweredThen(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		decided, merged := time.Date(2026, time.February, 10, 12, 0, 0, 0, time.UTC), time.Date(2026, time.November, 6, 12, 0, 0, 0, time.UTC)
		f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")), customer("brook", day("2026-08-01")), customer("cole", day("2026-08-01")))
		f.take(t,
			feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i2", Account: "brook", Title: "Night trucks", Given: day("2026-11-05"), MergedInto: "ideas/i1"}},
			feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i1", Account: "acme", Title: "Ship at night", Given: day("2026-01-05"), Outcome: feeds.Adopted, Decided: decided,
				Merged: []feeds.MergedIdea{
					{Name: "ideas/i2", Account: "brook", Title: "Night trucks", At: merged}, {Name: "ideas/i5", Account: "brook", Title: "Vans", At: merged.AddDate(0, 0, 1)},
					{Name: "ideas/i3", Account: "acme", Title: "Moon", At: merged}, {Name: "ideas/i4", Account: "cole", Title: "Early", At: decided.AddDate(0, -1, 0)},
				}}})
		adopted := func(account string, q string) []Source {
			got, err := f.Get(ctx, account, quarter(q), Default, time.Time{})
			require.NoError(t, err)
			return got.Figure("ideas-adopted").Sources
		}
		brook := adopted("brook", "2026-q4")
		require.Len(t, brook, 1, "two ideas in one answer count once")
		require.Equal(t, []any{"ideas/i2", day("2026-11-06")}, []any{brook[0].Name, brook[0].Day}, "by that which was answered first")
		_, err := f.Get(ctx, "brook", quarter("2026-q1"), Default, time.Time{})
		require.ErrorIs(t, err, resource.ErrNotFound, "before it was a customer")
		require.Len(t, adopted("acme", "2026-q1"), 1)
		require.Empty(t, adopted("acme", "2026-q4"), "its own was answered before")
		require.Len(t, adopted("cole", "2026-q1"), 1, "merged before the answer, answered with it")
	})
}
