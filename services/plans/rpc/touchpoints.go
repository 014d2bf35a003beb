package rpc

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// touchpointsHandler serves TouchpointsService.
type touchpointsHandler struct {
	plansv1.UnimplementedTouchpointsServiceServer
	domain      *touchpoints.Service
	assignments Assignments
}

// RegisterTouchpoints serves TouchpointsService on a server.
func RegisterTouchpoints(r grpc.ServiceRegistrar, domain *touchpoints.Service, assignments Assignments) {
	plansv1.RegisterTouchpointsServiceServer(r, &touchpointsHandler{domain: domain, assignments: assignments})
}

// answer makes the answer of a call that returns a touchpoint.
func (h *touchpointsHandler) answer(ctx context.Context, t resource.Stored[touchpoints.Touchpoint], err error) (*plansv1.Touchpoint, error) {
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	return touchpointOut(t, today), nil
}

// change reads which touchpoint a call is about, which must be of an account that is assigned
// to the caller, or be the caller's own to do: whoever stands in need not serve the account. A
// retry of what the caller did while it was theirs is answered too.
func (h *touchpointsHandler) change(ctx context.Context, r request.Mutation, name string) (id string, call resource.Call, err error) {
	ids, err := request.Name("name", name, "plans", "touchpoints")
	if err != nil {
		return "", call, err
	}
	id = touchpoints.ID(ids[0], ids[1])
	if call, err = request.Call(ctx, r); err != nil {
		return "", call, err
	}
	refused := checkAssigned(ctx, h.assignments, updatePlans, ids[0])
	if refused == nil {
		return id, call, nil
	}
	t, err := h.domain.Get(ctx, id)
	switch {
	case errors.Is(err, resource.ErrNotFound):
		return "", call, refused
	case err != nil:
		return "", call, err
	case t.State.Owner == callerID(ctx):
		return id, call, nil
	}
	known, err := h.domain.Served(ctx, call, id)
	if err == nil && !known {
		err = refused
	}
	return id, call, err
}

// GetTouchpoint implements TouchpointsService.
func (h *touchpointsHandler) GetTouchpoint(ctx context.Context, r *plansv1.GetTouchpointRequest) (*plansv1.Touchpoint, error) {
	ids, err := request.Name("name", r.GetName(), "plans", "touchpoints")
	if err != nil {
		return nil, err
	}
	t, err := h.domain.Get(ctx, touchpoints.ID(ids[0], ids[1]))
	return h.answer(ctx, t, err)
}

var touchpointFields = []filter.Field{
	{Name: "owner"}, {Name: "cadence"}, {Name: "due_date", Kind: filter.Day}, {Name: "overdue", Kind: filter.Bool},
	{Name: "state", Kind: filter.Enum, Values: []string{"PLANNED", "DONE", "SKIPPED", "WITHDRAWN"}},
	{Name: "origin", Kind: filter.Enum, Values: []string{"CADENCE", "SUGGESTION", "SESSION", "PERSON", "UNPLANNED"}},
	{Name: "channel", Kind: filter.Enum, Values: []string{"CALL", "VISIT", "VIDEO", "EMAIL", "LETTER", "EVENT", "MESSAGE"}},
}

