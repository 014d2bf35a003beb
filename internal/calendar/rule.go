package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// maxInterval and maxCount bound INTERVAL and COUNT of a rule.
const (
	maxInterval = 1000
	maxCount    = 10_000
)

// rule is an RRULE taken apart. It names days; their time of day is the recurrence's.
type rule struct {
	days rrule.ROption // without Dtstart and Until
	// lastDay is the last local day of an UNTIL that is a day; civil.Never without.
	lastDay civil.Day
	// lastInstant is an UNTIL that is an instant; zero without.
	lastInstant time.Time
}

// parts are what a rule may say, and how each is read.
var parts = map[string]func(*rule, string) error{
	"FREQ":       (*rule).readFrequency,
	"UNTIL":      (*rule).readUntil,
	"BYDAY":      (*rule).readWeekdays,
	"WKST":       (*rule).readWeekStart,
	"INTERVAL":   number(func(r *rule) *int { return &r.days.Interval }, maxInterval),
	"COUNT":      number(func(r *rule) *int { return &r.days.Count }, maxCount),
	"BYMONTH":    numbers(func(r *rule) *[]int { return &r.days.Bymonth }, 12, false),
	"BYMONTHDAY": numbers(func(r *rule) *[]int { return &r.days.Bymonthday }, 31, true),
	"BYYEARDAY":  numbers(func(r *rule) *[]int { return &r.days.Byyearday }, 366, true),
	"BYSETPOS":   numbers(func(r *rule) *[]int { return &r.days.Bysetpos }, 366, true),
}

// refusals say why a part that RFC 5545 knows, or people try, is not taken.
var refusals = map[string]string{
	"BYHOUR":   "the time of day is that of the start: leave it out",
	"BYMINUTE": "the time of day is that of the start: leave it out",
	"BYSECOND": "the time of day is that of the start: leave it out",
	"BYWEEKNO": "weeks are not counted here: name the month with BYMONTH and the day with BYDAY, as BYMONTH=3;BYDAY=1TU",
	"BYEASTER": "is no part of RFC 5545: list such days as holidays, or move the occurrence",
	"DTSTART":  "the start is a field of its own",
	"TZID":     "the time zone is a field of its own",
}

// parseRule reads the value of an RRULE (RFC 5545, section 3.3.10), with or without
// "RRULE:" before it. The error names the part that is wrong and what to write.
func parseRule(text string) (rule, error) {
	r := rule{days: rrule.ROption{Freq: -1}, lastDay: civil.Never}
	text = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), "RRULE:")
	if strings.ContainsAny(text, "\r\n") {
		return r, fmt.Errorf("has several lines: write one rule, and other days as overrides")
	}
	if text == "" {
		return r, fmt.Errorf("is missing: write an RRULE of RFC 5545, as FREQ=YEARLY;BYMONTH=3;BYDAY=1TU")
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		read, known := parts[name]
		switch {
		case refusals[name] != "":
			return r, fmt.Errorf("%s: %s", name, refusals[name])
		case !known:
			return r, fmt.Errorf("%q is no part of a recurrence: write parts as NAME=VALUE with semicolons between, as FREQ=MONTHLY;BYDAY=2TH", part)
		case seen[name]:
			return r, fmt.Errorf("%s comes twice: say it once, with commas between values", name)
		}
		seen[name] = true
		if err := read(&r, value); err != nil {
			return r, fmt.Errorf("%s=%s: %w", name, value, err)
		}
	}
	err := r.check(seen)
	return r, err
}

// check finds parts that do not go together (RFC 5545, section 3.3.10).
func (r rule) check(seen map[string]bool) error {
	o := r.days
	ordinals := slices.ContainsFunc(o.Byweekday, func(d rrule.Weekday) bool { return d.N() != 0 })
	switch {
	case !seen["FREQ"]:
		return fmt.Errorf("FREQ is missing: write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY first")
	case seen["COUNT"] && seen["UNTIL"]:
		return fmt.Errorf("COUNT and UNTIL exclude each other: keep one")
	case ordinals && o.Freq > rrule.MONTHLY:
		return fmt.Errorf("BYDAY with numbers needs FREQ=MONTHLY or YEARLY: write the days alone, as BYDAY=TH")
	case ordinals && slices.ContainsFunc(o.Byweekday, func(d rrule.Weekday) bool { return d.N() == 0 }):
		return fmt.Errorf("BYDAY mixes days with and without a number: write all with one, as 1MO,1TU, or none")
	case ordinals && (o.Freq == rrule.MONTHLY || seen["BYMONTH"]) && slices.ContainsFunc(o.Byweekday, beyondMonth):
		return fmt.Errorf("BYDAY: a month has at most five of a weekday: write 1 to 5, or -1 to -5 from its end")
	case seen["BYMONTHDAY"] && o.Freq == rrule.WEEKLY:
		return fmt.Errorf("BYMONTHDAY does not go with FREQ=WEEKLY: use FREQ=MONTHLY")
	case seen["BYYEARDAY"] && o.Freq != rrule.YEARLY:
		return fmt.Errorf("BYYEARDAY needs FREQ=YEARLY")
	case seen["BYSETPOS"] && o.Freq > rrule.MONTHLY: // readers disagree on a first week that is not whole
		return fmt.Errorf("BYSETPOS needs FREQ=MONTHLY or YEARLY: name the days themselves with BYDAY")
	case seen["BYSETPOS"] && !seen["BYDAY"] && !seen["BYMONTHDAY"] && !seen["BYYEARDAY"] && !seen["BYMONTH"]:
		return fmt.Errorf("BYSETPOS chooses among the days of another part: add BYDAY, as FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 for the last weekday")
	}
	return nil
}

