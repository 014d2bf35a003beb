package calendar

import (
	"slices"
	"time"
)

// Told is an event as calendars were told of it last, so that a later change can be
// told as one: with a higher sequence, and as cancelled where it is gone.
type Told struct {
	Event `bson:",inline"`
	// Left says that this is what the one account in Accounts is told of an event that
	// is no matter of its own any more: that it is cancelled.
	Left bool `bson:"left,omitempty"`
}

// Merge returns what calendars are told now, at an instant, of the events under way
// between from and to, in order. An event that changed since it was told has a higher
// sequence, one that is gone is cancelled, and an account that it does not name any more
// is told so. What ended before from is forgotten.
func Merge(told []Told, events []Event, from, to, at time.Time) []Told {
	at = at.UTC().Truncate(time.Second)
	before := map[string]Told{}
	left := map[string]Told{} // by event and account
	for _, t := range told {
		if t.Left {
			left[t.UID+" "+t.Accounts[0]] = t
		} else {
			before[t.UID] = t
		}
	}
	var now []Told
	for _, e := range events {
		e = tidy(e)
		if last, known := before[e.UID]; known {
			e = e.after(last.Event, at)
			for _, account := range last.Accounts {
				if !slices.Contains(e.Accounts, account) {
					t := Told{Event: last.cancelled(at), Left: true}
					t.Accounts = []string{account}
					left[t.UID+" "+account] = t
				}
			}
		} else if e.Updated.IsZero() {
			e.Updated = at
		}
		delete(before, e.UID)
		for _, account := range e.Accounts {
			if gone, known := left[e.UID+" "+account]; known {
				e.Sequence = max(e.Sequence, gone.Sequence+1)
				delete(left, e.UID+" "+account)
			}
		}
		now = append(now, Told{Event: e})
	}
	for _, gone := range before {
		if gone.During(from, to) && gone.Status != Cancelled {
			gone.Event = gone.cancelled(at)
		}
		now = append(now, gone)
	}
	for _, t := range left {
		now = append(now, t)
	}
	now = slices.DeleteFunc(now, func(t Told) bool { return !t.Start.After(from) && !t.During(from, to) })
	slices.SortFunc(now, compareTold)
	return now
}

// MergeOne is Merge of one event, whenever it is; what was told of others stays.
func MergeOne(told []Told, e Event, at time.Time) []Told {
	own, now := []Told{}, []Told{}
	for _, t := range told {
		if t.UID == e.UID {
			own = append(own, t)
		} else {
			now = append(now, t)
		}
	}
	now = append(now, Merge(own, []Event{e}, time.Time{}, time.Time{}, at)...)
	slices.SortFunc(now, compareTold)
	return now
}

func compareTold(a, b Told) int {
	if c := compare(a.Event, b.Event); c != 0 {
		return c
	}
	return slices.Compare(a.Accounts, b.Accounts)
}

// tidy brings an event into the form in which it is compared and stored.
func tidy(e Event) Event {
	e.Start, e.End, e.Updated = e.Start.UTC().Truncate(time.Second), e.End.UTC().Truncate(time.Second), e.Updated.UTC().Truncate(time.Second)
	e.Accounts = slices.Compact(slices.Sorted(slices.Values(e.Accounts)))
	if e.Status == "" {
		e.Status = Confirmed
	}
	return e
}

// after returns the event with the sequence that it has after what was told last.
func (e Event) after(last Event, at time.Time) Event {
	if e.sameAs(last) {
		return last
	}
	e.Sequence = max(e.Sequence, last.Sequence+1)
	if !e.Updated.After(last.Updated) {
		e.Updated = at
	}
	return e
}

func (e Event) cancelled(at time.Time) Event {
	e.Status, e.Sequence, e.Updated = Cancelled, e.Sequence+1, at
	return e
}

// sameAs compares all that is told of an event.
func (e Event) sameAs(o Event) bool {
	return e.UID == o.UID && e.Kind == o.Kind && e.Resource == o.Resource && e.Calendar == o.Calendar && slices.Equal(e.Accounts, o.Accounts) &&
		e.Start.Equal(o.Start) && e.End.Equal(o.End) && e.AllDay == o.AllDay && e.Zone == o.Zone && e.Summary == o.Summary &&
		e.Description == o.Description && e.Private == o.Private && e.Location == o.Location && e.Status == o.Status
}

// Whole returns the events for a calendar of the company's own people.
func Whole(told []Told) []Event {
	var list []Event
	for _, t := range told {
		if !t.Left {
			list = append(list, t.Event)
		}
	}
	return list
}

// Own returns the events for the calendar of an account: its own matters alone.
func Own(told []Told, account string) []Event {
	var list []Event
	for _, t := range told {
		if e, own := t.For(account); own {
			list = append(list, e)
		}
	}
	return list
}
