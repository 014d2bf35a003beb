package cost

import (
	"context"
	"sort"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Quarter is what extras cost in a quarter of the calendar.
type Quarter struct {
	Span
	Figures
	Revenue int64
	// Complete says that the quarter has ended.
	Complete bool
	// Change is against the quarter before, and YearChange against the same quarter a year
	// before, 0.1 for a tenth more; nil where there was no cost then, and for a quarter that
	// has not ended.
	Change, YearChange *float64
}

// Trend is what extras cost by quarters.
type Trend struct {
	Currency string // ISO 4217; "" while the company has none
	// Quarters are in their order; the last one is that of today.
	Quarters []Quarter
}

// TrendQuery says of what to tell the trend; what is empty is of all.
type TrendQuery struct{ Account, Benefit, Rule string }

// ShownQuarters is how many quarters a trend has.
const ShownQuarters = 8

// Trend adds up what extras cost in each of the last quarters. Revenue is that of the
// account, else of all. NOT_FOUND for the account.
func (s *Service) Trend(ctx context.Context, q TrendQuery) (Trend, error) {
	today := s.company.Today()
	days := quarters(today, ShownQuarters+4) // a year more, to compare with
	revenue, err := s.revenueOf(ctx, q.Account, days)
	if err != nil {
		return Trend{}, err
	}
	sums := make([]tally, len(days)-1)
	err = s.priced(ctx, q.Account, func(u Use, minor int64, stated bool) {
		if q.Benefit != "" && u.Benefit != q.Benefit || q.Rule != "" && u.Rule != q.Rule {
			return
		}
		at := sort.Search(len(days), func(i int) bool { return days[i] > u.Day }) - 1
		if at >= 0 && at < len(sums) {
			sums[at].add(u.Units, minor, stated)
		}
	})
	if err != nil {
		return Trend{}, err
	}
	out := Trend{Currency: s.company.Currency()}
	for i := 4; i < len(sums); i++ {
		quarter := Quarter{Span: Span{days[i], days[i+1]}, Figures: sums[i].figures(), Revenue: revenue[i], Complete: days[i+1] <= today}
		if quarter.Complete {
			quarter.Change = change(sums[i-1].cost.minor(), quarter.Minor)
			quarter.YearChange = change(sums[i-4].cost.minor(), quarter.Minor)
		}
		out.Quarters = append(out.Quarters, quarter)
	}
	return out, nil
}

// revenueOf is the revenue of an account, or of all where it is empty, between days.
func (s *Service) revenueOf(ctx context.Context, account string, days []civil.Day) ([]int64, error) {
	if account != "" {
		return s.company.Revenue(ctx, account, days)
	}
	sums := make([]int64, len(days)-1)
	err := s.company.Revenues(ctx, days, func(_ string, minor []int64) {
		for i := range sums {
			sums[i] += minor[i]
		}
	})
	return sums, err
}

// change is how much more it was than before, as a share of that; nil of nothing.
func change(before, now int64) *float64 {
	if before <= 0 {
		return nil
	}
	c := (float64(now) - float64(before)) / float64(before)
	return &c
}