func beyondMonth(d rrule.Weekday) bool { return d.N() > 5 || d.N() < -5 }

func (r *rule) readFrequency(value string) error {
	frequency, err := rrule.StrToFreq(value)
	switch {
	case err != nil:
		return fmt.Errorf("is no frequency: write DAILY, WEEKLY, MONTHLY or YEARLY")
	case frequency > rrule.DAILY:
		return fmt.Errorf("recurs within a day, which nothing here does: write DAILY, WEEKLY, MONTHLY or YEARLY")
	}
	r.days.Freq = frequency
	return nil
}

// readUntil takes a day, which counts whole in local time, or an instant in UTC.
func (r *rule) readUntil(value string) error {
	if day, err := time.Parse("20060102", value); err == nil {
		r.lastDay = dayOf(day)
		return nil
	}
	at, err := time.Parse("20060102T150405Z", value)
	if err != nil {
		return fmt.Errorf("is neither a day nor an instant in UTC: write 20301231, which counts whole, or 20301231T225959Z")
	}
	r.lastInstant = at
	return nil
}

func (r *rule) readWeekdays(value string) error {
	for item := range strings.SplitSeq(value, ",") {
		day, n, err := readWeekday(item)
		if err != nil {
			return err
		}
		if d := day.Nth(n); !slices.Contains(r.days.Byweekday, d) {
			r.days.Byweekday = append(r.days.Byweekday, d)
		}
	}
	return nil
}

func (r *rule) readWeekStart(value string) error {
	day, n, err := readWeekday(value)
	if err == nil && n != 0 {
		err = fmt.Errorf("is no day of the week: write MO or SU")
	}
	r.days.Wkst = day
	return err
}

var ruleWeekdays = map[string]rrule.Weekday{"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH,
	"FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU}

// readWeekday reads a day as TU, or with a number from 1 to 53 or from -1 to -53, as
// 2TU or -1FR; without number it is 0.
func readWeekday(text string) (rrule.Weekday, int, error) {
	letters := max(0, len(text)-2)
	day, known := ruleWeekdays[text[letters:]]
	n, err := 0, error(nil)
	if letters > 0 {
		n, err = strconv.Atoi(text[:letters])
	}
	if !known || err != nil || letters > 0 && n == 0 || n > 53 || n < -53 {
		return rrule.Weekday{}, 0, fmt.Errorf("%q is no weekday: write MO, TU, WE, TH, FR, SA or SU, with a number as 2TU for the second or -1FR for the last", text)
	}
	return day, n, nil
}

// number reads a whole number from 1 to most.
func number(field func(*rule) *int, most int) func(*rule, string) error {
	return func(r *rule, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > most {
			return fmt.Errorf("must be a whole number from 1 to %d", most)
		}
		*field(r) = n
		return nil
	}
}

// numbers reads whole numbers from 1 to most, with commas between; signed ones may
// count from the end, from -1 to -most.
func numbers(field func(*rule) *[]int, most int, signed bool) func(*rule, string) error {
	want := fmt.Sprintf("must be whole numbers from 1 to %d", most)
	if signed {
		want += fmt.Sprintf(", or from -1 to -%d, which count from the end", most)
	}
	return func(r *rule, value string) error {
		list := field(r)
		for item := range strings.SplitSeq(value, ",") {
			n, err := strconv.Atoi(item)
			if err != nil || n == 0 || n > most || n < -most || n < 0 && !signed {
				return fmt.Errorf("%s, with commas between", want)
			}
			if !slices.Contains(*list, n) {
				*list = append(*list, n)
			}
		}
		return nil
	}
}
