package usage

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		period   string
		resets   schedule.Resets
		anchor   string
		day      string
		from, to string
	}{
		{"P1Y", schedule.ByCalendar, "2026-02-10", "2026-02-10", "2026-01-01", "2027-01-01"},
		{"P3M", schedule.ByCalendar, "2026-02-10", "2026-12-31", "2026-10-01", "2027-01-01"},
		{"P2Y", schedule.ByCalendar, "2026-02-10", "2027-05-05", "2026-01-01", "2028-01-01"},
		{"P7D", schedule.ByCalendar, "2026-02-10", "2026-11-22", "2026-11-16", "2026-11-23"},
		{"P1Y", schedule.Anniversary, "2026-02-10", "2027-02-09", "2026-02-10", "2027-02-10"},
		{"P1Y", schedule.Anniversary, "2024-02-29", "2027-02-28", "2027-02-28", "2028-02-29"},
		{"P1M", schedule.Anniversary, "2026-01-31", "2026-03-30", "2026-02-28", "2026-03-31"},
		{"P1M", schedule.Anniversary, "2026-01-31", "2026-01-30", "2025-12-31", "2026-01-31"},
		{"P1M3D", schedule.Anniversary, "2026-01-01", "2026-02-04", "2026-02-04", "2026-03-07"},
		{"P1Y", schedule.Rolling, "2026-02-10", "2026-06-01", "2025-06-02", "2026-06-02"},
		{"P1M", schedule.Rolling, "2026-02-10", "2026-02-28", "2026-02-01", "2026-03-01"},
		{"P1D", schedule.Rolling, "2026-02-10", "2026-02-28", "2026-02-28", "2026-03-01"},
	} {
		p, err := civil.ParsePeriod(c.period)
		require.NoError(t, err)
		got := terms{p, c.resets, day(c.anchor)}.at(day(c.day))
		require.Equal(t, []string{c.from, c.to}, []string{got.from.String(), got.to.String()}, "%+v", c)
	}
}

var genTerms = rapid.Custom(func(t *rapid.T) terms {
	x := terms{anchor: civil.Day(rapid.Int32Range(10_000, 30_000).Draw(t, "anchor")),
		resets: rapid.SampledFrom([]schedule.Resets{schedule.Anniversary, schedule.ByCalendar, schedule.Rolling}).Draw(t, "resets")}
	x.period = rapid.SampledFrom([]civil.Period{{Months: 1}, {Months: 3}, {Months: 5}, {Months: 12}, {Months: 36}, {Days: 1}, {Days: 7}, {Days: 30}}).Draw(t, "period")
	if x.resets != schedule.ByCalendar && rapid.Bool().Draw(t, "mixed") {
		x.period = civil.Period{Months: 1, Days: 3}
	}
	return x
})

func TestEveryDayIsInItsPeriod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := genTerms.Draw(t, "terms")
		d := civil.Day(rapid.Int32Range(5_000, 40_000).Draw(t, "day"))
		p := x.at(d)
		require.True(t, p.from <= d && d < p.to)
		if x.resets == schedule.Rolling {
			require.Greater(t, x.period.After(p.from), d, "the first day still counts")
			require.LessOrEqual(t, x.period.After(p.from-1), d, "and the one before does not")
			return
		}
		require.Equal(t, p, x.at(p.from))
		require.Equal(t, p, x.at(p.to-1))
		require.Equal(t, p.to, x.at(p.to).from, "the next begins where this one ends")
		if x.resets == schedule.Anniversary {
			require.Equal(t, x.anchor, x.at(x.anchor).from)
		}
	})
}
