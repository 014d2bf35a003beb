package engagements

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

const (
	// MaxEntries is how many entries of hours one engagement can have.
	MaxEntries = 500
	// maxDay is how many minutes a day has.
	maxDay = 24 * 60
)

// Charge says how an entry of hours stands with the benefit.
type Charge string

// How an entry stands with the benefit.
const (
	Free    Charge = ""        // it fills no unit of a benefit, and gives none back
	Due     Charge = "due"     // it is still to be settled
	Settled Charge = "settled" // its units were used, or given back
	Refused Charge = "refused" // the benefit refused it: the hours stand all the same
)

// Entry is a line of the ledger of an engagement's hours. Only how it was settled is
// written into it later.
type Entry struct {
	// Number is its place in the ledger, from 1.
	Number int       `bson:"number"`
	Day    civil.Day `bson:"day"`
	// Person is the id of the principal who worked.
	Person string `bson:"person"`
	// Minutes is how long; in a counter-entry it is negative.
	Minutes int    `bson:"minutes"`
	Note    string `bson:"note,omitempty"`
	// Reverses is the number of the entry that this one takes back; 0 in others.
	Reverses int `bson:"reverses,omitempty"`
	// By is the resource name of the principal who recorded it.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
	// Request is the id of the request that recorded it; empty where it had none.
	Request string `bson:"request,omitempty"`

	Charge Charge `bson:"charge,omitempty"`
	// Units is how many units of the benefit the entry uses.
	Units int64 `bson:"units,omitempty"`
	// Usage is the resource name of the entry by which they were used.
	Usage string `bson:"usage,omitempty"`
	// Refusal is why the benefit refused them.
	Refusal string `bson:"refusal,omitempty"`
	// Back is what a counter-entry gives back.
	Back []Back `bson:"back,omitempty"`
}

// Back is units that are given back of those that an entry used.
type Back struct {
	// Entry is the number of that entry.
	Entry int   `bson:"entry"`
	Units int64 `bson:"units"`
}

// sum keeps the totals of the ledger.
func (e *Engagement) sum() {
	e.Worked, e.Used, e.Refused = 0, 0, 0
	minutes := map[string]int{}
	for _, h := range e.Hours {
		e.Worked += h.Minutes
		minutes[h.Person] += h.Minutes
		of := &e.Used
		if h.Charge == Refused {
			of = &e.Refused
		}
		*of += h.Units
		for _, back := range h.Back {
			switch {
			case e.Hours[back.Entry-1].Charge == Refused:
				e.Refused -= back.Units
			case h.Charge != Refused: // or else the benefit would not have them back
				e.Used -= back.Units
			}
		}
	}
	maps.DeleteFunc(minutes, func(_ string, worked int) bool { return worked <= 0 })
	e.Workers = slices.Sorted(maps.Keys(minutes))
}

// Reversal is the number of the counter-entry against an entry; 0 where there is none.
func (e *Engagement) Reversal(number int) int {
	for _, h := range e.Hours {
		if h.Reverses == number {
			return h.Number
		}
	}
	return 0
}

// entered is the number of the entry that a request recorded; of the last, where it had no
// id.
func (e *Engagement) entered(request string) int {
	for _, h := range e.Hours {
		if request != "" && h.Request == request {
			return h.Number
		}
	}
	return len(e.Hours)
}

// record adds an entry to the ledger. With a benefit it uses the units that it fills: a
// unit that is not full yet is not used.
func (e *Engagement) record(id string, h Entry) error {
	if err := e.mustHaveStarted(id); err != nil {
		return err
	}
	if !slices.Contains(e.People, h.Person) {
		return fault.Invalid("hours.person", "principals/%s is no expert of %s: assign them first", h.Person, Name(id))
	}
	if err := e.add(id, &h); err != nil {
		return err
	}
	if e.Benefit != "" {
		h.Units = e.full(h.Minutes) - e.charged()
	}
	e.append(h)
	return nil
}

// reverse adds the counter-entry against an entry. What it gives back are units of that
// entry, and where those do not suffice, of the latest others: what is left used is what
// the remaining hours fill.
func (e *Engagement) reverse(id string, number int, h Entry) error {
	if number < 1 || number > len(e.Hours) {
		return fault.Missing("evenhand/HoursEntry", HoursName(id, number))
	}
	about := e.Hours[number-1]
	if about.Reverses != 0 {
		return refused(reasonCounter, id, "%s is a counter-entry itself: record the hours anew instead.", HoursName(id, number))
	}
	if by := e.Reversal(number); by != 0 {
		return refused(reasonCounter, id, "%s was taken back already, by %s.", HoursName(id, number), HoursName(id, by))
	}
	h.Day, h.Person, h.Minutes, h.Reverses = about.Day, about.Person, -about.Minutes, number
	if err := e.add(id, &h); err != nil {
		return err
	}
	if e.Benefit != "" {
		h.Back = e.back(number, e.charged()-e.full(h.Minutes))
	}
	e.append(h)
	return nil
}

