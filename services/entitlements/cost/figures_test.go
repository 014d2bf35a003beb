package cost

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestR19CostOfAnAccount(t *testing.T) {
	f := onSQLite(t)
	f.used("acme", "hours", "2025-05-20", 7) // the day before the twelve months
	f.used("acme", "hours", "2025-05-21", 1)
	f.used("acme", "hours", "2026-05-20", 3)
	f.used("acme", "hours", "2026-05-20", -1) // one came back
	f.used("acme", "thanks", "2026-01-01", 2)
	f.used("acme", "shipping", "2026-01-01", 4)
	f.used("acme", "shipping", "2026-01-01", -4)
	f.used("other", "hours", "2026-01-01", 100)
	f.uses = append(f.uses, Use{Account: "acme", Benefit: "hours", Rule: "goodwill", Version: 2, Origin: "offered", Day: day("2026-02-01"), Units: 2})
	f.pays("acme", "2025-05-21", 9_000_00)
	f.pays("acme", "2026-03-01", -1_000_00)

	got, err := f.Account(t.Context(), "acme", civil.Never, civil.Never)
	require.NoError(t, err)
	const revenue = 8_000_00
	require.Equal(t, OfAccount{
		Span: Span{day("2025-05-21"), day("2026-05-21")}, Currency: "USD",
		Total: Row{"acme", Figures{Minor: 3*120_00 + 2*150_00, Units: 5, Unknown: 2}, revenue},
		Benefits: []Row{
			{"hours", Figures{Minor: 3*120_00 + 2*150_00, Units: 5}, revenue},
			{"thanks", Figures{Unknown: 2}, revenue},
		},
		Rules: []Row{
			{"partner", Figures{Minor: 3 * 120_00, Units: 3, Unknown: 2}, revenue},
			{"goodwill", Figures{Minor: 2 * 150_00, Units: 2}, revenue},
		},
		Origins: []Row{
			{"asked-for", Figures{Minor: 3 * 120_00, Units: 3, Unknown: 2}, revenue},
			{"offered", Figures{Minor: 2 * 150_00, Units: 2}, revenue},
		},
	}, got)
	share, pays := got.Total.Share()
	require.True(t, pays)
	require.InDelta(t, 0.0825, share, 1e-12)

	one, err := f.Account(t.Context(), "acme", day("2026-02-01"), day("2026-02-01"))
	require.NoError(t, err)
	require.EqualValues(t, 300_00, one.Total.Minor)
	_, pays = one.Total.Share()
	require.False(t, pays, "no revenue on that day")
	_, err = f.Account(t.Context(), "acme", day("2026-02-02"), day("2026-02-01"))
	wantReason(t, err, "INVALID_ARGUMENT", "to_date")
	_, err = f.Account(t.Context(), "nobody", civil.Never, civil.Never)
	wantReason(t, err, "NOT_FOUND", "nobody")
}

