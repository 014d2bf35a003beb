package clauses

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

func TestR33CitationsInAQuarterOpenOneReviewOfTheClause(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.liability(t)
		require.Empty(t, f.cites(t, "2026-10-01"))
		require.Empty(t, f.cites(t, "2026-09-30"), "that is the quarter before")
		require.Empty(t, f.cites(t, "2026-09-30"))
		require.Empty(t, f.cites(t, "2026-11-21"))
		require.Equal(t, "clause-liability-2026-q4", f.cites(t, "2026-11-22"))
		require.Equal(t, "clause-liability-2026-q4", f.cites(t, "2026-11-22"))
		require.Equal(t, "clause-liability-2026-q3", f.cites(t, "2026-07-01"))

		opened, err := f.reviews.Get(t.Context(), "clause-liability-2026-q4")
		require.NoError(t, err)
		require.Equal(t, "clauses/liability", opened.State.Subject)
		require.Equal(t, "ben", opened.State.Owner)
		require.Equal(t, "It was cited 3 times in 2026-q4; a review is due at 3 times a quarter.", opened.State.Why)
	})
}

func TestR33CitationsAtATimeOpenOneReview(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.liability(t)
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if _, _, err := f.Cite(t.Context(), request(fmt.Sprint("r", i)), Citation{Clause: "liability", Account: "acme"}, false); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := f.reviews.List(t.Context(), reviews.Query{Size: 10})
		require.NoError(t, err)
		require.Len(t, all.Items, 1)
	})
}

func TestACitationOfAProcessThatDiedIsJudgedAllTheSame(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.liability(t)
		for i := range 3 { // written, and nobody judged them
			_, err := f.citations.Create(t.Context(), someone, fmt.Sprint("liability/", i),
				Citation{Clause: "liability", Day: day(t, "2026-11-22")}, recorded)
			require.NoError(t, err)
		}
		f.background(t, func(ctx context.Context) error { return tally.Follow(ctx, f.store, f.Judged()) })
		require.Eventually(t, func() bool {
			_, err := f.reviews.Get(t.Context(), "clause-liability-2026-q4")
			return err == nil
		}, time.Minute, 10*time.Millisecond)
	})
}

// What is retired before its citations are judged has nothing left to review.
func TestR33AClauseThatWasRetiredMeanwhileGetsNoReview(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.liability(t)
		f.opts.Reviews = noReviews{}
		for range 3 {
			require.Empty(t, f.cites(t, "2026-11-22"))
		}
		_, err := f.Retire(t.Context(), someone, "liability", "", "Struck out.")
		require.NoError(t, err)
		f.opts.Reviews = f.reviews
		page, err := f.Citations(t.Context(), CitationQuery{Clause: "liability", Size: 10})
		require.NoError(t, err)
		require.Len(t, page.Items, 3)
		for _, c := range page.Items { // as Follow does
			require.NoError(t, f.Judged().Judge(t.Context(), &tally.Counter{}, c.ID, "principals/anna"))
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

func TestACitationStandsThoughItCannotBeJudged(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.liability(t)
		f.opts.Reviews = noReviews{}
		for _, account := range []string{"acme", "brick", "cord"} {
			_, review, err := f.Cite(t.Context(), someone, Citation{Clause: "liability", Account: account}, false)
			require.NoError(t, err, "it stands: whoever is told otherwise records it again")
			require.Empty(t, review)
		}
		page, err := f.Citations(t.Context(), CitationQuery{Clause: "liability", Size: 10})
		require.NoError(t, err)
		require.Len(t, page.Items, 3)
		f.opts.Reviews = f.reviews
		f.background(t, func(ctx context.Context) error { return tally.Follow(ctx, f.store, f.Judged()) })
		require.Eventually(t, func() bool {
			_, err := f.reviews.Get(t.Context(), "clause-liability-2026-q4")
			return err == nil
		}, time.Minute, 10*time.Millisecond)
	})
}

