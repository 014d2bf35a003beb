package usage

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Release gives back units of a use, 0 for all that were not given back yet, by an entry
// against it. They count on the day of the use, so that they come back in its period. NOT_FOUND;
// FAILED_PRECONDITION with ReasonNotReleasable for more than is left of the use, and for an
// entry that is no use.
func (u *Usage) Release(ctx context.Context, call resource.Call, account, id string, units int64, reason string) (Outcome, error) {
	switch err := checkNote("reason", reason); {
	case err != nil:
		return Outcome{}, err
	case reason == "":
		return Outcome{}, fault.Invalid("reason", "is needed: say why the units come back")
	case units < 0:
		return Outcome{}, fault.Invalid("units", "is %d: it must be from 1 to what was used, or 0 for all of that", units)
	}
	used, err := u.find(ctx, account, id)
	if err != nil {
		return Outcome{}, err
	}
	w := writing{u: u, account: account, benefit: used.Benefit, call: call, of: id, plan: func(d *draft) (Entry, error) {
		back, err := used.release(units, d.about)
		return Entry{Type: Released, Units: back, Day: used.Day, Origin: used.Origin, Note: reason, Rule: used.Rule, Version: used.Version}, err
	}}
	return w.write(ctx)
}

// release returns how many units come back, given the entries about a use.
func (e *Entry) release(units int64, about []Entry) (int64, error) {
	name := EntryName(e.Account, e.ID)
	if e.Type != Used && e.Type != Committed {
		return 0, refuse(ReasonNotReleasable, entryType, name, "%s records that units were %s, and only those used can be released.", name, e.Type)
	}
	left := e.Units
	for _, earlier := range about {
		left -= earlier.Units
	}
	if units == 0 {
		units = left
	}
	if units > left || left == 0 {
		return 0, refuse(ReasonNotReleasable, entryType, name, "of the %d units of %s, %d were not released yet: release at most those.", e.Units, name, left)
	}
	return units, nil
}
