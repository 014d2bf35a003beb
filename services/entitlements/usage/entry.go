package usage

import (
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Type says what an entry of the ledger records.
type Type string

// The types of entries. The first three are uses or promises of them; the others give
// units back.
const (
	Used      Type = "used"      // units were used
	Reserved  Type = "reserved"  // units were set aside, until they are committed or expire
	Committed Type = "committed" // some of those reserved were used, the others came back
	Cancelled Type = "cancelled" // those reserved came back
	Expired   Type = "expired"   // those reserved came back because their time was over
	Released  Type = "released"  // units used came back
)

// Origin says how a use came about (R20).
type Origin string

// The origins of uses.
const (
	AskedFor  Origin = "asked-for"
	Offered   Origin = "offered"
	Automatic Origin = "automatic"
)

// Entry is a line of the ledger of what is used. It never changes. Its fields
// are stored under short names, since each use writes the latest of them anew.
type Entry struct {
	// ID is unique. A reservation has the id of the entry that made it.
	ID      string `bson:"id,omitempty"`
	Account string `bson:"account,omitempty"`
	Benefit string `bson:"benefit,omitempty"`
	// Seq counts the entries of a balance, from 1.
	Seq  int64 `bson:"n,omitempty,minsize"`
	Type Type  `bson:"t"`
	// Units is how many: more than 0, but where all that was reserved came back.
	Units int64 `bson:"u,minsize"`
	// Day is the one on which the units count, in the company's zone.
	Day civil.Day `bson:"d"`
	// At is when it was recorded; it never goes back within a balance.
	At time.Time `bson:"at"`
	// Who is the principal who recorded it.
	Who    string `bson:"w,omitempty"`
	Origin Origin `bson:"o,omitempty"`
	// Note is why units came back, or what a person wrote beside a use.
	Note string `bson:"note,omitempty"`
	// Of is the id of the reservation that was committed, cancelled or expired, or of the
	// entry whose units came back.
	Of string `bson:"of,omitempty"`
	// Expires is when a reservation ends by itself.
	Expires time.Time `bson:"x,omitempty"`
	// Rule and Version are the rule, and the number of the version it stands in, by which
	// the benefit was held.
	Rule    string `bson:"r"`
	Version int    `bson:"v"`
	// Anchor is the day from which the balance counts anniversary periods, in its first entry
	// only.
	Anchor civil.Day `bson:"anchor,omitempty"`
	// Notices are the thresholds that the entry reached.
	Notices []Notice `bson:"notices,omitempty"`
	// Request is what the call was recognised by; empty where it had no request id.
	Request docstore.Request `bson:"q"`
}

// Notice says that a threshold of a balance was reached, once in each period.
type Notice struct {
	// Percent is the threshold: of what may be used in the period.
	Percent int       `bson:"percent"`
	At      time.Time `bson:"at"`
	// Entry is the id of the entry that reached it.
	Entry string `bson:"entry"`
	// Used is how many units were used or reserved in the period then, of Allowance.
	Used      int64 `bson:"used"`
	Allowance int64 `bson:"allowance"`
	// From and To are the period's days, To exclusive; for a rolling benefit the time in
	// which there is no other notice of the threshold.
	From civil.Day `bson:"from"`
	To   civil.Day `bson:"to"`
}

// Reservation is units that were set aside and are neither used nor given back.
type Reservation struct {
	ID    string    `bson:"id"`
	Units int64     `bson:"units"`
	Day   civil.Day `bson:"day"`
	// At is when it was made, Expires when it ends by itself.
	At      time.Time `bson:"at"`
	Expires time.Time `bson:"expires"`
	Who     string    `bson:"who,omitempty"`
	Origin  Origin    `bson:"origin"`
	Note    string    `bson:"note,omitempty"`
	Rule    string    `bson:"rule"`
	Version int       `bson:"version"`
}

// EntryName is the resource name of an entry.
func EntryName(account, id string) string { return "accounts/" + account + "/usageEntries/" + id }

// ReservationName is the resource name of a reservation.
func ReservationName(account, id string) string { return "accounts/" + account + "/reservations/" + id }

// BalanceName is the resource name of a balance.
func BalanceName(account, benefit string) string {
	return "accounts/" + account + "/balances/" + benefit
}
