package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
)

func TestParseReadsTheDocumentedFile(t *testing.T) {
	s, err := Parse([]byte(example))
	require.NoError(t, err)
	holiday := civil.Date(1997, time.December, 25)
	office := []worktime.Span{{From: 540, To: 1050}}
	cost, shipping, use := int64(12000), int64(450), int64(12)
	want := &Schedule{
		ID: "service-promise", Currency: "USD", TimeZone: "America/New_York",
		Calendars: map[string]worktime.Calendar{"office": {
			Hours:    worktime.Week{1: office, 2: office, 3: office, 4: office, 5: office},
			Holidays: []civil.Day{holiday, holiday + 7},
		}},
		Commitments: []Commitment{
			{ID: "first-reply", Promise: "Every customer gets a first reply within 4 working hours.",
				Clock: &Clock{From: "opened", To: "first_reply", Within: 4 * time.Hour, Calendar: "office"}},
			{ID: "courtesy", Promise: "Every customer is treated with courtesy.", Attest: []string{"courtesy", "fairness"}},
		},
		Benefits: []Benefit{
			{ID: "free-shipping", Promise: "Free shipping on every order.", Kind: Feature, UnitCost: &shipping, ExpectedUsePerYear: &use},
			{ID: "expert-hours", Promise: "Ten hours a year with our own experts.", Kind: Metered,
				Unit: "hour", Limit: 10, Period: civil.Period{Months: 12}, Rollover: 2, Resets: Anniversary, Notices: []int{80, 100}, UnitCost: &cost},
			{ID: "late-fee-waiver", Promise: "No late-payment fee.", Kind: Waiver, HouseRule: "late-payment-fee"},
		},
		Bundles: []Bundle{{ID: "partner", DisplayName: "Partner", Benefits: []string{"free-shipping", "expert-hours", "late-fee-waiver"}}},
		Rules: []Rule{
			{ID: "partner-500", Promise: "A customer who spends $500 within a year becomes a Partner.",
				When:   Condition{Subject: Spend, Measure: Trailing12Months, Scope: AccountScope, AtLeast: 50000},
				Grants: []string{"partner"}, Lasts: civil.Period{Months: 12}, OnRefund: Recheck},
			{ID: "loyal", Promise: "Free shipping after three years, or for a group that spends $10,000 in a calendar year.",
				When: Condition{Any: []Condition{
					{Subject: Tenure, Measure: Months, AtLeast: 36},
					{All: []Condition{
						{Subject: Spend, Measure: CalendarYear, Scope: GroupScope, AtLeast: 1000000},
						{Subject: Spend, Measure: SinceJoining, Scope: AccountScope, AtLeast: 100},
					}},
				}},
				Grants: []string{"free-shipping"}, OnRefund: Keep},
		},
		Notice: Notice{Effective: civil.Date(1997, time.January, 1), Reason: "First edition", Minimum: civil.Period{Days: 90}},
	}
	require.Equal(t, want, s)
	require.Empty(t, Validate(s))
	require.Empty(t, Publishable(s, Fed{}))
	require.Equal(t, [][]string{{"free-shipping", "expert-hours", "late-fee-waiver"}, {"free-shipping"}}, s.Granted())
}

func TestParseLeavesOutWhatIsOptional(t *testing.T) {
	s, err := Parse([]byte("schedule: s\ncurrency: JPY\ntime_zone: UTC\nbenefits: [{id: thanks, promise: Thank you., kind: feature}]\n" +
		"rules: [{id: r, promise: Spend., when: {spend: trailing-12-months, at_least: 500}, grants: [thanks]}]\n"))
	require.NoError(t, err)
	require.Equal(t, civil.Never, s.Notice.Effective)
	require.Equal(t, Rule{ID: "r", Promise: "Spend.", When: Condition{Subject: Spend, Measure: Trailing12Months, Scope: AccountScope, AtLeast: 500},
		Grants: []string{"thanks"}, OnRefund: Recheck}, s.Rules[0])
}

// parseProblems parses the example with one piece replaced and returns the
// problems as "path reason" with the places.
func parseProblems(t *testing.T, file string) Problems {
	t.Helper()
	_, err := Parse([]byte(file))
	var problems Problems
	require.True(t, errors.As(err, &problems), "want problems, got %v", err)
	for _, p := range problems {
		require.Positive(t, p.Line, p)
		require.Positive(t, p.Column, p)
		require.NotEmpty(t, p.Message)
	}
	return problems
}

