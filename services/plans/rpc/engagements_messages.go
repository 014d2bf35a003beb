package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/engagements"
)

var engagementStates = map[engagements.State]plansv1.Engagement_State{
	engagements.Requested: plansv1.Engagement_STATE_REQUESTED,
	engagements.Matched:   plansv1.Engagement_STATE_MATCHED,
	engagements.UnderWay:  plansv1.Engagement_STATE_UNDER_WAY,
	engagements.Completed: plansv1.Engagement_STATE_COMPLETED,
	engagements.Declined:  plansv1.Engagement_STATE_DECLINED,
	engagements.Cancelled: plansv1.Engagement_STATE_CANCELLED,
}

var engagementOrigins = map[engagements.Origin]plansv1.Engagement_Origin{
	engagements.AskedFor:  plansv1.Engagement_ORIGIN_ASKED_FOR,
	engagements.Offered:   plansv1.Engagement_ORIGIN_OFFERED,
	engagements.Automatic: plansv1.Engagement_ORIGIN_AUTOMATIC,
}

// originIn reads an origin; empty where none is given.
func originIn(in plansv1.Engagement_Origin) engagements.Origin {
	for origin, out := range engagementOrigins {
		if out == in {
			return origin
		}
	}
	return ""
}

// engagementOut is an engagement as it is told; who is blind to spend is not told what it
// uses of a benefit.
func engagementOut(s resource.Stored[engagements.Engagement], blind bool) *plansv1.Engagement {
	e := &s.State
	m := &plansv1.Engagement{
		Name: engagements.Name(s.ID), Account: nameIn("accounts", e.Account), Title: e.Title, Problem: e.Problem, Area: e.Area,
		Requester: e.Requester, Contact: e.Contact, Languages: e.Languages, Origin: engagementOrigins[e.Origin],
		PlannedMinutes: int32(e.PlannedMinutes), PlannedStartDate: dayOut(e.PlannedStart), PlannedEndDate: dayOut(e.PlannedEnd),
		Benefit: e.Benefit, UnitMinutes: int32(e.UnitMinutes), State: engagementStates[e.State], EndReason: e.Reason, Outcome: e.Outcome,
		Experts: namesIn("experts", e.Experts), StartDate: dayOut(e.Started), EndDate: dayOut(e.Ended), WorkedMinutes: int32(e.Worked),
		Solved: e.Confirmed(), Etag: s.Etag(), CreateTime: wire.Timestamp(e.Created), UpdateTime: wire.Timestamp(e.Updated),
	}
	if !blind {
		m.UsedUnits, m.RefusedUnits = e.Used, e.Refused
	}
	for _, f := range e.Feedback {
		m.Feedback = append(m.Feedback, &plansv1.EngagementFeedback{Text: f.Text, Rating: int32(f.Rating), Contact: f.Contact,
			Solved: f.Solved, FeedbackDate: dayOut(f.Day), Recorder: f.By, RecordTime: wire.Timestamp(f.At)})
	}
	return m
}

func engagementIn(in *plansv1.Engagement) (engagements.Definition, error) {
	d := engagements.Definition{
		Title: in.GetTitle(), Problem: in.GetProblem(), Area: in.GetArea(), Contact: in.GetContact(), Languages: in.GetLanguages(),
		Origin: originIn(in.GetOrigin()), PlannedMinutes: int(in.GetPlannedMinutes()),
		Benefit: in.GetBenefit(), UnitMinutes: int(in.GetUnitMinutes()),
	}
	var err error
	if d.PlannedStart, err = dayGiven("engagement.planned_start_date", in.GetPlannedStartDate()); err != nil {
		return d, err
	}
	d.PlannedEnd, err = dayGiven("engagement.planned_end_date", in.GetPlannedEndDate())
	return d, err
}

