package loyalty

import (
	"context"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Customers are all accounts.
type Customers interface {
	// Accounts returns all accounts as they are known now: NO_SCHEDULE_IN_FORCE.
	Accounts() (decision.Accounts, error)
}

// Programmes are places that are limited.
type Programmes interface {
	// Offered returns the published programmes that have not ended by a day, by id.
	Offered(ctx context.Context, day civil.Day) ([]Programme, error)
	// Enrolments returns the places of all accounts.
	Enrolments() *decision.Enrolments
}

// Programme is what a programme offers.
type Programme struct {
	ID, Title string
	Criteria  schedule.Condition
	// Capacity is the number of places, Free how many of them nobody has.
	Capacity, Free int
	// Refuses says why no applications are taken, in words that follow its name; "" where
	// they are.
	Refuses string
	// Undrawn says that the places are given by a lottery that is still to come.
	Undrawn bool
	// Waiting are the accounts on the waiting list, in its order.
	Waiting []string
}

// Loyalty checks what newcomers have that existing accounts cannot have.
type Loyalty struct {
	customers  Customers
	programmes Programmes
}

// New returns the checks over customers and programmes.
func New(customers Customers, programmes Programmes) *Loyalty {
	return &Loyalty{customers, programmes}
}

// Usual is the period within which accounts are taken to be new, where nobody says.
var Usual = civil.Period{Months: 12}

// Query says what to check.
type Query struct {
	// Within is how long accounts are new, at least a day.
	Within civil.Period
	// Tell is called as the check goes on, by one goroutine at a time, with how many parts
	// of the work are done; nil where nobody wants to know. Its error ends the check.
	Tell func(done, total int) error
}

// Report is what a check has found.
type Report struct {
	// At is the instant all is as of.
	At     time.Time
	Within civil.Period
	// From is the first day of joining that makes an account new.
	From civil.Day
	// Newcomers and Existing are how many accounts there are of either.
	Newcomers, Existing int64
	// Offers are the benefits in the order of the versions that first had them, by
	// descending limit, and then the programmes by id.
	Offers []Offer
}

// Findings counts the offers that are findings.
func (r *Report) Findings() int {
	n := 0
	for i := range r.Offers {
		if r.Offers[i].Reason != "" {
			n++
		}
	}
	return n
}

// Check goes through all accounts, and once more where there are findings to say who would
// be next. It holds in memory what it counts by benefit and programme, and the waiting lists,
// but no accounts. INVALID_ARGUMENT; NO_SCHEDULE_IN_FORCE.
func (l *Loyalty) Check(ctx context.Context, q Query) (*Report, error) {
	if q.Within.IsZero() || !q.Within.Valid() {
		return nil, fault.Invalid("within", "%s is not a period from a day to a hundred years", q.Within)
	}
	accounts, err := l.customers.Accounts()
	if err != nil {
		return nil, err
	}
	today := accounts.Book.Company().Zone.DayOf(accounts.At)
	c := &comparison{Accounts: accounts, today: today, from: before(today, q.Within) + 1, enrolments: l.programmes.Enrolments()}
	if c.programmes, err = l.programmes.Offered(ctx, today); err != nil {
		return nil, fmt.Errorf("read the programmes: %w", err)
	}
	if err := c.count(ctx, q.share(0)); err != nil {
		return nil, fmt.Errorf("compare what accounts have: %w", err)
	}
	report, err := c.report()
	if err != nil {
		return nil, err
	}
	report.Within = q.Within
	if err := c.findNext(ctx, report, q.share(1)); err != nil {
		return nil, fmt.Errorf("find who would be next: %w", err)
	}
	return report, nil
}

// walks is how often a check goes through all accounts.
const walks = 2

// share tells of one of the walks as part of the whole.
func (q Query) share(walk int) func(done, total int) error {
	if q.Tell == nil {
		return nil
	}
	return func(done, total int) error { return q.Tell(walk*total+done, walks*total) }
}

// before returns the day one period before another.
func before(d civil.Day, p civil.Period) civil.Day {
	return d.AddMonths(-p.Months) - civil.Day(p.Days)
}