func TestClausesAreWrittenChangedAndRetired(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		made, err := f.Create(t.Context(), request("a"), "", Clause{Title: "Force majeure", Text: "Storms.", Owner: "ben"}, false)
		require.NoError(t, err)
		require.Equal(t, "force-majeure", made.ID)
		require.Equal(t, DefaultCitations, made.State.Citations)
		n := 2
		changed, err := f.Update(t.Context(), request("b"), made.ID, made.Etag(), Patch{Citations: &n})
		require.NoError(t, err)
		require.Equal(t, 2, changed.State.Citations)
		_, err = f.Update(t.Context(), someone, made.ID, made.Etag(), Patch{Citations: &n})
		require.ErrorIs(t, err, resource.ErrStale)
		zero := 0
		_, err = f.Update(t.Context(), someone, made.ID, "", Patch{Citations: &zero})
		require.ErrorContains(t, err, "clause.review_citations")
		_, err = f.Retire(t.Context(), someone, made.ID, "", "Struck out.")
		require.NoError(t, err)
		_, _, err = f.Cite(t.Context(), someone, Citation{Clause: made.ID}, false)
		requireReason(t, err, "CLAUSE_STATE")
		_, err = f.Update(t.Context(), someone, made.ID, "", Patch{Citations: &n})
		requireReason(t, err, "CLAUSE_STATE")
	})
}

func TestWhatCannotBeCitedIsRefused(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.liability(t)
	for text, c := range map[string]Citation{
		"accounts/nobody does not exist":          {Account: "nobody"},
		"accounts/acme/cases/nobody does not exi": {Account: "acme", Case: "accounts/acme/cases/nobody"},
		"citation.citation_date":                  {Day: day(t, "2026-11-23")},
	} {
		c.Clause = "liability"
		_, _, err := f.Cite(t.Context(), someone, c, false)
		require.ErrorContains(t, err, text)
	}
	_, _, err := f.Cite(t.Context(), someone, Citation{Clause: "other"}, false)
	require.ErrorIs(t, err, resource.ErrNotFound)
}

func TestCitationsAreListedAndReportedByQuarter(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.liability(t)
		_, err := f.Create(t.Context(), someone, "notice", Clause{Title: "Notice", Text: "30 days.", Owner: "ben"}, false)
		require.NoError(t, err)
		cite := func(clause, account, on string) {
			t.Helper()
			_, _, err := f.Cite(t.Context(), someone, Citation{Clause: clause, Account: account, Day: day(t, on)}, false)
			require.NoError(t, err)
		}
		cite("liability", "acme", "2026-10-01")
		cite("liability", "", "2026-10-02")
		cite("liability", "acme", "2026-11-22")
		cite("notice", "brick", "2026-11-01")
		cite("notice", "brick", "2026-09-30")
		cite("notice", "brick", "2026-06-30") // two quarters before

		report, err := f.Report(t.Context(), day(t, "2026-12-31"))
		require.NoError(t, err)
		require.Equal(t, "2026-q4", report.Quarter.ID)
		require.Len(t, report.Clauses, 2)
		first, second := report.Clauses[0], report.Clauses[1]
		require.Equal(t, "liability", first.Clause.ID)
		require.Equal(t, []int{3, 1, 0}, []int{first.Count, first.Accounts, first.Before})
		require.Equal(t, "clause-liability-2026-q4", first.Review)
		require.Equal(t, []int{1, 1, 1}, []int{second.Count, second.Accounts, second.Before})
		require.Empty(t, second.Review)

		brick := "brick"
		page, err := f.Citations(t.Context(), CitationQuery{Account: &brick, Size: 2})
		require.NoError(t, err)
		require.Equal(t, "2026-11-01", page.Items[0].State.Day.String())
		require.NotNil(t, page.Next)
		page, err = f.Citations(t.Context(), CitationQuery{Account: &brick, Size: 2, After: page.Next})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
}
