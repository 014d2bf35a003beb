package statements

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	benchAccounts = 10_000
	// benchPages is how many statements are written as pages in each part of a pair.
	benchPages = 2_000
	// benchQuarters is how many times statements are issued: a pair to warm up, and seven.
	benchQuarters = 8
)

// fill writes dossiers of eighteen lines for accounts and quarters.
func (f *fixture) fill(b *testing.B, first Quarter) {
	var accounts []feeds.Change
	for a := range benchAccounts {
		accounts = append(accounts, customer(fmt.Sprintf("a%05d", a), day("2000-01-01")))
	}
	f.take(b, settled("USD", "America/New_York"))
	f.take(b, used("other", "e", "hours", "1", july, feeds.Used, 1)) // the version is known
	for some := range slices.Chunk(accounts, 500) {
		require.NoError(b, f.accounts.Take(b.Context(), some))
	}
	for q := first; q < first+benchQuarters; q++ {
		var pages []docstore.New[dossier]
		for a := range benchAccounts {
			account := fmt.Sprintf("a%05d", a)
			page := dossier{Account: account, Quarter: int(q)}
			for n := range 18 {
				of := &facts{Account: account, Name: fmt.Sprint("accounts/", account, "/entries/", n), Day: q.First() + civil.Day(n), Count: 1}
				of.Kind = []kind{kindPaid, kindUsed, kindSolved}[n%3]
				switch of.Kind {
				case kindUsed:
					of.Units, of.Subject, of.Version, of.Origin = 2, "hours", "1", "offered"
				case kindSolved:
					of.At, of.Day = civil.UTC.Start(of.Day).Add(15*time.Hour), 0
				default:
					of.Minor, of.Last = 12_34, of.Day
				}
				page.Lines = append(page.Lines, line{Key: fmt.Sprint(n), States: []state{{Service: feeds.Accounts, Position: 1, Recorded: began, Facts: of}}})
			}
			pages = append(pages, docstore.New[dossier]{ID: place{account, q}.page(0), Body: page})
		}
		for some := range slices.Chunk(pages, 500) {
			require.NoError(b, f.Dossiers.pages.InsertMany(b.Context(), some))
		}
	}
}

// BenchmarkStatements issues statements, and writes those that were issued as pages.
func BenchmarkStatements(b *testing.B) {
	f := onSQLite(b)
	first := quarter("2020-q1")
	f.fill(b, first)
	b.Run("issue", func(b *testing.B) { f.benchIssue(b, first) })
	b.Run("render", func(b *testing.B) { f.benchRender(b, first) })
}

// compare measures a figure beside its floor.
func compare(b *testing.B, c pairs.Comparison, ours, floor pairs.Measure) {
	b.Helper()
	for b.Loop() {
		c, err := pairs.Run(b.Context(), c, ours, floor)
		require.NoError(b, err)
		b.ReportMetric(pairs.Median(c.Ours), "statements/s")
		b.ReportMetric(pairs.Median(c.Base), "floor/s")
		b.ReportMetric(c.Ratio(), "ratio")
	}
}

// benchIssue issues 10,000 statements; the floor reads the same dossiers and writes as many
// documents with as many events.
func (f *fixture) benchIssue(b *testing.B, first Quarter) {
	raw, err := docstore.OpenCollection[Issue](b.Context(), f.store, docstore.Spec{Name: "floor", Indexes: Kind.Spec.Indexes})
	require.NoError(b, err)
	next := first
	ours := func(ctx context.Context) (float64, error) {
		began := time.Now()
		done, err := f.Issue(ctx, anna, Wanted{Quarter: next}, quietly)
		if err == nil && done.Issued != benchAccounts {
			err = fmt.Errorf("%d statements were issued", done.Issued)
		}
		next++
		return benchAccounts / time.Since(began).Seconds(), err
	}
	floored := first
	floor := func(ctx context.Context) (float64, error) {
		began := time.Now()
		for from := 0; from < benchAccounts; from += inOne {
			var ids []string
			for a := from; a < from+inOne; a++ {
				ids = append(ids, place{fmt.Sprintf("a%05d", a), floored}.page(0))
			}
			docs, err := f.Dossiers.pages.GetMany(ctx, ids)
			if err != nil {
				return 0, err
			}
			var issues []docstore.New[Issue]
			for _, d := range docs {
				issue := Issue{Header: Header{Account: d.Body.Account, DisplayName: "The " + d.Body.Account, Quarter: floored, Currency: "USD", Zone: "America/New_York"},
					Positions: map[feeds.Service]int64{feeds.Accounts: 1, feeds.Entitlements: 1, feeds.Board: 1, feeds.Own: 1}, Digest: fmt.Sprintf("%064d", from), By: "principals/anna"}
				issues = append(issues, docstore.New[Issue]{ID: d.ID, Body: issue, Events: []docstore.NewEvent{{Type: "value_statement.issued", Data: issue}}})
			}
			if err := raw.InsertMany(ctx, issues); err != nil {
				return 0, err
			}
		}
		floored++
		return benchAccounts / time.Since(began).Seconds(), nil
	}
	compare(b, pairs.Comparison{Name: "issue value statements", Floor: "read the dossiers, write as many documents", Unit: "statements"}, ours, floor)
}

// benchRender reads issued statements one by one, as the command line does that writes them
// into a folder, and makes a page of HTML of each; the floor reads of each the account, what
// was issued and the dossier.
func (f *fixture) benchRender(b *testing.B, q Quarter) {
	_, err := f.Issue(b.Context(), anna, Wanted{Quarter: q}, quietly)
	require.NoError(b, err)
	ours := func(ctx context.Context) (float64, error) {
		began := time.Now()
		for a := range benchPages {
			answer, err := f.Get(ctx, fmt.Sprintf("a%05d", a), q, Issued, time.Time{})
			if err != nil {
				return 0, err
			}
			page, err := answer.HTML()
			if err != nil {
				return 0, err
			}
			if answer.Differs || len(page) < 4096 {
				return 0, fmt.Errorf("%s is not what was issued: a page of %d bytes", Name(answer.Account, q), len(page))
			}
		}
		return benchPages / time.Since(began).Seconds(), nil
	}
	floor := func(ctx context.Context) (float64, error) {
		began := time.Now()
		for a := range benchPages {
			account := fmt.Sprintf("a%05d", a)
			if _, err := f.accounts.Get(ctx, account); err != nil {
				return 0, err
			}
			if _, err := f.issues.Get(ctx, id(account, q)); err != nil {
				return 0, err
			}
			if _, err := f.Dossiers.pages.GetMany(ctx, []string{place{account, q}.page(0)}); err != nil {
				return 0, err
			}
		}
		return benchPages / time.Since(began).Seconds(), nil
	}
	compare(b, pairs.Comparison{Name: "write value statements as pages", Floor: "read what they are made of", Unit: "statements"}, ours, floor)
}
