package calendar

import (
	"fmt"
	"time"
)

// LoadZone returns the zone of an IANA name such as America/New_York. "Local" and the
// empty name are refused, since they mean another zone on each machine.
func LoadZone(name string) (*time.Location, error) {
	if name != "" && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	return nil, fmt.Errorf("%q is not an IANA time zone: write one such as America/New_York or UTC", name)
}

// maxOffset exceeds every offset from UTC in the zone database, local mean times
// included (the largest are just below 16 hours).
const maxOffset = 16 * time.Hour

// Place returns the instant at which clocks of the zone show the wall-clock time, which
// is given as if it were UTC. As RFC 5545, section 3.3.5, has it: a time that clocks
// show twice is the first of the two; one that they jump over is reckoned by the offset
// before the jump, so that 02:30 in an hour left out is 03:30.
func Place(wall time.Time, zone *time.Location) time.Time {
	by := func(offsetAt time.Time) time.Time {
		_, offset := offsetAt.In(zone).Zone()
		return wall.Add(-time.Duration(offset) * time.Second).In(zone)
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