func TestParseNamesPlaceReasonAndFix(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           string // line:column path reason
		message        string
		more           int // problems that follow from it
	}{
		{"misspelt key", "lasts: P12M", "last: P12M", "24:5 rules[0].last unknown-key", `did you mean "lasts"`, 0},
		{"level on a schedule", "currency: USD", "currency: USD\ntier: gold", "3:1 tier unknown-key", "known are schedule, currency", 0},
		{"repeated key", "kind: feature,", "kind: feature, kind: feature,", "14:80 benefits[0].kind repeated-key", "already on line 14", 0},
		{"unknown currency", "currency: USD", "currency: USX", "2:11 currency bad-value", "ISO 4217", 0},
		{"lower-case currency", "currency: USD", "currency: usd", "2:11 currency bad-value", "capital", 0},
		{"unknown zone", "America/New_York", "America/New_Yrk", "3:12 time_zone bad-value", "IANA", 0},
		{"overlapping hours", `"Mon-Fri 09:00-17:30"`, `"Mon-Fri 09:00-17:30; Wed 17:00-18:00"`, "5:19 calendars.office.hours bad-value", "overlaps", 0},
		{"holiday that does not exist", "1998-01-01", "1998-02-30", "5:65 calendars.office.holidays[1] bad-value", "YYYY-MM-DD", 0},
		{"unknown calendar", "calendar: office}", "calendar: offce}", "9:66 commitments[0].clock.calendar unknown-ref", `did you mean "office"`, 0},
		{"clock in days", "within: 4h", "within: 4d", "9:52 commitments[0].clock.within bad-value", "1h30m", 0},
		{"no time", "within: 4h", "within: 0h", "9:52 commitments[0].clock.within out-of-range", "4h", 0},
		{"no promise", "promise: Free shipping on every order., ", "", "14:5 benefits[0].promise missing", "write it out", 0},
		{"empty promise", "promise: Free shipping on every order., ", "promise: , ", "14:34 benefits[0].promise missing", "empty", 0},
		{"unknown kind", "kind: waiver", "kind: waver", "16:64 benefits[2].kind bad-value", `did you mean "waiver"`, 0},
		{"benefit id twice", "id: expert-hours", "id: free-shipping", "15:10 benefits[1].id repeated", "already at benefits[0]", 1},
		{"bundle named as a benefit", "{id: partner,", "{id: free-shipping,", "18:10 bundles[0].id repeated", "also the id of a benefit", 1},
		{"capital id", "id: partner-500", "id: Partner-500", "20:9 rules[0].id bad-value", "lower-case", 0},
		{"too many decimals", "at_least: 500.00", "at_least: 500.005", "22:49 rules[0].when.at_least bad-value", "3 decimals but USD has 2", 0},
		{"float", "at_least: 500.00", "at_least: 5e2", "22:49 rules[0].when.at_least bad-value", "not an amount", 0},
		{"negative", "at_least: 500.00", "at_least: -500.00", "22:49 rules[0].when.at_least bad-value", "not an amount", 0},
		{"zero", "at_least: 500.00", "at_least: 0.00", "22:49 rules[0].when.at_least out-of-range", "from 0.01", 0},
		{"no threshold", ", at_least: 500.00", "", "22:11 rules[0].when.at_least out-of-range", "from 0.01", 0},
		{"unknown window", "spend: trailing-12-months", "spend: trailing-12-month", "22:19 rules[0].when.spend bad-value", `did you mean "trailing-12-months"`, 0},
		{"unknown grant", "grants: [partner]", "grants: [partnr]", "23:14 rules[0].grants[0] unknown-ref", `did you mean "partner"`, 0},
		{"grant twice", "grants: [partner]", "grants: [partner, partner]", "23:23 rules[0].grants[1] repeated", "twice", 0},
		{"no grant", "grants: [partner]", "grants: []", "23:13 rules[0].grants missing", "at least one", 0},
		{"hours in a period", "lasts: P12M", "lasts: PT12H", "24:12 rules[0].lasts bad-value", "P12M", 0},
		{"on refund", "on_refund: keep", "on_refund: keeps", "35:16 rules[1].on_refund bad-value", `did you mean "keep"`, 0},
		{"fraction of a month", "at_least: 36}", "at_least: 36.5}", "30:38 rules[1].when.any[0].at_least bad-value", "whole number", 0},
		{"tenure of a century", "at_least: 36}", "at_least: 1201}", "30:38 rules[1].when.any[0].at_least out-of-range", "1 to 1200", 0},
		{"no term", "tenure: months, at_least: 36}", "board: terms-served, at_least: 0}", "30:43 rules[1].when.any[0].at_least out-of-range", "1 to 100", 0},
		{"part of a term", "tenure: months, at_least: 36}", "board: terms-served, at_least: 1.5}", "30:43 rules[1].when.any[0].at_least bad-value", "whole number", 0},
		{"more terms than lives", "tenure: months, at_least: 36}", "board: terms-served, at_least: 101}", "30:43 rules[1].when.any[0].at_least out-of-range", "1 to 100", 0},
		{"terms held by hand", "tenure: months, at_least: 36}", "board: seats, at_least: 1}", "30:19 rules[1].when.any[0].board bad-value", "terms-served", 0},
		{"tenure of a group", "at_least: 36}", "at_least: 36, scope: group}", "30:49 rules[1].when.any[0].scope not-allowed", "spend only", 0},
		{"two measures", "{tenure: months, at_least: 36}", "{tenure: months, spend: calendar-year, at_least: 36}", "30:35 rules[1].when.any[0].spend not-allowed", "all or any", 0},
		{"measure beside any", "      any:", "      at_least: 5\n      any:", "29:7 rules[1].when not-allowed", "belong to the conditions", 0},
		{"list in place of a value", "lasts: P12M", "lasts: [P12M]", "24:12 rules[0].lasts wrong-type", "a list", 0},
		{"value in place of a list", "grants: [partner]", "grants: partner", "23:13 rules[0].grants wrong-type", "expected a list", 0},
		{"metered without a limit", "limit: 10, ", "", "15:5 benefits[1].limit out-of-range", "from 1", 0},
		{"metered without a period", "period: P1Y, ", "", "15:5 benefits[1].period missing", "P1Y", 0},
		{"resets at nothing known", "rollover: 2", "resets: monthly", "15:132 benefits[1].resets bad-value", "anniversary or calendar or rolling", 0},
		{"rolling with rollover", "rollover: 2", "rollover: 2, resets: rolling", "15:134 benefits[1].rollover not-allowed", "no period ends", 0},
		{"calendar of months and days", "period: P1Y", "period: P1M3D, resets: calendar", "15:119 benefits[1].period bad-value", "months and days together", 0},
		{"notice above all", "rollover: 2", "notices: [50, 101]", "15:138 benefits[1].notices[1] out-of-range", "from 1 to 100", 0},
		{"notices out of order", "rollover: 2", "notices: [80, 50]", "15:138 benefits[1].notices[1] repeated", "ascending", 0},
		{"feature that resets", "kind: feature, ", "kind: feature, resets: rolling, ", "14:88 benefits[0].resets not-allowed", "metered", 0},
		{"feature with a limit", "kind: feature, ", "kind: feature, limit: 3, ", "14:87 benefits[0].limit not-allowed", "metered", 0},
		{"waiver of nothing", ", house_rule: late-payment-fee", "", "16:5 benefits[2].house_rule missing", "must be an id", 0},
		{"feature with a house rule", "kind: feature, ", "kind: feature, house_rule: fee, ", "14:92 benefits[0].house_rule not-allowed", "waiver", 0},
		{"bundle in a bundle", "late-fee-waiver]}", "late-fee-waiver, partner]}", "18:99 bundles[0].benefits[3] unknown-ref", "bundles do not hold bundles", 0},
		{"invisible character", "First edition", `"First\u202e edition"`, "36:41 notice.reason bad-value", "invisible", 0},
		{"impossible effective day", "1997-01-01, reason", "1997-13-01, reason", "36:21 notice.effective bad-value", "YYYY-MM-DD", 0},
	} {
		require.Contains(t, example, c.old, c.name)
		problems := parseProblems(t, strings.Replace(example, c.old, c.new, 1))
		at := slices.IndexFunc(problems, func(p Problem) bool {
			return fmt.Sprintf("%d:%d %s %s", p.Line, p.Column, p.Path, p.Reason) == c.want
		})
		if !assert.NotEqual(t, -1, at, "%s: want %s in:\n%v", c.name, c.want, problems) {
			continue
		}
		require.Contains(t, problems[at].Message, c.message, c.name)
		require.LessOrEqual(t, len(problems), 1+c.more, "%s: %v", c.name, problems)
	}
}

