package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
)

var (
	genID     = rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,12}`)
	genPeriod = rapid.Custom(func(t *rapid.T) civil.Period {
		return civil.Period{Months: rapid.IntRange(0, 40).Draw(t, "months"), Days: rapid.IntRange(0, 400).Draw(t, "days")}
	})
	genDay  = rapid.Custom(func(t *rapid.T) civil.Day { return civil.Day(rapid.Int32Range(0, 40000).Draw(t, "day")) })
	genText = rapid.Custom(func(t *rapid.T) string {
		text := rapid.OneOf(
			rapid.StringOfN(rapid.Rune(), 1, 30, -1),
			rapid.StringMatching(`[ -~]{1,30}`),
			rapid.SampledFrom([]string{"null", "~", "yes", "1e3", "0x10", "1997-01-01", "- a", "? b", "# no", "a: b", "%x", "'", `"`, "<<", "=", "...", "---", "| x", "> y", "*a", "&a", "!t", "\u00a0x", "\u200c"}),
		).Draw(t, "text")
		kept := strings.Map(func(r rune) rune {
			if printable(r) {
				return r
			}
			return 'x'
		}, text)
		if kept = strings.TrimSpace(kept); kept == "" {
			return "-"
		}
		return kept
	})
)

func genCondition(t *rapid.T, depth int) Condition {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 && kind < 2 {
		kind = 2
	}
	switch kind {
	case 0, 1:
		var children []Condition
		for range rapid.IntRange(1, 2).Draw(t, "children") {
			children = append(children, genCondition(t, depth-1))
		}
		if kind == 0 {
			return Condition{All: children}
		}
		return Condition{Any: children}
	case 2, 3:
		return Condition{Subject: Spend, Measure: rapid.SampledFrom(windows).Draw(t, "window"),
			Scope: rapid.SampledFrom([]Scope{AccountScope, GroupScope}).Draw(t, "scope"), AtLeast: rapid.Int64Range(1, MaxAmount).Draw(t, "amount")}
	case 4:
		return Condition{Subject: Tenure, Measure: Months, AtLeast: rapid.Int64Range(1, MaxTenure).Draw(t, "months")}
	default:
		return Condition{Subject: Programme, Measure: genID.Draw(t, "programme"), AtLeast: 1}
	}
}

func optionalAmount(t *rapid.T, name string) *int64 {
	n := rapid.Int64Range(-1, 1_000_000).Draw(t, name)
	if n < 0 {
		return nil
	}
	return &n
}

