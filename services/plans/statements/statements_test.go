package statements

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

var july = day("2026-07-10")

// filled is a world in which one account did everything in the third quarter of 2026, and
// another nothing.
func (f *fixture) filled(t *testing.T) {
	at := time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC)
	solved := &feeds.Case{Name: "accounts/acme/cases/c1", Account: "acme", Issue: "late", Resolved: true, Opened: at, Ended: at, Remedy: "sorry", Clocks: []feeds.Clock{
		{Commitment: "first-reply", Started: at.Add(-time.Hour), Due: at.Add(time.Hour), Stopped: at},
		{Commitment: "fixed", Started: at.Add(-time.Hour), Due: at.Add(-time.Minute), Stopped: at, Breached: true},
		{Commitment: "courtesy", Started: at.Add(-time.Hour), Due: at.Add(time.Hour), Stopped: at, Moot: true},
	}}
	work := func(kind, name string, change func(*feeds.Work)) feeds.Change {
		w := &feeds.Work{Name: name, Kind: kind, Account: "acme", Completed: at, Title: "Title of " + name}
		if change != nil {
			change(w)
		}
		return feeds.Change{Service: feeds.Own, Work: w}
	}
	f.take(t, settled("USD", "America/New_York"), customer("acme", day("2020-01-01")), customer("brook", day("2026-09-30")), customer("cole", day("2026-10-01")))
	f.take(t,
		paid("c1", "acme", july, 100_00, 50_00, -20_00), paid("c2", "acme", day("2026-10-01"), 999_00),
		used("acme", "e1", "hours", "1", july, feeds.Used, 2), used("acme", "e2", "hours", "2", july, feeds.Committed, 3),
		used("acme", "e3", "hours", "1", july, feeds.Released, 1), used("acme", "e4", "thanks", "1", july, feeds.Used, 4),
		used("acme", "e5", "hours", "1", july, feeds.Reserved, 9),
		feeds.Change{Service: feeds.Entitlements, Breach: &feeds.Breach{Name: "houseRules/late-fee/breaches/b1", Account: "acme", HouseRule: "late-fee", Day: july, Waived: true, Benefit: "waiver"}},
		feeds.Change{Service: feeds.Entitlements, Breach: &feeds.Breach{Name: "houseRules/late-fee/breaches/b2", Account: "acme", HouseRule: "late-fee", Day: july}},
		feeds.Change{Service: feeds.Entitlements, Case: solved},
		feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i1", Account: "acme", Title: "Ship at night", Given: july, Outcome: feeds.Adopted, Decided: at,
			Merged: []feeds.MergedIdea{{Name: "ideas/i2", Account: "brook", Title: "Night trucks"}, {Name: "ideas/i3", Account: "brook", Title: "Moon"}}}},
		feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i4", Account: "acme", Title: "Bigger boxes", Given: july, Outcome: feeds.Declined, Decided: at}},
		work("engagement", "engagements/g1", func(w *feeds.Work) { w.Minutes = 90 }),
		work("hours", "engagements/g1/hours/1", func(w *feeds.Work) { w.Minutes, w.Day, w.Completed = 90, july, time.Time{} }),
		work("hours", "engagements/g1/hours/2", func(w *feeds.Work) { w.Minutes, w.Day, w.Completed = 30, july, time.Time{} }),
		work("hours", "engagements/g1/hours/3", func(w *feeds.Work) { w.Minutes, w.Day, w.Completed = -30, july, time.Time{} }),
		work("touchpoint", "plans/acme/touchpoints/t1", nil),
		work("touchpoint", "plans/acme/touchpoints/t2", func(w *feeds.Work) { w.Missed, w.Withdrawn = true, true }),
		work("touchpoint", "plans/acme/touchpoints/t3", func(w *feeds.Work) { w.Withdrawn = true }),
		work("project", "innovationProjects/p1", func(w *feeds.Work) { w.Confirmed, w.Others = true, []string{"brook"} }),
		work("project", "innovationProjects/p2", nil), work("goal", "plans/acme/goals/o1", nil), work("session", "strategySessions/s1", nil),
	)
}

