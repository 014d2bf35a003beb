package usage

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// count is what the entries of a balance add up to: a projection, which the entries alone
// make again.
type count struct {
	// Seq is that of the last entry.
	Seq int64 `bson:"seq"`
	// Last is when the last entry was recorded.
	Last time.Time `bson:"last"`
	// Anchor is the day from which anniversary periods are counted; fixed by the first
	// entry.
	Anchor civil.Day `bson:"anchor"`
	// Uses are the units used on each day, by day; none is 0.
	Uses []dayUse `bson:"uses,omitempty"`
	// Open are the reservations that were neither committed nor cancelled, in the order in
	// which they were made. Those whose time is over do not count, whether they were taken
	// out or not.
	Open []Reservation `bson:"open,omitempty"`
	// Notices are the latest ones.
	Notices []Notice `bson:"notices,omitempty"`
}

type dayUse struct {
	Day   civil.Day `bson:"d"`
	Units int64     `bson:"n"`
}

// maxNotices is how many notices a balance remembers.
const maxNotices = 24

// add counts the next entry.
func (c *count) add(e *Entry) {
	if c.Seq == 0 {
		c.Anchor = e.Anchor
	}
	c.Seq, c.Last = e.Seq, e.At
	switch e.Type {
	case Used:
		c.use(e.Day, e.Units)
	case Released:
		c.use(e.Day, -e.Units)
	case Reserved:
		c.Open = append(c.Open, Reservation{ID: e.ID, Units: e.Units, Day: e.Day, At: e.At, Expires: e.Expires,
			Who: e.Who, Origin: e.Origin, Note: e.Note, Rule: e.Rule, Version: e.Version})
	case Committed:
		c.use(e.Day, e.Units)
		c.close(e.Of)
	case Cancelled, Expired:
		c.close(e.Of)
	}
	c.Notices = append(c.Notices, e.Notices...)
	c.Notices = c.Notices[max(0, len(c.Notices)-maxNotices):]
}

func (c *count) use(day civil.Day, units int64) {
	i, found := slices.BinarySearchFunc(c.Uses, day, func(u dayUse, day civil.Day) int { return cmp.Compare(u.Day, day) })
	if !found {
		c.Uses = slices.Insert(c.Uses, i, dayUse{Day: day})
	}
	if c.Uses[i].Units += units; c.Uses[i].Units == 0 {
		c.Uses = slices.Delete(c.Uses, i, i+1)
	}
}

func (c *count) close(reservation string) {
	c.Open = slices.DeleteFunc(c.Open, func(r Reservation) bool { return r.ID == reservation })
}

// reservation returns an open reservation.
func (c *count) reservation(id string) (Reservation, bool) {
	i := slices.IndexFunc(c.Open, func(r Reservation) bool { return r.ID == id })
	if i < 0 {
		return Reservation{}, false
	}
	return c.Open[i], true
}

// used is how many units were used on the days of a period.
func (c *count) used(p span) int64 {
	i, _ := slices.BinarySearchFunc(c.Uses, p.from, func(u dayUse, day civil.Day) int { return cmp.Compare(u.Day, day) })
	var units int64
	for _, u := range c.Uses[i:] {
		if u.Day >= p.to {
			break
		}
		units += u.Units
	}
	return units
}

// reserved is how many units of a period's days are reserved at an instant.
func (c *count) reserved(p span, at time.Time) int64 {
	var units int64
	for _, r := range c.Open {
		if r.Expires.After(at) && r.Day >= p.from && r.Day < p.to {
			units += r.Units
		}
	}
	return units
}

// nextExpiry is when the next open reservation ends by itself; nil where there is none.
func (c *count) nextExpiry() *time.Time {
	var next *time.Time
	for i := range c.Open {
		if next == nil || c.Open[i].Expires.Before(*next) {
			next = &c.Open[i].Expires
		}
	}
	return next
}
