package calendar

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
)

// Document is a calendar as other programs read it.
type Document struct {
	// Product is what of Evenhand writes it, as Advisory board.
	Product string
	// Name is its title.
	Name string
	// Zone is the IANA name of the zone in which a reader may show the calendar; empty
	// where it has events of several.
	Zone string
	// Refresh is how long readers may keep what they have; 0 leaves it to them.
	Refresh time.Duration
	// Events are what is in it, in order. Their UIDs are those of no other calendar,
	// anywhere.
	Events []Event
}

// ICalendar writes the calendar by RFC 5545, with the names of RFC 7986: times as
// instants in UTC, which need no table of time zones and are right across daylight
// saving, and whole days as days of their zone. The same calendar is always written in
// the same bytes.
func (d Document) ICalendar() ([]byte, error) {
	cal := newCalendar(d.Product)
	cal.SetName(line(d.Name))
	if d.Zone != "" {
		cal.SetXWRTimezone(d.Zone)
	}
	if d.Refresh > 0 {
		every := fmt.Sprintf("PT%dM", max(1, int(d.Refresh/time.Minute)))
		cal.SetRefreshInterval(every) // its name there holds the VALUE=DURATION
		cal.SetXPublishedTTL(every)
	}
	for _, e := range d.Events {
		if _, err := add(cal, e); err != nil {
			return nil, err
		}
	}
	if len(d.Events) == 0 {
		addUTC(cal)
	}
	return write(cal)
}

func newCalendar(product string) *ics.Calendar {
	cal := ics.NewCalendar()
	cal.SetProductId("-//Evenhand//" + product + "//EN")
	cal.SetCalscale("GREGORIAN")
	return cal
}

func write(cal *ics.Calendar) ([]byte, error) {
	var out strings.Builder
	if err := cal.SerializeTo(&out, ics.WithNewLine("\r\n")); err != nil {
		return nil, fmt.Errorf("write the calendar: %w", err)
	}
	return []byte(out.String()), nil
}

// addUTC adds a table of UTC, since a calendar without any component is none by RFC
// 5545, section 3.6, and some readers refuse it.
func addUTC(cal *ics.Calendar) {
	standard := cal.AddTimezone("UTC").AddStandard()
	standard.SetProperty(ics.ComponentPropertyDtStart, "19700101T000000")
	standard.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), "+0000")
	standard.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), "+0000")
}

func add(cal *ics.Calendar, e Event) (*ics.VEvent, error) {
	v := cal.AddEvent(e.UID)
	v.SetDtStampTime(e.Updated)
	v.SetLastModifiedAt(e.Updated)
	v.SetSequence(e.Sequence)
	v.SetStatus(statuses[e.Status])
	v.SetSummary(line(e.Summary))
	v.SetClass(ics.ClassificationPrivate)
	v.AddCategory(string(e.Kind))
	if e.AllDay {
		zone, err := time.LoadLocation(e.Zone)
		if err != nil {
			return nil, fmt.Errorf("the zone of %s: %w", e.UID, err)
		}
		v.SetAllDayStartAt(e.Start.In(zone))
		v.SetAllDayEndAt(e.End.In(zone))
		v.SetTimeTransparency(ics.TransparencyTransparent)
	} else {
		v.SetStartAt(e.Start)
		if e.End.After(e.Start) { // RFC 5545, section 3.8.2.2: an end is later than the start
			v.SetEndAt(e.End)
		}
	}
	if text := strings.TrimSpace(e.Description + "\n\n" + e.Private); text != "" {
		v.SetDescription(lines(text))
	}
	if e.Location != "" {
		v.SetLocation(line(e.Location))
	}
	return v, nil
}

var statuses = map[Status]ics.ObjectStatus{"": ics.ObjectStatusConfirmed, Confirmed: ics.ObjectStatusConfirmed,
	Tentative: ics.ObjectStatusTentative, Cancelled: ics.ObjectStatusCancelled}

// lines returns a text without what iCalendar cannot hold: control characters other
// than line breaks, and bytes that are not UTF-8.
func lines(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
}

// line does that, and joins all lines to one.
func line(text string) string { return strings.Join(strings.Fields(lines(text)), " ") }
