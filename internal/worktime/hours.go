package worktime

import (
	"math"
	"sort"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Instants and wall-clock times are counted in milliseconds since
// 1970-01-01T00:00, the finest time that stores keep.
const (
	minute int64 = 60 * 1000
	day          = 24 * 60 * minute
)

// epochWeekday is the day of the week of 1970-01-01.
const epochWeekday = int64(time.Thursday)

// horizon is the instant after the last that can be written down.
var horizon = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// Hours are the working hours of one calendar in one time zone. They are never
// changed, so several goroutines may use them.
type Hours struct {
	location *time.Location
	always   bool // every hour of every day
	spans    Week
	week     [8]int64    // working time of a week before each of its days; week[7] is all of it
	holidays []civil.Day // ascending
	lost     []int64     // working time that the holidays before each one take away; one longer than holidays
}

// New returns the hours of a calendar, by the wall clocks of the zone. A nil
// calendar is every hour of every day.
func New(calendar *Calendar, zone civil.Zone) *Hours {
	h := &Hours{location: zone.Location(), always: calendar == nil}
	if h.always {
		return h
	}
	h.spans, h.holidays = calendar.Hours, calendar.Holidays
	for weekday := range h.spans {
		h.week[weekday+1] = h.week[weekday] + h.workedOn(weekday, day)
	}
	h.lost = make([]int64, len(h.holidays)+1)
	for i, holiday := range h.holidays {
		h.lost[i+1] = h.lost[i] + h.workedOn(int(holiday.Weekday()), day)
	}
	return h
}

// workedOn returns the working time of a day of the week until a time of day.
func (h *Hours) workedOn(weekday int, until int64) int64 {
	var total int64
	for _, span := range h.spans[weekday] {
		if from, to := int64(span.From)*minute, min(int64(span.To)*minute, until); from < to {
			total += to - from
		}
	}
	return total
}

// worked returns the working time from a fixed day long ago until a wall-clock
// time, were no clock ever changed. It never decreases.
func (h *Hours) worked(wall int64) int64 {
	if h.always {
		return wall
	}
	date := floorDiv(wall, day)
	sundays := date + epochWeekday // days since a Sunday
	week := floorDiv(sundays, 7)
	weekday := int(sundays - 7*week)
	total := week*h.week[7] + h.week[weekday]
	i := sort.Search(len(h.holidays), func(i int) bool { return int64(h.holidays[i]) >= date })
	total -= h.lost[i]
	if i == len(h.holidays) || int64(h.holidays[i]) != date {
		total += h.workedOn(weekday, wall-date*day)
	}
	return total
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// steady returns how far wall clocks are ahead of UTC at an instant, and the end
// of a stretch of time from there on in which that does not change.
func (h *Hours) steady(at int64) (offset, end int64) {
	t := time.UnixMilli(at).In(h.location)
	_, seconds := t.Zone()
	_, bound := t.ZoneBounds()
	switch {
	case bound.IsZero():
		end = math.MaxInt64
	case bound.After(t):
		end = bound.UnixMilli()
	default:
		// Of a year that a zone's rule describes, package time counts 365 days: on the
		// last day of a leap year the bound is past. No rule changes clocks on that day.
		end = (floorDiv(at, day) + 1) * day
	}
	return int64(seconds) * 1000, end
}

// between returns the working time between two instants.
func (h *Hours) between(from, to int64) int64 {
	var total int64
	for from < to {
		offset, end := h.steady(from)
		end = min(end, to)
		total += h.worked(end+offset) - h.worked(from+offset)
		from = end
	}
	return total
}

// reach returns the first instant at which some working time, more than 0, has
// passed since from, and 0. When that is later than to it returns what is left
// of the working time at to.
func (h *Hours) reach(from, to, within int64) (at, left int64) {
	for from < to {
		offset, end := h.steady(from)
		end = min(end, to)
		base := h.worked(from + offset)
		if passed := h.worked(end+offset) - base; passed < within {
			within -= passed
			from = end
			continue
		}
		after := sort.Search(int(end-from), func(i int) bool {
			return h.worked(from+int64(i)+offset)-base >= within
		})
		return from + int64(after), 0
	}
	return to, within
}
