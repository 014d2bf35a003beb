package rpc

import (
	"strconv"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/decimal"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/worktime"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func versionOut(v *entitlements.Version) *entitlementsv1.ScheduleVersion {
	return &entitlementsv1.ScheduleVersion{
		Name: v.Name(), Schedule: scheduleOut(v.Schedule), ContentHash: v.Hash,
		InForceTime: timestamppb.New(v.InForce), PublishTime: timestamppb.New(v.Published),
		Publisher: v.Publisher, Draft: v.Draft, Proposer: v.Proposer, Approver: v.Publisher, SingleOperator: v.SingleOperator, SourceYaml: v.SourceYAML, Etag: v.Etag(),
	}
}

// scheduleOut is the inverse of scheduleIn.
func scheduleOut(s *schedule.Schedule) *entitlementsv1.Schedule {
	currency, _ := schedule.LookupCurrency(s.Currency)
	w := scheduleWriter{currency}
	m := &entitlementsv1.Schedule{
		Id: s.ID, CurrencyCode: s.Currency, TimeZone: s.TimeZone, Commitments: commitmentsOut(s.Commitments),
		Notice: &entitlementsv1.Notice{EffectiveDate: dateOut(s.Notice.Effective), Reason: s.Notice.Reason, Minimum: periodOut(s.Notice.Minimum)},
	}
	for id, c := range s.Calendars {
		if m.Calendars == nil {
			m.Calendars = map[string]*entitlementsv1.Calendar{}
		}
		m.Calendars[id] = calendarOut(c)
	}
	for i := range s.Benefits {
		m.Benefits = append(m.Benefits, w.benefit(&s.Benefits[i]))
	}
	for _, b := range s.Bundles {
		m.Bundles = append(m.Bundles, &entitlementsv1.Bundle{Id: b.ID, DisplayName: b.DisplayName, Benefits: b.Benefits})
	}
	for i := range s.Rules {
		m.Rules = append(m.Rules, w.rule(&s.Rules[i]))
	}
	return m
}

// scheduleWriter writes amounts in the schedule's currency.
type scheduleWriter struct{ currency schedule.Currency }

func (w scheduleWriter) money(minor int64) *money.Money {
	return wire.Money(minor, w.currency.Code)
}

func dateOut(d civil.Day) *date.Date {
	if d == civil.Never {
		return nil
	}
	return wire.Date(int32(d))
}

func periodOut(p civil.Period) string {
	if p.IsZero() {
		return ""
	}
	return p.String()
}

func calendarOut(c worktime.Calendar) *entitlementsv1.Calendar {
	m := &entitlementsv1.Calendar{Hours: c.Hours.String()}
	for _, d := range c.Holidays {
		m.Holidays = append(m.Holidays, dateOut(d))
	}
	return m
}

func commitmentsOut(list []schedule.Commitment) []*entitlementsv1.Commitment {
	var out []*entitlementsv1.Commitment
	for _, c := range list {
		m := &entitlementsv1.Commitment{Id: c.ID, Promise: c.Promise, Attest: c.Attest}
		if c.Clock != nil {
			m.Clock = &entitlementsv1.Clock{From: c.Clock.From, To: c.Clock.To, Within: schedule.FormatWithin(c.Clock.Within), Calendar: c.Clock.Calendar}
		}
		out = append(out, m)
	}
	return out
}

func kindOut(k schedule.Kind) entitlementsv1.Benefit_Kind {
	switch k {
	case schedule.Feature:
		return entitlementsv1.Benefit_KIND_FEATURE
	case schedule.Metered:
		return entitlementsv1.Benefit_KIND_METERED
	case schedule.Waiver:
		return entitlementsv1.Benefit_KIND_WAIVER
	}
	return entitlementsv1.Benefit_KIND_UNSPECIFIED
}

func resetsOut(r schedule.Resets) entitlementsv1.Benefit_Resets {
	for message, resets := range resetsIn {
		if resets == r {
			return message
		}
	}
	return entitlementsv1.Benefit_RESETS_UNSPECIFIED
}

func (w scheduleWriter) benefit(b *schedule.Benefit) *entitlementsv1.Benefit {
	m := &entitlementsv1.Benefit{
		Id: b.ID, Promise: b.Promise, Kind: kindOut(b.Kind), Unit: b.Unit, Limit: b.Limit,
		Period: periodOut(b.Period), Rollover: b.Rollover, HouseRule: b.HouseRule,
		Resets: resetsOut(b.Resets), CapacityPerYear: b.CapacityPerYear,
	}
	for _, percent := range b.Notices {
		m.Notices = append(m.Notices, int32(percent))
	}
	if b.UnitCost != nil {
		m.UnitCost = w.money(*b.UnitCost)
	}
	if b.ExpectedUsePerYear != nil {
		m.ExpectedUsePerYear = &decimal.Decimal{Value: strconv.FormatInt(*b.ExpectedUsePerYear, 10)}
	}
	return m
}

func (w scheduleWriter) rule(r *schedule.Rule) *entitlementsv1.Rule {
	m := &entitlementsv1.Rule{
		Id: r.ID, Promise: r.Promise, When: w.condition(&r.When), Grants: r.Grants,
		Lasts: r.Lasts.String(), OnRefund: entitlementsv1.Rule_ON_REFUND_RECHECK,
	}
	if r.OnRefund == schedule.Keep {
		m.OnRefund = entitlementsv1.Rule_ON_REFUND_KEEP
	}
	return m
}

func windowOut(w schedule.Window) entitlementsv1.SpendCondition_Window {
	for out, in := range windowsIn {
		if in == w {
			return out
		}
	}
	return entitlementsv1.SpendCondition_WINDOW_UNSPECIFIED
}

func scopeOut(s schedule.Scope) entitlementsv1.SpendCondition_Scope {
	if s == schedule.GroupScope {
		return entitlementsv1.SpendCondition_SCOPE_GROUP
	}
	return entitlementsv1.SpendCondition_SCOPE_ACCOUNT
}

func (w scheduleWriter) condition(c *schedule.Condition) *entitlementsv1.Condition {
	switch {
	case len(c.All) > 0:
		return &entitlementsv1.Condition{Condition: &entitlementsv1.Condition_All{All: w.conditions(c.All)}}
	case len(c.Any) > 0:
		return &entitlementsv1.Condition{Condition: &entitlementsv1.Condition_Any{Any: w.conditions(c.Any)}}
	case c.Subject == schedule.Tenure:
		return &entitlementsv1.Condition{Condition: &entitlementsv1.Condition_Tenure{
			Tenure: &entitlementsv1.TenureCondition{AtLeastMonths: int32(c.AtLeast)},
		}}
	case c.Subject == schedule.Board:
		return &entitlementsv1.Condition{Condition: &entitlementsv1.Condition_Board{
			Board: &entitlementsv1.BoardCondition{AtLeastTerms: int32(c.AtLeast)},
		}}
	case c.Subject == schedule.Innovation:
		return &entitlementsv1.Condition{Condition: &entitlementsv1.Condition_Innovation{
			Innovation: &entitlementsv1.InnovationCondition{AtLeastProjects: int32(c.AtLeast)},
		}}
	case c.Subject == schedule.Programme:
		return &entitlementsv1.Condition{Condition: &entitlementsv1.Condition_Programme{
			Programme: &entitlementsv1.ProgrammeCondition{Programme: c.Measure},
		}}
	}
	return &entitlementsv1.Condition{Condition: &entitlementsv1.Condition_Spend{Spend: &entitlementsv1.SpendCondition{
		Window: windowOut(c.Measure), Scope: scopeOut(c.Scope), AtLeast: w.money(c.AtLeast),
	}}}
}

func (w scheduleWriter) conditions(list []schedule.Condition) *entitlementsv1.Conditions {
	m := &entitlementsv1.Conditions{}
	for i := range list {
		m.Conditions = append(m.Conditions, w.condition(&list[i]))
	}
	return m
}