// genSchedule draws valid schedules with every kind of part.
var genSchedule = rapid.Custom(func(t *rapid.T) *Schedule {
	s := &Schedule{
		ID: genID.Draw(t, "schedule"), Currency: rapid.SampledFrom([]string{"USD", "JPY", "KWD", "EUR"}).Draw(t, "currency"),
		TimeZone: rapid.SampledFrom([]string{"UTC", "Asia/Tokyo"}).Draw(t, "zone"),
		Notice:   Notice{Effective: civil.Never, Minimum: genPeriod.Draw(t, "notice")},
	}
	if rapid.Bool().Draw(t, "effective?") {
		s.Notice.Effective, s.Notice.Reason = genDay.Draw(t, "effective"), genText.Draw(t, "reason")
	}
	for _, id := range rapid.SliceOfNDistinct(genID, 0, 2, rapid.ID).Draw(t, "calendars") {
		if s.Calendars == nil {
			s.Calendars = map[string]worktime.Calendar{}
		}
		holidays := rapid.SliceOfNDistinct(genDay, 0, 3, rapid.ID).Draw(t, "holidays")
		slices.Sort(holidays)
		if len(holidays) == 0 {
			holidays = nil
		}
		s.Calendars[id] = worktime.Calendar{Hours: genHours.Draw(t, "hours"), Holidays: holidays}
		s.Commitments = append(s.Commitments, Commitment{ID: "c-" + id, Promise: genText.Draw(t, "promise"), Attest: []string{"courtesy"},
			Clock: &Clock{From: "opened", To: "resolved", Within: time.Duration(rapid.IntRange(1, 9999).Draw(t, "within")) * time.Minute, Calendar: id}})
	}
	ids := rapid.SliceOfNDistinct(genID, 2, 5, rapid.ID).Draw(t, "ids")
	for _, id := range ids[1:] {
		b := Benefit{ID: id, Promise: genText.Draw(t, "promise"), Kind: rapid.SampledFrom([]Kind{Feature, Metered, Waiver}).Draw(t, "kind"),
			UnitCost: optionalAmount(t, "cost"), ExpectedUsePerYear: optionalAmount(t, "use")}
		if b.ExpectedUsePerYear != nil {
			b.CapacityPerYear = rapid.Int64Range(0, maxTotal).Draw(t, "capacity")
		}
		switch b.Kind {
		case Metered:
			b.Resets = rapid.SampledFrom([]Resets{Anniversary, ByCalendar}).Draw(t, "resets")
			b.Notices = rapid.SampledFrom([][]int{{80, 100}, {50}, {1, 2, 100}}).Draw(t, "notices")
			b.Unit, b.Limit, b.Rollover = genText.Draw(t, "unit"), rapid.Int64Range(1, maxCount).Draw(t, "limit"), rapid.Int64Range(0, 9).Draw(t, "rollover")
			b.Period = civil.Period{Months: 1 + genPeriod.Draw(t, "period").Months}
		case Waiver:
			b.HouseRule = genID.Draw(t, "house rule")
		}
		s.Benefits = append(s.Benefits, b)
	}
	s.Bundles = []Bundle{{ID: ids[0], DisplayName: genText.Draw(t, "name"), Benefits: ids[1:]}}
	for i := range rapid.IntRange(0, 3).Draw(t, "rules") {
		s.Rules = append(s.Rules, Rule{ID: fmt.Sprintf("r%d", i), Promise: genText.Draw(t, "promise"), When: genCondition(t, 3),
			Grants: []string{rapid.SampledFrom(ids).Draw(t, "grant")}, Lasts: genPeriod.Draw(t, "lasts"),
			OnRefund: rapid.SampledFrom([]OnRefund{Recheck, Keep}).Draw(t, "refund")})
	}
	return s
})

var genHours = rapid.Custom(func(t *rapid.T) worktime.Week {
	var hours worktime.Week
	for d := range hours {
		cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, worktime.MinutesPerDay), 0, 6, rapid.ID).Draw(t, "cuts")
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			hours[d] = append(hours[d], worktime.Span{From: cuts[i], To: cuts[i+1]})
		}
	}
	if hours.IsZero() {
		hours[1] = []worktime.Span{{To: worktime.MinutesPerDay}}
	}
	return hours
})

func TestFormatParsesBackToTheSameSchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSchedule.Draw(t, "schedule")
		require.Empty(t, Validate(s))
		file := Format(s)
		again, err := Parse(file)
		require.NoError(t, err, "%s", file)
		require.Equal(t, s, again, "%s", file)
		require.Equal(t, s.Hash(), again.Hash())
		require.Equal(t, string(file), string(Format(again)))
	})
}

func TestFormatReadsWell(t *testing.T) {
	s, err := Parse([]byte(example))
	require.NoError(t, err)
	file := string(Format(s))
	for _, line := range []string{
		"    hours: Mon-Fri 09:00-17:30",
		"    holidays: [1997-12-25, 1998-01-01]",
		"      within: 4h",
		"    unit_cost: 120.00",
		"    when: {spend: trailing-12-months, at_least: 500.00}",
		"        - {tenure: months, at_least: 36}",
		"            - {spend: calendar-year, scope: group, at_least: 10000.00}",
		"    lasts: P1Y",
		"  minimum: P90D",
	} {
		require.Contains(t, strings.Split(file, "\n"), line, file)
	}
}

