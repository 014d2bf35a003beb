package tally

import (
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Window is a stretch of the calendar: things are counted from its first day to its last,
// and anew in the next.
type Window string

// The windows, as the calendar has them.
const (
	Month   Window = "month"
	Quarter Window = "quarter"
	Year    Window = "year"
)

// months is how many months a window has; 0 for what is none.
func (w Window) months() int {
	switch w {
	case Month:
		return 1
	case Quarter:
		return 3
	case Year:
		return 12
	}
	return 0
}

// Valid says whether it is one of the windows.
func (w Window) Valid() bool { return w.months() > 0 }

// Of returns the window that a day is in. The window must be valid.
func (w Window) Of(day civil.Day) Span {
	year, month, _ := day.Date()
	first := (int(month)-1)/w.months()*w.months() + 1
	from := civil.Date(year, time.Month(first), 1)
	s := Span{Window: w, From: from, To: from.AddMonths(w.months()) - 1}
	switch w {
	case Month:
		s.ID = fmt.Sprintf("%04d-%02d", year, first)
	case Quarter:
		s.ID = fmt.Sprintf("%04d-q%d", year, (first+2)/3)
	case Year:
		s.ID = fmt.Sprintf("%04d", year)
	}
	return s
}

// Span is one window of the calendar.
type Span struct {
	Window Window `bson:"window"`
	// ID names it: 2026-11, 2026-q4 or 2026.
	ID string `bson:"id"`
	// From is its first day, and To its last.
	From civil.Day `bson:"from"`
	To   civil.Day `bson:"to"`
}

// Before is the window before this one.
func (s Span) Before() Span { return s.Window.Of(s.From - 1) }
