package calendar

import (
	"net/url"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Invitation is an event as one person is written of it, for mail programs to enter into
// a calendar, to change there, or to take away (RFC 5546, sent by RFC 6047).
type Invitation struct {
	// Product is what of Evenhand writes it, as Advisory board.
	Product string
	// Event is as feeds tell it; its UID is that of no other calendar, anywhere.
	Event Event
	// Uninvited says that it takes place without the person, who was invited before.
	Uninvited bool
	// Answer is what the person has answered.
	Answer Answer
	// Organizer writes, and Attendee is written to.
	Organizer, Attendee Person
	// Written is when this is.
	Written time.Time
}

// Person is somebody who can be written to.
type Person struct{ Name, Email string }

// Answer is what a person has answered to an invitation; empty for nothing.
type Answer string

// The answers.
const (
	Accepts  Answer = "accepts"
	Declines Answer = "declines"
	Unsure   Answer = "unsure"
)

var answers = map[Answer]ics.ParticipationStatus{"": ics.ParticipationStatusNeedsAction, Accepts: ics.ParticipationStatusAccepted,
	Declines: ics.ParticipationStatusDeclined, Unsure: ics.ParticipationStatusTentative}

// Method is what mail programs are to do: REQUEST, or CANCEL where the event does not
// take place, or not with the person.
func (i Invitation) Method() string {
	if i.Uninvited || i.Event.Status == Cancelled {
		return string(ics.MethodCancel)
	}
	return string(ics.MethodRequest)
}

// MediaType is that of ICalendar, as RFC 6047, section 2.4, wants it.
func (i Invitation) MediaType() string {
	return "text/calendar; charset=utf-8; method=" + i.Method() + "; component=VEVENT"
}

// ICalendar writes the invitation as Document does the event.
func (i Invitation) ICalendar() ([]byte, error) {
	cal := newCalendar(i.Product)
	cal.SetMethod(ics.Method(i.Method()))
	v, err := add(cal, i.Event)
	if err != nil {
		return nil, err
	}
	v.SetDtStampTime(i.Written)
	v.SetOrganizer(i.Organizer.address(), i.Organizer.parameters()...)
	attendee := i.Attendee.parameters()
	if i.Method() == string(ics.MethodRequest) {
		attendee = append(attendee, answers[i.Answer], ics.WithRSVP(i.Answer == ""))
	}
	v.AddAttendee(i.Attendee.address(), attendee...)
	if i.Uninvited { // RFC 5546, section 3.2.5: it is not cancelled for the others
		v.RemoveProperty(ics.ComponentPropertyStatus)
	}
	return write(cal)
}

// address is a mailto URI (RFC 6068).
func (p Person) address() string { return "mailto:" + url.PathEscape(p.Email) }

// parameters are the name, without what would have to be quoted.
func (p Person) parameters() []ics.PropertyParameter {
	name := strings.NewReplacer(`"`, "", `\`, "", ",", " ", ";", " ", ":", " ").Replace(line(p.Name))
	if name = line(name); name == "" {
		return nil
	}
	return []ics.PropertyParameter{ics.WithCN(name)}
}
