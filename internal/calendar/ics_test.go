package calendar

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// component is what the strict parser reads: the lines of a component by name, each
// only once here, and what is in it.
type component struct {
	name   string
	lines  map[string]property
	within []component
}

type property struct{ parameters, value string }

var contentLine = regexp.MustCompile(`^([A-Z-]+)((?:;[A-Z-]+=[^;:",\x00-\x1f]+)*):(.*)$`)

// parseStrictly reads a calendar as RFC 5545 has it, and fails on whatever that does not
// allow: other line ends, lines of more than 75 octets, characters cut in two, control
// characters, escapes that are none, components that do not nest.
func parseStrictly(text []byte) (component, error) {
	body, ended := strings.CutSuffix(string(text), "\r\n")
	if !ended {
		return component{}, fmt.Errorf("the last line has no end")
	}
	var unfolded []string
	for _, raw := range strings.Split(body, "\r\n") {
		switch {
		case len(raw) > 75 || raw == "":
			return component{}, fmt.Errorf("a line of %d octets: %q", len(raw), raw)
		case !utf8.ValidString(raw):
			return component{}, fmt.Errorf("a character is cut: %q", raw)
		case strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r == 0x7f }):
			return component{}, fmt.Errorf("a control character: %q", raw)
		case raw[0] == ' ' && len(unfolded) > 0:
			unfolded[len(unfolded)-1] += raw[1:]
		default:
			unfolded = append(unfolded, raw)
		}
	}
	var open []component
	for _, content := range unfolded {
		parts := contentLine.FindStringSubmatch(content)
		if parts == nil {
			return component{}, fmt.Errorf("no content line: %q", content)
		}
		name, p := parts[1], property{parts[2], parts[3]}
		switch name {
		case "BEGIN":
			open = append(open, component{name: p.value, lines: map[string]property{}})
			continue
		case "END":
			last := len(open) - 1
			if last < 0 || open[last].name != p.value {
				return component{}, fmt.Errorf("END:%s ends nothing", p.value)
			}
			if last == 0 {
				return open[0], nil
			}
			open[last-1].within = append(open[last-1].within, open[last])
			open = open[:last]
			continue
		}
		here := open[len(open)-1]
		if _, twice := here.lines[name]; twice {
			return component{}, fmt.Errorf("%s comes twice in %s", name, here.name)
		}
		here.lines[name] = p
	}
	return component{}, fmt.Errorf("the calendar does not end")
}

// text undoes the escapes of a TEXT value.
func (p property) text() (string, error) {
	var b strings.Builder
	for rest := p.value; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case strings.ContainsRune(`;,`, r):
			return "", fmt.Errorf("%q is not escaped in %q", r, p.value)
		case r != '\\':
			b.WriteRune(r)
			rest = rest[size:]
			continue
		case len(rest) < 2 || strings.IndexByte(`\;,nN`, rest[1]) < 0:
			return "", fmt.Errorf("no escape: %q", rest)
		case rest[1] == 'n' || rest[1] == 'N':
			b.WriteByte('\n')
		default:
			b.WriteByte(rest[1])
		}
		rest = rest[2:]
	}
	return b.String(), nil
}

func (p property) instant() (time.Time, error) {
	switch p.parameters {
	case ";VALUE=DATE":
		return time.Parse("20060102", p.value)
	case "":
		return time.Parse("20060102T150405Z", p.value)
	}
	return time.Time{}, fmt.Errorf("strange parameters %q", p.parameters)
}