func TestParseReportsEveryProblemInOrder(t *testing.T) {
	problems := parseProblems(t, "schedule: S\ncurrency: EURO\nrules:\n- id: r\n  when: {spend: ever, at_least: x}\n  grants: [a, b]\nlevel: 1\n")
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Path))
	}
	require.Equal(t, []string{"1 time_zone", "1 schedule", "2 currency", "4 rules[0].promise", "5 rules[0].when.spend", "5 rules[0].when.at_least",
		"6 rules[0].grants[0]", "6 rules[0].grants[1]", "7 level"}, got)
	require.Equal(t, len(problems), len(strings.Split(problems.Error(), "\n")))

	many := "schedule: s\ncurrency: USD\ntime_zone: UTC\nrules:\n" + strings.Repeat("- {}\n", 900)
	require.Len(t, parseProblems(t, many), MaxProblems)
}

func TestR24RulesReadOnlySpendAndTenure(t *testing.T) {
	for subject, why := range map[string]string{
		"reach": "the quiet are owed", "followers": "the quiet are owed", "channel": "every channel", "complaints": "not extracted",
		"complaint-volume": "not extracted", "complaint_volume": "not extracted", "owner": "whoever serves", "region": "everywhere", "Tier": "set by hand",
	} {
		problems := parseProblems(t, strings.Replace(example, "spend: trailing-12-months", subject+": x", 1))
		require.Len(t, problems, 1, "%s: %v", subject, problems)
		require.Equal(t, RefusedSubject, problems[0].Reason)
		require.Equal(t, "rules[0].when."+subject, problems[0].Path)
		require.Contains(t, problems[0].Message, "rules cannot read")
		require.Contains(t, problems[0].Message, why)

		s, err := Parse([]byte(example))
		require.NoError(t, err)
		s.Rules[0].When.Subject = Subject(subject)
		problems = Validate(s)
		require.Equal(t, RefusedSubject, problems[0].Reason, "through the API: %v", problems)
	}
	problems := parseProblems(t, strings.Replace(example, "spend: trailing-12-months", "spent: trailing-12-months", 1))
	require.Equal(t, UnknownKey, problems[0].Reason)
	require.Contains(t, problems[0].Message, `did you mean "spend"`)
}

