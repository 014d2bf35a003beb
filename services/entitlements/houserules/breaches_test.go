package houserules

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/reviews"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

func TestR32ARuleThatIsBrokenOftenEntersReviewOnceAQuarter(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		require.Empty(t, f.breaks(t, "acme", "2026-10-01"))
		require.Empty(t, f.breaks(t, "acme", "2026-11-20"))
		require.Empty(t, f.breaks(t, "acme", "2026-11-21"), "three times, but by one account")
		require.Empty(t, f.breaks(t, "brick", "2026-09-30"), "that is the quarter before")
		review := f.breaks(t, "brick", "2026-11-22")
		require.Equal(t, "house-rule-late-fee-2026-q4", review)
		require.Equal(t, review, f.breaks(t, "cord", "2026-11-22"))

		opened, err := f.reviews.Get(t.Context(), review)
		require.NoError(t, err)
		require.Equal(t, "houseRules/late-fee", opened.State.Subject)
		require.Equal(t, "ben", opened.State.Owner)
		require.Equal(t, tally.Figures{Count: 4, Accounts: 2, Of: 100}, opened.State.Cause.Figures)
		require.Equal(t, "It was broken 4 times in 2026-q4, by 2 of 100 accounts; a review is due at 3 times by 2 % of the accounts a quarter.",
			opened.State.Why)
		require.Equal(t, "2026-12-22", opened.State.Due.String())

		require.Empty(t, f.breaks(t, "acme", "2026-09-30"))
		require.Equal(t, "house-rule-late-fee-2026-q3", f.breaks(t, "brick", "2026-07-01"), "another window, another review")
	})
}

func TestR32ManyBreachesAtATimeOpenOneReview(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, _, err := f.Record(t.Context(), request(fmt.Sprint("r", i)),
					Breach{Rule: "late-fee", Account: fmt.Sprint("account-", i%5), Response: Enforced}, false)
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := f.reviews.List(t.Context(), reviews.Query{Size: 10})
		require.NoError(t, err)
		require.Len(t, all.Items, 1)
		require.GreaterOrEqual(t, all.Items[0].State.Cause.Figures.Count, 3)
	})
}

func TestR32AWaiverIsABenefitThatIsDueNow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		waived := Breach{Rule: "late-fee", Account: "acme", Response: Waived, Benefit: "late-fee-waiver"}
		_, _, err := f.Record(t.Context(), request("a"), waived, false)
		told := requireReason(t, err, "WAIVER_NOT_DUE")
		require.Equal(t, "accounts/acme", told.Conditions[0].Subject)
		require.Contains(t, told.Message, "ask for a rule")
		none, err := f.Breaches(t.Context(), BreachQuery{Rule: "late-fee", Size: 10})
		require.NoError(t, err)
		require.Empty(t, none.Items, "a waiver that is not due is not recorded")

		f.directory.held["acme"] = true
		first, _, err := f.Record(t.Context(), request("b"), waived, false)
		require.NoError(t, err)
		require.Equal(t, "principals/anna", first.State.By)
		require.Equal(t, "2026-11-22", first.State.Day.String())
		f.directory.held["acme"] = false // a retry is not checked anew: it was due
		again, _, err := f.Record(t.Context(), request("b"), waived, false)
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		other := request("b")
		other.Payload = []byte("y")
		_, _, err = f.Record(t.Context(), other, waived, false)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)
	})
}

func TestWhatCannotBeABreachIsRefused(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.lateFee(t)
	for text, b := range map[string]Breach{
		"breach.account":                 {Response: Enforced},
		"accounts/nobody does not exist": {Account: "nobody", Response: Enforced},
		"breach.response":                {Account: "acme", Response: "forgiven"},
		"breach.breach_date":             {Account: "acme", Response: Enforced, Day: day(t, "2026-11-23")},
		"breach.benefit: is empty":       {Account: "acme", Response: Waived},
		"breach.benefit: is only":        {Account: "acme", Response: Enforced, Benefit: "late-fee-waiver"},
	} {
		b.Rule = "late-fee"
		_, _, err := f.Record(t.Context(), someone, b, false)
		require.ErrorContains(t, err, text)
	}
	_, _, err := f.Record(t.Context(), someone, Breach{Rule: "other", Account: "acme", Response: Enforced}, false)
	require.ErrorIs(t, err, resource.ErrNotFound)
	_, err = f.Breaches(t.Context(), BreachQuery{Rule: "other", Size: 1})
	require.ErrorIs(t, err, resource.ErrNotFound)
}

func TestABreachOfAProcessThatDiedIsJudgedAllTheSame(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		for i := range 3 { // written, and nobody judged them
			_, err := f.breaches.Create(t.Context(), someone, fmt.Sprint("late-fee/", i),
				Breach{Rule: "late-fee", Account: fmt.Sprint("account-", i), Day: day(t, "2026-11-22"), Response: Enforced}, recorded)
			require.NoError(t, err)
		}
		none, err := f.reviews.List(t.Context(), reviews.Query{Size: 10})
		require.NoError(t, err)
		require.Empty(t, none.Items)
		f.background(t, func(ctx context.Context) error { return tally.Follow(ctx, f.store, f.Judged()) })
		require.Eventually(t, func() bool {
			_, err := f.reviews.Get(t.Context(), "house-rule-late-fee-2026-q4")
			return err == nil
		}, time.Minute, 10*time.Millisecond)
	})
}

