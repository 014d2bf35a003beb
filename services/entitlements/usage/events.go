package usage

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// ThresholdReached is the event that tells of notices; it comes after that of the entry
// that reached the thresholds, and with the same data.
const ThresholdReached = "usage.threshold_reached"

// eventOf is the event that tells of an entry, as usage.used.
func eventOf(t Type) string { return "usage." + string(t) }

// told is what followers of the feed see of an entry, for good: not its note, which may
// name persons.
func told(e *Entry) Entry {
	t := *e
	t.Note, t.Who, t.Request = "", "", docstore.Request{}
	return t
}

// EntryTold reads an entry from the data of an event: without its note and its principal.
func EntryTold(data bson.Raw) (*Entry, error) {
	e, err := readEntry(data)
	return &e, err
}
