package rows_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/bands"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/rows"
)

// world has one account, acme, which joined on 2026-01-01 and has spent a dollar for every
// day since; New York's clocks say which day it is.
type world struct {
	measures []cases.Measure
	broken   error
	asked    int // standings of an account on a day
}

var joined = civil.Date(2026, time.January, 1)

func (w *world) Measures(context.Context, time.Time, time.Time, time.Time) iter.Seq2[cases.Measure, error] {
	return func(yield func(cases.Measure, error) bool) {
		for _, m := range w.measures {
			if !yield(m, nil) {
				return
			}
		}
		if w.broken != nil {
			yield(cases.Measure{}, w.broken)
		}
	}
}

func (w *world) Regions(_ context.Context, visit func(account, region string)) error {
	visit("acme", "north")
	return nil
}

func (w *world) Zone() civil.Zone {
	zone, err := civil.LoadZone("America/New_York")
	if err != nil {
		panic(err)
	}
	return zone
}

func (w *world) Standings(_ context.Context, day civil.Day, visit func(string, bool, int64, civil.Day)) error {
	visit("acme", true, 100*int64(day-joined), joined)
	return nil
}

func (w *world) Standing(_ context.Context, account string, day civil.Day) (int64, civil.Day, bool, error) {
	w.asked++
	return 100 * int64(day-joined), joined, account == "acme", nil
}

func (w *world) Today() civil.Day { return joined + 300 }
func (w *world) Currency() string { return "USD" }
func (w *world) Reaches(_ context.Context, visit func(string, int64)) error {
	visit("acme", 7)
	return nil
}

func open(t *testing.T, w *world) *rows.Source {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(t.Context(), store, time.Now)
	require.NoError(t, err)
	sorting, err := bands.Open(t.Context(), requests, w, w)
	require.NoError(t, err)
	_, err = sorting.Update(t.Context(), resource.Call{Principal: "principals/anna"}, bands.Declaration{Subject: bands.Spend, Currency: "USD",
		Bands: []bands.Band{{ID: "small", AtLeast: bands.Lowest}, {ID: "large", AtLeast: 100 * 100}}})
	require.NoError(t, err)
	return rows.New(w, sorting, w, w)
}

var from, to = time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 4, 0, 0, 0, time.UTC)

// A case is in the bands that its account was in on the day it was opened, by the
// company's clocks.
func TestR24RowsHaveTheBandsOfTheDay(t *testing.T) {
	late := time.Date(2026, 4, 11, 3, 30, 0, 0, time.UTC) // still the 10th, the 99th day since, in New York
	w := &world{measures: []cases.Measure{
		{ID: "acme/cases/1", Account: "acme", Issue: "noise", Channel: "phone", Role: "engineer", Opened: late, FirstReply: time.Hour,
			Resolution: 2 * time.Hour, Breached: true, BreachKnown: true, Escalated: true, Remedy: "gift", Value: 5, HasValue: true},
		{ID: "acme/cases/2", Account: "acme", Opened: late.Add(time.Minute), ResolutionOpen: true, Reopened: true,
			Unknown: cases.Unrecorded{Replies: true, Escalations: true, Remedies: true}},
		{ID: "acme/cases/3", Account: "acme", Opened: late.Add(time.Hour), BreachKnown: true},
		{ID: "gone/cases/4", Account: "gone", Opened: late.Add(time.Hour)},
	}}
	var got []parity.Row
	for row, err := range open(t, w).Cases(t.Context(), from, to, to) {
		require.NoError(t, err)
		got = append(got, *row)
	}
	require.Len(t, got, 4)
	require.Equal(t, parity.Row{Account: "acme", ID: "1", Issue: "noise", Channel: "phone", StaffRole: "engineer", Region: "north",
		SpendBand: "small", TenureBand: got[0].TenureBand, ReachBand: got[0].ReachBand, Opened: late,
		FirstReply: parity.Lapse{Known: true, Time: time.Hour}, Resolution: parity.Lapse{Known: true, Time: 2 * time.Hour},
		Breached: parity.Yes, Resolved: true, Escalated: parity.Yes, Reopened: parity.No, Remedy: "gift", RemedyValue: parity.Value{Known: true, Minor: 5}}, got[0])
	require.False(t, got[1].FirstReply.Known)
	require.Equal(t, parity.Unknown, got[1].Escalated)
	require.Equal(t, parity.Yes, got[1].Reopened)
	require.True(t, got[1].RemedyUnknown)
	require.True(t, got[1].Resolution.Open)
	require.False(t, got[1].Resolved)
	require.Equal(t, parity.Unknown, got[1].Breached)
	require.Equal(t, "large", got[2].SpendBand, "a day later")
	require.Equal(t, parity.No, got[2].Breached)
	require.Empty(t, got[3].SpendBand, "what is not known is in no group")
	require.Empty(t, got[3].TenureBand)
	require.Empty(t, got[3].ReachBand)
	require.Empty(t, got[3].Region)
	require.Equal(t, 3, w.asked, "an account is sorted once for a day")
}

func TestAWalkThatBreaksSaysSo(t *testing.T) {
	broken := errors.New("broken")
	w := &world{measures: []cases.Measure{{ID: "acme/cases/1", Account: "acme", Opened: from}}, broken: broken}
	read := 0
	var failed []error
	for _, err := range open(t, w).Cases(t.Context(), from, to, to) {
		if err != nil {
			failed = append(failed, err)
			continue
		}
		read++
	}
	require.Equal(t, 1, read)
	require.Len(t, failed, 1, "it is said once, and ends the walk")
	require.ErrorIs(t, failed[0], broken)
}