// figures are the numbers of a statement that are not 0.
func figures(s *Statement) map[string]string {
	out := map[string]string{}
	for _, f := range s.Figures {
		if f.Count == 0 && f.Minor == 0 {
			continue
		}
		out[f.ID] = fmt.Sprintf("%d, %d", f.Count, f.Minor)
	}
	return out
}

func TestR31AStatementSaysWhatWasPaidAndReceived(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.filled(t)
		got, err := f.Get(ctx, "acme", q3, Default, time.Time{})
		require.NoError(t, err)
		require.Equal(t, map[string]string{
			"paid": "3, 13000", "benefits": "8, 40007", "rules-waived": "1, 0", "hours-given": "1, 0", "cases-solved": "1, 0", "commitments-kept": "1, 0", "commitments-missed": "1, 0",
			"engagements": "1, 0", "projects-confirmed": "1, 0", "goals-reached": "1, 0", "sessions": "1, 0", "touchpoints-done": "1, 0", "touchpoints-missed": "1, 0",
			"ideas-given": "2, 0", "ideas-adopted": "1, 0", "ideas-declined": "1, 0",
		}, figures(&got.Statement))
		require.Equal(t, Header{Account: "acme", DisplayName: "The acme", Quarter: q3, Company: "Larkspur & Co", Currency: "USD", Zone: "America/New_York", Known: f.world.now}, got.Header)
		benefits := got.Figure("benefits")
		require.EqualValues(t, 4, benefits.Unknown)
		require.EqualValues(t, 1, benefits.Returned)
		require.Equal(t, map[string]int64{"offered": 9}, benefits.Origins)
		require.Equal(t, []Figure{
			{ID: "hours", Label: "Hours with our experts, edition 2.", Count: 4, Minor: 2*100_01 + 3*100_02 - 100_01, Origins: map[string]int64{"offered": 5}, Returned: 1, Entries: 3},
			{ID: "thanks", Label: "A word of thanks.", Count: 4, Unknown: 4, Origins: map[string]int64{"offered": 4}, Entries: 1},
		}, benefits.Parts)
		require.Equal(t, []string{"Of 4 units that were used the schedule states no cost: they are counted, and worth nothing in the amount."}, got.Notes)
		require.EqualValues(t, 90, got.Figure("engagements").Minutes)
		require.Equal(t, "first-reply", got.Figure("commitments-kept").Parts[0].ID)
		require.Equal(t, "fixed", got.Figure("commitments-missed").Parts[0].ID)
		require.Equal(t, map[string]int{"1": 1, "2": 1}, f.world.editions, "a version is read once")

		brook, err := f.Get(ctx, "brook", q3, Default, time.Time{})
		require.NoError(t, err)
		require.Equal(t, map[string]string{"projects-confirmed": "1, 0", "ideas-adopted": "1, 0"}, figures(&brook.Statement), "two ideas in one answer count once")
	})
}

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

// A project is cited by its own name, under which it is found. What an earlier release told by
// another is as it was in what was issued, to the digest, and is no difference.
func TestR35AProjectIsCitedByItsName(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	at := time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC)
	confirmed := func(about string) feeds.Change {
		return feeds.Change{Service: feeds.Own, Work: &feeds.Work{Name: "innovationProjects/p1/accounts/acme", About: about, Kind: "project", Account: "acme", Completed: at, Confirmed: true, Title: "Caps"}}
	}
	f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
	f.take(t, confirmed(""))
	_, err := f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err)
	f.take(t, confirmed("innovationProjects/p1"))
	issued, err := f.Get(ctx, "acme", q3, Issued, time.Time{})
	require.NoError(t, err)
	require.False(t, issued.Differs)
	current, err := f.Get(ctx, "acme", q3, Current, time.Time{})
	require.NoError(t, err)
	require.Empty(t, current.Since)
	for _, a := range []Answer{issued, current} {
		require.EqualValues(t, 1, a.Figure("projects-confirmed").Count)
		require.Equal(t, "innovationProjects/p1", a.Figure("projects-confirmed").Sources[0].Cited())
		text, err := a.Markdown()
		require.NoError(t, err)
		require.NotContains(t, text, "p1/accounts")
	}
	require.Equal(t, "innovationProjects/p1", current.Figure("projects-confirmed").Sources[0].Name)
}

