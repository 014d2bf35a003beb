package rpc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/worktime"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// scheduleIn makes a schedule of a message. What cannot be read is named by its path in
// the schedule, as the domain names what is wrong with it otherwise.
func scheduleIn(m *entitlementsv1.Schedule) (*schedule.Schedule, error) {
	r := &scheduleReader{currency: m.GetCurrencyCode()}
	s := &schedule.Schedule{ID: m.GetId(), Currency: m.GetCurrencyCode(), TimeZone: m.GetTimeZone(), Notice: r.notice(m.GetNotice())}
	for _, id := range slices.Sorted(maps.Keys(m.GetCalendars())) {
		if s.Calendars == nil {
			s.Calendars = map[string]worktime.Calendar{}
		}
		s.Calendars[id] = r.calendar("calendars."+id, m.GetCalendars()[id])
	}
	for i, c := range m.GetCommitments() {
		s.Commitments = append(s.Commitments, r.commitment(fmt.Sprintf("commitments[%d]", i), c))
	}
	for i, b := range m.GetBenefits() {
		s.Benefits = append(s.Benefits, r.benefit(fmt.Sprintf("benefits[%d]", i), b))
	}
	for _, b := range m.GetBundles() {
		s.Bundles = append(s.Bundles, schedule.Bundle{ID: b.GetId(), DisplayName: b.GetDisplayName(), Benefits: b.GetBenefits()})
	}
	for i, rule := range m.GetRules() {
		s.Rules = append(s.Rules, r.rule(fmt.Sprintf("rules[%d]", i), rule))
	}
	if len(r.wrong) > 0 {
		return nil, entitlements.UnreadableSchedule(r.wrong)
	}
	return s, nil
}

// scheduleReader gathers what cannot be read.
type scheduleReader struct {
	currency string
	wrong    []fault.Field
}

// refuse notes a part that cannot be read.
func (r *scheduleReader) refuse(path string, format string, args ...any) {
	if len(r.wrong) < schedule.MaxProblems {
		r.wrong = append(r.wrong, fault.Field{Path: "schedule." + path, Description: fmt.Sprintf(format, args...)})
	}
}

// read reads a text that may be left out.
func read[T any](r *scheduleReader, path, text string, parse func(string) (T, error)) T {
	var zero T
	if text == "" {
		return zero
	}
	v, err := parse(text)
	if err != nil {
		r.refuse(path, "%s", err)
		return zero
	}
	return v
}

func (r *scheduleReader) day(path string, d *date.Date) civil.Day {
	if d == nil {
		return civil.Never
	}
	day, err := wire.Day(path, d)
	if err != nil {
		r.refuse(path, "%04d-%02d-%02d is no calendar day", d.GetYear(), d.GetMonth(), d.GetDay())
	}
	return civil.Day(day)
}

// money reads an amount in the schedule's currency, which it need not name.
func (r *scheduleReader) money(path string, m *money.Money) int64 {
	if _, err := schedule.LookupCurrency(r.currency); m == nil || err != nil {
		return 0 // the missing amount, or the currency, is refused as such
	}
	if code := m.GetCurrencyCode(); code != "" && code != r.currency {
		r.refuse(path, "the amount is in %s, but the schedule is in %s", code, r.currency)
		return 0
	}
	minor, _, err := wire.Minor(path, &money.Money{CurrencyCode: r.currency, Units: m.GetUnits(), Nanos: m.GetNanos()})
	var told *fault.Error
	if errors.As(err, &told) {
		for _, f := range told.Fields {
			r.refuse(f.Path, "%s", f.Description)
		}
	}
	return minor
}

func (r *scheduleReader) notice(m *entitlementsv1.Notice) schedule.Notice {
	return schedule.Notice{
		Effective: r.day("notice.effective", m.GetEffectiveDate()), Reason: m.GetReason(),
		Minimum: read(r, "notice.minimum", m.GetMinimum(), civil.ParsePeriod),
	}
}

func (r *scheduleReader) calendar(path string, m *entitlementsv1.Calendar) worktime.Calendar {
	c := worktime.Calendar{Hours: read(r, path+".hours", m.GetHours(), worktime.ParseWeek)}
	for i, d := range m.GetHolidays() {
		c.Holidays = append(c.Holidays, r.day(fmt.Sprintf("%s.holidays[%d]", path, i), d))
	}
	return c
}

func (r *scheduleReader) commitment(path string, m *entitlementsv1.Commitment) schedule.Commitment {
	c := schedule.Commitment{ID: m.GetId(), Promise: m.GetPromise(), Attest: m.GetAttest()}
	if clock := m.GetClock(); clock != nil {
		c.Clock = &schedule.Clock{
			From: clock.GetFrom(), To: clock.GetTo(), Calendar: clock.GetCalendar(),
			Within: read(r, path+".clock.within", clock.GetWithin(), schedule.ParseWithin),
		}
	}
	return c
}

var kinds = map[entitlementsv1.Benefit_Kind]schedule.Kind{
	entitlementsv1.Benefit_KIND_FEATURE: schedule.Feature,
	entitlementsv1.Benefit_KIND_METERED: schedule.Metered,
	entitlementsv1.Benefit_KIND_WAIVER:  schedule.Waiver,
}

var resetsIn = map[entitlementsv1.Benefit_Resets]schedule.Resets{
	entitlementsv1.Benefit_RESETS_UNSPECIFIED: "",
	entitlementsv1.Benefit_RESETS_ANNIVERSARY: schedule.Anniversary,
	entitlementsv1.Benefit_RESETS_CALENDAR:    schedule.ByCalendar,
	entitlementsv1.Benefit_RESETS_ROLLING:     schedule.Rolling,
}

