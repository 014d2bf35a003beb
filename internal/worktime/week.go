package worktime

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Calendar says when work is done, in the time zone of its owner.
type Calendar struct {
	Hours    Week
	Holidays []civil.Day // days without work, ascending
}

// Week is the working hours of each day of the week, by time.Weekday: disjoint
// spans in order, with a gap between any two.
type Week [7][]Span

// Span is a stretch of wall-clock minutes of a day, From inclusive and To
// exclusive, 0 <= From < To <= 1440.
type Span struct{ From, To int }

// MinutesPerDay is what a day has on which no clock changes.
const MinutesPerDay = 24 * 60

var weekdays = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// mondayFirst is the order in which hours are written.
var mondayFirst = [...]time.Weekday{1, 2, 3, 4, 5, 6, 0}

// Example says how hours are written.
const Example = `write hours as "Mon-Fri 09:00-17:30; Sat 10:00-12:00"`

// ParseWeek reads ranges separated by semicolons, each a day or a span of days
// and a span of wall-clock time: "Mon-Fri 09:00-17:30; Sat 10:00-12:00". A span
// of days may pass the week's end (Sat-Mon). Times run from 00:00 to 24:00 and
// may not pass midnight. Ranges that overlap are refused; ranges that touch are
// joined.
func ParseWeek(text string) (Week, error) {
	var hours Week
	for part := range strings.SplitSeq(text, ";") {
		days, times, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok {
			return Week{}, fmt.Errorf("%q has no day and time: %s", strings.TrimSpace(part), Example)
		}
		span, err := parseSpan(strings.TrimSpace(times))
		if err != nil {
			return Week{}, err
		}
		listed, err := parseWeekdays(days)
		if err != nil {
			return Week{}, err
		}
		for _, d := range listed {
			for _, other := range hours[d] {
				if span.From < other.To && other.From < span.To {
					return Week{}, fmt.Errorf("%s on %s overlaps %s: join the two into one range", span, weekdays[d], other)
				}
			}
			hours[d] = append(hours[d], span)
		}
	}
	for d := range hours {
		hours[d] = joinTouching(hours[d])
	}
	return hours, nil
}

func parseWeekdays(text string) ([]time.Weekday, error) {
	first, last, isSpan := strings.Cut(text, "-")
	from := slices.Index(weekdays[:], first)
	to := from
	if isSpan {
		to = slices.Index(weekdays[:], last)
	}
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("%q is not a day or span of days: write Mon, Tue, Wed, Thu, Fri, Sat, Sun or a span such as Mon-Fri", text)
	}
	days := []time.Weekday{time.Weekday(from)}
	for d := from; d != to; {
		d = (d + 1) % 7
		days = append(days, time.Weekday(d))
	}
	return days, nil
}

func parseSpan(text string) (Span, error) {
	first, last, ok := strings.Cut(text, "-")
	from, fromOK := parseMinute(first)
	to, toOK := parseMinute(last)
	if !ok || !fromOK || !toOK {
		return Span{}, fmt.Errorf("%q is not a span of time: write it as 09:00-17:30, from 00:00 to 24:00", text)
	}
	if from >= to {
		return Span{}, fmt.Errorf("%q ends before it begins: split hours that pass midnight into two ranges, one for each day", text)
	}
	return Span{from, to}, nil
}

func parseMinute(text string) (int, bool) {
	if len(text) != 5 || text[2] != ':' || !isDigits(text[:2]) || !isDigits(text[3:]) {
		return 0, false
	}
	hour, _ := strconv.Atoi(text[:2])
	minute, _ := strconv.Atoi(text[3:])
	total := hour*60 + minute
	return total, minute < 60 && total <= MinutesPerDay
}

func joinTouching(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return a.From - b.From })
	var joined []Span
	for _, s := range spans {
		if last := len(joined) - 1; last >= 0 && joined[last].To == s.From {
			joined[last].To = s.To
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// IsZero reports whether no hour of the week is worked.
func (w Week) IsZero() bool {
	return !slices.ContainsFunc(w[:], func(spans []Span) bool { return len(spans) > 0 })
}

// Valid reports whether every day holds disjoint spans in order with gaps.
func (w Week) Valid() bool {
	for _, spans := range w {
		end := -1
		for _, s := range spans {
			if s.From <= end || s.From < 0 || s.From >= s.To || s.To > MinutesPerDay {
				return false
			}
			end = s.To
		}
	}
	return true
}

// String writes the hours as ParseWeek reads them, days with the same hours
// together.
func (w Week) String() string {
	var parts []string
	for i := 0; i < len(mondayFirst); {
		first, last := mondayFirst[i], mondayFirst[i]
		for i++; i < len(mondayFirst) && slices.Equal(w[first], w[mondayFirst[i]]); i++ {
			last = mondayFirst[i]
		}
		days := weekdays[first]
		if first != last {
			days += "-" + weekdays[last]
		}
		for _, span := range w[first] {
			parts = append(parts, days+" "+span.String())
		}
	}
	return strings.Join(parts, "; ")
}

// String writes the span as 09:00-17:30.
func (s Span) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

func isDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }
