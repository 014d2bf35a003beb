package schedule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
)

// Bounds of what a schedule may hold.
const (
	maxItems  = 1000 // in any list
	maxText   = 1000 // characters of a promise or reason
	maxName   = 100  // characters of a display name or unit
	maxCount  = 1_000_000_000
	maxTotal  = 1_000_000_000_000_000 // of all accounts
	exampleID = "lower-case letters, digits and hyphens such as first-reply, at most 63"
)

var (
	idPattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	eventPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
)

// SetDefaults fills in what a schedule may leave out: on_refund is recheck,
// scope is account, being in a programme is being in it once, and a metered benefit
// resets on its anniversary with notices at DefaultNotices.
func (s *Schedule) SetDefaults() {
	for i := range s.Benefits {
		s.Benefits[i].setDefaults()
	}
	for i := range s.Rules {
		if s.Rules[i].OnRefund == "" {
			s.Rules[i].OnRefund = Recheck
		}
		setDefaults(&s.Rules[i].When)
	}
}

func (b *Benefit) setDefaults() {
	if b.Kind != Metered {
		return
	}
	if b.Resets == "" {
		b.Resets = Anniversary
	}
	if len(b.Notices) == 0 {
		b.Notices = DefaultNotices()
	}
}

func setDefaults(c *Condition) {
	if c.Subject == Spend && c.Scope == "" {
		c.Scope = AccountScope
	}
	if c.Subject == Programme && c.AtLeast == 0 {
		c.AtLeast = 1
	}
	for i := range c.All {
		setDefaults(&c.All[i])
	}
	for i := range c.Any {
		setDefaults(&c.Any[i])
	}
}

// validator gathers the problems of one schedule.
type validator struct {
	schedule *Schedule
	currency Currency
	benefit  map[string]bool // ids of benefits
	bundle   map[string]bool // ids of bundles
	problems Problems
}

// Validate returns all that is wrong with a schedule, up to MaxProblems, by
// path. Call SetDefaults first.
func Validate(s *Schedule) Problems {
	v := &validator{schedule: s, benefit: map[string]bool{}, bundle: map[string]bool{}}
	for _, b := range s.Benefits {
		v.benefit[b.ID] = true
	}
	for _, b := range s.Bundles {
		v.bundle[b.ID] = true
	}
	v.header()
	v.calendars()
	v.commitments()
	v.benefits()
	v.bundles()
	v.rules()
	v.text("notice.reason", s.Notice.Reason, maxText, false)
	if s.Notice.Effective != civil.Never {
		v.day("notice.effective", s.Notice.Effective)
	}
	v.period("notice.minimum", s.Notice.Minimum)
	v.written()
	return v.problems
}

// written refuses a schedule that Parse would not read back as its canonical file, which
// may be longer than the file it came from, or came from none.
func (v *validator) written() {
	if len(v.problems) > 0 {
		return
	}
	if size := len(Format(v.schedule)); size > MaxFileBytes {
		v.add("", TooLarge, "written out, the schedule is %d bytes long, more than 1 MiB: make its texts shorter", size)
	}
}

func (v *validator) header() {
	v.id("schedule", v.schedule.ID)
	var err error
	if v.currency, err = LookupCurrency(v.schedule.Currency); err != nil {
		v.bad("currency", v.schedule.Currency, "an ISO 4217 currency", "three capital letters such as USD")
	}
	v.zone()
}

func (v *validator) zone() civil.Zone {
	zone, err := civil.LoadZone(v.schedule.TimeZone)
	if err != nil {
		v.bad("time_zone", v.schedule.TimeZone, "an IANA time zone", "one such as America/New_York or UTC")
	}
	return zone
}

func (v *validator) calendars() {
	v.size("calendars", len(v.schedule.Calendars))
	for _, id := range slices.Sorted(maps.Keys(v.schedule.Calendars)) {
		path, calendar := "calendars."+id, v.schedule.Calendars[id]
		v.id(path, id)
		if calendar.Hours.IsZero() {
			v.add(path+".hours", Missing, "the calendar has no hours: %s", worktime.Example)
		} else if !calendar.Hours.Valid() {
			v.add(path+".hours", BadValue, "hours overlap, touch or leave the day: %s", worktime.Example)
		}
		v.size(path+".holidays", len(calendar.Holidays))
		for i, holiday := range calendar.Holidays {
			v.day(fmt.Sprintf("%s.holidays[%d]", path, i), holiday)
			if i > 0 && holiday <= calendar.Holidays[i-1] {
				v.add(fmt.Sprintf("%s.holidays[%d]", path, i), Repeated, "holidays are to be in ascending order, each once")
			}
		}
	}
}

func (v *validator) commitments() {
	v.size("commitments", len(v.schedule.Commitments))
	ids := newIDs("commitment")
	for i, c := range v.schedule.Commitments {
		path := fmt.Sprintf("commitments[%d]", i)
		v.unique(path, c.ID, ids)
		v.text(path+".promise", c.Promise, maxText, true)
		if c.Clock != nil {
			v.clock(path+".clock", *c.Clock)
		}
		v.list(path+".attest", c.Attest, v.id)
	}
}

func (v *validator) clock(path string, c Clock) {
	for _, event := range []struct{ key, name string }{{"from", c.From}, {"to", c.To}} {
		if !eventPattern.MatchString(event.name) {
			v.bad(path+"."+event.key, event.name, "an event of a case", "one such as opened, first_reply or resolved")
		}
	}
	if c.From != "" && c.From == c.To {
		v.add(path+".to", BadValue, "the clock stops at the event that starts it: name a later event")
	}
	if c.Within <= 0 || c.Within > MaxWithin || c.Within%60e9 != 0 {
		v.add(path+".within", OutOfRange, "a clock needs a working time from 1m to %s: write one such as 4h", FormatWithin(MaxWithin))
	}
	if _, ok := v.schedule.Calendars[c.Calendar]; !ok && c.Calendar != "" {
		known := slices.Sorted(maps.Keys(v.schedule.Calendars))
		v.add(path+".calendar", UnknownRef, "there is no calendar %q%s: define it under calendars", c.Calendar, suggest(c.Calendar, known))
	}
}

func (v *validator) benefits() {
	v.size("benefits", len(v.schedule.Benefits))
	ids := newIDs("benefit")
	for i, b := range v.schedule.Benefits {
		path := fmt.Sprintf("benefits[%d]", i)
		v.unique(path, b.ID, ids)
		v.text(path+".promise", b.Promise, maxText, true)
		v.oneOf(path+".kind", string(b.Kind), []string{string(Feature), string(Metered), string(Waiver)})
		if b.UnitCost != nil {
			v.amount(path+".unit_cost", *b.UnitCost, 0)
		}
		if b.ExpectedUsePerYear != nil {
			v.within(path+".expected_use_per_year", *b.ExpectedUsePerYear, 0, maxCount)
		}
		v.within(path+".capacity_per_year", b.CapacityPerYear, 0, maxTotal)
		if b.CapacityPerYear > 0 && b.ExpectedUsePerYear == nil {
			v.add(path+".capacity_per_year", NotAllowed, "a capacity says nothing without expected_use_per_year, from which the load follows: add it, or remove the capacity")
		}
		v.kind(path, b)
	}
}

// kind checks what belongs to one kind of benefit only.
func (v *validator) kind(path string, b Benefit) {
	switch b.Kind {
	case Metered:
		v.text(path+".unit", b.Unit, maxName, true)
		v.within(path+".limit", b.Limit, 1, maxCount)
		v.within(path+".rollover", b.Rollover, 0, maxCount)
		if b.Period.IsZero() {
			v.add(path+".period", Missing, "a metered benefit needs the period its limit is for: write one such as P1Y")
		}
		v.period(path+".period", b.Period)
		v.resets(path, b)
		v.notices(path+".notices", b.Notices)
	case Waiver:
		v.id(path+".house_rule", b.HouseRule)
	case Feature:
	default: // Which fields belong cannot be told.
		return
	}
	for _, field := range []struct {
		key  string
		set  bool
		kind Kind
	}{
		{"unit", b.Unit != "", Metered}, {"limit", b.Limit != 0, Metered}, {"period", !b.Period.IsZero(), Metered},
		{"rollover", b.Rollover != 0, Metered}, {"resets", b.Resets != "", Metered}, {"notices", len(b.Notices) > 0, Metered},
		{"house_rule", b.HouseRule != "", Waiver},
	} {
		if field.set && b.Kind != field.kind {
			v.add(path+"."+field.key, NotAllowed, "%s goes with kind: %s only: change the kind, or remove it", field.key, field.kind)
		}
	}
}