func (r *scheduleReader) benefit(path string, m *entitlementsv1.Benefit) schedule.Benefit {
	b := schedule.Benefit{
		ID: m.GetId(), Promise: m.GetPromise(), Kind: kinds[m.GetKind()], Unit: m.GetUnit(), Limit: m.GetLimit(),
		Period: read(r, path+".period", m.GetPeriod(), civil.ParsePeriod), Rollover: m.GetRollover(), HouseRule: m.GetHouseRule(),
		Resets: resetsIn[m.GetResets()], CapacityPerYear: m.GetCapacityPerYear(),
	}
	if _, known := resetsIn[m.GetResets()]; !known {
		r.refuse(path+".resets", "%d is not one of the values of Resets", m.GetResets())
	}
	for _, percent := range m.GetNotices() {
		b.Notices = append(b.Notices, int(percent))
	}
	if m.GetUnitCost() != nil {
		cost := r.money(path+".unit_cost", m.GetUnitCost())
		b.UnitCost = &cost
	}
	if text := m.GetExpectedUsePerYear().GetValue(); m.GetExpectedUsePerYear() != nil {
		uses, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			r.refuse(path+".expected_use_per_year", "%q is not a whole number of uses a year", text)
		}
		b.ExpectedUsePerYear = &uses
	}
	return b
}

var onRefunds = map[entitlementsv1.Rule_OnRefund]schedule.OnRefund{
	entitlementsv1.Rule_ON_REFUND_RECHECK: schedule.Recheck,
	entitlementsv1.Rule_ON_REFUND_KEEP:    schedule.Keep,
}

func (r *scheduleReader) rule(path string, m *entitlementsv1.Rule) schedule.Rule {
	rule := schedule.Rule{
		ID: m.GetId(), Promise: m.GetPromise(), When: r.condition(path+".when", m.GetWhen()), Grants: m.GetGrants(),
		Lasts: read(r, path+".lasts", m.GetLasts(), civil.ParsePeriod), OnRefund: onRefunds[m.GetOnRefund()],
	}
	if _, known := onRefunds[m.GetOnRefund()]; !known && m.GetOnRefund() != entitlementsv1.Rule_ON_REFUND_UNSPECIFIED {
		r.refuse(path+".on_refund", "%d is not one of the values of OnRefund", m.GetOnRefund())
	}
	return rule
}

var windowsIn = map[entitlementsv1.SpendCondition_Window]schedule.Window{
	entitlementsv1.SpendCondition_WINDOW_TRAILING_12_MONTHS: schedule.Trailing12Months,
	entitlementsv1.SpendCondition_WINDOW_CALENDAR_YEAR:      schedule.CalendarYear,
	entitlementsv1.SpendCondition_WINDOW_FISCAL_YEAR:        schedule.FiscalYear,
	entitlementsv1.SpendCondition_WINDOW_SINCE_JOINING:      schedule.SinceJoining,
}

var scopesIn = map[entitlementsv1.SpendCondition_Scope]schedule.Scope{
	entitlementsv1.SpendCondition_SCOPE_UNSPECIFIED: schedule.AccountScope,
	entitlementsv1.SpendCondition_SCOPE_ACCOUNT:     schedule.AccountScope,
	entitlementsv1.SpendCondition_SCOPE_GROUP:       schedule.GroupScope,
}

func (r *scheduleReader) condition(path string, m *entitlementsv1.Condition) schedule.Condition {
	switch c := m.GetCondition().(type) {
	case *entitlementsv1.Condition_Spend:
		scope, known := scopesIn[c.Spend.GetScope()]
		if !known {
			r.refuse(path+".scope", "%d is not one of the values of Scope", c.Spend.GetScope())
		}
		return schedule.Condition{
			Subject: schedule.Spend, Measure: windowsIn[c.Spend.GetWindow()], Scope: scope,
			AtLeast: r.money(path+".at_least", c.Spend.GetAtLeast()),
		}
	case *entitlementsv1.Condition_Tenure:
		return schedule.Condition{Subject: schedule.Tenure, Measure: schedule.Months, AtLeast: int64(c.Tenure.GetAtLeastMonths())}
	case *entitlementsv1.Condition_Board:
		return schedule.Condition{Subject: schedule.Board, Measure: schedule.TermsServed, AtLeast: int64(c.Board.GetAtLeastTerms())}
	case *entitlementsv1.Condition_Innovation:
		return schedule.Condition{Subject: schedule.Innovation, Measure: schedule.ProjectsCompleted, AtLeast: int64(c.Innovation.GetAtLeastProjects())}
	case *entitlementsv1.Condition_Programme:
		return schedule.Condition{Subject: schedule.Programme, Measure: c.Programme.GetProgramme(), AtLeast: 1}
	case *entitlementsv1.Condition_All:
		return schedule.Condition{All: r.conditions(path+".all", c.All)}
	case *entitlementsv1.Condition_Any:
		return schedule.Condition{Any: r.conditions(path+".any", c.Any)}
	}
	return schedule.Condition{}
}

func (r *scheduleReader) conditions(path string, m *entitlementsv1.Conditions) []schedule.Condition {
	list := make([]schedule.Condition, len(m.GetConditions()))
	for i, c := range m.GetConditions() {
		list[i] = r.condition(fmt.Sprintf("%s[%d]", path, i), c)
	}
	return list
}