// Whatever was used, in whatever order it is read: what each sum is made of adds up to
// the total, and rows are what a slow count has.
func TestR19SummariesAddUp(t *testing.T) {
	f := onSQLite(t)
	rapid.Check(t, func(rt *rapid.T) {
		f.uses, f.account, f.paid = nil, map[string]bool{}, nil
		uses := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Use {
			return Use{
				Account: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "account"),
				Benefit: rapid.SampledFrom([]string{"hours", "shipping", "thanks"}).Draw(rt, "benefit"),
				Rule:    rapid.SampledFrom([]string{"partner", "goodwill"}).Draw(rt, "rule"),
				Version: rapid.IntRange(1, 2).Draw(rt, "version"),
				Origin:  rapid.SampledFrom([]string{"asked-for", "offered", "automatic"}).Draw(rt, "origin"),
				Day:     day("2026-05-01") + civil.Day(rapid.IntRange(0, 9).Draw(rt, "day")), Units: rapid.Int64Range(1, 5).Draw(rt, "units"),
			}
		}), 0, 30).Draw(rt, "uses")
		for _, u := range uses {
			f.account[u.Account] = true
			if rapid.IntRange(0, 4).Draw(rt, "back") == 0 { // some come back
				u.Units = -rapid.Int64Range(1, u.Units).Draw(rt, "units back")
				uses = append(uses, u)
			}
		}
		f.uses = uses
		by := rapid.SampledFrom([]By{Account, Benefit, Rule, Origin, All}).Draw(rt, "by")
		q := SummaryQuery{By: by, First: day("2026-05-02"), Last: day("2026-05-08"), Order: ByCost, Size: 100}
		got, err := f.Summarize(t.Context(), q)
		require.NoError(rt, err)

		slow, total := map[string]Figures{}, Figures{}
		for _, u := range uses {
			if u.Day < q.First || u.Day > q.Last {
				continue
			}
			figures := slow[by.key(&u)]
			for _, to := range []*Figures{&figures, &total} {
				if minor, stated := f.UnitCost(u.Version, u.Benefit); stated {
					to.Minor += minor * u.Units
					to.Units += u.Units
				} else {
					to.Unknown += u.Units
				}
			}
			slow[by.key(&u)] = figures
		}
		require.Equal(rt, total, got.Total.Figures)
		rows := map[string]Figures{}
		for _, r := range got.Rows {
			rows[r.Key] = r.Figures
			require.NotEqual(rt, Figures{}, r.Figures)
		}
		for key, figures := range slow {
			require.Equal(rt, figures, rows[key])
		}
		require.True(rt, slices.IsSortedFunc(got.Rows, func(a, b Row) int { return ByCost.compare(&a, &b) }))

		rand.Shuffle(len(uses), func(i, j int) { uses[i], uses[j] = uses[j], uses[i] })
		again, err := f.Summarize(t.Context(), q)
		require.NoError(rt, err)
		require.Equal(rt, got, again, "the order in which uses are read does not matter")
	})
}

func TestR19SummaryOverAllAccounts(t *testing.T) {
	f := onSQLite(t)
	f.used("small", "hours", "2026-05-01", 1)
	f.used("big", "hours", "2026-05-01", 5)
	f.used("none", "shipping", "2026-05-01", 2)
	f.used("thanked", "thanks", "2026-05-01", 9)
	f.pays("small", "2026-05-01", 1_000_00)
	f.pays("big", "2026-05-01", 100_000_00)
	f.pays("unused", "2026-05-01", 2_000_00)
	f.pays("none", "2026-05-01", -50_00)
	limit := func(id string, l Limit) {
		_, err := f.CreateLimit(t.Context(), anna, id, l, false)
		require.NoError(t, err)
	}
	limit("a-tenth", Limit{Of: Account, Share: 1000})
	limit("much", Limit{Of: Account, Amount: 500_00, Currency: "USD"})
	limit("hours", Limit{Of: Benefit, Subject: "hours", Amount: 1, Currency: "USD"})
	limit("growing", Limit{Of: Account, Growth: 1})

	got, err := f.Summarize(t.Context(), SummaryQuery{By: Account, First: civil.Never, Last: civil.Never, Order: ByShare, Size: 100})
	require.NoError(t, err)
	require.Equal(t, Summary{
		Span: Span{day("2025-05-21"), day("2026-05-21")}, Currency: "USD",
		Total:    Row{"company", Figures{Minor: 729_00, Units: 8, Unknown: 9}, 102_950_00},
		Accounts: 4, WithoutRevenue: 1,
		Rows: []Row{
			{"none", Figures{Minor: 9_00, Units: 2}, -50_00},
			{"thanked", Figures{Unknown: 9}, 0},
			{"small", Figures{Minor: 120_00, Units: 1}, 1_000_00},
			{"big", Figures{Minor: 600_00, Units: 5}, 100_000_00},
		},
		Above: []Above{{"a-tenth", 2}, {"much", 1}},
	}, got)
	for order, first := range map[Order]string{ByCost: "big", ByKey: "big", ByUnknown: "thanked"} {
		got, err := f.Summarize(t.Context(), SummaryQuery{By: Account, First: civil.Never, Last: civil.Never, Order: order, Size: 100})
		require.NoError(t, err)
		require.Equal(t, first, got.Rows[0].Key, order)
	}
	got, err = f.Summarize(t.Context(), SummaryQuery{By: Benefit, First: civil.Never, Last: civil.Never, Order: ByCost, Size: 100})
	require.NoError(t, err)
	require.Equal(t, []Row{
		{"hours", Figures{Minor: 720_00, Units: 6}, 102_950_00}, {"shipping", Figures{Minor: 9_00, Units: 2}, 102_950_00},
		{"thanks", Figures{Unknown: 9}, 102_950_00},
	}, got.Rows)
	require.Equal(t, []Above{{"hours", 1}}, got.Above)
}