func TestR1NoPartCarriesAHandSetLevel(t *testing.T) {
	for _, word := range []string{"level", "tier", "override", "accounts"} {
		for _, part := range []string{"schedule: service-promise\n", "{id: free-shipping, ", "{id: partner, ", "{from: opened, ", "{effective: 1997-01-01, ", "- id: partner-500\n    "} {
			require.Contains(t, example, part)
			with := part + word + ": gold\n"
			switch {
			case strings.HasPrefix(part, "{"):
				with = part + word + ": gold, "
			case strings.HasPrefix(part, "-"):
				with = part + word + ": gold\n    "
			}
			problems := parseProblems(t, strings.Replace(example, part, with, 1))
			require.Len(t, problems, 1, problems)
			require.Equal(t, UnknownKey, problems[0].Reason)
		}
	}
}

func TestPublishableRefusesSubjectsNobodyFeeds(t *testing.T) {
	for leaf, want := range map[string]struct {
		why    string
		reason Reason
		fed    bool // where everything is fed that can be
	}{
		"innovation: projects-completed, at_least: 1": {"--plans-addr", NotYetFed, true},
		"board: terms-served, at_least: 2":            {"--board-addr", NotYetFed, true},
		"programme: betas":                            {`no programme "betas" is published`, UnknownRef, false},
		"programme: beta":                             {`publish the programme first`, UnknownRef, true},
	} {
		file, err := ParseFile([]byte(strings.Replace(example, "tenure: months, at_least: 36", leaf, 1)))
		require.NoError(t, err, leaf)
		problems := file.Places.Locate(Publishable(file.Schedule, Fed{}))
		require.Len(t, problems, 1)
		subject, _, _ := strings.Cut(leaf, ":")
		require.Equal(t, want.reason, problems[0].Reason)
		require.Equal(t, "rules[1].when.any[0]."+subject, problems[0].Path)
		require.Equal(t, 30, problems[0].Line)
		require.Contains(t, problems[0].Message, want.why)
		all := Publishable(file.Schedule, Fed{Board: true, Innovation: true, Programmes: []string{"beta", "evangelists"}})
		require.Equal(t, want.fed, len(all) == 0)
		if leaf == "programme: betas" {
			require.Contains(t, all[0].Message, `did you mean "beta"`)
		}
	}
}

func TestConditionBounds(t *testing.T) {
	leaf := "{tenure: months, at_least: 1}"
	nest := func(depth int) string { return strings.Repeat("{all: [", depth) + leaf + strings.Repeat("]}", depth) }
	wide := func(n int) string { return "{any: [" + strings.Repeat(leaf+", ", n-1) + leaf + "]}" }
	product := func(factors, of int) string {
		return "{all: [" + strings.TrimSuffix(strings.Repeat(wide(of)+", ", factors), ", ") + "]}"
	}
	when := "{spend: trailing-12-months, at_least: 500.00}"
	for condition, ok := range map[string]bool{
		nest(MaxDepth): true, nest(MaxDepth + 1): false, nest(500): false,
		wide(MaxLeaves): true, wide(MaxLeaves + 1): false,
		product(4, 2): true, product(3, 4): true, product(5, 3): false,
	} {
		_, err := Parse([]byte(strings.Replace(example, when, condition, 1)))
		if ok {
			require.NoError(t, err)
			continue
		}
		var problems Problems
		require.ErrorAs(t, err, &problems)
		require.Equal(t, TooComplex, problems[0].Reason)
	}
}

