package signals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestR7ASignalBecomesOneSuggestionWithReasonAndFigures(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme", "zenith")
		f.published(t, "broken", content())
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-14"))
		f.on(t, "2026-06-15")
		x := f.only(t, "acme")
		require.Equal(t, "We broke first-reply.", x.State.Reason)
		require.Equal(t, []Figure{{"day", "2026-06-15"}, {"case", "accounts/acme/cases/c1"}, {"issue", "late-delivery"},
			{"commitment", "first-reply"}, {"on", "2026-06-14"}, {"days_since", "1"}}, x.State.Figures)
		require.Equal(t, Undecided, x.State.State)
		require.Equal(t, "olga", x.State.Owner)
		require.Equal(t, 50.0, x.State.Weight)
		require.Equal(t, 1, x.State.Version)
		require.True(t, x.State.Shown)
		require.Empty(t, f.all(t, "zenith"))

		f.on(t, "2026-06-16")
		again := f.only(t, "acme")
		require.Equal(t, x.State.Figures, again.State.Figures, "the figures stay as they were")
		require.Equal(t, x.Version, again.Version, "nothing was written")
		f.on(t, "2026-06-28")
		require.Equal(t, Undecided, f.only(t, "acme").State.State)
		f.on(t, "2026-06-29")
		gone := f.only(t, "acme").State
		require.Equal(t, Expired, gone.State)
		require.Equal(t, "It is not so any more on 29 June 2026.", gone.Expiry)
		require.Empty(t, f.ranked(t, SuggestionQuery{}))
	})
}

func TestWhatWasObservedBeforeChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		pay := func(feed string, position, minor int64) Observation {
			return Observation{Feed: feed, Position: position, Account: "acme", What: Payments{{day(t, "2026-06-01"), minor}}}
		}
		require.NoError(t, f.Observe(t.Context(), []Observation{pay("accounts", 7, 100), pay("accounts", 7, 20)}), "one change may say two things")
		require.NoError(t, f.Observe(t.Context(), []Observation{pay("accounts", 7, 100), pay("accounts", 6, 5)}))
		require.NoError(t, f.Observe(t.Context(), []Observation{pay("other", 6, 3)}), "each feed has its own positions")
		m, err := f.memories.Get(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, int64(123), m.Body.spent(0, day(t, "2026-06-15")))
	})
}

func TestR33AReviewConcernsThoseToWhomTheClauseWasCited(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme", "later", "zenith")
		f.published(t, "clause", Content{DisplayName: "Clause", Fact: Clause, Condition: "fact.days_open >= 0", Reason: "fact.clause", Weight: "1",
			Channel: "call", Purpose: "Ask"})
		f.observe(t, "acme", Cited{Clause: "liability", Day: day(t, "2026-05-01")})
		f.on(t, "2026-06-15")
		require.Empty(t, f.all(t, "acme"))
		opened := ClauseReview{Clause: "liability", Review: "reviews/liability", Opened: day(t, "2026-06-15")}
		f.observe(t, "", opened)
		f.on(t, "2026-06-15")
		f.observe(t, "later", Cited{Clause: "liability", Day: day(t, "2026-06-15")})
		f.on(t, "2026-06-15")
		require.Equal(t, "reviews/liability", f.only(t, "acme").State.Cause)
		require.Equal(t, "reviews/liability", f.only(t, "later").State.Cause)
		require.Empty(t, f.all(t, "zenith"))
		opened.Decided = day(t, "2026-06-16")
		f.observe(t, "", opened)
		f.on(t, "2026-06-16")
		require.Equal(t, Expired, f.only(t, "acme").State.State)
	})
}

func TestAReviewThatComesDuringALookIsLookedAtByTheNext(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ids := make([]string, 3*citedAtOnce)
		for i := range ids {
			ids[i] = fmt.Sprintf("a%02d", i)
			f.customer(t, ids[i])
			f.observe(t, ids[i], Cited{Clause: "liability", Day: day(t, "2026-05-01")})
		}
		looking, err := f.memories.Get(t.Context(), ids[0])
		require.NoError(t, err)
		f.observe(t, "", ClauseReview{Clause: "liability", Review: "reviews/liability", Opened: day(t, "2026-06-15")})
		require.NoError(t, f.looked(t.Context(), &pass{number: 7}, looking))
		for _, id := range ids {
			m, err := f.memories.Get(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, []int64{0, 1}, []int64{m.Body.Pass, m.Body.Again}, id)
		}
	})
}