// add gives an entry its number, while there is room for it.
func (e *Engagement) add(id string, h *Entry) error {
	if len(e.Hours) >= MaxEntries {
		return refused(reasonFull, id, "%s has %d entries of hours, and more cannot be: request another engagement.", Name(id), MaxEntries)
	}
	h.Number = len(e.Hours) + 1
	return nil
}

func (e *Engagement) append(h Entry) {
	if h.Units > 0 || len(h.Back) > 0 {
		h.Charge = Due
		e.Waiting++
	}
	e.Hours = slices.Concat(e.Hours, []Entry{h})
	e.Touched, e.LastWorked = h.Number, max(e.LastWorked, h.Day)
	e.sum()
}

// full is how many units the hours fill with some more minutes.
func (e *Engagement) full(more int) int64 { return int64((e.Worked + more) / e.UnitMinutes) }

// charged is how many units the entries account for, whether the benefit took them or not:
// what was refused once is not asked for again by a later entry.
func (e *Engagement) charged() int64 {
	total := int64(0)
	for _, h := range e.Hours {
		total += h.Units
		for _, back := range h.Back {
			total -= back.Units
		}
	}
	return total
}

// left is how many units each entry accounts for, less what others give back of them.
func (e *Engagement) left() map[int]int64 {
	left := map[int]int64{}
	for _, h := range e.Hours {
		left[h.Number] += h.Units
		for _, back := range h.Back {
			left[back.Entry] -= back.Units
		}
	}
	return left
}

// back says of which entries units are given back: of one first, then of the latest.
func (e *Engagement) back(first int, units int64) []Back {
	left := e.left()
	order := []int{first}
	for n := len(e.Hours); n > 0; n-- {
		if n != first {
			order = append(order, n)
		}
	}
	var list []Back
	for _, n := range order {
		if take := min(units, left[n]); take > 0 {
			list = append(list, Back{n, take})
			units -= take
		}
	}
	return list
}

// givers is how those stand with the benefit of whose units an entry gives back.
func (e *Engagement) givers(number int) []Charge {
	var charges []Charge
	for _, back := range e.Hours[number-1].Back {
		charges = append(charges, e.Hours[back.Entry-1].Charge)
	}
	return charges
}

// settle writes into an entry how it was settled. That units were used counts more than
// that they were refused: of two that tried at a time, one may have been refused what the
// other got.
func (e *Engagement) settle(number int, charge Charge, usage, refusal string) {
	h := e.Hours[number-1]
	if h.Charge != Due && (h.Charge != Refused || charge != Settled) {
		return
	}
	if h.Charge == Due {
		e.Waiting--
	}
	h.Charge, h.Usage, h.Refusal = charge, usage, refusal
	e.Hours = slices.Clone(e.Hours)
	e.Hours[number-1] = h
	if h.Units > 0 && charge == Settled { // what gave back of it while it was refused had nothing to give
		for i, later := range e.Hours {
			of := func(back Back) bool { return back.Entry == number }
			if later.Charge != Due && slices.ContainsFunc(later.Back, of) {
				e.Hours[i].Charge, e.Hours[i].Refusal = Due, ""
				e.Waiting++
			}
		}
	}
	e.Touched = number
	e.sum()
}

// again has an entry settled anew that the benefit refused. Of its units there must be some
// that were not given back.
func (e *Engagement) again(id string, number int) error {
	if number < 1 || number > len(e.Hours) {
		return fault.Missing("evenhand/HoursEntry", HoursName(id, number))
	}
	h := e.Hours[number-1]
	if h.Charge != Refused {
		return refused(reasonState, id, "%s was not refused by the benefit: there is nothing to ask for again.", HoursName(id, number))
	}
	if h.Units > 0 && e.left()[number] == 0 {
		return refused(reasonCounter, id, "%s was taken back: there are no units left to ask for.", HoursName(id, number))
	}
	h.Charge, h.Refusal = Due, ""
	e.Waiting++
	e.Hours = slices.Clone(e.Hours)
	e.Hours[number-1] = h
	e.Touched = number
	e.sum()
	return nil
}

// checkEntry wants an entry to be right by itself.
func checkEntry(h Entry, today civil.Day) error {
	switch {
	case h.Minutes < 1 || h.Minutes > maxDay:
		return fault.Invalid("hours.minutes", "%d is not between 1 and %d, which is a day", h.Minutes, maxDay)
	case h.Day > today:
		return fault.Invalid("hours.work_date", "%s has not come yet", h.Day)
	}
	return nil
}

// span writes minutes as people say them.
func span(minutes int) string {
	hours, rest := minutes/60, minutes%60
	switch {
	case rest == 0:
		return count(hours, "hour")
	case hours == 0:
		return count(rest, "minute")
	}
	return count(hours, "hour") + " and " + count(rest, "minute")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