// Whatever the texts: both parsers read back what was written, the strict one complains
// of nothing, and the same calendar is the same bytes.
func TestICalendarReadsBack(t *testing.T) {
	words := rapid.StringOf(rapid.SampledFrom([]rune("abc  ,;:\\\"'\n\r\t<>é漢🙂\x00\x07\u0085=^|")))
	rapid.Check(t, func(t *rapid.T) {
		d := Document{Product: "Advisory board", Name: words.Draw(t, "name"), Zone: "America/New_York", Refresh: time.Hour}
		n := rapid.IntRange(0, 4).Draw(t, "events")
		for i := range n {
			start := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 0).UTC()
			e := Event{UID: fmt.Sprintf("boards/customers/meetings/%d", i), Kind: "meeting", Zone: "Asia/Kathmandu", Start: start,
				End:     start.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "minutes")) * time.Minute),
				Updated: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "updated"), 0), Sequence: rapid.IntRange(0, 9).Draw(t, "sequence"),
				Status:  rapid.SampledFrom([]Status{"", Confirmed, Tentative, Cancelled}).Draw(t, "status"),
				Summary: words.Draw(t, "summary"), Description: words.Draw(t, "description"), Private: words.Draw(t, "private"),
				Location: strings.Repeat(words.Draw(t, "location"), 9)}
			if rapid.Bool().Draw(t, "whole day") {
				zone, err := civil.LoadZone(e.Zone)
				require.NoError(t, err)
				e.AllDay = true
				e.Start, e.End = WholeDay(zone.DayOf(start), zone)
			}
			d.Events = append(d.Events, e)
		}
		written, err := d.ICalendar()
		require.NoError(t, err)
		again, err := d.ICalendar()
		require.NoError(t, err)
		require.Equal(t, written, again)

		strict, err := parseStrictly(written)
		require.NoError(t, err, "%s", written)
		require.Equal(t, "VCALENDAR", strict.name)
		require.Equal(t, property{"", "2.0"}, strict.lines["VERSION"])
		require.Equal(t, property{";VALUE=DURATION", "PT60M"}, strict.lines["REFRESH-INTERVAL"])
		name, err := strict.lines["X-WR-CALNAME"].text()
		require.NoError(t, err)
		require.Equal(t, line(d.Name), name)
		require.Len(t, strict.within, max(n, 1), "no calendar is without any component")
		if n == 0 {
			require.Equal(t, "VTIMEZONE", strict.within[0].name)
		}

		lenient, err := ics.ParseCalendar(bytes.NewReader(written))
		require.NoError(t, err)
		require.Len(t, lenient.Events(), n)
		for i, e := range d.Events {
			requireSameEvent(t, e, strict.within[i])
			read := lenient.Events()[i]
			require.Equal(t, e.UID, read.Id())
			if !e.AllDay {
				start, err := read.GetStartAt()
				require.NoError(t, err)
				require.True(t, e.Start.Equal(start))
			}
		}
	})
}

func requireSameEvent(t *rapid.T, e Event, c component) {
	require.Equal(t, "VEVENT", c.name)
	texts := map[string]string{"UID": e.UID, "SUMMARY": line(e.Summary), "CATEGORIES": "meeting",
		"STATUS": strings.ToUpper(string(e.Status)), "SEQUENCE": strconv.Itoa(e.Sequence), "CLASS": "PRIVATE"}
	if e.Status == "" {
		texts["STATUS"] = "CONFIRMED"
	}
	if e.Location != "" {
		texts["LOCATION"] = line(e.Location)
	}
	if text := strings.TrimSpace(e.Description + "\n\n" + e.Private); text != "" {
		texts["DESCRIPTION"] = lines(text)
	}
	for name, want := range texts {
		require.Contains(t, c.lines, name)
		got, err := c.lines[name].text()
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	start, err := c.lines["DTSTART"].instant()
	require.NoError(t, err)
	stamp, err := c.lines["DTSTAMP"].instant()
	require.NoError(t, err)
	require.True(t, e.Updated.Equal(stamp))
	end, hasEnd := c.lines["DTEND"]
	if e.AllDay {
		require.True(t, hasEnd)
		last, err := end.instant()
		require.NoError(t, err)
		require.Equal(t, 24*time.Hour, last.Sub(start), "one whole day")
		zone, err := civil.LoadZone(e.Zone)
		require.NoError(t, err)
		require.Equal(t, zone.DayOf(e.Start), dayOf(start))
		return
	}
	require.True(t, e.Start.Equal(start))
	require.Equal(t, e.End.After(e.Start), hasEnd)
	if hasEnd {
		at, err := end.instant()
		require.NoError(t, err)
		require.True(t, e.End.Equal(at))
	}
}

func TestICalendarOfABoard(t *testing.T) {
	d := Document{Product: "Advisory board", Name: "Customer board", Zone: "America/New_York", Refresh: time.Hour, Events: []Event{
		{UID: "boards/customers/meetings/2027-03-02@k7", Kind: "meeting", Start: at("2027-03-02T15:00:00Z"), End: at("2027-03-02T17:00:00Z"),
			Zone: "America/New_York", Summary: "Board meeting; spring", Description: "Agenda:\n1. Returns", Location: "Boston, MA",
			Sequence: 2, Updated: at("2026-11-22T09:00:00Z")},
	}}
	written, err := d.ICalendar()
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Evenhand//Advisory board//EN
CALSCALE:GREGORIAN
NAME:Customer board
X-WR-CALNAME:Customer board
X-WR-TIMEZONE:America/New_York
REFRESH-INTERVAL;VALUE=DURATION:PT60M
X-PUBLISHED-TTL:PT60M
BEGIN:VEVENT
UID:boards/customers/meetings/2027-03-02@k7
DTSTAMP:20261122T090000Z
LAST-MODIFIED:20261122T090000Z
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:Board meeting\; spring
CLASS:PRIVATE
CATEGORIES:meeting
DTSTART:20270302T150000Z
DTEND:20270302T170000Z
DESCRIPTION:Agenda:\n1. Returns
LOCATION:Boston\, MA
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n"), string(written))
}
