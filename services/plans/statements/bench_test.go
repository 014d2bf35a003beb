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

// BenchmarkIssue issues 10,000 statements; the floor reads the same dossiers and writes as
// many documents with as many events.
func BenchmarkIssue(b *testing.B) {
	f := onSQLite(b)
	first := quarter("2020-q1")
	f.fill(b, first)
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
	for b.Loop() {
		c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "issue value statements", Floor: "read the dossiers, write as many documents", Unit: "statements"}, ours, floor)
		require.NoError(b, err)
		b.ReportMetric(pairs.Median(c.Ours), "statements/s")
		b.ReportMetric(pairs.Median(c.Base), "floor/s")
		b.ReportMetric(c.Ratio(), "ratio")
	}
}
