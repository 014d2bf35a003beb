package reversals

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Customers are all accounts, in parts.
type Customers interface {
	// Refunded returns those of a part, from 0, that were refunded something, or whose group
	// was, how many accounts the part has in all, and by what they are decided about.
	Refunded(ctx context.Context, part int) (families []decision.Family, accounts int, book *decision.Book, err error)
}

// Ledger has the revenue entries of accounts.
type Ledger interface {
	Entries(ctx context.Context, account string) ([]Entry, error)
}

// Uses says what was used of benefits.
type Uses interface {
	// UsedBetween returns how many units of a benefit an account used from an instant to
	// another one, which is not included, less those given back in that time.
	UsedBetween(ctx context.Context, account, benefit string, from, to time.Time) (int64, error)
}

// Reversals reports benefits that were won by entries later reversed or refunded.
type Reversals struct {
	customers Customers
	parts     int
	ledger    Ledger
	uses      Uses
	now       func() time.Time
}

// New returns the reports over customers, which are in so many parts; now is time.Now where
// it is nil.
func New(customers Customers, parts int, ledger Ledger, uses Uses, now func() time.Time) *Reversals {
	if now == nil {
		now = time.Now
	}
	return &Reversals{customers, parts, ledger, uses, now}
}

// Place is where a page begins: in a part, behind so many stretches of it.
type Place struct {
	Part int `json:"part"`
	Skip int `json:"skip"`
}

// Query says what to report.
type Query struct {
	// From and To are the first and the last day: stretches that have a part in them, and
	// have begun by now, are reported.
	From, To civil.Day
	// Keep says whether a stretch is wanted; nil wants all.
	Keep func(*Stretch) bool
	// Size is the most stretches of a page, and must be above 0.
	Size  int
	After Place
}

// Page is a part of a report: by parts of all accounts, in these by account, benefit and
// beginning.
type Page struct {
	Stretches []Stretch
	// Next is where the next page begins; nil on the last.
	Next *Place
	// Done is how many of Total parts of all accounts have been gone through.
	Done, Total int
	// Accounts is how many accounts this page went through.
	Accounts int
}

// accountsLimit is how many accounts one page goes through, about: a page can be short, or
// empty, and still have a next one.
const accountsLimit = 20_000

// List returns a page of the report. It holds the entries of an account, those of the
// members of groups that were refunded something, which it reads once, and of one part the
// stretches, in memory.
func (r *Reversals) List(ctx context.Context, q Query) (Page, error) {
	if q.To < q.From {
		return Page{}, fault.Invalid("to_date", "%s is before %s, the first day", q.To, q.From)
	}
	if q.After.Part < 0 || q.After.Part >= r.parts || q.After.Skip < 0 {
		return Page{}, fault.Invalid("page_token", "is none of this report")
	}
	page := Page{Total: r.parts}
	read := map[string]*books{}
	skip := q.After.Skip
	for part := q.After.Part; part < r.parts; part++ {
		found, accounts, err := r.part(ctx, &q, part, read)
		if err != nil {
			return Page{}, err
		}
		page.Accounts += accounts
		found = found[min(skip, len(found)):]
		if room := q.Size - len(page.Stretches); len(found) > room {
			page.Stretches, page.Done = append(page.Stretches, found[:room]...), part
			page.Next = &Place{part, skip + room}
			break
		}
		page.Stretches, page.Done, skip = append(page.Stretches, found...), part+1, 0
		if page.Accounts >= accountsLimit && part+1 < r.parts {
			page.Next = &Place{Part: part + 1}
			break
		}
	}
	for i := range page.Stretches {
		s := &page.Stretches[i]
		var err error
		if s.Used, err = r.uses.UsedBetween(ctx, s.Account, s.Benefit, s.From, s.To); err != nil {
			return Page{}, fmt.Errorf("find what accounts/%s used of %s: %w", s.Account, s.Benefit, err)
		}
	}
	return page, nil
}

// part returns the stretches of a part that are asked for, and how many accounts it has.
func (r *Reversals) part(ctx context.Context, q *Query, part int, read map[string]*books) ([]Stretch, int, error) {
	families, accounts, book, err := r.customers.Refunded(ctx, part)
	if err != nil || len(families) == 0 {
		return nil, accounts, err
	}
	zone := book.Company().Zone
	from, to := zone.Start(q.From), earlier(zone.Start(q.To+1), r.now().Add(time.Millisecond))
	var list []Stretch
	for _, of := range families {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		all, err := r.books(ctx, of, read)
		if err != nil {
			return nil, 0, err
		}
		found, err := newFamily(of, book, all).stretches()
		if err != nil {
			return nil, 0, fmt.Errorf("compare what accounts/%s had: %w", of.IDs[of.Self], err)
		}
		list = append(list, slices.DeleteFunc(found, func(s Stretch) bool {
			return !s.From.Before(to) || !end(s.To).After(from) || q.Keep != nil && !q.Keep(&s)
		})...)
	}
	return list, accounts, nil
}

// books reads the entries of those of a family that were refunded something. Those of the
// members of a group are kept in read, since each of the others asks for them too.
func (r *Reversals) books(ctx context.Context, of decision.Family, read map[string]*books) ([]*books, error) {
	all := make([]*books, len(of.IDs))
	for i, l := range of.Ledgers {
		if all[i] = read[of.IDs[i]]; all[i] != nil || !l.Refunded() {
			continue
		}
		entries, err := r.ledger.Entries(ctx, of.IDs[i])
		if err != nil {
			return nil, fmt.Errorf("read the entries of accounts/%s: %w", of.IDs[i], err)
		}
		if all[i] = (&books{entries: entries, taken: takenBack(entries)}); len(of.IDs) > 1 {
			read[of.IDs[i]] = all[i]
		}
	}
	return all, nil
}
