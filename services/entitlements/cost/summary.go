package cost

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// By is what costs are summed up by.
type By string

// What costs are summed up by.
const (
	Account By = "account"
	Benefit By = "benefit"
	Rule    By = "rule"
	Origin  By = "origin"
	// All is the company as a whole.
	All By = "company"
)

// key is what a use is summed up under.
func (b By) key(u *Use) string {
	switch b {
	case Account:
		return u.Account
	case Benefit:
		return u.Benefit
	case Rule:
		return u.Rule
	case Origin:
		return u.Origin
	case All:
	}
	return string(All)
}

// Row is what one account, benefit, rule or origin cost.
type Row struct {
	// Key is its id; of an origin, its name.
	Key string
	Figures
	// Revenue is that of the account, else of all accounts, in the same days.
	Revenue int64
}

// Share is what it cost as a share of Revenue, as the function Share has it.
func (r *Row) Share() (float64, bool) { return Share(r.Minor, r.Revenue) }

// Order is the order of rows.
type Order string

// The orders of rows. Equal rows are in the order of their keys.
const (
	ByCost    Order = "cost"    // what cost most first
	ByShare   Order = "share"   // the largest share first, those without revenue before all
	ByUnknown Order = "unknown" // the most units of unknown cost first
	ByKey     Order = "key"
)

func (o Order) compare(a, b *Row) int {
	first := 0
	switch o {
	case ByCost:
		first = cmp.Compare(b.Minor, a.Minor)
	case ByShare:
		first = compareShares(b, a)
	case ByUnknown:
		first = cmp.Compare(b.Unknown, a.Unknown)
	case ByKey:
	}
	return cmp.Or(first, strings.Compare(a.Key, b.Key))
}

// compareShares puts a cost without revenue above every share.
func compareShares(a, b *Row) int {
	shareA, paysA := a.Share()
	shareB, paysB := b.Share()
	switch {
	case paysA && paysB:
		return cmp.Compare(shareA, shareB)
	case paysA != paysB && paysA:
		return -1
	case paysA != paysB:
		return 1
	}
	return cmp.Compare(a.Minor, b.Minor)
}

// Summary is what extras cost over all accounts.
type Summary struct {
	Span
	Currency string // ISO 4217; "" while the company has none
	// Total is the cost of all, and the revenue of all accounts.
	Total Row
	// Accounts is how many used something.
	Accounts int
	// WithoutRevenue is how many of these have cost something and had no revenue.
	WithoutRevenue int
	// Rows are a page of what was used, in the order asked for.
	Rows []Row
	// Next is the last row of the page, where others follow; else nil.
	Next *Row
	// Above is how many rows are above the amount or the share of each limit that is on what
	// the rows are by.
	Above []Above
}

// Above is how many are above a limit.
type Above struct {
	Limit string
	Rows  int
}

// SummaryQuery says what to sum up.
type SummaryQuery struct {
	By By
	// First and Last are days; civil.Never is today, and twelve months up to Last.
	First, Last civil.Day
	Order       Order
	// Size is the most rows of a page, and must be above 0.
	Size int
	// After is the last row of the page before; nil for the first page.
	After *Row
}

// Summarize adds up what extras cost over all accounts. INVALID_ARGUMENT for days in the
// wrong order.
func (s *Service) Summarize(ctx context.Context, q SummaryQuery) (Summary, error) {
	span, err := s.span(q.First, q.Last)
	if err != nil {
		return Summary{}, err
	}
	sums, accounts, total := tallies[string]{}, tallies[string]{}, tally{}
	err = s.priced(ctx, "", func(u Use, minor int64, stated bool) {
		if span.has(u.Day) {
			sums.of(q.By.key(&u)).add(u.Units, minor, stated)
			accounts.of(u.Account).add(u.Units, minor, stated)
			total.add(u.Units, minor, stated)
		}
	})
	if err != nil {
		return Summary{}, err
	}
	out := Summary{Span: span, Currency: s.company.Currency(), Total: Row{Key: string(All), Figures: total.figures()}}
	revenues := map[string]int64{} // of accounts that used something
	err = s.company.Revenues(ctx, span.days(), func(account string, minor []int64) {
		out.Total.Revenue += minor[0]
		if accounts[account] != nil {
			revenues[account] = minor[0]
		}
	})
	if err != nil {
		return Summary{}, err
	}
	for account, sums := range accounts {
		if sums.empty() {
			continue
		}
		out.Accounts++
		if sums.cost.minor() > 0 && revenues[account] <= 0 {
			out.WithoutRevenue++
		}
	}
	out.Rows = rows(sums, func(key string) int64 {
		if q.By == Account {
			return revenues[key]
		}
		return out.Total.Revenue
	}, q.Order)
	if out.Above, err = s.above(ctx, q.By, out.Rows); err != nil {
		return Summary{}, err
	}
	out.Rows, out.Next = q.page(out.Rows)
	return out, nil
}

// page cuts a page out of rows in their order.
func (q *SummaryQuery) page(all []Row) (rows []Row, next *Row) {
	if q.After != nil {
		at, found := slices.BinarySearchFunc(all, q.After, func(r Row, after *Row) int { return q.Order.compare(&r, after) })
		if found {
			at++
		}
		all = all[at:]
	}
	if len(all) <= q.Size {
		return all, nil
	}
	return all[:q.Size], &all[q.Size-1]
}

// rows are the sums that are not empty, in an order.
func rows(sums tallies[string], revenue func(key string) int64, order Order) []Row {
	var list []Row
	for key, t := range sums {
		if !t.empty() {
			list = append(list, Row{Key: key, Figures: t.figures(), Revenue: revenue(key)})
		}
	}
	slices.SortFunc(list, func(a, b Row) int { return order.compare(&a, &b) })
	return list
}

// above counts the rows above each limit.
func (s *Service) above(ctx context.Context, by By, list []Row) ([]Above, error) {
	limits, err := s.allLimits(ctx)
	if err != nil {
		return nil, err
	}
	var out []Above
	for _, l := range limits {
		if l.State.Of != by || l.State.Growth > 0 {
			continue
		}
		a := Above{Limit: l.ID}
		for i := range list {
			if l.State.covers(list[i].Key) && l.State.passed(measure{now: list[i].Minor, revenue: list[i].Revenue}) {
				a.Rows++
			}
		}
		out = append(out, a)
	}
	return out, nil
}
