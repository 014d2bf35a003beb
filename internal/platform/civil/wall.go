package civil

import (
	"fmt"
	"strings"
	"time"
)

// Instants returns the instants at which clocks of the zone show the date and time of
// wall, whose own zone does not matter: nearly always one; two in order where clocks
// are put back and show it twice; none where they jump over it.
func (z Zone) Instants(wall time.Time) []time.Time {
	_, own := wall.Zone()
	shown := wall.Add(time.Duration(own) * time.Second)
	var found []time.Time
	at, last := shown.Add(-maxOffset*time.Second), shown.Add(maxOffset*time.Second)
	for !at.After(last) {
		local := at.In(z.location)
		_, offset := local.Zone()
		_, end := local.ZoneBounds()
		if end.IsZero() || !end.After(local) { // see StartMilli
			end = last.Add(time.Second)
		}
		candidate := shown.Add(-time.Duration(offset) * time.Second)
		if !candidate.Before(at) && candidate.Before(end) {
			found = append(found, candidate.In(z.location))
		}
		at = end
	}
	return found
}

// ParseInstant reads an instant of RFC 3339, such as 2026-03-06T16:30:00-05:00, or what
// clocks of the zone show, such as 2026-03-06T16:30:00 or 2026-03-06T16:30. A time that
// clocks jump over and one that they show twice are refused: they need an offset.
func (z Zone) ParseInstant(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, strings.ToUpper(text)); err == nil {
		return at.In(z.location), nil
	}
	wall, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		if wall, err = time.Parse("2006-01-02T15:04", text); err != nil {
			return time.Time{}, fmt.Errorf("%q is not an instant: write one such as 2026-03-06T16:30:00-05:00, or without the offset for what clocks show in %s", text, z)
		}
	}
	switch found := z.Instants(wall); len(found) {
	case 1:
		return found[0], nil
	case 0:
		return time.Time{}, fmt.Errorf("clocks in %s jump over %s: write the instant with its offset", z, text)
	default:
		return time.Time{}, fmt.Errorf("clocks in %s show %s twice: write %s or %s", z, text, found[0].Format(time.RFC3339Nano), found[1].Format(time.RFC3339Nano))
	}
}
