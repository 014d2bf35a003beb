package statements

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// written is the statement of an account in both forms.
func (f *fixture) written(t *testing.T, account string, q Quarter, view View) (html, markdown string) {
	t.Helper()
	got, err := f.Get(t.Context(), account, q, view, time.Time{})
	require.NoError(t, err)
	html, err = got.HTML()
	require.NoError(t, err)
	markdown, err = got.Markdown()
	require.NoError(t, err)
	return html, markdown
}

// golden compares a page with the one kept in testdata, which EVENHAND_UPDATE=1 writes.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("EVENHAND_UPDATE") == "1" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// The pages are as they were looked at, when printed too: one that was issued, with what
// came since and what comes next.
func TestR31TheWholePage(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	_, err := f.Issue(t.Context(), anna, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err)
	f.take(t, paid("c9", "acme", july, 70_00))
	f.world.next = []Prospect{{Name: "plans/acme/goals/north", Text: "Two shops in the north", Day: day("2026-12-24")},
		{Name: "innovationProjects/p3", Text: "Caps of recycled resin", Day: civil.Never}}
	html, markdown := f.written(t, "acme", q3, Current)
	golden(t, "statement.html", html)
	golden(t, "statement.md", markdown)
}

func TestR31AStatementInWords(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	f.world.next = []Prospect{{Name: "plans/acme/goals/north", Text: "Two shops in the north", Day: day("2026-12-24")}}
	html, markdown := f.written(t, "acme", q3, Default)
	for _, text := range []string{html, markdown} {
		for _, want := range []string{"third quarter of 2026", "1 July 2026 to 30 September 2026", "USD 130.00", "3 payments and refunds",
			"GET /v1/accounts/acme/revenueEntries", "USD 400.07", "Hours with our experts, edition 2.", "4 without a stated worth", "1 came back",
			"accounts/acme/cases/c1", "1:30 hours went into this in all", "1 entry, each on its day of work", "Two shops in the north", "24 December 2026", "Not issued"} {
			require.Contains(t, strings.ReplaceAll(text, `\`, ""), want)
		}
	}
	require.NotContains(t, html, "src=")
	require.NotContains(t, html, "href=")
}

// What was waived is a count, and the page says so.
func TestR32WaivedRulesAreCountedAndNotPriced(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	html, markdown := f.written(t, "acme", q3, Default)
	for _, text := range []string{html, markdown} {
		require.Equal(t, 1, strings.Count(text, "counted, not priced"))
	}
}

// However many entries there are, a page names a few, and the call that lists all.
func TestR31APageOfManyEntries(t *testing.T) {
	f := onSQLite(t)
	f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
	const many = 20_000
	for from := 0; from < many; from += 1000 {
		var changes []feeds.Change
		for i := range 1000 {
			changes = append(changes, used("acme", fmt.Sprintf("e%05d", from+i), "shipping", "1", july, feeds.Used, 1))
		}
		f.take(t, changes...)
	}
	html, markdown := f.written(t, "acme", q3, Default)
	for _, text := range []string{html, markdown} {
		require.Contains(t, text, "and 19997 more, listed by GET /v1/accounts/acme/valueStatements/2026-q3/entries?figure=benefits")
		require.Less(t, len(text), 20_000)
	}
	query := EntryQuery{Account: "acme", Quarter: q3, Figure: "benefits", Size: 1000}
	var units int64
	pages := 0
	for ; pages == 0 || query.After != nil; pages++ {
		list, err := f.Entries(t.Context(), query)
		require.NoError(t, err)
		require.Equal(t, many, list.Total)
		for i := range list.Page {
			require.Equal(t, fmt.Sprintf("accounts/acme/usageEntries/e%05d", pages*1000+i), list.Page[i].Name)
			units += list.Page[i].Count
		}
		query.After = list.Next
	}
	require.Equal(t, many/1000, pages)
	require.EqualValues(t, many, units)
}

// What a page cites is of that very statement, as it is now or was known then too, and the
// page says which it is.
func TestR35APageCitesItself(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
	for i := range 9 {
		f.take(t, used("acme", fmt.Sprint("e", i), "shipping", "1", july, feeds.Used, 1))
	}
	call := "and %d more, listed by GET /v1/accounts/acme/valueStatements/2026-q3/entries?figure=benefits%s"
	cites := func(view View, known time.Time, more int, query, standing string) {
		t.Helper()
		got, err := f.Get(ctx, "acme", q3, view, known)
		require.NoError(t, err)
		text, err := got.Markdown()
		require.NoError(t, err)
		plain := strings.ReplaceAll(text, `\`, "")
		require.Contains(t, plain, fmt.Sprintf(call, more, query)+")")
		require.Contains(t, plain, standing)
	}
	cites(Default, time.Time{}, 6, "", "Not issued: as it is known now.")
	_, err := f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err)
	f.take(t, used("acme", "e9", "shipping", "1", july, feeds.Used, 1))
	cites(Default, time.Time{}, 6, "", "Issued on 23 November 2026")
	cites(Issued, time.Time{}, 6, "&view=VALUE_STATEMENT_VIEW_ISSUED", "Issued on 23 November 2026")
	cites(Current, time.Time{}, 7, "&view=VALUE_STATEMENT_VIEW_CURRENT", "This is what is known now.")
	cites(Current, recorded(5), 2, "&view=VALUE_STATEMENT_VIEW_CURRENT&knownTime=2026-11-01T09%3A00%3A05Z", "As it was known on 1 November 2026, 09:00 UTC.")
	query := EntryQuery{Account: "acme", Quarter: q3, View: Current, Known: recorded(5), Figure: "benefits", Size: 1}
	list, err := f.Entries(ctx, query)
	require.NoError(t, err)
	require.Equal(t, 5, list.Total, "those that were known then")
}

// A statement with nothing in it says so of each figure.
func TestR31NothingIsSaidPlainly(t *testing.T) {
	f := onSQLite(t)
	f.take(t, settled("JPY", "Asia/Tokyo"), customer("acme", day("2020-01-01")))
	html, markdown := f.written(t, "acme", q3, Default)
	for _, d := range definitions {
		require.Contains(t, html, d.none)
		require.Contains(t, markdown, d.none)
	}
	for _, text := range []string{html, markdown} {
		require.Contains(t, text, "No planned contact was skipped, or called off after it was due.")
		require.NotContains(t, text, "contact was missed", "nobody told of those that are overdue and open")
	}
	require.Contains(t, html, "JPY 0<", "of a currency without decimals")
	require.Contains(t, html, "Nothing is planned.")
	require.Contains(t, html, "From Larkspur &amp; Co")
	f.take(t, feeds.Change{Service: feeds.Accounts, Company: &feeds.Company{}})
	html, markdown = f.written(t, "acme", q3, Default)
	require.Contains(t, html, "has not settled its currency")
	require.NotContains(t, html+markdown, "From", "nobody said what the company is called")
}

// What people wrote is text, in either form.
func TestR31WhatPeopleWroteIsText(t *testing.T) {
	f := onSQLite(t)
	odd := customer("acme", day("2020-01-01"))
	odd.Account.DisplayName = "<script>alert(1)</script> | [link](http://x) *"
	f.take(t, odd, feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i1", Account: "acme", Title: "<b>loud</b> | _x_", Given: july}})
	html, markdown := f.written(t, "acme", q3, Default)
	require.NotContains(t, html, "<script>")
	require.NotContains(t, html, "<b>")
	require.Contains(t, markdown, `\<script\>alert(1)\</script\> \| \[link\](http://x) \*`)
	require.NotContains(t, markdown, "<b>")
}

func TestR35WhatCameSinceAndWhatDiffersIsWritten(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	_, err := f.Issue(t.Context(), anna, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err)
	f.take(t, paid("c9", "acme", july, 70_00))
	html, markdown := f.written(t, "acme", q3, Default)
	require.NotContains(t, html, "Since then")
	require.Contains(t, html, "Issued on 23 November 2026, 07:00 EST by principals/anna.")
	require.NotContains(t, markdown, "200.00")
	html, markdown = f.written(t, "acme", q3, Current)
	require.Contains(t, html, "USD 130.00 &rarr; USD 200.00")
	require.Contains(t, html, "This is what is known now.")
	require.Contains(t, markdown, "Paid: USD 130.00 before, USD 200.00 now (new: revenue/c9)")
	require.NoError(t, f.Dossiers.pages.Delete(t.Context(), place{"acme", q3}.page(0), 0))
	html, markdown = f.written(t, "acme", q3, Default)
	require.Contains(t, html, "cannot be made again")
	require.Contains(t, markdown, "cannot be made again")
}

func TestR31AmountsAreWrittenInThousands(t *testing.T) {
	for amount, want := range map[string]string{"0": "0", "999.99": "999.99", "-999.00": "-999.00", "1000": "1,000", "-1000.05": "-1,000.05",
		"123456.78": "123,456.78", "-123456": "-123,456", "1234567.890": "1,234,567.890"} {
		require.Equal(t, want, inThousands(amount))
	}
}
