package entitlements

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Spend is what an account has spent, as the rules see it.
type Spend struct {
	Currency string // ISO 4217
	Windows  []WindowSpend
	// First and Last are the days of its first and last entry up to the instant;
	// civil.Never where there is none.
	First, Last civil.Day
	// Joined is the day it joined, or civil.Never.
	Joined civil.Day
}

// WindowSpend is the spend in one window, in minor units.
type WindowSpend struct {
	Window schedule.Window
	Scope  schedule.Scope
	Minor  int64
}

var windows = []schedule.Window{schedule.Trailing12Months, schedule.CalendarYear, schedule.FiscalYear, schedule.SinceJoining}

// Spend returns what an account has spent in each window: its own, and where it belongs
// to a group, the group's. ErrNotFound for the account; ErrCurrency while the company
// has no currency.
func (d *Decider) Spend(ctx context.Context, account string) (Spend, error) {
	if err := d.projection.awaitGroups(ctx); err != nil {
		return Spend{}, err
	}
	spend := Spend{Currency: d.book.currencyCode(), First: civil.Never, Last: civil.Never}
	grouped := *d
	withGroups := *d.book
	withGroups.groups = true
	grouped.book = &withGroups
	today := d.book.zone.DayOf(d.At)
	err := grouped.with(ctx, account, func(f facts, known decision.Account) error {
		spend.Joined = known.Joined
		spend.First, spend.Last = f.ledger.daysUpTo(today)
		company := d.book.rules.Company()
		for _, window := range windows {
			spend.Windows = append(spend.Windows, WindowSpend{window, schedule.AccountScope, company.Spend(known.Ledger, window, known.Joined, today)})
		}
		if known.GroupLedger == nil {
			return nil
		}
		for _, window := range windows {
			spend.Windows = append(spend.Windows, WindowSpend{window, schedule.GroupScope, company.Spend(known.GroupLedger, window, -civil.Never, today)})
		}
		return nil
	})
	if err == nil && spend.Currency == "" {
		err = noCurrency()
	}
	return spend, err
}

func noCurrency() error {
	told := fault.New(fault.FailedPrecondition, fault.ReasonCurrency,
		"The company has no reporting currency yet, so spend cannot be told: publish a schedule, which sets it.")
	return told.WithCondition(fault.ReasonCurrency, "company", "the company must have a reporting currency")
}

// daysUpTo returns the days of the first and the last entry up to a day.
func (l ledger) daysUpTo(day civil.Day) (first, last civil.Day) {
	first, last = civil.Never, civil.Never
	l.each(func(t dayTotal) bool {
		if t.day > day {
			return false
		}
		if first == civil.Never {
			first = t.day
		}
		last = t.day
		return true
	})
	return first, last
}

// Summary is the ledger over all accounts, up to an instant.
type Summary struct {
	// Accounts are all that are known now.
	Accounts int64
	// Paying have at least one entry.
	Paying  int64
	Entries int64
	// Minor is the sum of the entries in minor units of the currency, which is "" while
	// the company has none.
	Minor    int64
	Currency string // ISO 4217
}

// Summary sums up the ledger over all accounts. Revenue of an account that the feed has
// not announced yet is not counted.
func (d *Decider) Summary(ctx context.Context) (Summary, error) {
	today := d.book.zone.DayOf(d.At)
	parts := make([]Summary, workers())
	err := d.projection.walk(ctx, nil, func(worker int, members []member) error {
		part := &parts[worker]
		for i := range members {
			part.count(members[i].ledger, today)
		}
		return nil
	})
	total := Summary{Currency: d.book.currencyCode()}
	for part := range slices.Values(parts) {
		total.Accounts += part.Accounts
		total.Paying += part.Paying
		total.Entries += part.Entries
		total.Minor += part.Minor
	}
	return total, err
}

func (s *Summary) count(l ledger, upTo civil.Day) {
	s.Accounts++
	paying := false
	l.each(func(t dayTotal) bool {
		if t.day > upTo {
			return false
		}
		paying = true
		s.Entries += t.entries
		s.Minor += t.received - t.refunded
		return true
	})
	if paying {
		s.Paying++
	}
}