func TestR34WhatEntitlementsSaysIsAskedEveryDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		f.published(t, "near", builtins[2].Content)
		f.published(t, "broken", content())
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"))
		f.asked = fault.New(fault.Unavailable, fault.ReasonUnavailable, "away")
		require.Error(t, f.Tick(t.Context(), day(t, "2026-06-15")))
		require.Equal(t, "broken", f.only(t, "acme").State.Rule, "what needs no answer is said all the same")
		f.asked = nil
		f.distances["acme"] = []Distance{{Benefit: "thanks", Promise: "A note.", Needs: "spend", Missing: 100, Have: 900, Need: 1000, Currency: "USD"}}
		f.on(t, "2026-06-15")
		require.Len(t, f.all(t, "acme"), 2, "the account was left to be looked at")
		f.asked = errors.New("away again")
		require.Error(t, f.Tick(t.Context(), day(t, "2026-06-16")))
		for _, x := range f.all(t, "acme") {
			require.Equal(t, Undecided, x.State.State, "not knowing is no reason to expire")
		}
		f.asked, f.distances["acme"] = nil, nil
		f.on(t, "2026-06-16")
		states := map[string]State{}
		for _, x := range f.all(t, "acme") {
			states[x.State.Rule] = x.State.State
		}
		require.Equal(t, map[string]State{"near": Expired, "broken": Undecided}, states)
	})
}

func TestR7GoalsAreThoseOfTheActivePlan(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme", "zenith")
		f.published(t, "goal", builtins[5].Content)
		goal := plans.Goal{ID: "waste", Statement: "Halve our waste", State: plans.GoalOpen, Baseline: 100, Target: 50,
			BaselineDay: day(t, "2026-01-01"), TargetDay: day(t, "2026-12-31")}
		reached := goal
		reached.ID, reached.State = "speed", plans.GoalReached
		f.goals["acme"] = plans.Plan{State: plans.Active, Goals: []plans.Goal{goal, reached}}
		f.goals["zenith"] = plans.Plan{State: plans.Draft, Goals: []plans.Goal{goal}}
		f.on(t, "2026-06-15")
		x := f.only(t, "acme")
		require.Equal(t, "waste/2026-q2", x.State.Cause)
		require.Empty(t, f.all(t, "zenith"), "its plan is not active")
		goal.Progress = []plans.Measurement{{Day: day(t, "2026-06-15"), Value: 70}}
		f.goals["acme"] = plans.Plan{State: plans.UnderReview, Goals: []plans.Goal{goal}}
		f.on(t, "2026-06-16")
		require.Equal(t, Expired, f.only(t, "acme").State.State, "it is on its way again")
	})
}

func TestR7AnAccountIsLookedAtAgainWhenItsPlanChanges(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		f.published(t, "goal", builtins[5].Content)
		f.on(t, "2026-06-15")
		require.Empty(t, f.all(t, "acme"))
		goal := plans.Goal{ID: "waste", Statement: "Halve our waste", State: plans.GoalOpen, Baseline: 100, Target: 50,
			BaselineDay: day(t, "2026-01-01"), TargetDay: day(t, "2026-12-31")}
		for i, now := range []struct {
			plan plans.State
			want State
		}{{plans.Active, Undecided}, {plans.Closed, Expired}, {plans.UnderReview, Undecided}} {
			f.goals["acme"] = plans.Plan{State: now.plan, Goals: []plans.Goal{goal}}
			require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Own, Position: int64(i + 1), Plan: "acme"}}))
			f.on(t, "2026-06-15")
			require.Equal(t, now.want, f.only(t, "acme").State.State, "on the same day")
		}
	})
}