func TestParseRefusesWhatIsNotOnePlainDocument(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		line    int
		message string
	}{
		"empty":           {"", 1, "empty"},
		"comment only":    {"# nothing\n", 1, "empty"},
		"a list":          {"- a\n", 1, "found a list"},
		"a word":          {"hello", 1, "found a single value"},
		"null":            {"~", 1, "found nothing"},
		"tab":             {"schedule: s\ncalendars:\n\toffice: x\n", 3, "tab"},
		"two documents":   {"schedule: a\n---\nschedule: b\n", 2, "second document"},
		"not UTF-8":       {"schedule: s\ncurrency: \xff\n", 2, "UTF-8"},
		"control":         {"schedule: \x01\n", 1, "not YAML"},
		"unclosed":        {"schedule: [\n", 1, "not YAML"},
		"anchor":          {"schedule: &a s\n", 1, "anchor"},
		"alias bomb":      {"a: &a [x,x]\nb: &b [*a,*a]\nschedule: *b\n", 1, "anchor"},
		"merge":           {"schedule: s\n<<: {currency: USD}\n", 2, "no key"},
		"tag":             {"schedule: !!binary aGk=\n", 1, "tag"},
		"complex key":     {"? [a]\n: b\n", 1, "plain word"},
		"deep":            {strings.Repeat("[", 20000), 1, "not YAML"},
		"larger than 1 M": {strings.Repeat("#", MaxFileBytes+1), 1, "1 MiB"},
	} {
		problems := parseProblems(t, c.file)
		require.Contains(t, problems.Error(), c.message, name)
		require.True(t, slices.ContainsFunc(problems, func(p Problem) bool { return p.Line == c.line && strings.Contains(p.Message, c.message) }), "%s: %v", name, problems)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	for _, seed := range []string{"", "a: &a [*a]", "? x\n: y", "schedule: !!x y", "rules: [{when: {all: [{any: [{}]}]}}]", "\xff", "\t", "--- \n---\n", "calendars: {a: {hours: 'Mon 00:00-24:00', holidays: [x]}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 || len(problems) > MaxProblems {
				t.Fatalf("not a list of problems: %v", err)
			}
			for _, p := range problems {
				if p.Line < 1 || p.Column < 1 || p.Reason == "" || p.Message == "" {
					t.Fatalf("problem without place or message: %+v", p)
				}
			}
			return
		}
		again, err := Parse(Format(s))
		if err != nil {
			t.Fatalf("canonical form does not parse: %v\n%s", err, Format(s))
		}
		if s.Hash() != again.Hash() {
			t.Fatalf("canonical form is another schedule:\n%s", Format(s))
		}
	})
}

func TestParseCalendarsReadsNothingElse(t *testing.T) {
	zone, calendars, err := ParseCalendars([]byte(`rules: whatever
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:00-17:30", holidays: [1997-12-25]}
  always: {hours: "Mon-Sun 00:00-24:00"}
42: {}
`))
	require.NoError(t, err)
	require.Equal(t, "America/New_York", zone.String())
	require.Len(t, calendars, 2)
	require.Equal(t, "Mon-Fri 09:00-17:30", calendars["office"].Hours.String())
	require.Equal(t, []civil.Day{civil.Date(1997, time.December, 25)}, calendars["office"].Holidays)
}

func TestParseCalendarsTellsWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"schedule: a\ncalendars: {}\n", "1:1: time_zone:"},
		{"time_zone: Mars/Olympus\n", `1:12: time_zone: "Mars/Olympus" is not an IANA time zone`},
		{"time_zone: UTC\ncalendars:\n  office: {hours: \"Mon 17:00-09:00\"}\n", "3:19: calendars.office.hours:"},
		{"time_zone: UTC\ncalendars:\n  office: {hour: \"Mon 09:00-17:00\"}\n", `there is no key "hour" here (did you mean "hours"?)`},
		{"time_zone: UTC\ntime_zone: Europe/Paris\n", `2:1: time_zone: the key "time_zone" is already on line 1: keep one of the two`},
		{"time_zone: [\n", "not YAML"},
	} {
		_, _, err := ParseCalendars([]byte(c.file))
		require.ErrorContains(t, err, c.want, c.file)
	}
}
