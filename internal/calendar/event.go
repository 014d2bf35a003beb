package calendar

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Kind says what happens at an event. Each service names its own.
type Kind string

// Status says whether an event will happen.
type Status string

// The statuses.
const (
	// Confirmed will happen; it is what the empty Status means.
	Confirmed Status = "confirmed"
	// Tentative may still be moved, as what is years ahead.
	Tentative Status = "tentative"
	// Cancelled does not happen.
	Cancelled Status = "cancelled"
)

// Event is something that happens at a time.
type Event struct {
	// UID tells the event from all others for good, wherever it moves: the name of the
	// resource that it is of and what of it, as boards/customers/terms/7#end.
	UID string `bson:"uid"`
	// Kind says what happens.
	Kind Kind `bson:"kind"`
	// Resource is the name of the resource that it is of.
	Resource string `bson:"resource"`
	// Calendar is the name of the resource in whose calendar it stands, as
	// boards/customers. It is stored under the name that it had when only boards had
	// calendars.
	Calendar string `bson:"board"`
	// Accounts are the names of the accounts whose own matter it is: those invited to a
	// meeting, or whose term ends. In the calendar of an account are those events alone
	// that name it; in that of the company's own people are all.
	Accounts []string `bson:"accounts,omitempty"`
	// Start and End are instants; the end is not included. Of an event that takes whole
	// days they are what WholeDay returns.
	Start time.Time `bson:"start"`
	End   time.Time `bson:"end"`
	// AllDay says that it takes whole days.
	AllDay bool `bson:"all_day,omitempty"`
	// Zone is the IANA name of the time zone in which it is planned.
	Zone string `bson:"zone"`
	// Summary is its title; no more than a line, fit for every account that it names. It
	// begins with the name of what it is of: calendars show those of several together.
	Summary string `bson:"summary"`
	// Description says more, fit for every account that it names.
	Description string `bson:"description,omitempty"`
	// Private is told only in the calendars of the company's own people.
	Private string `bson:"private,omitempty"`
	// Location is a place or an address to join at.
	Location string `bson:"location,omitempty"`
	// Status says whether it happens.
	Status Status `bson:"status,omitempty"`
	// Sequence rises with each change. A source that does not count leaves 0: feeds
	// count the changes that they see (Merge).
	Sequence int `bson:"sequence,omitempty"`
	// Updated is when it was last changed; a source that does not know leaves it zero.
	Updated time.Time `bson:"updated,omitempty"`
}

// WholeDay returns when a day begins and ends in a zone.
func WholeDay(day civil.Day, zone civil.Zone) (start, end time.Time) {
	return zone.Start(day), zone.Start(day + 1)
}

// Source knows what happens. Those of rotations, terms, meetings and solicitations each
// give their own.
type Source interface {
	// Events returns the events in the calendar of the resource of a name, as
	// boards/customers, that are under way between from and to, the cancelled ones among
	// them, in any order.
	Events(ctx context.Context, name string, from, to time.Time) ([]Event, error)
}

// Sources are sources taken together.
type Sources []Source

// MaxEvents is how many events of one calendar are told at once.
const MaxEvents = 10_000

// Events returns the events of all sources in order. The error is a *fault.Error,
// OUT_OF_RANGE, where there are more than MaxEvents.
func (s Sources) Events(ctx context.Context, name string, from, to time.Time) ([]Event, error) {
	var all []Event
	for _, source := range s {
		events, err := source.Events(ctx, name, from, to)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
		if len(all) > MaxEvents {
			return nil, fault.New(fault.OutOfRange, fault.ReasonInvalidArgument,
				"%s has more than %d events between %s and %s: ask for a shorter time.", name, MaxEvents, dayOf(from), dayOf(to))
		}
	}
	Sort(all)
	return all, nil
}

// Sort puts events in the order in which they happen.
func Sort(events []Event) { slices.SortFunc(events, compare) }

func compare(a, b Event) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.UID, b.UID)) }

// During reports whether the event is under way between from and to; to is not
// included. One that takes no time is under way at its start.
func (e Event) During(from, to time.Time) bool {
	return e.Start.Before(to) && (e.End.After(from) || !e.Start.Before(from))
}

// For returns the event as an account may see it; false where it is none
// of the account's matters.
func (e Event) For(account string) (Event, bool) {
	if !slices.Contains(e.Accounts, account) {
		return Event{}, false
	}
	e.Accounts, e.Private = []string{account}, ""
	return e, true
}