// ListTouchpoints implements TouchpointsService.
func (h *touchpointsHandler) ListTouchpoints(ctx context.Context, r *plansv1.ListTouchpointsRequest) (*plansv1.ListTouchpointsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), touchpointFields)
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	query := touchpoints.Query{Owner: wantedIn(f, "owner", "principals"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[touchpoints.Touchpoint]) bool { return f.Match(touchpointValues(s, today)) }}
	if plan := names.Last(r.GetParent()); plan != "-" {
		query.Plan = plan
	}
	query.State, query.Before = bounds(f, today)
	page, err := h.domain.List(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListTouchpointsResponse{}
	for _, s := range page.Items {
		out.Touchpoints = append(out.Touchpoints, touchpointOut(s, today))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// bounds are the state that a filter wants touchpoints in, and the day before which they have
// to be due, which indexes can answer; nil where it does not say.
func bounds(f filter.Filter, today civil.Day) (state *touchpoints.State, before *civil.Day) {
	if name := wanted(f, "state"); name != nil {
		of := touchpoints.State(strings.ToLower(*name))
		state = &of
	}
	if overdue, _ := f.Equal("overdue"); overdue == true {
		of := touchpoints.Planned
		state, before = &of, &today
	}
	if state == nil || *state != touchpoints.Planned { // what is done stands at another day
		return state, nil
	}
	if value, inclusive, ok := f.Below("due_date"); ok {
		text, _ := value.(string)
		if day, err := civil.ParseDay(text); err == nil {
			if inclusive {
				day++
			}
			if before == nil || day < *before {
				before = &day
			}
		}
	}
	return state, before
}

func touchpointValues(s resource.Stored[touchpoints.Touchpoint], today civil.Day) filter.Values {
	t := &s.State
	return func(field string) any {
		switch field {
		case "owner":
			return nameIn("principals", t.Owner)
		case "cadence":
			return t.Cadence
		case "due_date":
			if t.DueDay == 0 {
				return nil
			}
			return t.DueDay.String()
		case "overdue":
			return t.Overdue(today)
		case "origin":
			return strings.ToUpper(string(t.Origin))
		case "channel":
			return strings.ToUpper(string(t.Channel))
		}
		return strings.ToUpper(string(t.State))
	}
}

// ListDueTouchpoints implements TouchpointsService.
func (h *touchpointsHandler) ListDueTouchpoints(ctx context.Context, r *plansv1.ListDueTouchpointsRequest) (*plansv1.ListDueTouchpointsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	day, err := dayGiven("date", r.GetDate())
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	caller := callerID(ctx)
	owner := cmp.Or(names.First(r.GetOwner(), "principals"), caller)
	if owner == "" {
		return nil, fault.Invalid("owner", "is missing: say whose touchpoints, as principals/anna")
	}
	through := touchpoints.Week(cmp.Or(day, today))
	page, err := h.domain.Due(ctx, owner, through, p.Size, p.After)
	if err == nil && len(page.Items) == 0 && p.After == nil && owner != caller { // or the name is wrong
		err = h.domain.Known(ctx, owner)
	}
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListDueTouchpointsResponse{ThroughDate: dayOut(through)}
	for _, s := range page.Items {
		out.Touchpoints = append(out.Touchpoints, touchpointOut(s, today))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateTouchpoint implements TouchpointsService.
func (h *touchpointsHandler) CreateTouchpoint(ctx context.Context, r *plansv1.CreateTouchpointRequest) (*plansv1.Touchpoint, error) {
	plan, in := names.Last(r.GetParent()), r.GetTouchpoint()
	if err := checkAssigned(ctx, h.assignments, updatePlans, plan); err != nil {
		return nil, err
	}
	due, err := dayGiven("touchpoint.due_date", in.GetDueDate())
	if err != nil {
		return nil, err
	}
	contacts, err := contactsIn("touchpoint.contacts", plan, in.GetContacts())
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.domain.Plan(ctx, call, touchpoints.New{Plan: plan, Purpose: in.GetPurpose(), Channel: keyOf(channels, in.GetChannel()),
		Roles: in.GetAudience(), Contacts: contacts, Owner: names.First(in.GetOwner(), "principals"), Due: due}, r.GetValidateOnly())
	return h.answer(ctx, t, err)
}

// CompleteTouchpoint implements TouchpointsService.
func (h *touchpointsHandler) CompleteTouchpoint(ctx context.Context, r *plansv1.CompleteTouchpointRequest) (*plansv1.Touchpoint, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	plan, _, _ := strings.Cut(id, "/")
	outcome, err := outcomeIn(plan, r.GetOutcome())
	if err != nil {
		return nil, err
	}
	t, err := h.domain.Complete(ctx, call, id, r.GetEtag(), outcome)
	return h.answer(ctx, t, err)
}

// SkipTouchpoint implements TouchpointsService.
func (h *touchpointsHandler) SkipTouchpoint(ctx context.Context, r *plansv1.SkipTouchpointRequest) (*plansv1.Touchpoint, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	t, err := h.domain.Skip(ctx, call, id, r.GetEtag(), r.GetReason())
	return h.answer(ctx, t, err)
}

// RescheduleTouchpoint implements TouchpointsService.
func (h *touchpointsHandler) RescheduleTouchpoint(ctx context.Context, r *plansv1.RescheduleTouchpointRequest) (*plansv1.Touchpoint, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	due, err := dayGiven("due_date", r.GetDueDate())
	if err != nil {
		return nil, err
	}
	t, err := h.domain.Reschedule(ctx, call, id, r.GetEtag(), due, r.GetReason(), r.GetValidateOnly())
	return h.answer(ctx, t, err)
}

// ReassignTouchpoint implements TouchpointsService.
func (h *touchpointsHandler) ReassignTouchpoint(ctx context.Context, r *plansv1.ReassignTouchpointRequest) (*plansv1.Touchpoint, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	t, err := h.domain.Reassign(ctx, call, id, r.GetEtag(), names.First(r.GetOwner(), "principals"), r.GetReason())
	return h.answer(ctx, t, err)
}

// RecordContact implements TouchpointsService.
func (h *touchpointsHandler) RecordContact(ctx context.Context, r *plansv1.RecordContactRequest) (*plansv1.Touchpoint, error) {
	plan := names.Last(r.GetParent())
	if err := checkAssigned(ctx, h.assignments, updatePlans, plan); err != nil {
		return nil, err
	}
	outcome, err := outcomeIn(plan, r.GetOutcome())
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.domain.RecordContact(ctx, call, touchpoints.Record{Plan: plan, Purpose: r.GetPurpose(), Channel: keyOf(channels, r.GetChannel()),
		Owner: names.First(r.GetOwner(), "principals"), Outcome: outcome}, r.GetValidateOnly())
	return h.answer(ctx, t, err)
}

// touchpointDuties says what of a plan's touchpoints is to be done.
type touchpointDuties struct{ domain *touchpoints.Service }

// TouchpointDuties are the touchpoints that are planned, for handing a plan over.
func TouchpointDuties(domain *touchpoints.Service) Duties { return touchpointDuties{domain} }

// Due implements Duties.
func (d touchpointDuties) Due(ctx context.Context, account string) ([]Due, error) {
	planned := touchpoints.Planned
	page, err := d.domain.List(ctx, touchpoints.Query{Plan: account, State: &planned, Size: maxDue})
	if err != nil {
		return nil, err
	}
	today, err := d.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	var list []Due
	for _, t := range page.Items {
		list = append(list, Due{Resource: touchpoints.Name(t.ID), Description: t.State.Purpose, At: t.State.Due, Overdue: t.State.Overdue(today)})
	}
	return list, nil
}

// checkOwnAbsence returns PERMISSION_DENIED with NOT_ASSIGNED where the caller may only write
// their own absences down, and it is another's.
func checkOwnAbsence(ctx context.Context, principal string) error {
	p := auth.FromContext(ctx)
	if p.Can(updateAbsences) == auth.All || principal == callerID(ctx) {
		return nil
	}
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "%s holds %s for their own absences only, and this is one of %s.",
		p.Name(), updateAbsences, nameIn("principals", principal)).
		With("permission", updateAbsences).With("principal", p.Name())
}
