package plans

import (
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Call    Channel = "call"
	Visit   Channel = "visit"
	Video   Channel = "video"
	Email   Channel = "email"
	Letter  Channel = "letter"
	Event   Channel = "event"
	Message Channel = "message"
)

// Channels are all channels.
var Channels = []Channel{Call, Visit, Video, Email, Letter, Event, Message}

// What bounds a strategy.
const (
	MaxCadences = 50
	MaxGapDays  = 365
)

// Strategy is how the company keeps in touch with a customer (R9).
type Strategy struct {
	// Cadences are the contacts that come again and again.
	Cadences []Cadence `bson:"cadences,omitempty"`
	// GapDays is how many days at least are between two contacts with one person: 0 wants
	// none between.
	GapDays int `bson:"gap_days,omitempty"`
	// Calendar is the id of the calendar, of the schedule in force, whose working days count;
	// where it is empty, Monday to Friday do.
	Calendar string `bson:"calendar,omitempty"`
	// Quiet is when nobody is contacted, in each contact's own zone.
	Quiet QuietHours `bson:"quiet,omitempty"`
}

// QuietHours are from an hour of the day to one, which may be the next morning's; in
// minutes after midnight, 0 to 1439. Both the same is none.
type QuietHours struct {
	From int `bson:"from"`
	To   int `bson:"to"`
}

// None says that there are no quiet hours.
func (q QuietHours) None() bool { return q.From == q.To }

// Contains says whether a minute of the day, 0 to 1439, is quiet. The last minute is not.
func (q QuietHours) Contains(minute int) bool {
	if q.From <= q.To {
		return minute >= q.From && minute < q.To
	}
	return minute >= q.From || minute < q.To
}

// Cadence is a contact that comes again and again.
type Cadence struct {
	// ID is unique in the plan, and stays.
	ID string `bson:"id"`
	// Purpose is what the contact is for, in a line.
	Purpose string  `bson:"purpose"`
	Channel Channel `bson:"channel"`
	// When says on what days, and at what time. Its time zone is the company's where it has
	// none.
	When calendar.Recurrence `bson:"when"`
	// Since is the day on which it came to be so, in the company's zone; 0 where that was not
	// kept. Nothing of before is asked for.
	Since civil.Day `bson:"since,omitempty"`
	// Roles are those of the contacts who are addressed, as finance; empty means all.
	Roles []string `bson:"roles,omitempty"`
	// Owner is the id of the principal who makes the contact; the plan's where it is empty.
	Owner string `bson:"owner,omitempty"`
	// Template is the name of the template's version that it came from, or empty.
	Template string `bson:"template,omitempty"`
}

// check wants the strategy to be right by itself; path is the field that it is in.
func (s *Strategy) check(path string) error {
	switch {
	case len(s.Cadences) > MaxCadences:
		return fault.Invalid(path+".cadences", "are %d: a strategy has at most %d", len(s.Cadences), MaxCadences)
	case s.GapDays < 0 || s.GapDays > MaxGapDays:
		return fault.Invalid(path+".gap_days", "%d is not from 0 to %d", s.GapDays, MaxGapDays)
	case s.Calendar != "" && !names.IsID(s.Calendar):
		return fault.Invalid(path+".calendar", "%q is no id of a calendar of the schedule", s.Calendar)
	case !minute(s.Quiet.From) || !minute(s.Quiet.To):
		return fault.Invalid(path+".quiet_hours", "are not times of the day from 00:00 to 23:59")
	}
	seen := map[string]bool{}
	for i := range s.Cadences {
		c, at := &s.Cadences[i], fmt.Sprintf("%s.cadences[%d]", path, i)
		if err := c.check(at); err != nil {
			return err
		}
		if seen[c.ID] {
			return fault.Invalid(at+".id", "%q is that of another cadence of the plan", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

// cadence returns a cadence by its id; nil where there is none of that id.
func (s *Strategy) cadence(id string) *Cadence {
	for i := range s.Cadences {
		if s.Cadences[i].ID == id {
			return &s.Cadences[i]
		}
	}
	return nil
}

// Date has the cadences say since when they recur as they do: since a day, today, where they
// are new or recurred otherwise before. They must not be those of the strategy before.
func (s *Strategy) Date(before *Strategy, today civil.Day) {
	for i := range s.Cadences {
		c := &s.Cadences[i]
		c.Since = today
		if was := before.cadence(c.ID); was != nil && was.When == c.When {
			c.Since = was.Since
		}
	}
}

func minute(m int) bool { return m >= 0 && m < 24*60 }

func (c *Cadence) check(at string) error {
	switch {
	case !names.IsID(c.ID):
		return fault.Invalid(at+".id", "%q is no id: write lower-case letters, digits and hyphens", c.ID)
	case blank(c.Purpose):
		return fault.Invalid(at+".purpose", "is empty: say what the contact is for")
	case !slices.Contains(Channels, c.Channel):
		return fault.Invalid(at+".channel", "is missing: say by what way, as CALL or VISIT")
	}
	when := c.When
	if when.Zone == "" {
		when.Zone = "UTC" // the company's takes its place
	}
	if problems := when.Check(); len(problems) > 0 {
		for i := range problems {
			if problems[i].Path == "zone" { // as callers know it
				problems[i].Path = "time_zone"
			}
			problems[i].Path = at + "." + problems[i].Path
		}
		return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "%s: %s", problems[0].Path, problems[0].Description).
			WithFields(problems...)
	}
	for i, role := range c.Roles {
		if !names.IsID(role) {
			return fault.Invalid(fmt.Sprintf("%s.audience[%d]", at, i), "%q is no role of a contact, as finance", role)
		}
	}
	return nil
}
