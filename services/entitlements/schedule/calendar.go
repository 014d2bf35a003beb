package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Calendar says when work is done, in the schedule's time zone.
type Calendar struct {
	Hours    Hours
	Holidays []civil.Day // days without work, ascending
}

// Hours are the working hours of each day of the week, by time.Weekday: disjoint
// spans in order, with a gap between any two.
type Hours [7][]Span

// Span is a stretch of wall-clock minutes of a day, From inclusive and To
// exclusive, 0 <= From < To <= 1440.
type Span struct{ From, To int }

const minutesPerDay = 24 * 60

var weekdays = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// mondayFirst is the order in which hours are written.
var mondayFirst = [...]time.Weekday{1, 2, 3, 4, 5, 6, 0}

const hoursExample = `write hours as "Mon-Fri 09:00-17:30; Sat 10:00-12:00"`

// ParseHours reads ranges separated by semicolons, each a day or a span of days
// and a span of wall-clock time: "Mon-Fri 09:00-17:30; Sat 10:00-12:00". A span
// of days may pass the week's end (Sat-Mon). Times run from 00:00 to 24:00 and
// may not pass midnight. Ranges that overlap are refused; ranges that touch are
// joined.
func ParseHours(text string) (Hours, error) {
	var hours Hours
	for part := range strings.SplitSeq(text, ";") {
		days, times, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok {
			return Hours{}, fmt.Errorf("%q has no day and time: %s", strings.TrimSpace(part), hoursExample)
		}
		span, err := parseSpan(strings.TrimSpace(times))
		if err != nil {
			return Hours{}, err
		}
		listed, err := parseWeekdays(days)
		if err != nil {
			return Hours{}, err
		}
		for _, d := range listed {
			for _, other := range hours[d] {
				if span.From < other.To && other.From < span.To {
					return Hours{}, fmt.Errorf("%s on %s overlaps %s: join the two into one range", span, weekdays[d], other)
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
	return total, minute < 60 && total <= minutesPerDay
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
func (h Hours) IsZero() bool {
	return !slices.ContainsFunc(h[:], func(spans []Span) bool { return len(spans) > 0 })
}

// valid reports whether every day holds disjoint spans in order with gaps.
func (h Hours) valid() bool {
	for _, spans := range h {
		end := -1
		for _, s := range spans {
			if s.From <= end || s.From < 0 || s.From >= s.To || s.To > minutesPerDay {
				return false
			}
			end = s.To
		}
	}
	return true
}

// String writes the hours as ParseHours reads them, days with the same hours
// together.
func (h Hours) String() string {
	var parts []string
	for i := 0; i < len(mondayFirst); {
		first, last := mondayFirst[i], mondayFirst[i]
		for i++; i < len(mondayFirst) && slices.Equal(h[first], h[mondayFirst[i]]); i++ {
			last = mondayFirst[i]
		}
		days := weekdays[first]
		if first != last {
			days += "-" + weekdays[last]
		}
		for _, span := range h[first] {
			parts = append(parts, days+" "+span.String())
		}
	}
	return strings.Join(parts, "; ")
}

// String writes the span as 09:00-17:30.
func (s Span) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

// MaxWithin bounds the time of a clock to a year of working time.
const MaxWithin = 366 * 24 * time.Hour

// ParseWithin reads a working time of hours and minutes: 4h, 90m, 1h30m, 80h.
func ParseWithin(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || strings.Trim(text, "0123456789hm") != "" || strings.Contains(text, "ms") {
		return 0, fmt.Errorf("%q is not a working time: write hours and minutes such as 4h, 90m or 1h30m", text)
	}
	return d, nil
}

// FormatWithin is the inverse of ParseWithin, for whole minutes.
func FormatWithin(d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case minutes == 0:
		return fmt.Sprintf("%dh", hours)
	case hours == 0:
		return fmt.Sprintf("%dm", minutes)
	default:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	}
}
