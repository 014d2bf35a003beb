package advice

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func board(id string) Audience { return Audience{Board: id} }

func TestR11AnUnansweredQuestionLocksItsOwnerAndItsAudience(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.asked(t, "first", "anna", board("steel"))
		one, two := f.idea(t, "Cheaper freight", "acme", "first"), f.idea(t, "Weekend service", "brook", "first")
		f.draft(t, "same-owner", "anna", board("glass"))
		f.draft(t, "same-board", "ben", board("steel"))
		f.draft(t, "neither", "ben", board("glass"))

		f.clock.day(t, "2026-03-31")
		_, err := f.Solicitations.Update(t.Context(), someone, "same-owner", "", SolicitationPatch{
			Closes: ptr(date(t, "2026-06-01")), Decision: ptr(date(t, "2026-06-30"))})
		require.NoError(t, err)
		for _, id := range []string{"same-board", "neither"} {
			_, err := f.Solicitations.Update(t.Context(), someone, id, "", SolicitationPatch{
				Closes: ptr(date(t, "2026-06-01")), Decision: ptr(date(t, "2026-06-30"))})
			require.NoError(t, err)
		}
		_, err = f.Solicitations.Open(t.Context(), someone, "same-owner", "", 0, true)
		require.NoError(t, err, "on the decision day itself it is not overdue")

		f.clock.day(t, "2026-04-01")
		told := wantFault(t, f.tryOpen(t, "same-owner"), "UNANSWERED_SOLICITATION",
			"solicitations/first (of principals/anna; decision due 2026-03-31) has 2 ideas undecided")
		require.Equal(t, fault.FailedPrecondition, told.Kind)
		require.Equal(t, "solicitations/first", told.Conditions[0].Subject)
		wantFault(t, f.tryOpen(t, "same-board"), "UNANSWERED_SOLICITATION", "(to boards/steel; decision due 2026-03-31)")
		require.NoError(t, f.tryOpen(t, "neither"))
		f.decline(t, one)
		wantFault(t, f.tryOpen(t, "same-owner"), "UNANSWERED_SOLICITATION", "1 idea undecided")
		f.decline(t, two)
		require.NoError(t, f.tryOpen(t, "same-owner"), "decided, though not answered as a whole")
		require.NoError(t, f.tryOpen(t, "same-board"))
	})
}

func TestR11AllBlockersAreNamed(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "a", "anna", board("steel"))
	f.asked(t, "b", "ben", board("glass"))
	f.idea(t, "One", "acme", "a")
	f.idea(t, "Two", "acme", "b")
	f.clock.day(t, "2026-05-01")
	_, err := f.Solicitations.Create(t.Context(), someone, "c", Solicitation{Question: "?", Owner: "anna", Audience: board("glass"),
		Closes: date(t, "2026-06-01"), Decision: date(t, "2026-06-01")}, false)
	require.NoError(t, err)
	told := wantFault(t, f.tryOpen(t, "c"), "UNANSWERED_SOLICITATION", "solicitations/a")
	require.Len(t, told.Conditions, 2)
	require.Contains(t, told.Message, "solicitations/b (to boards/glass")
}

func TestR11WhichAudiencesAreTheSame(t *testing.T) {
	attributes := func(pairs ...string) Audience {
		a := Audience{Attributes: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			a.Attributes[pairs[i]] = pairs[i+1]
		}
		return a
	}
	everyone := Audience{Everyone: true}
	list := func(ids ...string) Audience { return Audience{Accounts: ids} }
	for i, tt := range []struct {
		a, b Audience
		same bool
	}{
		{board("x"), board("x"), true},
		{board("x"), board("y"), false},
		{everyone, everyone, true},
		{everyone, board("x"), false},
		{attributes("sector", "Energy"), attributes("sector", "Energy"), true},
		{attributes("sector", "Energy", "region", "west"), attributes("region", "west", "sector", "Energy"), true},
		{attributes("sector", "Energy"), attributes("sector", "Retail"), false},
		{attributes("sector", "Energy"), attributes("sector", "Energy", "region", "west"), false},
		{attributes("a", `x","b"="y`), attributes("a", "x", "b", "y"), false},
		{list("a", "b"), list("b", "c"), true},
		{list("a", "b"), list("c", "d"), false},
		{list("x"), board("x"), false},
	} {
		shared := false
		for _, key := range tt.a.locks() {
			for _, other := range tt.b.locks() {
				shared = shared || key == other
			}
		}
		require.Equal(t, tt.same, shared, "%d: %s and %s", i, tt.a.Words(), tt.b.Words())
	}
}

func TestR11PuttingOffAndHandingOverDoNotLiftTheLock(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	idea := f.idea(t, "Cheaper freight", "acme", "first")
	later := SolicitationPatch{Decision: ptr(date(t, "2026-12-31"))}
	_, err := f.Solicitations.Update(t.Context(), someone, "first", "", later)
	wantFault(t, err, "INVALID_ARGUMENT", "reason")
	later.Reason = "The plant is closed until autumn."
	put, err := f.Solicitations.Update(t.Context(), someone, "first", "", later)
	require.NoError(t, err)
	require.Equal(t, date(t, "2026-03-31"), put.State.Due, "the first date that was published counts")
	require.Equal(t, Change{At: f.clock.now(), By: "principals/anna", Reason: later.Reason, Field: "decision_date",
		From: "2026-03-31", To: "2026-12-31"}, put.State.Changes[0])

	_, err = f.Solicitations.Update(t.Context(), someone, "first", "", SolicitationPatch{Owner: ptr("cleo"), Reason: "Anna moved on."})
	require.NoError(t, err)
	f.clock.day(t, "2026-04-01")
	for _, owner := range []string{"anna", "cleo"} {
		_, err := f.Solicitations.Create(t.Context(), someone, "next-"+owner, Solicitation{Question: "?", Owner: owner, Audience: board(owner),
			Closes: date(t, "2026-06-01"), Decision: date(t, "2026-06-30")}, false)
		require.NoError(t, err)
		wantFault(t, f.tryOpen(t, "next-"+owner), "UNANSWERED_SOLICITATION", "of principals/"+owner)
	}
	// Nor does merging the idea away into one that nobody has to decide by then.
	other := f.idea(t, "Freight is dear", "brook", "")
	_, err = f.Ideas.Merge(t.Context(), someone, idea, other, "")
	require.NoError(t, err)
	wantFault(t, f.tryOpen(t, "next-anna"), "UNANSWERED_SOLICITATION", "1 idea undecided")
	f.decline(t, other)
	require.NoError(t, f.tryOpen(t, "next-anna"))
	require.NoError(t, f.tryOpen(t, "next-cleo"))
}

func TestR11AnEarlierDecisionDayCounts(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	f.idea(t, "Cheaper freight", "acme", "first")
	for _, to := range []string{"2026-03-20", "2026-03-31"} {
		_, err := f.Solicitations.Update(t.Context(), someone, "first", "", SolicitationPatch{Decision: ptr(date(t, to)), Reason: "As promised."})
		require.NoError(t, err)
	}
	f.draft(t, "next", "anna", board("glass"))
	f.clock.day(t, "2026-03-21")
	_, err := f.Solicitations.Update(t.Context(), someone, "next", "", SolicitationPatch{Closes: ptr(date(t, "2026-03-30"))})
	require.NoError(t, err)
	wantFault(t, f.tryOpen(t, "next"), "UNANSWERED_SOLICITATION", "decision due 2026-03-20")
}

// racers is how many open at once in the tests of the lock.
const racers = 64

// atOnce runs a function for each of n racers at the same time.
func atOnce(n int, race func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			race(i)
		})
	}
	done.Wait()
}

func TestR11ManyOpenAtOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.asked(t, "first", "anna", board("steel"))
		idea := f.idea(t, "Cheaper freight", "acme", "first")
		f.clock.day(t, "2026-04-01")
		for i := range racers {
			_, err := f.Solicitations.Create(t.Context(), someone, fmt.Sprint("next-", i), Solicitation{Question: "?", Owner: "anna",
				Audience: board(fmt.Sprint(i)), Closes: date(t, "2026-06-01"), Decision: date(t, "2026-06-30")}, false)
			require.NoError(t, err)
		}
		refused := atomic.Int64{}
		atOnce(racers, func(i int) {
			var told *fault.Error
			if err := f.tryOpen(t, fmt.Sprint("next-", i)); errors.As(err, &told) && told.Reason == reasonUnanswered {
				refused.Add(1)
			}
		})
		require.EqualValues(t, racers, refused.Load(), "none slips through")

		f.decline(t, idea)
		opened := atomic.Int64{}
		atOnce(racers, func(i int) {
			if err := f.tryOpen(t, fmt.Sprint("next-", i)); err == nil {
				opened.Add(1)
			} else {
				t.Error(err)
			}
		})
		require.EqualValues(t, racers, opened.Load(), "none is refused for having company")
	})
}

// An owner gets an overdue question handed over while it opens others. Whatever began to
// open after that was done is refused.
func TestR11HandingOverWhileOpening(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.asked(t, "first", "anna", board("steel"))
		f.idea(t, "Cheaper freight", "acme", "first")
		f.clock.day(t, "2026-04-01")
		const openers = racers - 1
		for i := range openers {
			_, err := f.Solicitations.Create(t.Context(), someone, fmt.Sprint("next-", i), Solicitation{Question: "?", Owner: "ben",
				Audience: board(fmt.Sprint(i)), Closes: date(t, "2026-06-01"), Decision: date(t, "2026-06-30")}, false)
			require.NoError(t, err)
		}
		var handed atomic.Bool
		atOnce(racers, func(i int) {
			if i == openers {
				_, err := f.Solicitations.Update(t.Context(), someone, "first", "", SolicitationPatch{Owner: ptr("ben"), Reason: "Anna moved on."})
				handed.Store(true)
				if err != nil {
					t.Error(err)
				}
				return
			}
			late := handed.Load()
			err := f.tryOpen(t, fmt.Sprint("next-", i))
			if late && err == nil {
				t.Errorf("next-%d opened after its owner got an overdue question", i)
			}
		})
		for i := range openers {
			n, err := f.Solicitations.Get(t.Context(), fmt.Sprint("next-", i))
			require.NoError(t, err)
			if n.State.Stored == Draft {
				wantFault(t, f.tryOpen(t, n.ID), "UNANSWERED_SOLICITATION", "of principals/ben")
			}
		}
	})
}

// The step between reading that a key is unlocked and passing its fence is where another
// change may come in: here one does, and the opening reads again.
func TestR11WhatComesBetweenReadingAndOpening(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	f.idea(t, "Cheaper freight", "acme", "first")
	f.clock.day(t, "2026-04-01")
	_, err := f.Solicitations.Create(t.Context(), someone, "next", Solicitation{Question: "?", Owner: "ben", Audience: board("glass"),
		Closes: date(t, "2026-06-01"), Decision: date(t, "2026-06-30")}, false)
	require.NoError(t, err)
	between := &interposed{Backend: f.backend, collection: "solicitation_fences"}
	other := f.open(t, between)
	between.do = func() {
		_, err := f.Solicitations.Update(t.Context(), someone, "first", "", SolicitationPatch{Owner: ptr("ben"), Reason: "Anna moved on."})
		require.NoError(t, err)
	}
	_, err = other.Solicitations.Open(t.Context(), someone, "next", "", 0, false)
	wantFault(t, err, "UNANSWERED_SOLICITATION", "solicitations/first")
	require.True(t, between.done)
}

func TestR11TwoOpenOneDraft(t *testing.T) {
	f := onSQLite(t)
	before := f.draft(t, "one", "anna", board("steel"))
	_, err := f.Solicitations.Open(t.Context(), request("a"), "one", before.Etag(), 0, false)
	require.NoError(t, err)
	_, err = f.Solicitations.Open(t.Context(), request("a"), "one", before.Etag(), 0, false)
	require.NoError(t, err, "a retry gets the first answer")
	_, err = f.Solicitations.Open(t.Context(), request("b"), "one", before.Etag(), 0, false)
	require.ErrorIs(t, err, resource.ErrStale)
	wantFault(t, f.tryOpen(t, "one"), "SOLICITATION_STATE", "only a draft can be opened")
}
