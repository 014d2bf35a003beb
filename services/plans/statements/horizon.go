package statements

import (
	"time"

	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Horizon is up to where something is known: positions of the feeds, an instant, or, where
// it is zero, now.
type Horizon struct {
	// Positions are those up to which each feed counts. Of a feed that is not named, nothing
	// does.
	Positions map[feeds.Service]int64
	// At is the instant up to which feeds recorded what counts, where there are no positions.
	At time.Time
}

func (h Horizon) knows(s *state) bool {
	switch {
	case h.Positions != nil:
		return s.Position <= h.Positions[s.Service]
	case !h.At.IsZero():
		return !s.Recorded.After(h.At)
	}
	return true
}
