package usage

import (
	"fmt"
	"time"

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
	Recent lines `bson:"recent,omitempty"`
	// Moved is the number of the last entry that is in the ledger only.
	Moved int64 `bson:"moved"`
	// Gone are the requests that made those up to Moved.
	Gone filter `bson:"gone,omitempty"`
	// Expires is when the next open reservation ends by itself.
	Expires *time.Time `bson:"expires,omitempty"`
	// Noticed is when the last threshold was reached.
	Noticed *time.Time `bson:"noticed,omitempty"`
}

// kept is how many entries are in the balance.
func (b *balance) kept() int { return int(b.Count.Seq - b.Moved) }

// latest are the entries that the balance holds.
func (b *balance) latest() run { return run{b.Account, b.Benefit, b.Moved, b.Recent} }

// drop takes out the entries up to a number: those are in the ledger. Where the balance has
// fewer it was read before they were made, and its write will fail.
func (b *balance) drop(upTo int64) {
	rest := b.latest().above(upTo)
	for _, raw := range b.Recent[:len(b.Recent)-len(rest.encoded)].all() {
		if key := keyOf(raw); len(key) > 0 {
			b.Gone.add(key)
		}
	}
	b.Recent, b.Moved = rest.encoded, rest.before
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