func engagementPatch(r *plansv1.UpdateEngagementRequest) (engagements.Patch, error) {
	in := r.GetEngagement()
	mask, err := fieldmask.Read("engagement", r.GetUpdateMask(), in)
	if err != nil {
		return engagements.Patch{}, err
	}
	if _, err := request.Name("engagement.name", in.GetName(), "engagements"); err != nil {
		return engagements.Patch{}, err
	}
	d, err := engagementIn(in)
	return engagements.Patch{
		Title: fieldmask.Given(mask, "title", d.Title), Problem: fieldmask.Given(mask, "problem", d.Problem),
		Area: fieldmask.Given(mask, "area", d.Area), Contact: fieldmask.Given(mask, "contact", d.Contact),
		Languages: fieldmask.Given(mask, "languages", d.Languages), Origin: fieldmask.Given(mask, "origin", d.Origin),
		PlannedMinutes: fieldmask.Given(mask, "planned_minutes", d.PlannedMinutes),
		PlannedStart:   fieldmask.Given(mask, "planned_start_date", d.PlannedStart),
		PlannedEnd:     fieldmask.Given(mask, "planned_end_date", d.PlannedEnd),
		Benefit:        fieldmask.Given(mask, "benefit", d.Benefit), UnitMinutes: fieldmask.Given(mask, "unit_minutes", d.UnitMinutes),
	}, err
}

var hoursCharges = map[engagements.Charge]plansv1.HoursEntry_Charge{
	engagements.Due:     plansv1.HoursEntry_CHARGE_DUE,
	engagements.Settled: plansv1.HoursEntry_CHARGE_SETTLED,
	engagements.Refused: plansv1.HoursEntry_CHARGE_REFUSED,
}

// hoursAnswer makes the answer of a call that returns an entry of hours.
func hoursAnswer(ctx context.Context, e resource.Stored[engagements.Engagement], number int, err error) (*plansv1.HoursEntry, error) {
	if err != nil {
		return nil, err
	}
	return hoursOut(&e, number, auth.FromContext(ctx).SpendBlind()), nil
}

// hoursOut is an entry of an engagement's hours as it is told; who is blind to spend is not
// told what it uses of a benefit.
func hoursOut(e *resource.Stored[engagements.Engagement], number int, blind bool) *plansv1.HoursEntry {
	h := &e.State.Hours[number-1]
	m := &plansv1.HoursEntry{
		Name: engagements.HoursName(e.ID, number), WorkDate: dayOut(h.Day), Person: nameIn("principals", h.Person), Minutes: int32(h.Minutes),
		Note: h.Note, Recorder: h.By, RecordTime: wire.Timestamp(h.At),
	}
	if h.Reverses != 0 {
		m.Reverses = engagements.HoursName(e.ID, h.Reverses)
	}
	if by := e.State.Reversal(number); by != 0 {
		m.ReversedBy = engagements.HoursName(e.ID, by)
	}
	if blind {
		return m
	}
	m.Charge, m.Units, m.UsageEntry, m.Refusal = hoursCharges[h.Charge], h.Units, h.Usage, h.Refusal
	for _, back := range h.Back {
		m.Units -= back.Units
	}
	return m
}

func expertOut(s resource.Stored[engagements.Expert]) *plansv1.Expert {
	e := &s.State
	return &plansv1.Expert{
		Name: engagements.ExpertName(s.ID), Areas: e.Areas, Description: e.Description, Languages: e.Languages,
		HoursAMonth: int32(e.HoursAMonth), State: expertState(e.Inactive), Etag: s.Etag(),
		CreateTime: wire.Timestamp(e.Created), UpdateTime: wire.Timestamp(e.Updated),
	}
}

func expertState(inactive bool) plansv1.Expert_State {
	if inactive {
		return plansv1.Expert_STATE_INACTIVE
	}
	return plansv1.Expert_STATE_ACTIVE
}

// expertAnswer makes the answer of a call that returns an expert.
func expertAnswer(e resource.Stored[engagements.Expert], err error) (*plansv1.Expert, error) {
	if err != nil {
		return nil, err
	}
	return expertOut(e), nil
}
