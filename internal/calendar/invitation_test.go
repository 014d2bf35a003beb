package calendar

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// invited is what b is written of a meeting.
func invited(e Event) Invitation {
	return Invitation{Product: "Advisory board", Event: e, Organizer: Person{"Advisory board", "board@evenhand.example"}, Attendee: Person{`Roth, "Ines"`, "ines+b@acme.example"}, Written: noon}
}

// parts reads an invitation strictly: the calendar's own lines and the event's.
func (i Invitation) parts(t require.TestingT) (cal, event map[string]property) {
	text, err := i.ICalendar()
	require.NoError(t, err)
	read, err := parseStrictly(text)
	require.NoError(t, err)
	require.Len(t, read.within, 1)
	return read.lines, read.within[0].lines
}

func TestInvitationsSayWhatMailProgramsAreToDo(t *testing.T) {
	e := meeting("1", 10, "accounts/b")
	e.Sequence, e.UID = 3, e.UID+"@here.evenhand"
	cancelled := e
	cancelled.Status = Cancelled
	answered := invited(e)
	answered.Answer = Accepts
	uninvited := invited(cancelled)
	uninvited.Uninvited = true
	for _, c := range []struct {
		i                Invitation
		method, attendee string
		status           string
	}{
		{invited(e), "REQUEST", ";CN=Roth Ines;PARTSTAT=NEEDS-ACTION;RSVP=true", "CONFIRMED"},
		{answered, "REQUEST", ";CN=Roth Ines;PARTSTAT=ACCEPTED;RSVP=false", "CONFIRMED"},
		{invited(cancelled), "CANCEL", ";CN=Roth Ines", "CANCELLED"},
		{uninvited, "CANCEL", ";CN=Roth Ines", ""},
	} {
		cal, event := c.i.parts(t)
		require.Equal(t, c.method, cal["METHOD"].value)
		require.Equal(t, "2.0", cal["VERSION"].value)
		require.Equal(t, "text/calendar; charset=utf-8; method="+c.method+"; component=VEVENT", c.i.MediaType())
		require.Equal(t, property{c.attendee, "mailto:ines+b@acme.example"}, event["ATTENDEE"])
		require.Equal(t, property{";CN=Advisory board", "mailto:board@evenhand.example"}, event["ORGANIZER"])
		require.Equal(t, c.status, event["STATUS"].value)
		require.Equal(t, "boards/b/meetings/1@here.evenhand", event["UID"].value)
		require.Equal(t, "3", event["SEQUENCE"].value)
		require.Equal(t, "20261122T120000Z", event["DTSTAMP"].value)
	}
}

func TestNamesAndAddressesBreakNoInvitation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := invited(meeting("1", 10, "accounts/b"))
		odd := rapid.StringOf(rapid.SampledFrom([]rune("ab ,;:\\\"'\n\r\té漢🙂\x00\x7f=^|%")))
		i.Attendee = Person{odd.Draw(t, "name"), odd.Draw(t, "address")}
		_, event := i.parts(t)
		require.True(t, strings.HasPrefix(event["ATTENDEE"].value, "mailto:"))
	})
}

// One event told alone is told as among all, and what was told of the others stays.
func TestOneEventIsToldAsAmongAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		accounts := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"accounts/a", "accounts/b", "accounts/c"}), rapid.ID)
		var all, one []Told
		events := []Event{meeting("1", 10), meeting("2", 20)}
		for step := range rapid.IntRange(1, 6).Draw(t, "steps") {
			at := noon.Add(time.Duration(step) * time.Hour)
			n := rapid.IntRange(0, 1).Draw(t, "which")
			events[n].Accounts = accounts.Draw(t, "accounts")
			events[n].Status = rapid.SampledFrom([]Status{Confirmed, Cancelled}).Draw(t, "status")
			if step == 0 {
				all, one = Merge(nil, events, toldFrom, toldTo, at), Merge(nil, events, toldFrom, toldTo, at)
				continue
			}
			before := slices.Clone(one)
			all, one = Merge(all, events, toldFrom, toldTo, at), MergeOne(one, events[n], at)
			require.Equal(t, all, one)
			require.Equal(t, one, MergeOne(one, events[n], at.Add(time.Hour)), "told again, it is the same")
			other := func(t Told) bool { return t.UID == events[n].UID }
			require.Equal(t, slices.DeleteFunc(before, other), slices.DeleteFunc(slices.Clone(one), other))
		}
		far := meeting("far", 9999, "accounts/a")
		require.Len(t, MergeOne(one, far, noon), len(one)+1, "one beyond what feeds show is told too")
	})
}