// Every figure is what the entries that it cites add up to, and each cites where it was told.
func TestR31FiguresLeadToTheirEntries(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	got, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
	require.NoError(t, err)
	for _, figure := range got.Figures {
		var count, minor, minutes int64
		for _, s := range figure.Sources {
			count, minor, minutes = count+s.Count, minor+s.Minor, minutes+s.Minutes
			require.NotEmpty(t, s.Name)
			require.NotEmpty(t, s.Service)
			require.Equal(t, recorded(s.Position), s.Recorded)
			require.True(t, q3.has(s.Day))
		}
		require.Equal(t, []int64{figure.Count, figure.Minor, figure.Minutes}, []int64{count, minor, minutes}, figure.ID)
		if len(figure.Parts) > 0 {
			var parts Figure
			for i := range figure.Parts {
				parts.add(&figure.Parts[i])
			}
			require.Equal(t, []int64{figure.Count, figure.Minor}, []int64{parts.Count, parts.Minor}, figure.ID)
		}
	}
}

// The entries of a figure are listed page by page, each once, also those that nothing tells
// apart: a promise that was kept twice in one case, on one day.
func TestR31EntriesAreListedPageByPage(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	at := time.Date(2026, time.August, 2, 12, 0, 0, 0, time.UTC)
	var clocks []feeds.Clock
	for i := range 5 {
		started := at.Add(time.Duration(i) * time.Minute)
		clocks = append(clocks, feeds.Clock{Commitment: "first-reply", Started: started, Due: started.Add(time.Hour), Stopped: started.Add(time.Second)})
	}
	f.take(t, feeds.Change{Service: feeds.Entitlements, Case: &feeds.Case{Name: "accounts/acme/cases/c2", Account: "acme", Opened: at, Clocks: clocks}})
	statement, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
	require.NoError(t, err)
	for _, figure := range statement.Figures {
		for size := 1; size <= 3; size++ {
			var found []Source
			query := EntryQuery{Account: "acme", Quarter: q3, Figure: figure.ID, Size: size}
			for more := true; more; more = query.After != nil {
				list, err := f.Entries(t.Context(), query)
				require.NoError(t, err)
				require.EqualValues(t, figure.Entries, list.Total)
				require.LessOrEqual(t, len(list.Page), size)
				found, query.After = append(found, list.Page...), list.Next
			}
			require.Equal(t, len(figure.Sources), len(found), figure.ID)
			require.Equal(t, figure.Sources, found[:len(found):len(found)], figure.ID)
		}
	}
	require.EqualValues(t, 6, statement.Figure("commitments-kept").Entries)
	_, err = f.Entries(t.Context(), EntryQuery{Account: "acme", Quarter: q3, Figure: "spent", Size: 1})
	require.ErrorContains(t, err, "there are paid, benefits,")
	_, err = f.Entries(t.Context(), EntryQuery{Account: "nobody", Quarter: q3, Figure: "paid", Size: 1})
	require.ErrorIs(t, err, resource.ErrNotFound)
	_, err = f.Entries(t.Context(), EntryQuery{Account: "acme", Quarter: q3, View: Issued, Figure: "paid", Size: 1})
	require.ErrorIs(t, err, ErrNotIssued)
}