func TestHashIgnoresSpellingOnly(t *testing.T) {
	s, err := Parse([]byte(example))
	require.NoError(t, err)
	for _, c := range []struct {
		old, new string
		same     bool
	}{
		{"at_least: 500.00", "at_least: 500", true},
		{"at_least: 500.00", "at_least: 500.0", true},
		{"at_least: 500.00", `at_least: "500.00"`, true},
		{"at_least: 36", "at_least: 36.0", true},
		{"lasts: P12M", "lasts: P1Y", true},
		{"within: 4h", "within: 240m", true},
		{"[1997-12-25, 1998-01-01]", "[1998-01-01, 1997-12-25, 1998-01-01]", true},
		{"Mon-Fri 09:00-17:30", "Mon-Fri 12:00-17:30; Mon-Thu 09:00-12:00; Fri 09:00-12:00", true},
		{"{id: partner, display_name: Partner,", "{display_name: Partner, id: partner,", true},
		{"# the baseline: everyone, always", "# another comment", true},
		{"    on_refund: recheck\n", "", true},
		{"schedule: service-promise\ncurrency: USD", "currency: USD\nschedule: service-promise", true},
		{"at_least: 500.00", "at_least: 500.01", false},
		{"lasts: P12M", "lasts: P365D", false},
		{"on_refund: keep", "on_refund: recheck", false},
		{"First edition", "First Edition", false},
		{"[courtesy, fairness]", "[fairness, courtesy]", false},
		{"limit: 10", "limit: 11", false},
		{", scope: group", "", false},
		{"rollover: 2", "rollover: 2, resets: anniversary, notices: [80, 100]", true},
		{"rollover: 2", "rollover: 2, resets: calendar", false},
		{"rollover: 2", "rollover: 2, notices: [80]", false},
	} {
		require.Contains(t, example, c.old)
		other, err := Parse([]byte(strings.Replace(example, c.old, c.new, 1)))
		require.NoError(t, err, c.new)
		require.Equal(t, c.same, s.Hash() == other.Hash(), "%q for %q", c.new, c.old)
	}
	require.Equal(t, "7bbe4f537119a8ed0eccfbc2980bb8814ae5c495081b2ab23348a81db63ca61a", s.Hash(), "the hash of a published schedule must never change")
}

func TestHoursFormat(t *testing.T) {
	for _, text := range []string{"Mon-Thu 09:00-12:00; Mon-Thu 13:00-17:00; Fri 09:00-15:00", "Mon-Sun 00:00-24:00", "Sat 10:00-12:00", "Mon 08:00-09:00; Wed 08:00-09:00"} {
		hours, err := worktime.ParseWeek(text)
		require.NoError(t, err)
		require.Equal(t, text, hours.String())
	}
	hours, err := worktime.ParseWeek("Sat-Mon 08:00-12:00;Sun 12:00-13:00")
	require.NoError(t, err)
	require.Equal(t, "Mon 08:00-12:00; Sat 08:00-12:00; Sun 08:00-13:00", hours.String(), "touching ranges are joined")
	for text, message := range map[string]string{
		"": "no day", "Mon": "no day", "09:00-17:00": "no day", "Mon-Fri 9:00-17:00": "span of time", "Mon-Fri 09:00-24:01": "span of time",
		"Mon-Fri 09:60-10:00": "span of time", "Mon 22:00-06:00": "midnight", "Mon 09:00-09:00": "before it begins", "mon 09:00-10:00": "not a day",
		"Mon-Fri 09:00-17:00;": "no day", "Mon 09:00-12:00; Mon 11:59-13:00": "overlaps", "Mon-Foo 09:00-10:00": "not a day", "Mon 09:00": "span of time",
	} {
		_, err := worktime.ParseWeek(text)
		require.ErrorContains(t, err, message, text)
	}
}

func TestWithinFormat(t *testing.T) {
	for text, want := range map[string]time.Duration{"4h": 4 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "80h": 80 * time.Hour} {
		d, err := ParseWithin(text)
		require.NoError(t, err)
		require.Equal(t, want, d)
		again, err := ParseWithin(FormatWithin(d))
		require.NoError(t, err)
		require.Equal(t, d, again)
	}
	for _, text := range []string{"", "4", "4d", "-4h", "1.5h", "30s", "4ms", "h", "P4D"} {
		_, err := ParseWithin(text)
		require.Error(t, err, text)
	}
}

func TestAConditionIsReadAsItIsWritten(t *testing.T) {
	usd, err := LookupCurrency("USD")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		c := genCondition(t, 2)
		if len(ValidateCondition(&c, "criteria", usd)) > 0 {
			t.Skip("too complex")
		}
		text := FormatCondition(c, usd)
		require.NotContains(t, text, "\n")
		again, err := ParseCondition(text, "criteria", usd)
		require.NoError(t, err, text)
		require.Equal(t, c, again, text)
	})
	_, err = ParseCondition("{spend: trailing-12-months, at_least: 500.005}", "criteria", usd)
	require.ErrorContains(t, err, "1:39: criteria.at_least:")
	_, err = ParseCondition("{channel: phone}", "criteria", usd)
	require.ErrorContains(t, err, "the channel a customer uses")
}
