package entitlements

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// What is summed up between days is what is summed up of each of them.
func TestR19RevenueBetweenDaysIsThatOfTheDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOf(rapid.Custom(func(t *rapid.T) entry {
			return entry{day: rapid.Int32Range(10000, 10050).Draw(t, "day"), minor: rapid.Int64Range(-1e9, 1e9).Draw(t, "minor")}
		})).Draw(t, "entries")
		l := packed(t, entries)
		days := []civil.Day{civil.Day(rapid.Int32Range(9990, 10020).Draw(t, "first"))}
		for range rapid.IntRange(1, 5).Draw(t, "spans") {
			days = append(days, days[len(days)-1]+civil.Day(rapid.Int32Range(1, 20).Draw(t, "length")))
		}
		sums := make([]int64, len(days)-1)
		l.between(days, sums)
		for i, sum := range sums {
			require.Equal(t, l.spend(days[i]-1, days[i+1]-1), sum)
		}
	})
}

func TestR19RevenueOfAccounts(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	days := []civil.Day{civil.Date(1998, 1, 1), civil.Date(1998, 4, 1), civil.Date(1998, 7, 1)}
	f.source.add(Change{Account: &AccountChange{ID: "acme", State: Active, Joined: civil.Never, Closed: civil.Never}})
	f.source.add(Change{Account: &AccountChange{ID: "none", State: Active, Joined: civil.Never, Closed: civil.Never}})
	f.source.add(Change{Revenue: &RevenueChange{Accounts: []string{"acme"}, Index: []uint32{0, 0, 0, 0},
		Days: []int32{int32(days[0]) - 1, int32(days[0]), int32(days[1]) - 1, int32(days[2]) - 1}, Minor: []int64{1, 20, 300, -4000}}})
	f.caughtUp(t)

	got := map[string][]int64{}
	require.NoError(t, f.Revenues(t.Context(), days, func(account string, minor []int64) { got[account] = append([]int64{}, minor...) }))
	require.Equal(t, map[string][]int64{"acme": {320, -4000}, "none": {0, 0}}, got)
	one, err := f.Revenue(t.Context(), "acme", days)
	require.NoError(t, err)
	require.Equal(t, []int64{320, -4000}, one)
	_, err = f.Revenue(t.Context(), "nobody", days)
	require.ErrorContains(t, err, "nobody")
}
