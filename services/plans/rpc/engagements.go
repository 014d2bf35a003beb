package rpc

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/engagements"
)

// The permissions that are looked at here.
const (
	readEngagements   = "engagements.read"
	updateEngagements = "engagements.update"
)

// engagementsHandler serves EngagementsService.
type engagementsHandler struct {
	plansv1.UnimplementedEngagementsServiceServer
	domain      *engagements.Service
	assignments Assignments
}

// RegisterEngagements serves engagements and experts.
func RegisterEngagements(r grpc.ServiceRegistrar, domain *engagements.Service, assignments Assignments) {
	plansv1.RegisterEngagementsServiceServer(r, &engagementsHandler{domain: domain, assignments: assignments})
}

// answer makes the answer of a call that returns an engagement.
func (h *engagementsHandler) answer(ctx context.Context, e resource.Stored[engagements.Engagement], err error) (*plansv1.Engagement, error) {
	if err != nil {
		return nil, err
	}
	return engagementOut(e, auth.FromContext(ctx).SpendBlind()), nil
}

// seesAll says whether the caller may see engagements that others requested.
func seesAll(p *auth.Principal) bool { return p.Can(readEngagements) == auth.All && !p.SpendBlind() }

// get returns an engagement that the caller may see. Of what is not theirs they are told the
// same, whether it is there or not.
func (h *engagementsHandler) get(ctx context.Context, id string) (resource.Stored[engagements.Engagement], error) {
	found, err := h.domain.Get(ctx, id)
	p := auth.FromContext(ctx)
	missing := errors.Is(err, resource.ErrNotFound)
	if seesAll(p) || !missing && (err != nil || found.State.Requester == p.Name()) {
		return found, err
	}
	return found, fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "%s may read engagements that they requested only (%s), and %s is none.",
		p.Name(), readEngagements, engagements.Name(id)).
		With("permission", readEngagements).With("principal", p.Name()).WithResource("evenhand/Engagement", engagements.Name(id))
}

// mayAct wants an engagement to be of an account that is assigned to the caller, where they
// may not change all, or the caller to be on it as an expert.
func (h *engagementsHandler) mayAct(ctx context.Context, e *engagements.Engagement) error {
	if slices.Contains(e.Experts, callerID(ctx)) {
		return nil
	}
	return checkAssigned(ctx, h.assignments, updateEngagements, e.Account)
}

// change reads which engagement a call is about: one on which the caller may act.
func (h *engagementsHandler) change(ctx context.Context, r request.Mutation, name string) (id string, call resource.Call, err error) {
	return h.changeAs(ctx, r, name, h.mayAct)
}

func (h *engagementsHandler) changeAs(
	ctx context.Context, r request.Mutation, name string, may func(context.Context, *engagements.Engagement) error,
) (id string, call resource.Call, err error) {
	id = names.First(name, "engagements")
	if auth.FromContext(ctx).Can(updateEngagements) != auth.All {
		e, err := h.domain.Get(ctx, id)
		if err != nil {
			return "", call, err
		}
		if err := may(ctx, &e.State); err != nil {
			return "", call, err
		}
	}
	call, err = request.Call(ctx, r)
	return id, call, err
}

// GetEngagement implements EngagementsService.
func (h *engagementsHandler) GetEngagement(ctx context.Context, r *plansv1.GetEngagementRequest) (*plansv1.Engagement, error) {
	e, err := h.get(ctx, names.Last(r.GetName()))
	return h.answer(ctx, e, err)
}

var engagementFields = []filter.Field{
	{Name: "account"}, {Name: "requester"}, {Name: "expert"}, {Name: "area"}, {Name: "benefit"},
	{Name: "state", Kind: filter.Enum, Values: []string{"REQUESTED", "MATCHED", "UNDER_WAY", "COMPLETED", "DECLINED", "CANCELLED"}},
}

