package usage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// recorded draws a history of an account with four benefits, one of which has the name of
// another at the beginning of its own, and returns its entries in the order in which they
// were made; several may be of one millisecond.
func recorded(t *rapid.T, f *fixture, account string) []Entry {
	var list []Entry
	f.clock.set(noon("2026-03-15"))
	for range rapid.IntRange(0, 90).Draw(t, "entries") {
		f.clock.set(f.clock.now().Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "passed")) * time.Millisecond))
		if i := rapid.IntRange(0, 3*len(list)+3).Draw(t, "release"); i < len(list) && list[i].Type == Used {
			out, err := f.Release(t.Context(), someone, account, list[i].ID, 1, "why")
			if err == nil {
				list = append(list, out.Entry)
			}
			continue
		}
		benefit := rapid.SampledFrom([]string{"hours", "hours", "hours-2", "hour", "shipping"}).Draw(t, "benefit")
		origin := rapid.SampledFrom([]Origin{AskedFor, Offered}).Draw(t, "origin")
		out, err := f.Consume(t.Context(), someone, Use{Account: account, Benefit: benefit, Units: 2, Origin: origin}, false)
		require.NoError(t, err)
		list = append(list, out.Entry)
	}
	return list
}

// instant draws one of the time in which entries were recorded, or none.
func instant(t *rapid.T, label string) time.Time {
	ms := rapid.IntRange(-20, 120).Draw(t, label)
	if ms < -5 {
		return time.Time{}
	}
	return noon("2026-03-15").Add(time.Duration(ms) * time.Millisecond)
}

// Whatever was recorded and is asked for, the pages of the history together are the plain
// list, and what is counted of a part of it is what that adds up to.
func TestR35HistoryIsThePlainList(t *testing.T) {
	f := onSQLite(t)
	for _, benefit := range []string{"hours", "hours-2", "hour"} {
		f.grants.grant(benefit, holding("2026-02-01", "", 1, hours(1000, "P1Y", 0, schedule.Anniversary)))
	}
	account := 0
	rapid.Check(t, func(t *rapid.T) {
		account++
		a := fmt.Sprint("a-", account)
		list := recorded(t, f, a)
		f.scanLimit = rapid.SampledFrom([]int{1, 10, 10_000}).Draw(t, "scan")
		for range 5 {
			q := Query{Account: a, From: instant(t, "from"), To: instant(t, "to"), Ascending: rapid.Bool().Draw(t, "ascending"),
				Size: rapid.IntRange(1, 40).Draw(t, "size")}
			switch rapid.IntRange(0, 2).Draw(t, "keep") {
			case 1:
				q.Keep = func(e *Entry) bool { return e.Benefit == "hours" }
			case 2:
				q.Keep = func(e *Entry) bool { return e.Origin == Offered }
			}
			require.Equal(t, plain(list, q), paged(t, f, q))
			f.counted(t, list, q)
		}
	})
}

// plain is the list that a query asks for.
func plain(list []Entry, q Query) []string {
	ids := []string{}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b Entry) int { return q.compare(&a, &b) })
	for _, e := range sorted {
		if (q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To)) && (q.Keep == nil || q.Keep(&e)) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// paged is the same, page by page.
func paged(t *rapid.T, f *fixture, q Query) []string {
	ids := []string{}
	for {
		page, err := f.History(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Entries), q.Size)
		for _, e := range page.Entries {
			ids = append(ids, e.ID)
		}
		if page.Next == nil {
			return ids
		}
		text, err := page.Next.MarshalJSON() // as a page token keeps it
		require.NoError(t, err)
		q.After = nil
		require.NoError(t, q.After.UnmarshalJSON(text))
	}
}

// counted compares what is reckoned of a balance with what the list adds up to.
func (f *fixture) counted(t *rapid.T, list []Entry, q Query) {
	var between, before int64
	for _, e := range list {
		if e.Benefit != "hours" {
			continue
		}
		if !e.At.Before(q.From) && (q.To.IsZero() || e.At.Before(q.To)) {
			between += e.Adds()
		}
		if !e.At.After(q.To) {
			before += e.Adds()
		}
	}
	used, err := f.UsedBetween(t.Context(), q.Account, "hours", q.From, q.To)
	require.NoError(t, err)
	require.Equal(t, between, used)
	if q.To.IsZero() || q.To.After(f.clock.now()) {
		return
	}
	b, err := f.Get(t.Context(), q.Account, "hours", q.To)
	require.NoError(t, err)
	require.Equal(t, before, b.Used)
}