// The digest is of what a statement says, not of its words: a later release may choose others.
func TestR35TheDigestIsNotOfWords(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	f.take(t, feeds.Change{Service: feeds.Accounts, Revenue: &feeds.Revenue{Chunk: "revenue/c0", Accounts: []string{"acme"}, Index: []uint32{0, 0},
		Days: []int32{int32(july - 1), int32(july)}, Minor: []int64{1_00, 2_00}}})
	got, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
	require.NoError(t, err)
	require.Equal(t, "2026-07-09 to 2026-07-10", got.Figures[0].Sources[0].Words())
	digest := func() string {
		d, err := got.Statement.Digest(digestVersion)
		require.NoError(t, err)
		return d
	}
	before := digest()
	got.Figures[0].Label, got.Notes = "Received from you", nil
	got.Figures = append(got.Figures, Figure{ID: "letters", Label: "Letters written"})
	require.Equal(t, before, digest())
	sealed, err := json.Marshal(got.seal())
	require.NoError(t, err)
	require.NotContains(t, string(sealed), " to ", "the days of a chunk are days, and not words")
	got.Figures[0].Sources[0].Last++
	require.NotEqual(t, before, digest())
	got.Figures[0].Sources[0].Last--
	require.Equal(t, before, digest())
	_, err = got.Statement.Digest(digestVersion + 1)
	require.ErrorContains(t, err, "does not know")
	got.Figures[0].Sources[0].Minor++
	require.NotEqual(t, before, digest())
}

// Who was a customer has a statement, also with nothing in it; who was none has none.
func TestR31EveryCustomerHasAStatement(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		closed := customer("dale", day("2020-01-01"))
		closed.Account.State, closed.Account.Closed = feeds.Closed, day("2026-07-01")
		late := customer("eden", day("2020-01-01"))
		late.Account.State, late.Account.Closed = feeds.Closed, day("2026-07-02")
		prospect := customer("fern", civil.Never)
		prospect.Account.State = feeds.Prospect
		f.take(t, customer("acme", day("2026-09-30")), customer("brook", day("2026-10-01")), closed, late, prospect, customer("gale", civil.Never), customer("hill", civil.Never))
		f.take(t, paid("c1", "gale", day("2026-04-01"), 1), paid("c2", "fern", july, 5))
		for account, has := range map[string]bool{"acme": true, "brook": false, "dale": false, "eden": true, "fern": true, "gale": true, "hill": false} {
			got, err := f.Get(ctx, account, q3, Default, time.Time{})
			if !has {
				require.ErrorIs(t, err, resource.ErrNotFound, account)
				continue
			}
			require.NoError(t, err, account)
			require.Len(t, got.Figures, len(definitions))
			if account != "fern" {
				require.Empty(t, figures(&got.Statement), account)
			}
			require.Contains(t, got.Notes[0], "has not settled its currency")
		}
		list, next, err := f.ListQuarter(ctx, q3, 2, "")
		require.NoError(t, err)
		require.Equal(t, []string{"acme", "eden"}, []string{list[0].Account, list[1].Account})
		rest, end, err := f.ListQuarter(ctx, q3, 2, next)
		require.NoError(t, err)
		require.Equal(t, []string{"fern", "gale"}, []string{rest[0].Account, rest[1].Account})
		require.Empty(t, end)
		own, before, err := f.ListAccount(ctx, "gale", 2, 0)
		require.NoError(t, err)
		require.Equal(t, []Quarter{q3 + 1, q3}, []Quarter{own[0].Quarter, own[1].Quarter})
		own, before, err = f.ListAccount(ctx, "gale", 2, before)
		require.NoError(t, err)
		require.Zero(t, before)
		require.Equal(t, []Quarter{q3 - 1}, []Quarter{own[0].Quarter})
		_, err = f.Get(ctx, "acme", q3+2, Default, time.Time{})
		require.ErrorIs(t, err, resource.ErrNotFound, "a quarter to come")
		_, err = f.Get(ctx, "nobody", q3, Default, time.Time{})
		require.ErrorIs(t, err, resource.ErrNotFound)
		given := customer("iris", civil.Never)
		given.Account.State, given.Account.Closed = feeds.Closed, day("2026-11-20")
		f.take(t, given)
		_, err = f.Get(ctx, "iris", q3+1, Default, time.Time{})
		require.ErrorIs(t, err, resource.ErrNotFound, "nobody's customer ever")
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

// What happened within hours of a quarter's edge is kept for both quarters, and gives an
// account a statement for the one that it belongs in only: for no quarter before it joined.
func TestR31NoStatementBeforeTheFirstDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		solved := func(account string) feeds.Change {
			return feeds.Change{Service: feeds.Entitlements, Case: &feeds.Case{Name: "accounts/" + account + "/cases/c1", Account: account, Resolved: true,
				Ended: time.Date(2026, time.October, 1, 9, 0, 0, 0, time.UTC)}}
		}
		f.take(t, settled("USD", "America/New_York"), customer("acme", day("2026-10-01")), customer("brook", civil.Never), solved("acme"), solved("brook"))
		for _, account := range []string{"acme", "brook"} {
			_, err := f.Get(ctx, account, q3, Default, time.Time{})
			require.ErrorIs(t, err, resource.ErrNotFound, account)
			own, _, err := f.ListAccount(ctx, account, 10, 0)
			require.NoError(t, err)
			require.Len(t, own, 1)
			require.EqualValues(t, 1, own[0].Figure("cases-solved").Count)
		}
		list, _, err := f.ListQuarter(ctx, q3, 10, "")
		require.NoError(t, err)
		require.Empty(t, list)
		done, err := f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
		require.NoError(t, err)
		require.Equal(t, Progress{Done: 2, Total: 2, None: 2}, done)
	})
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

