package reviews

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

var byHand = Review{Subject: "houseRules/late-fee", Why: "Complaints.", Owner: "ben"}

func TestR32AReviewHasAnOwnerAndEndsWithADecision(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		opened, err := f.Open(t.Context(), request("a"), byHand, false)
		require.NoError(t, err)
		require.Equal(t, Open, opened.State.State)
		require.Equal(t, "2026-12-22", opened.State.Due.String())
		again, err := f.Open(t.Context(), request("a"), byHand, false)
		require.NoError(t, err)
		require.Equal(t, opened.ID, again.ID)

		_, err = f.Assign(t.Context(), someone, opened.ID, "", "cleo", "", anyone)
		require.ErrorContains(t, err, "reason: is empty")
		_, err = f.Assign(t.Context(), someone, opened.ID, "", "nobody", "Leaves.", anyone)
		require.ErrorContains(t, err, "principals/nobody does not exist")
		assigned, err := f.Assign(t.Context(), request("b"), opened.ID, opened.Etag(), "cleo", "Ben leaves.", anyone)
		require.NoError(t, err)
		require.Equal(t, []Assignment{{At: f.clock(), By: "principals/anna", From: "ben", To: "cleo", Reason: "Ben leaves."}}, assigned.State.Assignments)

		keep := Decision{Outcome: Keep, Text: "It pays for the reminders."}
		_, err = f.Decide(t.Context(), someone, opened.ID, opened.Etag(), keep, false, anyone)
		require.ErrorIs(t, err, resource.ErrStale)
		seen, err := f.Decide(t.Context(), someone, opened.ID, assigned.Etag(), keep, true, anyone)
		require.NoError(t, err)
		require.Equal(t, Decided, seen.State.State, "as it would be")
		unchanged, err := f.Get(t.Context(), opened.ID)
		require.NoError(t, err)
		require.Equal(t, Open, unchanged.State.State)
		decided, err := f.Decide(t.Context(), request("c"), opened.ID, assigned.Etag(), keep, false, anyone)
		require.NoError(t, err)
		require.Equal(t, Decided, decided.State.State)
		require.Equal(t, &Decision{Outcome: Keep, Text: keep.Text, By: "principals/anna", At: f.clock()}, decided.State.Decision)
		retried, err := f.Decide(t.Context(), request("c"), opened.ID, assigned.Etag(), keep, false, anyone)
		require.NoError(t, err)
		require.Equal(t, decided.Etag(), retried.Etag())
		_, err = f.Decide(t.Context(), someone, opened.ID, "", keep, false, anyone)
		requireReason(t, err, "REVIEW_STATE")
		_, err = f.Assign(t.Context(), someone, opened.ID, "", "ben", "Back.", anyone)
		requireReason(t, err, "REVIEW_STATE")
	})
}

func TestR32AHouseRuleIsWaivedByABenefitAndNothingElse(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		opened, err := f.Open(t.Context(), someone, byHand, false)
		require.NoError(t, err)
		waive := Decision{Outcome: Waive, Text: "Not for old friends."}
		_, err = f.Decide(t.Context(), someone, opened.ID, "", waive, false, anyone)
		require.ErrorContains(t, err, "a waiver is a benefit, for everyone who qualifies")
		waive.Benefit = "parking"
		_, err = f.Decide(t.Context(), someone, opened.ID, "", waive, false, anyone)
		told := requireReason(t, err, "NO_SUCH_WAIVER")
		require.Contains(t, told.Message, "house_rule late-fee")
		waive.Benefit = "late-fee-waiver"
		decided, err := f.Decide(t.Context(), someone, opened.ID, "", waive, false, anyone)
		require.NoError(t, err)
		require.Equal(t, "late-fee-waiver", decided.State.Decision.Benefit)

		clause, err := f.Open(t.Context(), someone, Review{Subject: "clauses/liability", Why: "Cited.", Owner: "ben"}, false)
		require.NoError(t, err)
		_, err = f.Decide(t.Context(), someone, clause.ID, "", waive, false, anyone)
		require.ErrorContains(t, err, "only a house rule can be waived")
		_, err = f.Decide(t.Context(), someone, clause.ID, "", Decision{Outcome: Drop, Text: "x", Benefit: "y"}, false, anyone)
		require.ErrorContains(t, err, "benefit: is only")
	})
}

func TestWhatCannotBeReviewedIsRefused(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	for text, r := range map[string]Review{
		"review.topic: is empty":                {Why: "x", Owner: "ben"},
		"review.topic: must not":                {Subject: "clauses/a", Topic: "b", Why: "x", Owner: "ben"},
		"review.why":                            {Topic: "b", Owner: "ben"},
		"review.owner: is empty":                {Topic: "b", Why: "x"},
		"principals/nobody does not exist":      {Topic: "b", Why: "x", Owner: "nobody"},
		"review.subject: houseRules/nobody doe": {Subject: "houseRules/nobody", Why: "x", Owner: "ben"},
		"review.due_date: 2026-11-21":           {Topic: "b", Why: "x", Owner: "ben", Due: day(t, "2026-11-21")},
	} {
		_, err := f.Open(t.Context(), someone, r, false)
		require.ErrorContains(t, err, text)
	}
	opened, err := f.Open(t.Context(), someone, Review{Topic: "Opening hours", Why: "x", Owner: "ben"}, false)
	require.NoError(t, err)
	_, err = f.Decide(t.Context(), someone, opened.ID, "", Decision{Outcome: "shrug", Text: "x"}, false, anyone)
	require.ErrorContains(t, err, "outcome:")
	_, err = f.Decide(t.Context(), someone, opened.ID, "", Decision{Outcome: Other}, false, anyone)
	require.ErrorContains(t, err, "text: is empty")
	_, err = f.Decide(t.Context(), someone, "none", "", Decision{Outcome: Keep, Text: "x"}, false, anyone)
	require.ErrorIs(t, err, resource.ErrNotFound)
}

