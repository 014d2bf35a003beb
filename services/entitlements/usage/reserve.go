package usage

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// ReservedFor is how long a reservation lasts where nothing is said.
	ReservedFor = 15 * time.Minute
	// LongestReserved is how long one lasts at most.
	LongestReserved = 7 * 24 * time.Hour
	// maxOpen is how many reservations of a balance are open at most: they are kept in one
	// document, which each use writes.
	maxOpen = 500
)

// Reserve sets units aside for a time; 0 is ReservedFor. They count in the period in which
// they were reserved, also when they are committed in a later one. It fails as Consume
// does, with ReasonNotMetered, and with ReasonReservationLimit where too many are open.
func (u *Usage) Reserve(ctx context.Context, call resource.Call, use Use, lasts time.Duration) (Outcome, error) {
	if err := use.check(); err != nil {
		return Outcome{}, err
	}
	if lasts == 0 {
		lasts = ReservedFor
	}
	if lasts < time.Second || lasts > LongestReserved {
		return Outcome{}, fault.Invalid("duration", "is %s: a reservation lasts from 1 second to %s", lasts, LongestReserved)
	}
	w := writing{u: u, account: use.Account, benefit: use.Benefit, call: call, plan: func(d *draft) (Entry, error) {
		if err := use.allowed(d); err != nil {
			return Entry{}, err
		}
		if !d.Metered() {
			return Entry{}, notMetered(use.Account, use.Benefit)
		}
		if len(d.Open) >= maxOpen {
			return Entry{}, refuse(ReasonReservationLimit, balanceType, BalanceName(use.Account, use.Benefit),
				"%s has %d open reservations, the most there can be: commit or cancel some, or reserve several units by one.",
				BalanceName(use.Account, use.Benefit), len(d.Open))
		}
		e := use.entry(Reserved, d)
		e.Expires = d.At.Add(lasts).Truncate(time.Millisecond)
		return e, nil
	}}
	return w.write(ctx)
}

// Commit uses units of a reservation, 0 for all of them; the others come back. What was
// reserved while the benefit was held can be committed until the reservation expires,
// though the benefit may have lapsed. NOT_FOUND; FAILED_PRECONDITION with
// ReasonReservationState where it is not open any more.
func (u *Usage) Commit(ctx context.Context, call resource.Call, account, id string, units int64) (Outcome, error) {
	if units < 0 {
		return Outcome{}, fault.Invalid("units", "is %d: it must be from 1 to what was reserved, or 0 for all of that", units)
	}
	return u.close(ctx, call, account, id, func(r Reservation) (Entry, error) {
		if units > r.Units {
			return Entry{}, fault.Invalid("units", "is %d, but only %d were reserved: commit those, and consume the others", units, r.Units)
		}
		e := r.entry(Committed)
		if units > 0 {
			e.Units = units
		}
		return e, nil
	})
}

// Cancel gives back what was reserved. It fails as Commit does.
func (u *Usage) Cancel(ctx context.Context, call resource.Call, account, id string) (Outcome, error) {
	return u.close(ctx, call, account, id, func(r Reservation) (Entry, error) { return r.entry(Cancelled), nil })
}

func (r Reservation) entry(as Type) Entry {
	return Entry{Type: as, Units: r.Units, Day: r.Day, Origin: r.Origin, Note: r.Note, Rule: r.Rule, Version: r.Version}
}

// close ends a reservation by an entry.
func (u *Usage) close(
	ctx context.Context, call resource.Call, account, id string, entry func(Reservation) (Entry, error),
) (Outcome, error) {
	made, err := u.find(ctx, account, id)
	if err != nil {
		return Outcome{}, err
	}
	if made.Type != Reserved {
		return Outcome{}, fault.Missing(reservationType, ReservationName(account, id))
	}
	w := writing{u: u, account: account, benefit: made.Benefit, call: call, of: id, plan: func(d *draft) (Entry, error) {
		if r, open := d.reservation(id); open {
			return entry(r)
		}
		return Entry{}, closed(made, d.about)
	}}
	return w.write(ctx)
}

// closed says how a reservation ended.
func closed(made Entry, about []Entry) error {
	how := "expired at " + made.Expires.Format(time.RFC3339)
	for _, e := range about {
		if e.Type != Expired {
			how = "was " + string(e.Type) + " at " + e.At.Format(time.RFC3339)
		}
	}
	name := ReservationName(made.Account, made.ID)
	return refuse(ReasonReservationState, reservationType, name, "%s %s: reserve again, or consume.", name, how)
}
