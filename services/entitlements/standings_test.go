package entitlements

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Bands go by the same spend as rules.
func TestR17SpendOfStandingsIsThatOfRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOf(rapid.Custom(func(t *rapid.T) entry {
			return entry{day: rapid.Int32Range(10000, 11200).Draw(t, "day"), minor: rapid.Int64Range(-1e9, 1e9).Draw(t, "minor")}
		})).Draw(t, "entries")
		l := packed(t, entries)
		day := civil.Day(rapid.Int32Range(9990, 11300).Draw(t, "on"))
		buckets := l.buckets(nil)
		require.Equal(t, decision.Company{}.Spend(buckets, schedule.Trailing12Months, civil.Never, day), l.spend(day.AddMonths(-12), day))
		require.Equal(t, buckets.First(), l.first())
	})
}

func TestStandings(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	day := func(text string) civil.Day {
		d, err := civil.ParseDay(text)
		require.NoError(t, err)
		return d
	}
	accounts := []AccountChange{
		{ID: "explicit", State: Active, Joined: day("1997-01-15"), Closed: civil.Never},
		{ID: "first-entry", State: Active, Joined: civil.Never, Closed: civil.Never},
		{ID: "nothing", State: Active, Joined: civil.Never, Closed: civil.Never},
		{ID: "prospect", State: Prospect, Joined: civil.Never, Closed: civil.Never},
		{ID: "closed", State: Closed, Joined: day("1996-01-01"), Closed: day("1998-05-31")},
		{ID: "closes-tomorrow", State: Closed, Joined: day("1996-01-01"), Closed: day("1998-06-02")},
		{ID: "joins-tomorrow", State: Active, Joined: day("1998-06-02"), Closed: civil.Never},
	}
	for i := range accounts {
		f.source.add(Change{Account: &accounts[i]})
	}
	revenue := func(account string, on string, minor int64) {
		f.source.add(Change{Revenue: &RevenueChange{Accounts: []string{account}, Index: []uint32{0}, Days: []int32{int32(day(on))}, Minor: []int64{minor}}})
	}
	revenue("first-entry", "1997-06-01", 500) // a year ago: out of the window
	revenue("first-entry", "1997-06-02", 70)
	revenue("first-entry", "1998-06-01", -20)
	revenue("first-entry", "1998-06-02", 9)
	revenue("unannounced", "1998-06-01", 1)

	f.caughtUp(t)

	got := map[string]string{}
	require.NoError(t, f.Standings(t.Context(), day("1998-06-01"), func(account string, active bool, spend int64, joined civil.Day) {
		got[account] = fmt.Sprintf("%v %d %s", active, spend, joined)
	}))
	for account := range got {
		spend, joined, known, err := f.Standing(t.Context(), account, day("1998-06-01"))
		require.NoError(t, err)
		require.True(t, known)
		require.Contains(t, got[account], fmt.Sprintf(" %d %s", spend, joined))
	}
	_, _, known, err := f.Standing(t.Context(), "unannounced", day("1998-06-01"))
	require.NoError(t, err)
	require.False(t, known)
	require.Equal(t, map[string]string{
		"explicit": "true 0 1997-01-15", "first-entry": "true 50 1997-06-01", "nothing": "false 0 never", "prospect": "false 0 never",
		"closed": "false 0 1996-01-01", "closes-tomorrow": "true 0 1996-01-01", "joins-tomorrow": "false 0 1998-06-02",
	}, got)
	require.Equal(t, civil.Date(1998, time.June, 1), f.Today())
}
