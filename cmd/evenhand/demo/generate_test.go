package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

var today = time.Date(2026, 11, 22, 15, 4, 5, 0, time.UTC)

func TestSchedulesAreValid(t *testing.T) {
	d := Generate(Seed, today)
	for _, text := range []string{d.First, d.Second} {
		s, err := schedule.Parse([]byte(text))
		require.NoError(t, err)
		require.NotEmpty(t, s.Rules)
	}
	require.Contains(t, d.First, "effective: 2023-11-22")
}

func TestGenerateIsTheSameEveryTime(t *testing.T) {
	require.Equal(t, Generate(Seed, today), Generate(Seed, today))
	require.NotEqual(t, Generate(Seed, today).Orders, Generate(Seed+1, today).Orders)
}

// Whatever the day: sixty customers, each known once, their revenue between joining and
// today, refunds among it, and one customer just below the threshold.
func TestGenerateOnAnyDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 4000).Draw(t, "day"))
		d := Generate(rapid.Uint64().Draw(t, "seed"), day)
		require.Len(t, d.Customers, 60)
		byID := map[string]Customer{}
		prospects, left, groups := 0, 0, 0
		for _, c := range d.Customers {
			require.NotContains(t, byID, c.ID)
			byID[c.ID] = c
			if c.Prospect {
				prospects++
			}
			if !c.Closed.IsZero() {
				left++
			}
			if c.Parent != "" {
				groups++
				require.Contains(t, byID, c.Parent, "parents come first")
			}
		}
		require.Equal(t, []int{1, 1, 5}, []int{prospects, left, groups})

		refunds, near := 0, int64(0)
		ids := map[string]bool{}
		for _, o := range d.Orders {
			c := byID[o.Customer]
			require.False(t, ids[o.ID])
			ids[o.ID] = true
			require.False(t, c.Prospect)
			require.False(t, o.Day.Before(c.Joined) || o.Day.After(day), "%+v", o)
			require.True(t, c.Closed.IsZero() || !o.Day.After(c.Closed))
			if o.Cents < 0 {
				refunds++
			}
			if o.Customer == NearlyPartner && o.Day.After(day.AddDate(-1, 0, 0)) {
				near += o.Cents
			}
		}
		require.Positive(t, refunds)
		require.Greater(t, len(d.Orders), 1000)
		require.Equal(t, int64(threshold-short), near)
	})
}