// resets checks where the periods of a metered benefit begin.
func (v *validator) resets(path string, b Benefit) {
	v.oneOf(path+".resets", string(b.Resets), []string{string(Anniversary), string(ByCalendar), string(Rolling)})
	switch {
	case b.Resets == ByCalendar && b.Period.Months > 0 && b.Period.Days > 0:
		v.add(path+".period", BadValue, "no calendar has periods of months and days together: write one such as P1M, P1Y or P7D, or resets: anniversary")
	case b.Resets == Rolling && b.Rollover != 0:
		v.add(path+".rollover", NotAllowed, "with resets: rolling no period ends after which units could be carried over: remove it, or choose calendar or anniversary")
	}
}

// notices checks percentages of a limit.
func (v *validator) notices(path string, percents []int) {
	v.size(path, len(percents))
	for i, percent := range percents {
		v.within(path+index(i), int64(percent), 1, 100)
		if i > 0 && percent <= percents[i-1] {
			v.add(path+index(i), Repeated, "percentages are to be in ascending order, each once")
		}
	}
}

func (v *validator) bundles() {
	v.size("bundles", len(v.schedule.Bundles))
	ids := newIDs("bundle")
	for i, b := range v.schedule.Bundles {
		path := fmt.Sprintf("bundles[%d]", i)
		if v.benefit[b.ID] {
			v.add(path+".id", Repeated, "%q is also the id of a benefit: rules name both alike, so choose another", b.ID)
		} else {
			v.unique(path, b.ID, ids)
		}
		v.text(path+".display_name", b.DisplayName, maxName, false)
		v.references(path+".benefits", b.Benefits, false)
	}
}

func (v *validator) rules() {
	v.size("rules", len(v.schedule.Rules))
	ids := newIDs("rule")
	for i, r := range v.schedule.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		v.unique(path, r.ID, ids)
		v.text(path+".promise", r.Promise, maxText, true)
		v.condition(r.When, path+".when")
		v.references(path+".grants", r.Grants, true)
		v.period(path+".lasts", r.Lasts)
		v.oneOf(path+".on_refund", string(r.OnRefund), []string{string(Recheck), string(Keep)})
	}
}

// references checks a list of benefit ids, of bundle ids too where they may be.
func (v *validator) references(path string, ids []string, bundles bool) {
	if len(ids) == 0 {
		v.add(path, Missing, "nothing is listed: name at least one benefit")
	}
	v.list(path, ids, func(path, id string) {
		switch {
		case v.benefit[id] || v.bundle[id] && bundles:
		case v.bundle[id]:
			v.add(path, UnknownRef, "%q is a bundle: list its benefits, bundles do not hold bundles", id)
		case !v.full():
			known := slices.Concat(slices.Sorted(maps.Keys(v.benefit)), slices.Sorted(maps.Keys(v.bundle)))
			v.add(path, UnknownRef, "there is no benefit %q%s: define it under benefits", id, suggest(id, known))
		}
	})
}

// printable reports whether a character belongs in a line of text: anything
// seen, spaces, and the joiners that some scripts need; no other control or
// invisible character, which could make a promise read other than it is.
func printable(r rune) bool {
	return unicode.IsGraphic(r) && r != utf8.RuneError || r == '\u200c' || r == '\u200d'
}

// text checks a line of prose.
func (v *validator) text(path, text string, longest int, required bool) {
	switch {
	case text == "" && required:
		v.add(path, Missing, "write it out: this is what customers are promised")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !printable(r) }):
		v.add(path, BadValue, "the text holds a line break or an invisible character: write it on one line")
	case text != strings.TrimSpace(text):
		v.add(path, BadValue, "the text begins or ends with a space: remove it")
	case utf8.RuneCountInString(text) > longest:
		v.add(path, OutOfRange, "the text is longer than %d characters: shorten it", longest)
	}
}
