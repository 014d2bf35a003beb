package usage

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// ThresholdReached is the event that tells of notices; it comes after that of the entry
// that reached the thresholds, and with the same data.
const ThresholdReached = "usage.threshold-reached"

// eventOf is the event that tells of an entry, as usage.used.
func eventOf(t Type) string { return "usage." + string(t) }

// Told is what followers of the feed see of an entry, for good: not its note, which may
// name persons.
type Told struct {
	ID      string    `bson:"id"`
	Account string    `bson:"account"`
	Benefit string    `bson:"benefit"`
	Seq     int64     `bson:"seq"`
	Type    Type      `bson:"type"`
	Units   int64     `bson:"units"`
	Day     civil.Day `bson:"day"`
	At      time.Time `bson:"at"`
	Origin  Origin    `bson:"origin,omitempty"`
	Of      string    `bson:"of,omitempty"`
	Expires time.Time `bson:"expires,omitempty"`
	Rule    string    `bson:"rule"`
	Version int       `bson:"version"`
	Notices []Notice  `bson:"notices,omitempty"`
}

func told(e *Entry) Told {
	return Told{ID: e.ID, Account: e.Account, Benefit: e.Benefit, Seq: e.Seq, Type: e.Type, Units: e.Units, Day: e.Day, At: e.At,
		Origin: e.Origin, Of: e.Of, Expires: e.Expires, Rule: e.Rule, Version: e.Version, Notices: e.Notices}
}
