package statements

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// kind says to which figure a line belongs.
type kind string

const (
	kindPaid       kind = "paid"
	kindUsed       kind = "used"
	kindWaived     kind = "waived"
	kindSolved     kind = "solved"
	kindKept       kind = "kept"
	kindMissed     kind = "missed"
	kindHours      kind = "hours"
	kindEngagement kind = "engagement"
	kindProject    kind = "project"
	kindGoal       kind = "goal"
	kindSession    kind = "session"
	kindTouched    kind = "touched"
	kindUntouched  kind = "untouched"
	kindGiven      kind = "given"
	kindAnswered   kind = "answered"
)

// facts is what a line says, as its subject is from a change on. Which are set depends on
// the kind.
type facts struct {
	// Account is whose dossier it belongs in.
	Account string `bson:"account"`
	Kind    kind   `bson:"kind"`
	// Name is the resource name of the entry.
	Name string `bson:"name"`
	// Day is when it counts, or At where it counts at an instant.
	Day civil.Day `bson:"day,omitempty"`
	At  time.Time `bson:"at,omitempty"`
	// Last is the last day of several; Count is how many entries there are, -1 for one that
	// takes hours back.
	Last  civil.Day `bson:"last,omitempty"`
	Count int64     `bson:"count,omitempty"`
	// Minor is an amount in minor units.
	Minor int64 `bson:"minor,omitempty"`
	// Units of a benefit, below 0 where they came back; or minutes of work.
	Units int64 `bson:"units,omitempty"`
	// Subject is the id of the benefit, house rule or commitment; or what an idea came to.
	Subject string `bson:"subject,omitempty"`
	// Version is that of the schedule by which a benefit was held, Rule the rule's id.
	Version string `bson:"version,omitempty"`
	Rule    string `bson:"rule,omitempty"`
	Origin  string `bson:"origin,omitempty"`
	// Text says what it is.
	Text string `bson:"text,omitempty"`
}

// equal says whether both say the same; instants are kept to the millisecond.
func (f *facts) equal(other *facts) bool {
	a, b := *f, *other
	sameInstant := a.At.UnixMilli() == b.At.UnixMilli()
	a.At, b.At = time.Time{}, time.Time{}
	return sameInstant && a == b
}

// zoneReach is more than any zone differs from UTC.
const zoneReach = 16 * time.Hour

// quarters are those whose dossiers the line is kept in: one, or two where the zone decides.
func (f *facts) quarters() []Quarter {
	if f.At.IsZero() {
		return []Quarter{QuarterOf(f.Day)}
	}
	early, late := QuarterOf(civil.UTC.DayOf(f.At.Add(-zoneReach))), QuarterOf(civil.UTC.DayOf(f.At.Add(zoneReach)))
	if early == late {
		return []Quarter{early}
	}
	return []Quarter{early, late}
}

// places are the dossiers that the line is kept in; none where there are no facts.
func (f *facts) places() []place {
	if f == nil || f.Kind == "" {
		return nil
	}
	var list []place
	for _, q := range f.quarters() {
		list = append(list, place{f.Account, q})
	}
	return list
}

// day is when it counts in a zone.
func (f *facts) day(zone civil.Zone) civil.Day {
	if f.At.IsZero() {
		return f.Day
	}
	return zone.DayOf(f.At)
}

// line is something that belongs in a dossier, in the states that it went through.
type line struct {
	// Key is unique in the dossier.
	Key    string  `bson:"key"`
	States []state `bson:"states"`
}

// state is what a line says from a change on.
type state struct {
	Service  feeds.Service `bson:"service"`
	Position int64         `bson:"position"`
	Recorded time.Time     `bson:"recorded"`
	// Facts are nil where it does not belong in the dossier any more.
	Facts *facts `bson:"facts,omitempty"`
}

// at returns the state of the line that is known at a horizon, as it was told first where it
// was told again; nil where none is. Which of those that say the same are kept depends on the
// order in which they came.
func (l *line) at(h Horizon) *state {
	var found *state
	for i := len(l.States) - 1; i >= 0; i-- {
		s := &l.States[i]
		switch {
		case !h.knows(s):
			continue
		case found != nil && !found.same(s):
			return found
		}
		found = s
	}
	return found
}

// same says whether both say the same of the line.
func (s *state) same(other *state) bool {
	if s.Facts == nil || other.Facts == nil {
		return s.Facts == other.Facts
	}
	return s.Facts.equal(other.Facts)
}

// counts returns the state of the line that is known at a horizon, where that belongs in a
// quarter of a zone; nil where it does not.
func (l *line) counts(q Quarter, zone civil.Zone, h Horizon) *state {
	s := l.at(h)
	if s == nil || s.Facts == nil || !q.has(s.Facts.day(zone)) {
		return nil
	}
	return s
}

// merge takes over the states that the line has not, by their positions, and says whether
// there were any.
func (l *line) merge(states []state) (more bool) {
	for _, s := range states {
		place, found := slices.BinarySearchFunc(l.States, s.Position, func(have state, position int64) int { return cmp.Compare(have.Position, position) })
		if !found {
			l.States, more = slices.Insert(l.States, place, s), true
		}
	}
	return more
}
