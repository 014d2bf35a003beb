package rpc

import (
	"errors"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

var programmeStates = map[programmes.State]entitlementsv1.Programme_State{
	programmes.Draft:   entitlementsv1.Programme_STATE_DRAFT,
	programmes.Open:    entitlementsv1.Programme_STATE_OPEN,
	programmes.Running: entitlementsv1.Programme_STATE_RUNNING,
	programmes.Closed:  entitlementsv1.Programme_STATE_CLOSED,
}

var standings = map[programmes.Standing]entitlementsv1.Enrolment_Standing{
	programmes.Waiting:  entitlementsv1.Enrolment_STANDING_WAITING,
	programmes.Enrolled: entitlementsv1.Enrolment_STANDING_ENROLLED,
	programmes.Left:     entitlementsv1.Enrolment_STANDING_LEFT,
}

// programmeOut writes a programme as it is on a day. Blind callers do not learn criteria
// that read spend.
func programmeOut(p resource.Stored[programmes.Programme], reading decision.Reading, blind bool) *entitlementsv1.Programme {
	s := &p.State
	m := &entitlementsv1.Programme{
		Name: programmes.Name(p.ID), Title: s.Title, Summary: s.Summary, Capacity: int32(s.Capacity),
		OpenDate: dayOut(s.Opens), CloseDate: dayOut(s.Closes), PublishDate: dayOut(s.PublishedOn), State: programmeStates[s.State(reading.Today)],
		EnrolledCount: int32(s.Count(programmes.Enrolled)), WaitingCount: int32(s.Count(programmes.Waiting)),
		Etag: programmes.Etag(p), CreateTime: wire.Timestamp(s.Created), UpdateTime: wire.Timestamp(s.Updated),
	}
	tellAdmission(m, s)
	if s.Ending != nil {
		m.EndDate, m.EndReason = dayOut(s.Ending.Day), s.Ending.Reason
	}
	if !blind || !programmes.ReadsSpend(s.Criteria) {
		m.Criteria = scheduleWriter{currency: reading.Currency}.condition(&s.Criteria)
		m.CriteriaText = schedule.FormatCondition(s.Criteria, reading.Currency)
	}
	return m
}

func enrolmentOut(e programmes.Enrolment) *entitlementsv1.Enrolment {
	m := &entitlementsv1.Enrolment{
		Name: programmes.EnrolmentName(e.Programme, e.Account), Account: accountPrefix + e.Account, Standing: standings[e.Standing],
		ApplyTime: wire.Timestamp(e.Applied), Position: int32(e.Position), LeftReason: e.Why,
	}
	if e.Standing == programmes.Enrolled {
		m.StartDate, m.EndDate = dayOut(e.From), dateOut(e.Until)
	}
	for _, stay := range e.Stays {
		m.PastStays = append(m.PastStays, &entitlementsv1.Enrolment_Stay{StartDate: dayOut(stay.From), EndDate: dayOut(stay.To)})
	}
	return m
}

// criteriaIn reads criteria from a message, or else from a text.
func criteriaIn(m *entitlementsv1.Condition, text string, currency schedule.Currency) (schedule.Condition, error) {
	if text == "" {
		r := &scheduleReader{currency: currency.Code}
		c := r.condition("criteria", m)
		if len(r.wrong) == 0 {
			return c, nil
		}
		for i := range r.wrong {
			r.wrong[i].Path = "programme." + strings.TrimPrefix(r.wrong[i].Path, "schedule.")
		}
		return c, unreadableCriteria(r.wrong)
	}
	if m != nil {
		return schedule.Condition{}, fault.Invalid("criteria_text", "must not be given together with programme.criteria: choose one")
	}
	c, err := schedule.ParseCondition(text, "criteria", currency)
	var problems schedule.Problems
	if !errors.As(err, &problems) {
		return c, err
	}
	var wrong []fault.Field
	for _, p := range problems {
		wrong = append(wrong, fault.Field{Path: "criteria_text", Description: p.String()})
	}
	return c, unreadableCriteria(wrong)
}

func unreadableCriteria(wrong []fault.Field) error {
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "The criteria cannot be read: %s: %s",
		wrong[0].Path, wrong[0].Description).WithFields(wrong...)
}

// tellProgramme gives a change of a programme its state: the enrolments that it was about,
// or else the programme, without its criteria, whose amounts the feed cannot write.
func tellProgramme(out *entitlementsv1.Change, p *resource.Stored[programmes.Programme]) {
	if strings.HasPrefix(out.GetType(), "programme.") {
		s := &p.State
		m := &entitlementsv1.Programme{
			Name: programmes.Name(p.ID), Title: s.Title, Summary: s.Summary, Capacity: int32(s.Capacity), OpenDate: dayOut(s.Opens),
			CloseDate: dayOut(s.Closes), PublishDate: dayOut(s.PublishedOn), Etag: programmes.Etag(*p),
			CreateTime: wire.Timestamp(s.Created), UpdateTime: wire.Timestamp(s.Updated),
		}
		tellAdmission(m, s)
		if s.Ending != nil {
			m.EndDate, m.EndReason = dayOut(s.Ending.Day), s.Ending.Reason
		}
		out.State = &entitlementsv1.Change_Programme{Programme: m}
		return
	}
	m := &entitlementsv1.Enrolments{}
	for _, e := range programmes.EnrolmentsOf(*p) {
		e.Position = 0 // among those who are told, not on the list
		m.Enrolments = append(m.Enrolments, enrolmentOut(e))
	}
	out.State = &entitlementsv1.Change_Enrolments{Enrolments: m}
}