// What is retired before its breaches are judged has nothing left to review.
func TestR32ARuleThatWasRetiredMeanwhileGetsNoReview(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		f.opts.Reviews = noReviews{}
		for _, account := range []string{"acme", "brick", "cord"} {
			require.Empty(t, f.breaks(t, account, "2026-11-22"))
		}
		_, err := f.Retire(t.Context(), someone, "late-fee", "", "Nobody kept it.")
		require.NoError(t, err)
		f.opts.Reviews = f.reviews
		page, err := f.Breaches(t.Context(), BreachQuery{Rule: "late-fee", Size: 10})
		require.NoError(t, err)
		require.Len(t, page.Items, 3)
		for _, b := range page.Items { // as Follow does
			require.NoError(t, f.Judged().Judge(t.Context(), &tally.Counter{}, b.ID, "principals/anna"))
		}
		all, err := f.reviews.List(t.Context(), reviews.Query{Size: 10})
		require.NoError(t, err)
		require.Empty(t, all.Items)
	})
}

// noReviews cannot be reached.
type noReviews struct{ tally.Reviews }

func (noReviews) Opened(context.Context, string, tally.Span) (string, error) {
	return "", errors.New("the store does not answer")
}

func TestABreachStandsThoughItCannotBeJudged(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		f.opts.Reviews = noReviews{}
		for _, account := range []string{"acme", "brick", "cord"} {
			_, review, err := f.Record(t.Context(), someone, Breach{Rule: "late-fee", Account: account, Response: Enforced}, false)
			require.NoError(t, err, "it stands: whoever is told otherwise records it again")
			require.Empty(t, review)
		}
		page, err := f.Breaches(t.Context(), BreachQuery{Rule: "late-fee", Size: 10})
		require.NoError(t, err)
		require.Len(t, page.Items, 3)
		f.opts.Reviews = f.reviews
		f.background(t, func(ctx context.Context) error { return tally.Follow(ctx, f.store, f.Judged()) })
		require.Eventually(t, func() bool {
			_, err := f.reviews.Get(t.Context(), "house-rule-late-fee-2026-q4")
			return err == nil
		}, time.Minute, 10*time.Millisecond)
	})
}

// A copy of the accounts that is far behind has a few of them, of which every share is large.
func TestR32ABreachIsJudgedOnceTheAccountsAreKnown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		f.directory.all, f.directory.behind = 0, errors.New("the accounts service was not reached yet")
		for _, account := range []string{"acme", "brick", "cord"} {
			require.Empty(t, f.breaks(t, account, "2026-11-22"))
		}
		f.background(t, func(ctx context.Context) error { return tally.Follow(ctx, f.store, f.Judged()) })
		f.directory.mu.Lock()
		f.directory.all, f.directory.behind = 100, nil
		f.directory.mu.Unlock()
		var opened resource.Stored[reviews.Review]
		require.Eventually(t, func() bool {
			var err error
			opened, err = f.reviews.Get(t.Context(), "house-rule-late-fee-2026-q4")
			return err == nil
		}, time.Minute, 10*time.Millisecond)
		require.Equal(t, tally.Figures{Count: 3, Accounts: 3, Of: 100}, opened.State.Cause.Figures)
	})
}

func TestBreachesAreListedAndReported(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.lateFee(t)
		_, err := f.Create(t.Context(), someone, "parking", Rule{Text: "No parking.", Why: "Lorries.", Owner: "ben"}, false)
		require.NoError(t, err)
		f.directory.held["acme"] = true
		record := func(rule, account, on string, response Response, benefit string) {
			t.Helper()
			_, _, err := f.Record(t.Context(), someone,
				Breach{Rule: rule, Account: account, Day: day(t, on), Response: response, Benefit: benefit}, false)
			require.NoError(t, err)
		}
		record("parking", "acme", "2026-11-10", Overlooked, "")
		record("late-fee", "acme", "2026-11-11", Waived, "late-fee-waiver")
		record("late-fee", "brick", "2026-11-12", Enforced, "")
		record("late-fee", "acme", "2026-11-20", Overlooked, "")
		record("late-fee", "acme", "2026-10-31", Enforced, "") // before
		record("late-fee", "acme", "2026-10-10", Enforced, "") // before that

		report, err := f.Report(t.Context(), day(t, "2026-11-01"), day(t, "2026-11-22"))
		require.NoError(t, err)
		require.Len(t, report.Rules, 2)
		first, second := report.Rules[0], report.Rules[1]
		require.Equal(t, "late-fee", first.Rule.ID)
		require.Equal(t, []int{3, 2, 1, 1, 1, 2}, []int{first.Count, first.Accounts, first.Enforced, first.Waived, first.Overlooked, first.Before})
		require.Equal(t, "parking", second.Rule.ID)
		require.Equal(t, []int{1, 1, 0, 0, 1, 0}, []int{second.Count, second.Accounts, second.Enforced, second.Waived, second.Overlooked, second.Before})
		_, err = f.Report(t.Context(), day(t, "2026-11-02"), day(t, "2026-11-01"))
		require.ErrorContains(t, err, "to_date")

		var days []string
		for query := (BreachQuery{Rule: "late-fee", Size: 2}); ; {
			page, err := f.Breaches(t.Context(), query)
			require.NoError(t, err)
			for _, b := range page.Items {
				days = append(days, b.State.Day.String())
			}
			if query.After = page.Next; page.Next == nil {
				break
			}
		}
		require.Equal(t, []string{"2026-11-20", "2026-11-12", "2026-11-11", "2026-10-31", "2026-10-10"}, days)
		brick := "brick"
		page, err := f.Breaches(t.Context(), BreachQuery{Account: &brick, Size: 10})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		got, err := f.Breach(t.Context(), "late-fee", page.Items[0].ID[len("late-fee/"):])
		require.NoError(t, err)
		require.Equal(t, "brick", got.State.Account)
	})
}
