package civil

import (
	"fmt"
	"math"
	"time"
)

// Forever is an instant later than all. Instants are counted inside the service in
// milliseconds since 1970-01-01T00:00:00Z, since stores keep no finer time.
const Forever int64 = math.MaxInt64

const (
	secondsPerDay = 24 * 60 * 60
	// maxOffset exceeds every offset from UTC in the zone database, local mean
	// times included (the largest are just below 16 hours).
	maxOffset = 16 * 60 * 60
)

// Zone says when calendar days begin in one time zone.
//
// A day begins at the first instant whose local date is that day or a later
// one. This is local midnight nearly always. Where clocks jump over midnight it
// is the jump; where they go back over midnight it is the first midnight, so
// the repeated hour belongs to the new day; a day that the zone left out (Apia
// had no 30 December 2011) is empty: it begins when the next day does. Days thus
// follow each other without gap or overlap in every zone.
type Zone struct {
	location *time.Location
}

// UTC is the zone of a company that has not set its own.
var UTC = Zone{time.UTC}

// LoadZone returns the zone of an IANA name such as America/New_York. "Local"
// and the empty name are refused, since they mean another zone on each machine.
func LoadZone(name string) (Zone, error) {
	if name == "" || name == "Local" {
		return Zone{}, fmt.Errorf("%q is not an IANA time zone: write one such as America/New_York or UTC", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return Zone{}, fmt.Errorf("%q is not an IANA time zone: write one such as America/New_York or UTC", name)
	}
	return Zone{location}, nil
}

// Location returns the zone for use with package time.
func (z Zone) Location() *time.Location { return z.location }

// String returns the zone's IANA name.
func (z Zone) String() string { return z.location.String() }

// Start returns the instant at which the day begins.
func (z Zone) Start(d Day) time.Time { return time.UnixMilli(z.StartMilli(d)).In(z.location) }

// End returns the last instant of the day that is still told apart from the
// next day, one millisecond before that begins. "As of a date" means this.
func (z Zone) End(d Day) time.Time { return time.UnixMilli(z.StartMilli(d+1) - 1).In(z.location) }

// StartMilli returns the instant at which the day begins, in milliseconds, and
// Forever for Never.
func (z Zone) StartMilli(d Day) int64 {
	if d == Never {
		return Forever
	}
	midnight := int64(d) * secondsPerDay
	at := time.Unix(midnight-maxOffset, 0).In(z.location)
	for {
		_, offset := at.Zone()
		_, end := at.ZoneBounds()
		reached := max(midnight-int64(offset), at.Unix())
		// Of the last day of some leap years package time says that its offset ended
		// before it began.
		if end.IsZero() || reached < end.Unix() || !end.After(at) {
			return reached * 1000
		}
		at = end
	}
}

// DayOf returns the day that the instant belongs to.
func (z Zone) DayOf(t time.Time) Day {
	_, offset := t.In(z.location).Zone()
	d := Day(floorDiv(int(t.Unix())+offset, secondsPerDay))
	for z.StartMilli(d+1) <= t.UnixMilli() {
		d++
	}
	return d
}

// DayOfMilli returns the day that the instant in milliseconds belongs to.
func (z Zone) DayOfMilli(ms int64) Day { return z.DayOf(time.UnixMilli(ms)) }
