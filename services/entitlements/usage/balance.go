package usage

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

const (
	// keptRecent is how many entries stay in a balance when the others go to the ledger,
	// and maxRecent how many there are at most; those of reservations that expire come on
	// top. More make a use write more; fewer make one balance take fewer uses at a time.
	keptRecent, maxRecent = 8, 32
)

// balance is the document of what one account uses of one benefit.
type balance struct {
	Account string `bson:"account"`
	Benefit string `bson:"benefit"`
	Count   count  `bson:",inline"`
	// Recent are the entries from behind Moved on, without account and benefit. They are kept
	// encoded, since a change looks at little of them.
	Recent [][]byte `bson:"recent,omitempty"`
	// Moved is the number of the last entry that is in the ledger only.
	Moved int64 `bson:"moved"`
	// Expires is when the next open reservation ends by itself.
	Expires *time.Time `bson:"expires,omitempty"`
	// Noticed is when the last threshold was reached.
	Noticed *time.Time `bson:"noticed,omitempty"`
}

// read decodes one of the latest entries.
func (b *balance) read(raw []byte) (Entry, error) {
	e, err := readEntry(raw)
	e.Account, e.Benefit = b.Account, b.Benefit
	return e, err
}

func readEntry(raw []byte) (Entry, error) {
	var e Entry
	if err := bson.Unmarshal(raw, &e); err != nil {
		return Entry{}, fmt.Errorf("read an entry of usage: %w", err)
	}
	e.At, e.Expires = e.At.UTC(), e.Expires.UTC()
	return e, nil
}

// entries returns the latest entries with numbers above one.
func (b *balance) entries(above int64) ([]Entry, error) {
	var list []Entry
	for _, raw := range b.Recent[min(max(0, above-b.Moved), int64(len(b.Recent))):] {
		e, err := b.read(raw)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// about returns those of the latest entries, with numbers above one, that are about an
// entry.
func (b *balance) about(of string, above int64) ([]Entry, error) {
	var list []Entry
	for _, raw := range b.Recent[min(max(0, above-b.Moved), int64(len(b.Recent))):] {
		if text, ok := bson.Raw(raw).Lookup("of").StringValueOK(); !ok || text != of {
			continue
		}
		e, err := b.read(raw)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// find returns one of the latest entries by its id.
func (b *balance) find(id string) (Entry, bool, error) {
	for _, raw := range b.Recent {
		if text, ok := bson.Raw(raw).Lookup("id").StringValueOK(); ok && text == id {
			e, err := b.read(raw)
			return e, err == nil, err
		}
	}
	return Entry{}, false, nil
}

// expire takes out the reservations whose time is over at an instant, and records that.
func expire(d *docstore.Doc[balance], at time.Time) error {
	if d.Body.Expires == nil || d.Body.Expires.After(at) {
		return nil
	}
	var over []Reservation
	for _, r := range d.Body.Count.Open {
		if !r.Expires.After(at) {
			over = append(over, r)
		}
	}
	for _, r := range over {
		err := record(d, &Entry{ID: r.ID + "-expired", Type: Expired, Units: r.Units, Day: r.Day, At: at, Of: r.ID,
			Origin: r.Origin, Rule: r.Rule, Version: r.Version})
		if err != nil {
			return err
		}
	}
	return nil
}

// record gives an entry the next number, counts it, keeps it, and tells of it.
func record(d *docstore.Doc[balance], e *Entry) error {
	b := &d.Body
	e.Account, e.Benefit, e.Seq = b.Account, b.Benefit, b.Count.Seq+1
	b.Count.add(e)
	kept := *e
	kept.Account, kept.Benefit = "", ""
	raw, err := bson.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write an entry of %s: %w", BalanceName(b.Account, b.Benefit), err)
	}
	b.Recent = append(b.Recent, raw)
	b.Expires = b.Count.nextExpiry()
	d.Emit(eventOf(e.Type), told(e))
	if len(e.Notices) > 0 {
		b.Noticed = &e.At
		d.Emit(ThresholdReached, told(e))
	}
	return nil
}