func TestR19Trend(t *testing.T) {
	f := onSQLite(t)
	f.used("acme", "hours", "2024-06-30", 1) // in the quarter before those shown, which one of them is compared with
	f.used("acme", "hours", "2025-03-31", 2)
	f.used("acme", "hours", "2025-06-01", 4)
	f.used("acme", "shipping", "2026-01-01", 2)
	f.used("acme", "hours", "2026-03-31", 5)
	f.used("acme", "hours", "2026-05-20", 6)
	f.used("other", "hours", "2026-05-20", 9)
	f.pays("acme", "2026-03-31", 700_00)
	f.pays("other", "2026-03-31", 1)

	got, err := f.Trend(t.Context(), TrendQuery{Account: "acme"})
	require.NoError(t, err)
	require.Len(t, got.Quarters, ShownQuarters)
	type line struct {
		from         string
		minor        int64
		complete     bool
		change, year float64
	}
	const none = -9
	of := func(c *float64) float64 {
		if c == nil {
			return none
		}
		return *c
	}
	var lines []line
	for _, q := range got.Quarters {
		lines = append(lines, line{q.From.String(), q.Minor, q.Complete, of(q.Change), of(q.YearChange)})
	}
	require.Equal(t, []line{
		{"2024-07-01", 0, true, -1, none},
		{"2024-10-01", 0, true, none, none},
		{"2025-01-01", 240_00, true, none, none},
		{"2025-04-01", 480_00, true, 1, 3},
		{"2025-07-01", 0, true, -1, none},
		{"2025-10-01", 0, true, none, none},
		{"2026-01-01", 609_00, true, none, 1.5375},
		{"2026-04-01", 720_00, false, none, none},
	}, lines)
	require.EqualValues(t, 700_00, got.Quarters[6].Revenue)

	got, err = f.Trend(t.Context(), TrendQuery{Benefit: "shipping"})
	require.NoError(t, err)
	require.EqualValues(t, 9_00, got.Quarters[6].Minor)
	require.EqualValues(t, 700_01, got.Quarters[6].Revenue)
	require.Zero(t, got.Quarters[7].Minor)
	got, err = f.Trend(t.Context(), TrendQuery{Rule: "another"})
	require.NoError(t, err)
	require.Zero(t, got.Quarters[6].Minor)
	_, err = f.Trend(t.Context(), TrendQuery{Account: "nobody"})
	wantReason(t, err, "NOT_FOUND", "nobody")
}

// Each day is in one quarter, and the quarters follow one another.
func TestQuarters(t *testing.T) {
	for d := day("2023-12-31"); d < day("2026-01-02"); d++ {
		q := quarterOf(d)
		require.True(t, q.has(d) && q.before().To == q.From && !q.before().has(d), d)
		days := quarters(d, 5)
		require.Equal(t, q.To, days[5])
		require.Equal(t, q.From, days[4])
		require.Equal(t, q.before().From, days[3])
	}
	require.Equal(t, "2026-q4", quarterOf(day("2026-12-31")).quarterName())
	require.Equal(t, "2026-q1", quarterOf(day("2026-01-01")).quarterName())
}