// A dossier of many entries goes over many pages, and each entry is in one of them.
func TestR31AThickDossier(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
		var changes []feeds.Change
		for i := range 2*maxLines + 10 {
			changes = append(changes, used("acme", fmt.Sprint("e", i), "shipping", "1", july, feeds.Used, 1))
		}
		f.take(t, changes[:maxLines-1]...)
		f.take(t, changes[maxLines-1:]...)
		f.again(t, changes[maxLines/2:]...)
		got, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
		require.NoError(t, err)
		require.EqualValues(t, len(changes), got.Figure("benefits").Count)
		require.EqualValues(t, len(changes)*4_50, got.Figure("benefits").Minor)
		sum, err := f.Sum(t.Context(), q3)
		require.NoError(t, err)
		require.EqualValues(t, len(changes), sum.Figure("benefits").Count)
	})
}

// What comes next is told of the current and the last quarter only, with when that was.
func TestR31WhatComesNext(t *testing.T) {
	f := onSQLite(t)
	f.world.next = []Prospect{{Name: "b", Day: july + 1}, {Name: "a", Day: july}}
	f.take(t, customer("acme", day("2020-01-01")))
	for q, told := range map[Quarter]bool{q3 + 1: true, q3: true, q3 - 1: false} {
		got, err := f.Get(t.Context(), "acme", q, Default, time.Time{})
		require.NoError(t, err)
		if !told {
			require.Empty(t, got.Next)
			require.Zero(t, got.NextAsOf)
			continue
		}
		require.Equal(t, []Prospect{{Name: "a", Day: july}, {Name: "b", Day: july + 1}}, got.Next)
		require.Equal(t, f.world.now, got.NextAsOf)
	}
}

// While the schedule cannot be read, usage is not taken over; then it is.
func TestR31UsageWaitsForTheScheduleItCites(t *testing.T) {
	f := onSQLite(t)
	f.take(t, customer("acme", day("2020-01-01")))
	f.world.away = errors.New("no route")
	change := used("acme", "e1", "hours", "1", july, feeds.Used, 1)
	change.Position = 1
	require.ErrorIs(t, f.Takers()[0].Take(t.Context(), []feeds.Change{change}), f.world.away)
	f.world.away = nil
	f.again(t, change)
	got, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
	require.NoError(t, err)
	require.EqualValues(t, 100_01, got.Figure("benefits").Minor)
}