func TestACauseOpensOneReviewWhoeverIsFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		cause := tally.Cause{Subject: "clauses/liability", Span: tally.Quarter.Of(day(t, "2026-11-22")),
			Threshold: tally.Threshold{Count: 3, Window: tally.Quarter}, Figures: tally.Figures{Count: 3}}
		none, err := f.Opened(t.Context(), cause.Subject, cause.Span)
		require.NoError(t, err)
		require.Empty(t, none)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				call := resource.Call{Principal: fmt.Sprint("principals/p", i)}
				if id, err := f.OpenOnce(t.Context(), call, cause, "ben"); err != nil || id != "clause-liability-2026-q4" {
					t.Error(id, err)
				}
			})
		}
		wg.Wait()
		id, err := f.Opened(t.Context(), cause.Subject, cause.Span)
		require.NoError(t, err)
		stored, err := f.Get(t.Context(), id)
		require.NoError(t, err)
		require.EqualValues(t, 1, stored.Version)
		require.Equal(t, cause.Figures, stored.State.Cause.Figures)
	})
}

func TestIDsOfReviewsAreOfOneSubjectAndWindow(t *testing.T) {
	slug := rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,62}`)
	rapid.Check(t, func(t *rapid.T) {
		id := func(label string) (string, string) {
			subject := rapid.SampledFrom([]string{"houseRules/", "clauses/"}).Draw(t, label) + slug.Draw(t, label)
			window := rapid.SampledFrom([]tally.Window{tally.Month, tally.Quarter, tally.Year}).Draw(t, label)
			span := window.Of(day(t, "2026-01-15").AddMonths(rapid.IntRange(0, 30).Draw(t, label)))
			return subject + "@" + span.ID, idOf(subject, span)
		}
		of, one := id("one")
		of2, two := id("two")
		require.True(t, names.IsID(one), one)
		require.Equal(t, of == of2, one == two)
	})
	require.Len(t, idOf("clauses/"+strings.Repeat("a", 63), tally.Quarter.Of(day(t, "2026-01-15"))), len("clause--2026-q1")+32)
}

func TestReviewsAreListedByTheirDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		open := func(topic, owner, due string) string {
			t.Helper()
			r, err := f.Open(t.Context(), someone, Review{Topic: topic, Why: "x", Owner: owner, Due: day(t, due)}, false)
			require.NoError(t, err)
			return r.ID
		}
		open("late", "ben", "2027-01-01")
		first := open("first", "ben", "2026-11-23")
		open("second", "cleo", "2026-11-24")
		topics := func(q Query) (list []string) {
			t.Helper()
			for q.Size = 1; ; {
				page, err := f.List(t.Context(), q)
				require.NoError(t, err)
				for _, r := range page.Items {
					list = append(list, r.State.Topic)
				}
				if q.After = page.Next; page.Next == nil {
					return list
				}
			}
		}
		ben, isOpen, nothing := "ben", Open, ""
		require.Equal(t, []string{"first", "second", "late"}, topics(Query{}))
		require.Equal(t, []string{"first", "late"}, topics(Query{Owner: &ben}))
		require.Equal(t, []string{"first", "second", "late"}, topics(Query{Subject: &nothing}))
		_, err := f.Decide(t.Context(), someone, first, "", Decision{Outcome: Keep, Text: "x"}, false, anyone)
		require.NoError(t, err)
		require.Equal(t, []string{"second", "late"}, topics(Query{State: &isOpen}))

		f.later(72 * time.Hour)
		today, err := f.Today(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"second"}, topics(Query{Keep: func(r resource.Stored[Review]) bool { return r.State.Overdue(today) }}))
	})
}

// A retry of an opening is answered as the first call was, also when the day is over by
// then.
func TestARetriedOpeningIsAnsweredTheNextDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		today, err := f.Today(t.Context())
		require.NoError(t, err)
		r := Review{Topic: "Fees", Why: "They are asked about.", Owner: "ben", Due: today}
		opened, err := f.Open(t.Context(), request("o"), r, false)
		require.NoError(t, err)
		f.later(24 * time.Hour)
		again, err := f.Open(t.Context(), request("o"), r, false)
		require.NoError(t, err)
		require.Equal(t, opened, again)
		_, err = f.Open(t.Context(), request("p"), r, false)
		require.Error(t, err)
	})
}

// Who owned a review when they were asked and does not when it is written decides nothing.
func TestWhoGaveAReviewAwayDecidesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		opened, err := f.Open(t.Context(), request("o"), Review{Topic: "Fees", Why: "They are asked about.", Owner: "ben"}, false)
		require.NoError(t, err)
		gone := errors.New("ben does not own it")
		asked := 0
		may := func(owner string) error {
			if asked++; asked == 1 { // an administrator is as fast
				_, err := f.Assign(t.Context(), request("a"), opened.ID, "", "cleo", "Ben leaves.", anyone)
				require.NoError(t, err)
			}
			if owner != "ben" {
				return gone
			}
			return nil
		}
		_, err = f.Decide(t.Context(), request("d"), opened.ID, "", Decision{Outcome: Keep, Text: "x"}, false, may)
		require.ErrorIs(t, err, gone)
		asked = 0
		_, err = f.Assign(t.Context(), request("b"), opened.ID, "", "ben", "Back.", may)
		require.ErrorIs(t, err, gone)
		now, err := f.Get(t.Context(), opened.ID)
		require.NoError(t, err)
		require.Equal(t, Open, now.State.State)
		require.Equal(t, "cleo", now.State.Owner)
	})
}

func anyone(string) error { return nil }
