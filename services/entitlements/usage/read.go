package usage

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Balance is how the balance of an account and a benefit stands.
type Balance struct {
	Account string
	Benefit string
	Standing
	// Open are the reservations open then.
	Open []Reservation
	// Notices are the thresholds reached, the latest ones.
	Notices []Notice
	// Aggregate and Version are a consistency token; the version is 0 where nothing was ever
	// used, and in the past.
	Aggregate string
	Version   int64
}

// Get returns a balance as it stands at an instant; zero is now. What was used is as it was
// recorded until then; who is entitled to what is as known now. NOT_FOUND for the account
// or the benefit; FAILED_PRECONDITION with ReasonNotMetered.
func (u *Usage) Get(ctx context.Context, account, benefit string, at time.Time) (Balance, error) {
	g, err := u.granted(ctx, account, benefit)
	if err != nil {
		return Balance{}, err
	}
	b, err := u.stands(ctx, g, account, benefit, at)
	if err == nil && b.Holding.Benefit != nil && !b.Metered() {
		err = notMetered(account, benefit)
	}
	return b, err
}

// stands returns a balance by what is granted.
func (u *Usage) stands(ctx context.Context, g granted, account, benefit string, at time.Time) (Balance, error) {
	b := Balance{Account: account, Benefit: benefit, Aggregate: u.balances.Source(balanceID(account, benefit))}
	var c count
	var err error
	if now := u.now(); at.IsZero() || !at.Before(now) {
		if !at.IsZero() && at.After(now) {
			return Balance{}, fault.Invalid("as_of", "%s is in the future, and what will be used is not known", at.UTC().Format(time.RFC3339))
		}
		d, getErr := u.balances.Get(ctx, balanceID(account, benefit))
		if getErr != nil && !errors.Is(getErr, docstore.ErrNotFound) {
			return Balance{}, getErr
		}
		at, c, b.Version = now, d.Body.Count, d.Version
	} else if c, err = u.countAt(ctx, account, benefit, at); err != nil {
		return Balance{}, err
	}
	b.Standing = g.standing(&c, at.UTC().Truncate(time.Millisecond))
	b.Open = slices.DeleteFunc(slices.Clone(c.Open), func(r Reservation) bool { return !r.Expires.After(at) })
	b.Notices = c.Notices
	return b, nil
}

// countAt adds up the entries that were recorded up to an instant.
func (u *Usage) countAt(ctx context.Context, account, benefit string, at time.Time) (count, error) {
	var c count
	b, err := u.balance(ctx, account, benefit)
	if err != nil {
		return c, err
	}
	for e, err := range u.entries(ctx, &b, time.Time{}, true) {
		if err != nil || e.At.After(at) {
			return c, err
		}
		c.add(&e)
	}
	return c, nil
}

// balance reads what an account uses of a benefit; where nothing was ever used that is
// empty.
func (u *Usage) balance(ctx context.Context, account, benefit string) (balance, error) {
	d, err := u.balances.Get(ctx, balanceID(account, benefit))
	if errors.Is(err, docstore.ErrNotFound) {
		return balance{Account: account, Benefit: benefit}, nil
	}
	return d.Body, err
}

// List returns the balances of an account at an instant, by benefit: of all metered
// benefits that it has or had, or has used. It fails as Get does.
func (u *Usage) List(ctx context.Context, account string, at time.Time) ([]Balance, error) {
	benefits := u.grants.Benefits()
	slices.Sort(benefits)
	var list []Balance
	for _, benefit := range benefits {
		g, err := u.granted(ctx, account, benefit)
		if err != nil {
			return nil, err
		}
		if len(g.held) == 0 {
			continue
		}
		b, err := u.stands(ctx, g, account, benefit, at)
		if err != nil {
			return nil, err
		}
		if b.Metered() {
			list = append(list, b)
		}
	}
	return list, nil
}

// of yields the balance documents of an account, by benefit.
func (u *Usage) of(ctx context.Context, account string) iter.Seq2[docstore.Doc[balance], error] {
	return u.balances.All(ctx, docstore.Query{From: account + "/", To: account + "0"}) // 0 follows /
}

// find returns an entry of an account: NOT_FOUND.
func (u *Usage) find(ctx context.Context, account, id string) (Entry, error) {
	for d, err := range u.of(ctx, account) {
		if err != nil {
			return Entry{}, err
		}
		if e, found, err := d.Body.latest().find(id); found || err != nil {
			return e, err
		}
	}
	pages, err := u.pagesWith(ctx, account, id)
	if err != nil {
		return Entry{}, err
	}
	for _, p := range pages {
		if e, found, err := p.find(id); found || err != nil {
			return e, err
		}
	}
	return Entry{}, fault.Missing(entryType, EntryName(account, id))
}

// Entry returns an entry of an account: NOT_FOUND.
func (u *Usage) Entry(ctx context.Context, account, id string) (Entry, error) {
	return u.find(ctx, account, id)
}

// Reservations returns the reservations of an account that are open, by when they expire.
// NOT_FOUND for the account is the caller's to tell.
func (u *Usage) Reservations(ctx context.Context, account string) ([]Entry, error) {
	now := u.now()
	var list []Entry
	for d, err := range u.of(ctx, account) {
		if err != nil {
			return nil, err
		}
		for _, r := range d.Body.Count.Open {
			if r.Expires.After(now) {
				list = append(list, r.made(account, d.Body.Benefit))
			}
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// made is the entry that made a reservation, as far as the reservation tells.
func (r Reservation) made(account, benefit string) Entry {
	return Entry{ID: r.ID, Account: account, Benefit: benefit, Type: Reserved, Units: r.Units, Day: r.Day, At: r.At.UTC(),
		Expires: r.Expires.UTC(), Who: r.Who, Origin: r.Origin, Note: r.Note, Rule: r.Rule, Version: r.Version}
}
