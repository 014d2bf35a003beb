package calendar

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// maxOffset exceeds every offset from UTC in the zone database, local mean times
// included (the largest are just below 16 hours).
const maxOffset = 16 * time.Hour

// Place returns the instant at which clocks of the zone show a time of a day, given as
// what has passed since midnight on a day without changes of the clock. As RFC 5545,
// section 3.3.5, has it: a time that clocks show twice is the first of the two; one that
// they jump over is reckoned by the offset before the jump, so that 02:30 in an hour
// left out is 03:30.
func Place(day civil.Day, since time.Duration, zone civil.Zone) time.Time {
	wall := midnight(day).Add(since)
	by := func(offsetAt time.Time) time.Time {
		_, offset := offsetAt.In(zone.Location()).Zone()
		return wall.Add(-time.Duration(offset) * time.Second).In(zone.Location())
	}
	before := by(wall.Add(-maxOffset)) // no later than wall everywhere, and clocks change seldom
	if wallOf(before).Equal(wall) {
		return before
	}
	if after := by(before); wallOf(after).Equal(wall) {
		return after
	}
	return before
}

// wallOf returns what clocks of the instant's zone show, as if it were UTC.
func wallOf(t time.Time) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

// midnight returns the beginning of a day as wall-clock time, as if it were UTC.
func midnight(day civil.Day) time.Time { return time.Unix(int64(day)*24*60*60, 0).UTC() }

// dayOf returns the day that clocks of the instant's zone show.
func dayOf(t time.Time) civil.Day { return civil.Date(t.Date()) }
