package charter

import (
	"cmp"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Kind says how an account came to its term.
type Kind string

// The kinds.
const (
	// Drawn says that it was on the panel that was drawn.
	Drawn Kind = "drawn"
	// Alternate says that it was drawn as an alternate, and called.
	Alternate Kind = "alternate"
	// Nominated says that the company nominated it to one of the seats that the charter
	// keeps for that.
	Nominated Kind = "nominated"
)

// Term is the time for which an account holds a seat.
type Term struct {
	Account string
	// Seat is the number of the seat, from 1.
	Seat int
	// Start is the first day.
	Start civil.Day
	// End is the first day on which it is over, as planned: that of a rotation.
	End civil.Day
	// Promised is the end that was first planned, where End was moved since; nil where it
	// was not.
	Promised *civil.Day
	// Ended is the first day on which it was over, where it ended otherwise than
	// planned; nil where it did not.
	Ended *civil.Day
	Kind  Kind
	// Vacancy says that it is the unexpired rest of a term that another left.
	Vacancy bool
}

// Over returns the first day on which the term is over, by plan or in fact.
func (t *Term) Over() civil.Day {
	if t.Ended != nil {
		return *t.Ended
	}
	return t.End
}

// Promise returns the end that was first planned.
func (t *Term) Promise() civil.Day {
	if t.Promised != nil {
		return *t.Promised
	}
	return t.End
}

// Runs reports whether the seat is held on a day.
func (t *Term) Runs(day civil.Day) bool { return t.Start <= day && day < t.Over() }

// Running returns the terms that run on a day, by seat.
func Running(terms []Term, day civil.Day) []Term {
	var running []Term
	for i := range terms {
		if terms[i].Runs(day) {
			running = append(running, terms[i])
		}
	}
	slices.SortFunc(running, func(a, b Term) int { return cmp.Or(a.Seat-b.Seat, cmp.Compare(a.Start, b.Start)) })
	return running
}
