package usage

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// maxUnits is how many units one call uses at most, as much as a limit can be.
	maxUnits = 1_000_000_000
	// maxNote is how many characters a note has at most.
	maxNote = 500
)

// Use is a use of a benefit, about to be recorded.
type Use struct {
	Account string
	Benefit string
	// Units is how many; of a benefit that is not metered, how often it was used.
	Units  int64
	Origin Origin
	Note   string
}

// check says what is wrong with the fields.
func (u Use) check() error {
	switch {
	case u.Units < 1 || u.Units > maxUnits:
		return fault.Invalid("units", "is %d: it must be a whole number from 1 to %d", u.Units, maxUnits)
	case !slices.Contains([]Origin{AskedFor, Offered, Automatic}, u.Origin):
		return fault.Invalid("origin", "is needed: say whether the customer asked for it, it was offered, or given automatically")
	}
	return checkNote("note", u.Note)
}

func checkNote(path, note string) error {
	if n := utf8.RuneCountInString(note); n > maxNote {
		return fault.Invalid(path, "has %d characters: at most %d", n, maxNote)
	}
	return nil
}

// Consume uses units of a benefit, or records the use of one that is not metered. With
// check nothing is written. NOT_FOUND for the account or the benefit; FAILED_PRECONDITION
// with ReasonNotEntitled, and ReasonUsageLimit where less is left.
func (u *Usage) Consume(ctx context.Context, call resource.Call, use Use, check bool) (Outcome, error) {
	if err := use.check(); err != nil {
		return Outcome{}, err
	}
	w := writing{u: u, account: use.Account, benefit: use.Benefit, call: call, check: check, plan: func(d *draft) (Entry, error) {
		if err := use.allowed(d); err != nil {
			return Entry{}, err
		}
		return use.entry(Used, d), nil
	}}
	return w.write(ctx)
}

// allowed says why units cannot be used now.
func (u Use) allowed(d *draft) error {
	switch {
	case !d.Held:
		return notEntitled(u.Account, u.Benefit)
	case d.Metered() && u.Units > d.Left:
		return tooMuch(u.Account, u.Benefit, u.Units, &d.Standing)
	}
	return nil
}

func (u Use) entry(as Type, d *draft) Entry {
	return Entry{Type: as, Units: u.Units, Day: d.today, Origin: u.Origin, Note: u.Note,
		Rule: d.Holding.Rule.ID, Version: d.Holding.Version}
}
