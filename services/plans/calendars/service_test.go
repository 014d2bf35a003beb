package calendars

import (
	"bytes"
	"errors"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

func (f *fixture) read(t testing.TB, secret string) *ics.Calendar {
	t.Helper()
	c, err := f.Read(t.Context(), hashOf(secret))
	require.NoError(t, err)
	read, err := ics.ParseCalendar(bytes.NewReader(c.Text))
	require.NoError(t, err)
	return read
}

// values are those of a property of all events, in order.
func values(read *ics.Calendar, p ics.ComponentProperty) []string {
	list := []string{}
	for _, e := range read.Events() {
		list = append(list, e.GetProperty(p).Value)
	}
	return list
}

func requireKind(t testing.TB, err error, kind fault.Kind) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, kind, told.Kind, told.Message)
	return told
}

func TestR9EachOwnerReadsTheirOwn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.world.call("anna", "acme", "1", 1)
		f.world.call("anna", "brook", "2", 2).Status = calendar.Cancelled
		f.world.call("bob", "acme", "3", 3)
		annas, bobs := f.create(t, "anna"), f.create(t, "bob")
		read := f.read(t, annas)
		require.Equal(t, []string{"Acme; & Sons, Ltd: Say hello", "brook: Say hello"}, values(read, ics.ComponentPropertySummary))
		require.Equal(t, []string{"CONFIRMED", "CANCELLED"}, values(read, ics.ComponentPropertyStatus))
		require.Regexp(t, `^plans/acme/touchpoints/1@[a-z2-7]+\.evenhand$`, read.Events()[0].Id())
		require.Equal(t, []string{"Acme; & Sons, Ltd: Say hello"}, values(f.read(t, bobs), ics.ComponentPropertySummary))

		zone, err := civil.LoadZone("America/New_York")
		require.NoError(t, err)
		today := zone.DayOf(f.world.now())
		require.Equal(t, []civil.Day{today - 30, civil.Date(2028, time.April, 1) + 1}, []civil.Day{f.world.from, f.world.to})
		require.Equal(t, maxEvents, f.world.most)

		c, err := f.Read(t.Context(), hashOf(annas))
		require.NoError(t, err)
		for _, line := range []string{"PRODID:-//Evenhand//Relationship plans//EN\r\n", "NAME:Customer contacts of principals/anna\r\n", "X-WR-TIMEZONE:America/New_York\r\n",
			"REFRESH-INTERVAL;VALUE=DURATION:PT60M\r\n", "DTSTART:20270302T140000Z\r\n", "CLASS:PRIVATE\r\n"} {
			require.Contains(t, string(c.Text), line)
		}
		again, err := f.Read(t.Context(), hashOf(annas))
		require.NoError(t, err)
		require.Equal(t, c, again, "the same calendar is the same bytes")
		f.world.events["anna"][0].Sequence = 1
		changed, err := f.Read(t.Context(), hashOf(annas))
		require.NoError(t, err)
		require.NotEqual(t, c.Etag, changed.Etag)
	})
}

// Whoever may not read plans any more, reads no calendar of them either.
func TestACalendarStopsWithTheRightToRead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.world.call("anna", "acme", "1", 1)
		secret := f.create(t, "anna")
		require.Len(t, f.read(t, secret).Events(), 1)
		_, unknown := f.Read(t.Context(), hashOf("unknown"))
		f.world.readers["anna"] = false
		_, err := f.Read(t.Context(), hashOf(secret))
		require.Equal(t, requireKind(t, unknown, fault.NotFound), requireKind(t, err, fault.NotFound))
		f.world.readers["anna"] = true
		require.Len(t, f.read(t, secret).Events(), 1)

		f.world.fail = errors.New("down")
		_, err = f.Read(t.Context(), hashOf(secret))
		require.ErrorIs(t, err, f.world.fail, "that it cannot be read now is no missing calendar")

		_, err = f.Create(t.Context(), anna, "", "nobody", hashOf("x"))
		requireKind(t, err, fault.NotFound)
		_, err = f.Create(t.Context(), anna, "", "agent", hashOf("x"))
		require.Equal(t, "plan_calendar_feed.owner", requireKind(t, err, fault.InvalidArgument).Fields[0].Path)
	})
}

func TestACalendarThatIsCutSaysSo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.world.call("anna", "acme", "1", 1)
		f.world.more = civil.Date(2027, time.March, 5)
		secret := f.create(t, "anna")
		read := f.read(t, secret)
		require.Equal(t, "There is more from here on than this calendar shows", values(read, ics.ComponentPropertySummary)[1])
		end := read.Events()[1]
		require.Equal(t, "20270305", end.GetProperty(ics.ComponentPropertyDtStart).Value)
		require.Contains(t, end.Id(), "principals/anna/calendar-ends/2027-03-05@")
		require.Contains(t, end.GetProperty(ics.ComponentPropertyDescription).Value, "evenhand plan due --week 2027-03-05")
		require.Equal(t, values(read, ics.ComponentPropertyDtstamp)[0], values(read, ics.ComponentPropertyDtstamp)[1])

		f.world.more = 0
		require.Len(t, f.read(t, secret).Events(), 1)
		f.world.events = nil
		require.Empty(t, f.read(t, secret).Events(), "an empty calendar is one, too")
	})
}
