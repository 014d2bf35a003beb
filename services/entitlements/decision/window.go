package decision

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// FiscalYear says when the company's fiscal year starts. 29 February means the
// last day of February. The zero value is the calendar year.
type FiscalYear struct {
	Month time.Month
	Day   int
}

// start returns the first day of the fiscal year that starts in a calendar year.
func (f FiscalYear) start(year int) civil.Day {
	if f == (FiscalYear{}) {
		return civil.Date(year, time.January, 1)
	}
	return civil.Date(year, f.Month, min(f.Day, civil.DaysIn(year, f.Month)))
}

// after returns the first day after d on which a fiscal year starts.
func (f FiscalYear) after(d civil.Day) civil.Day {
	year, _, _ := d.Date()
	if start := f.start(year); start > d {
		return start
	}
	return f.start(year + 1)
}

func (f FiscalYear) valid() bool {
	return f == FiscalYear{} || f.Month >= time.January && f.Month <= time.December && f.Day >= 1 && f.Day <= civil.DaysIn(2000, f.Month)
}

// expiry returns the first day on which an entry dated d no longer counts in
// the window. It is monotone in d.
func (f FiscalYear) expiry(window schedule.Window, d civil.Day) civil.Day {
	switch window {
	case schedule.Trailing12Months:
		// The first day whose same day one year earlier is not before d. Twelve
		// months after 29 February that is still the 28th, one day short.
		out := d.AddMonths(12)
		if out.AddMonths(-12) < d {
			out++
		}
		return out
	case schedule.CalendarYear:
		return FiscalYear{}.after(d)
	case schedule.FiscalYear:
		return f.after(d)
	default: // since joining
		return civil.Never
	}
}

// level is the value of a series from a day until the next level.
type level struct {
	from civil.Day
	sum  int64
}

// series is a sum over a window as a step function of the day on which the
// window ends; 0 before the first level. Days ascend.
type series []level

// sumOver returns the spend in a window for every day. When restored, it is the
// spend that would be left if nothing had ever been refunded, less the refunds
// that have left the window: the spend of a day plus all refunds up to that day.
func (c Company) sumOver(l Ledger, window schedule.Window, joined civil.Day, restored bool) series {
	if window == schedule.SinceJoining {
		for len(l) > 0 && l[0].Day < joined {
			l = l[1:]
		}
	}
	levels := make(series, 0, 2*len(l))
	sum := int64(0)
	set := func(from civil.Day) {
		if last := len(levels) - 1; last >= 0 && levels[last].from == from {
			levels[last].sum = sum
		} else if last < 0 || levels[last].sum != sum {
			levels = append(levels, level{from, sum})
		}
	}
	leaves := func(i int) civil.Day {
		if i == len(l) {
			return civil.Never
		}
		return c.FiscalYear.expiry(window, l[i].Day)
	}
	// Entries come in and go out in the same order, and none goes out on the day
	// it came in.
	in, out, outDay := 0, 0, leaves(0)
	for {
		switch {
		case in < len(l) && l[in].Day < outDay:
			if l[in].Minor >= 0 || !restored {
				sum += l[in].Minor
			}
			set(l[in].Day)
			in++
		case outDay != civil.Never:
			sum -= l[out].Minor
			set(outDay)
			out++
			outDay = leaves(out)
		default:
			return levels
		}
	}
}

// at returns the index of the level that holds on a day, -1 before the first.
func (s series) at(d civil.Day) int {
	low, high := 0, len(s)
	for low < high {
		if middle := (low + high) / 2; s[middle].from <= d {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1
}

// on returns the value on a day.
func (s series) on(d civil.Day) int64 {
	if i := s.at(d); i >= 0 {
		return s[i].sum
	}
	return 0
}

// reaching returns the days within a span on which the value is at least need,
// which must be more than 0.
func (s series) reaching(need int64, within span) spans {
	var days spans
	for i := max(s.at(within.from), 0); i < len(s) && s[i].from < within.to; i++ {
		if s[i].sum < need {
			continue
		}
		until := within.to
		if i+1 < len(s) {
			until = min(until, s[i+1].from)
		}
		days = days.push(span{max(s[i].from, within.from), until})
	}
	return days
}