// ListEngagements implements EngagementsService.
func (h *engagementsHandler) ListEngagements(ctx context.Context, r *plansv1.ListEngagementsRequest) (*plansv1.ListEngagementsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), engagementFields)
	if err != nil {
		return nil, err
	}
	query := engagements.Query{Size: p.Size, After: p.After, Keep: func(s resource.Stored[engagements.Engagement]) bool {
		return f.Match(func(field string) any { return engagementField(&s.State, field) })
	}}
	if account := wantedIn(f, "account", "accounts"); account != nil {
		query.Account = *account
	}
	if requester := wanted(f, "requester"); requester != nil {
		query.Requester = *requester
	}
	caller := auth.FromContext(ctx)
	if !seesAll(caller) {
		query.Requester = caller.Name()
	}
	page, err := h.domain.List(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListEngagementsResponse{}
	for _, s := range page.Items {
		out.Engagements = append(out.Engagements, engagementOut(s, caller.SpendBlind()))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// engagementField is a field's value as filters see it.
func engagementField(e *engagements.Engagement, field string) any {
	switch field {
	case "account":
		return nameIn("accounts", e.Account)
	case "requester":
		return e.Requester
	case "expert":
		return namesIn("experts", e.Experts)
	case "area":
		return e.Area
	case "benefit":
		return e.Benefit
	}
	return strings.TrimPrefix(engagementStates[e.State].String(), "STATE_")
}

// CreateEngagement implements EngagementsService.
func (h *engagementsHandler) CreateEngagement(ctx context.Context, r *plansv1.CreateEngagementRequest) (*plansv1.Engagement, error) {
	account := names.First(r.GetEngagement().GetAccount(), "accounts")
	if account == "" {
		return nil, fault.Invalid("engagement.account", "is missing: say whose problem it is, as accounts/acme")
	}
	d, err := engagementIn(r.GetEngagement())
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Request(ctx, call, r.GetEngagementId(), account, d, r.GetValidateOnly())
	return h.answer(ctx, e, err)
}

// UpdateEngagement implements EngagementsService.
func (h *engagementsHandler) UpdateEngagement(ctx context.Context, r *plansv1.UpdateEngagementRequest) (*plansv1.Engagement, error) {
	patch, err := engagementPatch(r)
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetEngagement().GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Update(ctx, call, id, r.GetEngagement().GetEtag(), patch)
	return h.answer(ctx, e, err)
}

// MatchEngagement implements EngagementsService.
func (h *engagementsHandler) MatchEngagement(ctx context.Context, r *plansv1.MatchEngagementRequest) (*plansv1.MatchEngagementResponse, error) {
	id := names.Last(r.GetName())
	e, err := h.domain.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := h.mayAct(ctx, &e.State); err != nil {
		return nil, err
	}
	candidates, err := h.domain.Match(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &plansv1.MatchEngagementResponse{}
	for _, c := range candidates {
		out.Candidates = append(out.Candidates, &plansv1.MatchEngagementResponse_Candidate{
			Expert: engagements.ExpertName(c.Expert.ID), FreeMinutes: int32(c.FreeMinutes), MissingLanguages: c.Missing,
			EarlierEngagements: int32(c.Earlier), CurrentEngagements: int32(c.UnderWay), Reasons: c.Why})
	}
	return out, nil
}

// AssignExperts implements EngagementsService.
func (h *engagementsHandler) AssignExperts(ctx context.Context, r *plansv1.AssignExpertsRequest) (*plansv1.Engagement, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Assign(ctx, call, id, r.GetEtag(), idsIn("experts", r.GetExperts()))
	return h.answer(ctx, e, err)
}

// StartEngagement implements EngagementsService.
func (h *engagementsHandler) StartEngagement(ctx context.Context, r *plansv1.StartEngagementRequest) (*plansv1.Engagement, error) {
	on, err := dayGiven("start_date", r.GetStartDate())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Start(ctx, call, id, r.GetEtag(), on)
	return h.answer(ctx, e, err)
}

// CompleteEngagement implements EngagementsService.
func (h *engagementsHandler) CompleteEngagement(ctx context.Context, r *plansv1.CompleteEngagementRequest) (*plansv1.Engagement, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Complete(ctx, call, id, r.GetEtag(), r.GetOutcome())
	return h.answer(ctx, e, err)
}

// DeclineEngagement implements EngagementsService.
func (h *engagementsHandler) DeclineEngagement(ctx context.Context, r *plansv1.DeclineEngagementRequest) (*plansv1.Engagement, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Decline(ctx, call, id, r.GetEtag(), r.GetReason())
	return h.answer(ctx, e, err)
}

// CancelEngagement implements EngagementsService.
func (h *engagementsHandler) CancelEngagement(ctx context.Context, r *plansv1.CancelEngagementRequest) (*plansv1.Engagement, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Cancel(ctx, call, id, r.GetEtag(), r.GetReason())
	return h.answer(ctx, e, err)
}

// RecordFeedback implements EngagementsService.
func (h *engagementsHandler) RecordFeedback(ctx context.Context, r *plansv1.RecordFeedbackRequest) (*plansv1.Engagement, error) {
	in := r.GetFeedback()
	on, err := dayGiven("feedback.feedback_date", in.GetFeedbackDate())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Hear(ctx, call, id, engagements.Feedback{
		Text: in.GetText(), Rating: int(in.GetRating()), Contact: in.GetContact(), Solved: in.GetSolved(), Day: on})
	return h.answer(ctx, e, err)
}

// RecordHours implements EngagementsService.
func (h *engagementsHandler) RecordHours(ctx context.Context, r *plansv1.RecordHoursRequest) (*plansv1.HoursEntry, error) {
	in := r.GetHours()
	on, err := dayGiven("hours.work_date", in.GetWorkDate())
	if err != nil {
		return nil, err
	}
	person := cmp.Or(names.First(in.GetPerson(), "principals"), callerID(ctx))
	id, call, err := h.changeAs(ctx, r, r.GetParent(), func(ctx context.Context, e *engagements.Engagement) error {
		if person == callerID(ctx) && slices.Contains(e.People, person) {
			return nil // they may be on it no more, and have hours left to record
		}
		return h.mayAct(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	e, number, err := h.domain.Record(ctx, call, id, engagements.Entry{
		Day: on, Person: person, Minutes: int(in.GetMinutes()), Note: in.GetNote(),
	}, r.GetValidateOnly())
	return hoursAnswer(ctx, e, number, err)
}

// numberIn is the number of an entry of hours, in which its name ends.
func numberIn(name string) (int, error) {
	number, err := strconv.Atoi(names.Last(name))
	if err != nil {
		return 0, fault.Invalid("name", "%q does not end in the number of an entry", name)
	}
	return number, nil
}

// ReverseHours implements EngagementsService.
func (h *engagementsHandler) ReverseHours(ctx context.Context, r *plansv1.ReverseHoursRequest) (*plansv1.HoursEntry, error) {
	number, err := numberIn(r.GetName())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, number, err := h.domain.Reverse(ctx, call, id, number, r.GetReason())
	return hoursAnswer(ctx, e, number, err)
}

// ChargeHours implements EngagementsService.
func (h *engagementsHandler) ChargeHours(ctx context.Context, r *plansv1.ChargeHoursRequest) (*plansv1.HoursEntry, error) {
	number, err := numberIn(r.GetName())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Charge(ctx, call, id, number)
	return hoursAnswer(ctx, e, number, err)
}

// ListHours implements EngagementsService.
func (h *engagementsHandler) ListHours(ctx context.Context, r *plansv1.ListHoursRequest) (*plansv1.ListHoursResponse, error) {
	e, err := h.get(ctx, names.Last(r.GetParent()))
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListHoursResponse{}
	for number := range e.State.Hours {
		out.Hours = append(out.Hours, hoursOut(&e, number+1, auth.FromContext(ctx).SpendBlind()))
	}
	return out, nil
}