func TestChangesOfFeedsAreObserved(t *testing.T) {
	zone, err := civil.LoadZone("America/New_York")
	require.NoError(t, err)
	at := time.Date(2026, time.June, 15, 2, 0, 0, 0, time.UTC) // 14 June there
	on := day(t, "2026-06-14")
	for name, test := range map[string]struct {
		change feeds.Change
		want   []Observation
	}{
		"account": {feeds.Change{Account: &feeds.Account{ID: "acme"}}, []Observation{{Account: "acme", What: AccountChanged{}}}},
		"plan":    {feeds.Change{Plan: "acme"}, []Observation{{Account: "acme", What: PlanChanged{}}}},
		"revenue": {feeds.Change{Revenue: &feeds.Revenue{Accounts: []string{"acme", "zenith"}, Index: []uint32{1, 0, 1}, Days: []int32{3, 4, 5}, Minor: []int64{30, 40, -50}}},
			[]Observation{{Account: "acme", What: Payments{{4, 40}}}, {Account: "zenith", What: Payments{{3, 30}, {5, -50}}}}},
		"use":         {feeds.Change{Usage: &feeds.Usage{Account: "acme", Benefit: "hours", Type: feeds.Committed, Day: on}}, []Observation{{Account: "acme", What: Used{"hours", on}}}},
		"reservation": {feeds.Change{Usage: &feeds.Usage{Account: "acme", Benefit: "hours", Type: feeds.Reserved, Day: on}}, nil},
		"case": {feeds.Change{Case: &feeds.Case{Name: "accounts/acme/cases/c", Account: "acme", Issue: "late", Clocks: []feeds.Clock{
			{Commitment: "first-reply", Due: at, Breached: true}, {Commitment: "resolution", Due: at}, {Due: at, Breached: true}}}},
			[]Observation{{Account: "acme", What: Broken{"accounts/acme/cases/c", "late", "first-reply", on}}}},
		"case that waits": {feeds.Change{At: at, Case: &feeds.Case{Name: "accounts/acme/cases/c", Account: "acme", Clocks: []feeds.Clock{{Commitment: "fixed", Breached: true}}}},
			[]Observation{{Account: "acme", What: Broken{"accounts/acme/cases/c", "", "fixed", on}}}},
		"citation":            {feeds.Change{Citation: &feeds.Citation{Clause: "liability", Account: "acme", Day: on}}, []Observation{{Account: "acme", What: Cited{"liability", on}}}},
		"citation to nobody":  {feeds.Change{Citation: &feeds.Citation{Clause: "liability", Day: on}}, nil},
		"review":              {feeds.Change{At: at, Review: &feeds.Review{Name: "reviews/r", Subject: "clauses/liability", Open: true}}, []Observation{{What: ClauseReview{"liability", "reviews/r", on, 0}}}},
		"decision":            {feeds.Change{At: at, Review: &feeds.Review{Name: "reviews/r", Subject: "clauses/liability"}}, []Observation{{What: ClauseReview{"liability", "reviews/r", on, on}}}},
		"of a house rule":     {feeds.Change{At: at, Review: &feeds.Review{Name: "reviews/r", Subject: "houseRules/fee", Open: true}}, nil},
		"breach of the other": {feeds.Change{Breach: &feeds.Breach{Account: "acme"}}, nil},
		"terms": {feeds.Change{Terms: []feeds.Term{{Name: "boards/b/terms/1", Board: "b", Account: "acme", Start: on, PlannedEnd: on + 10, End: civil.Never},
			{Name: "boards/b/terms/2", Board: "b", Account: "zenith", Start: on, PlannedEnd: on + 10, End: on + 5}}},
			[]Observation{{Account: "acme", What: BoardTerm{"boards/b/terms/1", "b", on, on + 10}}, {Account: "zenith", What: BoardTerm{"boards/b/terms/2", "b", on, on + 5}}}},
	} {
		test.change.Service, test.change.Position = feeds.Board, 7
		for i := range test.want {
			test.want[i].Feed, test.want[i].Position = "board", 7
		}
		require.Equal(t, test.want, observed(&test.change, zone), name)
	}
}

// What the follower hands over again after a crash changes nothing.
func TestTakingChangesAgainChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		changes := []feeds.Change{{Service: feeds.Accounts, Position: 4, Company: &feeds.Company{Currency: "USD"}},
			{Service: feeds.Accounts, Position: 5, Revenue: &feeds.Revenue{Accounts: []string{"acme"}, Index: []uint32{0}, Days: []int32{int32(day(t, "2026-06-01"))}, Minor: []int64{500}}}}
		for range 3 {
			require.NoError(t, f.Take(t.Context(), changes))
		}
		m, err := f.memories.Get(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, int64(500), m.Body.spent(0, day(t, "2026-06-15")))
	})
}

