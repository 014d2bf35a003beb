package usage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

const (
	// moveAt is how many entries a balance has when they go to the ledger: more make a use
	// write more, fewer make it write to the ledger more often.
	moveAt = 8
	// maxRecent is how many there are at most, while many callers use one balance at a time;
	// those of reservations that expire come on top.
	maxRecent = 64
)

// balance is the document of what one account uses of one benefit.
type balance struct {
	Account string `bson:"account"`
	Benefit string `bson:"benefit"`
	Count   count  `bson:",inline"`
	// Recent are the entries from behind Moved on.
	Recent recent `bson:"recent,omitempty"`
	// Moved is the number of the last entry that is in the ledger only.
	Moved int64 `bson:"moved"`
	// Expires is when the next open reservation ends by itself.
	Expires *time.Time `bson:"expires,omitempty"`
	// Noticed is when the last threshold was reached.
	Noticed *time.Time `bson:"noticed,omitempty"`
}

// kept is how many entries are in the balance.
func (b *balance) kept() int { return int(b.Count.Seq - b.Moved) }

// recent are entries, encoded one after the other, since a change looks at little of them:
// without account, benefit and number, and where a request made them without the id.
type recent []byte

// add puts an entry behind the others.
func (r *recent) add(e Entry) error {
	e.Account, e.Benefit, e.Seq = "", "", 0
	if e.ID == e.Request.DocumentID() {
		e.ID = ""
	}
	raw, err := bson.Marshal(e)
	*r = append(*r, raw...)
	return err
}

// all yields the entries, with their places from 0.
func (r recent) all() iter.Seq2[int, bson.Raw] {
	return func(yield func(int, bson.Raw) bool) {
		for i := 0; len(r) > 0; i++ {
			size := r.first()
			if !yield(i, bson.Raw(r[:size])) {
				return
			}
			r = r[size:]
		}
	}
}

// drop takes out the entries up to a number: those are in the ledger.
func (b *balance) drop(upTo int64) {
	for b.Moved < min(upTo, b.Count.Seq) {
		b.Recent = b.Recent[b.Recent.first():]
		b.Moved++
	}
}

// first is how many bytes the first entry takes: BSON begins with its length.
func (r recent) first() int { return int(binary.LittleEndian.Uint32(r)) }

// read decodes the entry at a place.
func (b *balance) read(place int, raw bson.Raw) (Entry, error) {
	e, err := readEntry(raw)
	e.Account, e.Benefit, e.Seq = b.Account, b.Benefit, b.Moved+int64(place)+1
	if e.ID == "" {
		e.ID = e.Request.DocumentID()
	}
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

// entries returns those of the latest entries, with numbers above one, that are wanted;
// nil wants all.
func (b *balance) entries(above int64, wanted func(bson.Raw) bool) ([]Entry, error) {
	var list []Entry
	for i, raw := range b.Recent.all() {
		if b.Moved+int64(i) < above || wanted != nil && !wanted(raw) {
			continue
		}
		e, err := b.read(i, raw)
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
	if of == "" {
		return nil, nil
	}
	return b.entries(above, func(raw bson.Raw) bool {
		text, ok := raw.Lookup("of").StringValueOK()
		return ok && text == of
	})
}

// by returns the one of the latest entries that a request made.
func (b *balance) by(key []byte) (Entry, bool, error) {
	if !bytes.Contains(b.Recent, key) { // as nearly always
		return Entry{}, false, nil
	}
	return first(b.entries(0, func(raw bson.Raw) bool {
		_, made, ok := raw.Lookup("q", "key").BinaryOK()
		return ok && bytes.Equal(made, key)
	}))
}

// find returns one of the latest entries by its id.
func (b *balance) find(id string) (Entry, bool, error) {
	return first(b.entries(0, func(raw bson.Raw) bool {
		if text, ok := raw.Lookup("id").StringValueOK(); ok {
			return text == id
		}
		_, made, ok := raw.Lookup("q", "key").BinaryOK()
		return ok && docstore.Request{Key: made}.DocumentID() == id
	}))
}

func first(list []Entry, err error) (Entry, bool, error) {
	if len(list) == 0 {
		return Entry{}, false, err
	}
	return list[0], true, err
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
	if err := b.Recent.add(*e); err != nil {
		return fmt.Errorf("write an entry of %s: %w", BalanceName(b.Account, b.Benefit), err)
	}
	b.Expires = b.Count.nextExpiry()
	d.Emit(eventOf(e.Type), told(e))
	if len(e.Notices) > 0 {
		b.Noticed = &e.At
		d.Emit(ThresholdReached, told(e))
	}
	return nil
}
