package statements

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

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