func TestEntitlementsIsNotAskedForEveryAccountWhileItIsAway(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for i := range 8 {
			f.customer(t, fmt.Sprint("a", i))
			f.observe(t, fmt.Sprint("a", i), broken(t, fmt.Sprint("a", i), "c1", "2026-06-15"))
		}
		f.published(t, "near", builtins[2].Content)
		f.published(t, "broken", content())
		f.asked = errors.New("away")
		f.questions = 0
		require.ErrorContains(t, f.Tick(t.Context(), day(t, "2026-06-15")), "look at account a0: ask how far it is from benefits: away (and 7 other accounts)")
		require.Equal(t, patience, f.questions)
		require.Len(t, f.ranked(t, SuggestionQuery{}), 8, "what needs no answer is said all the same")
		f.asked = nil
		f.on(t, "2026-06-15")
		require.Equal(t, patience+8, f.questions)
		f.on(t, "2026-06-15")
		require.Equal(t, patience+8, f.questions, "all were looked at")
	})
}

func TestNewOwnersGetTheSuggestionsOfTheirAccounts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		f.published(t, "broken", content())
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"))
		f.on(t, "2026-06-15")
		a := f.accounts["acme"]
		a.Owner = "nora"
		f.accounts["acme"] = a
		f.observe(t, "acme", AccountChanged{})
		f.on(t, "2026-06-15")
		nora, olga := "nora", "olga"
		require.Len(t, f.ranked(t, SuggestionQuery{Owner: &nora}), 1)
		require.Empty(t, f.ranked(t, SuggestionQuery{Owner: &olga}))
		a.State, a.Closed = feeds.Closed, day(t, "2026-06-15")
		f.accounts["acme"] = a
		f.observe(t, "acme", AccountChanged{})
		f.on(t, "2026-06-15")
		require.Equal(t, Expired, f.only(t, "acme").State.State)
	})
}

func TestRunLooksAtWhatIsObserved(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.customer(t, "acme")
	f.published(t, "broken", content())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"))
	require.Eventually(t, func() bool { return len(f.all(t, "acme")) == 1 }, time.Minute, 20*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestWhatIsPaidAheadMakesNothingOld(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		today := day(t, "2026-06-15")
		f.observe(t, "acme", Payments{{today - 30, 100}, {today.AddMonths(-39), 7}})
		f.observe(t, "acme", Payments{{day(t, "2062-06-15"), 5}})
		f.observe(t, "acme", Payments{{today.AddMonths(-38), 30}, {today.AddMonths(-40), 1}})
		m, err := f.memories.Get(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, int64(137), m.Body.spent(0, today))
		require.Len(t, m.Body.Paid, 4, "what no fact can be about is forgotten")
		require.Equal(t, today.AddMonths(-40), m.Body.Since)
	})
}

func TestTheLatestBrokenCommitmentsAreKeptWheneverTheyAreTold(t *testing.T) {
	for _, last := range []bool{false, true} { // a broken one of long ago is told first, or last
		m := memory{}
		old := Broken{Case: "accounts/acme/cases/old", Commitment: "first-reply", Day: day(t, "2025-01-01")}
		if !last {
			old.note(&m)
		}
		for i := range keptBreaches {
			Broken{Case: fmt.Sprintf("accounts/acme/cases/%d", i), Commitment: "first-reply", Day: day(t, "2026-06-14") - civil.Day(i%3)}.note(&m)
		}
		if last {
			old.note(&m)
		}
		require.Len(t, m.Breaches, keptBreaches)
		require.False(t, slices.ContainsFunc(m.Breaches, func(b breach) bool { return b.Case == old.Case }))
	}
}

// Before the company's zone is known a day is by UTC, and may be one that has not come yet.
func TestR7ADayThatHasNotComeIsNotLookedAtForLong(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		c := content()
		c.Fact, c.Condition, c.Reason = Threshold, "fact.percent >= 85", "'Near.'"
		f.published(t, "near", c)
		f.customer(t, "acme")
		f.clock = time.Date(2026, time.June, 16, 3, 0, 0, 0, time.UTC)
		tick := func(want string) {
			t.Helper()
			today, err := f.Today(t.Context())
			require.NoError(t, err)
			require.NoError(t, f.Tick(t.Context(), today))
			require.Equal(t, want, f.askedAsOf.String())
		}
		tick("2026-06-16")
		var err error
		f.zone, err = civil.LoadZone("America/Chicago")
		require.NoError(t, err)
		tick("2026-06-15")
		require.NoError(t, f.Tick(t.Context(), day(t, "2026-06-14")))
		require.Equal(t, "2026-06-15", f.askedAsOf.String(), "a clock that is behind turns no day back")
		f.clock = f.clock.Add(3 * time.Hour)
		tick("2026-06-16")
	})
}
