package rpc

import (
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/charter"
)

// rulesOf makes the message of a charter's rules.
func rulesOf(c *charter.Charter) *boardv1.Rules {
	out := &boardv1.Rules{
		Seats: int32(c.Seats), Nominated: int32(c.Nominated), TermMonths: int32(c.TermMonths), GraceDays: int32(c.GraceDays),
		MaxTerms: int32(c.MaxTerms), CoolingOffMonths: int32(c.CoolingOffMonths), WaitMonths: int32(c.WaitMonths),
		Rotation: recurrenceOf(&c.Rotation),
		Meetings: &boardv1.MeetingRules{When: recurrenceOf(c.Meetings.When), PerYear: int32(c.Meetings.PerYear),
			NoticeDays: int32(c.Meetings.NoticeDays), Substitutes: c.Meetings.Substitutes},
		Conflicts:  &boardv1.ConflictRules{SameAttributes: c.Conflicts.SameAttributes, SameGroup: c.Conflicts.SameGroup},
		Quorum:     quorumOf(c.Quorum),
		Alternates: &boardv1.AlternateRules{Count: int32(c.Alternates.Count), AnswerDays: int32(c.Alternates.AnswerDays)},
		NoticeDays: int32(c.NoticeDays), Workdays: workdaysOf(c.Workdays),
	}
	for i := range c.Categories {
		out.Categories = append(out.Categories, categoryOf(&c.Categories[i]))
	}
	return out
}

var policies = map[calendar.Policy]boardv1.Recurrence_HolidayPolicy{
	"":                       boardv1.Recurrence_HOLIDAY_POLICY_KEEP,
	calendar.Keep:            boardv1.Recurrence_HOLIDAY_POLICY_KEEP,
	calendar.NextWorkday:     boardv1.Recurrence_HOLIDAY_POLICY_NEXT_WORKDAY,
	calendar.PreviousWorkday: boardv1.Recurrence_HOLIDAY_POLICY_PREVIOUS_WORKDAY,
	calendar.Skip:            boardv1.Recurrence_HOLIDAY_POLICY_SKIP,
}

func recurrenceOf(r *calendar.Recurrence) *boardv1.Recurrence {
	if r == nil {
		return nil
	}
	out := &boardv1.Recurrence{Rule: r.Rule, Start: r.Start, TimeZone: r.Zone, OnHoliday: policies[r.OnHoliday]}
	if r.Duration != 0 {
		out.Duration = durationpb.New(r.Duration)
	}
	return out
}

func workdaysOf(w calendar.Workdays) *boardv1.Workdays {
	out := &boardv1.Workdays{Weekend: w.Weekend}
	for _, day := range w.Holidays {
		out.Holidays = append(out.Holidays, wire.Date(int32(day)))
	}
	return out
}

func quorumOf(q charter.Quorum) *boardv1.Quorum {
	if q.Percent != 0 {
		return &boardv1.Quorum{Of: &boardv1.Quorum_Percent{Percent: int32(q.Percent)}}
	}
	return &boardv1.Quorum{Of: &boardv1.Quorum_Members{Members: int32(q.Members)}}
}

var sources = map[charter.Source]boardv1.Category_Source{
	charter.Attribute: boardv1.Category_SOURCE_ATTRIBUTE,
	charter.Tenure:    boardv1.Category_SOURCE_TENURE,
}

func categoryOf(c *charter.Category) *boardv1.Category {
	out := &boardv1.Category{Name: c.Name, Source: sources[c.Source], Key: c.Key, NotGiven: c.NotGiven, Other: c.Other}
	for _, b := range c.Bands {
		out.Bands = append(out.Bands, &boardv1.Band{Value: b.Value, From: b.From, Below: b.Below})
	}
	for _, q := range c.Quotas {
		out.Quotas = append(out.Quotas, &boardv1.Quota{Value: q.Value, Min: int32(q.Min), Max: int32(q.Max)})
	}
	return out
}

// rulesFrom reads a charter's rules; whether they can be is for the domain to say.
func rulesFrom(in *boardv1.Rules) (charter.Charter, error) {
	workdays, err := workdaysFrom(in.GetWorkdays())
	if err != nil {
		return charter.Charter{}, err
	}
	c := charter.Charter{
		Seats: int(in.GetSeats()), Nominated: int(in.GetNominated()), TermMonths: int(in.GetTermMonths()), GraceDays: int(in.GetGraceDays()),
		MaxTerms: int(in.GetMaxTerms()), CoolingOffMonths: int(in.GetCoolingOffMonths()), WaitMonths: int(in.GetWaitMonths()),
		Meetings: charter.Meetings{When: recurrenceFrom(in.GetMeetings().GetWhen()), PerYear: int(in.GetMeetings().GetPerYear()),
			NoticeDays: int(in.GetMeetings().GetNoticeDays()), Substitutes: in.GetMeetings().GetSubstitutes()},
		Conflicts:  charter.Conflicts{SameAttributes: in.GetConflicts().GetSameAttributes(), SameGroup: in.GetConflicts().GetSameGroup()},
		Quorum:     charter.Quorum{Members: int(in.GetQuorum().GetMembers()), Percent: int(in.GetQuorum().GetPercent())},
		Alternates: charter.Alternates{Count: int(in.GetAlternates().GetCount()), AnswerDays: int(in.GetAlternates().GetAnswerDays())},
		NoticeDays: int(in.GetNoticeDays()), Workdays: workdays,
	}
	if r := recurrenceFrom(in.GetRotation()); r != nil {
		c.Rotation = *r
	}
	for _, category := range in.GetCategories() {
		c.Categories = append(c.Categories, categoryFrom(category))
	}
	return c, nil
}

func recurrenceFrom(in *boardv1.Recurrence) *calendar.Recurrence {
	if in == nil {
		return nil
	}
	out := &calendar.Recurrence{Rule: in.GetRule(), Start: in.GetStart(), Zone: in.GetTimeZone(), Duration: in.GetDuration().AsDuration()}
	for policy, number := range policies {
		if policy != "" && number == in.GetOnHoliday() {
			out.OnHoliday = policy
		}
	}
	return out
}

func workdaysFrom(in *boardv1.Workdays) (calendar.Workdays, error) {
	out := calendar.Workdays{Weekend: in.GetWeekend()}
	for i, holiday := range in.GetHolidays() {
		day, err := wire.Day(fmt.Sprintf("charter.rules.workdays.holidays[%d]", i), holiday)
		if err != nil {
			return out, err
		}
		out.Holidays = append(out.Holidays, civil.Day(day))
	}
	return out, nil
}

func categoryFrom(in *boardv1.Category) charter.Category {
	c := charter.Category{Name: in.GetName(), Source: charter.Attribute, Key: in.GetKey(), NotGiven: in.GetNotGiven(), Other: in.GetOther()}
	if in.GetSource() == boardv1.Category_SOURCE_TENURE {
		c.Source = charter.Tenure
	} else if c.Key == "" {
		c.Key = c.Name
	}
	for _, b := range in.GetBands() {
		c.Bands = append(c.Bands, charter.Band{Value: b.GetValue(), From: b.From, Below: b.Below})
	}
	for _, q := range in.GetQuotas() {
		c.Quotas = append(c.Quotas, charter.Quota{Value: q.GetValue(), Min: int(q.GetMin()), Max: int(q.GetMax())})
	}
	return c
}
