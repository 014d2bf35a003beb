package calendar

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Override is what people decided of one occurrence: that it is held at another time,
// or not at all.
type Override struct {
	// Day names the occurrence.
	Day civil.Day `bson:"day"`
	// Start is when it is held instead; zero where it is skipped.
	Start time.Time `bson:"start,omitempty"`
	// Reason says why, for people.
	Reason string `bson:"reason,omitempty"`
}

// Skipped reports whether the occurrence is not held.
func (o Override) Skipped() bool { return o.Start.IsZero() }

// Slot is an occurrence as it is planned after all.
type Slot struct {
	Occurrence
	// Planned is when it would be held by the rule and the holidays alone.
	Planned time.Time
	// Override is what people decided of it; nil where it is held as planned.
	Override *Override
}

// Skipped reports whether the occurrence is not held; its time is that at which it
// would have been.
func (s Slot) Skipped() bool { return s.Override != nil && s.Override.Skipped() }

// Moved reports whether people gave it another time.
func (s Slot) Moved() bool { return s.Override != nil && !s.Override.Skipped() }

// Layout is a series laid out for some years, with what people decided.
type Layout struct {
	// Slots are in the order of their starts, the skipped ones among them.
	Slots []Slot
	// Stray are overrides of days that the recurrence does not name, as after it was
	// changed: they have no effect, and somebody should know.
	Stray []Override
}

// LayOut lays the series out from an instant up to another, by the times at which
// occurrences are held after all. Of several overrides of one day the last counts. It
// fails like Between.
func (s *Series) LayOut(from, to time.Time, overrides []Override) (Layout, error) {
	decided, last := map[civil.Day]*Override{}, firstDay
	for i, over := range overrides {
		decided[over.Day] = &overrides[i]
		last = max(last, over.Day)
	}
	var l Layout
	for o := range s.All() {
		if !o.Start.Before(to) && o.Day > last {
			break
		}
		slot := s.slot(o, decided[o.Day])
		delete(decided, o.Day)
		if slot.Start.Before(from) || !slot.Start.Before(to) {
			continue
		}
		if len(l.Slots) == MaxOccurrences {
			return Layout{}, tooMany(from, to)
		}
		l.Slots = append(l.Slots, slot)
	}
	for _, over := range decided {
		l.Stray = append(l.Stray, *over)
	}
	slices.SortFunc(l.Slots, func(a, b Slot) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Day, b.Day)) })
	slices.SortFunc(l.Stray, func(a, b Override) int { return cmp.Compare(a.Day, b.Day) })
	return l, nil
}

func (s *Series) slot(o Occurrence, over *Override) Slot {
	slot := Slot{Occurrence: o, Planned: o.Start, Override: over}
	if slot.Moved() {
		slot.Start = over.Start.In(s.zone.Location())
		slot.End = slot.Start.Add(s.duration)
	}
	return slot
}

// Swap returns the overrides by which two slots change their times.
func Swap(a, b Slot, reason string) [2]Override {
	return [2]Override{{Day: a.Day, Start: b.Start, Reason: reason}, {Day: b.Day, Start: a.Start, Reason: reason}}
}
