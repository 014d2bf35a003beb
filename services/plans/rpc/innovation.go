package rpc

import (
	"cmp"
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/innovation"
)

// The permissions that are looked at here.
const (
	updateProjects  = "projects.update"
	confirmProjects = "projects.confirm"
	// withdrawConfirmations, where it is for assigned accounts only, is for projects that one
	// leads, too.
	withdrawConfirmations = "projects.withdraw"
)

// innovationHandler serves InnovationProjectsService.
type innovationHandler struct {
	plansv1.UnimplementedInnovationProjectsServiceServer
	domain      *innovation.Service
	assignments Assignments
}

// RegisterInnovation serves innovation projects.
func RegisterInnovation(r grpc.ServiceRegistrar, domain *innovation.Service, assignments Assignments) {
	plansv1.RegisterInnovationProjectsServiceServer(r, &innovationHandler{domain: domain, assignments: assignments})
}

// projectAnswer makes the answer of a call that returns a project.
func projectAnswer(p resource.Stored[innovation.Project], err error) (*plansv1.InnovationProject, error) {
	if err != nil {
		return nil, err
	}
	return projectOut(p), nil
}

// checkProject wants an account of a project to be assigned to the caller, or the caller to
// lead it, where they hold the permission for assigned accounts only.
func (h *innovationHandler) checkProject(ctx context.Context, accounts []string, lead string) error {
	if auth.FromContext(ctx).Can(updateProjects) == auth.All || lead != "" && lead == callerID(ctx) {
		return nil
	}
	var first error
	for _, account := range accounts {
		err := checkAssigned(ctx, h.assignments, updateProjects, account)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

// change reads which project a call is about. Who has given a project away is answered when
// they retry that.
func (h *innovationHandler) change(ctx context.Context, r request.Mutation, name string) (id string, call resource.Call, err error) {
	id = names.Last(name)
	if call, err = request.Call(ctx, r); err != nil || auth.FromContext(ctx).Can(updateProjects) == auth.All {
		return id, call, err
	}
	p, err := h.domain.Get(ctx, id)
	if err != nil {
		return "", call, err
	}
	if refused := h.checkProject(ctx, p.State.Accounts, p.State.Lead); refused != nil {
		known, err := h.domain.Served(ctx, call, id)
		if err == nil && !known {
			err = refused
		}
		return id, call, err
	}
	return id, call, nil
}

// GetInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) GetInnovationProject(
	ctx context.Context, r *plansv1.GetInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	return projectAnswer(h.domain.Get(ctx, names.Last(r.GetName())))
}

var projectFields = []filter.Field{
	{Name: "account"}, {Name: "lead"}, {Name: "title"},
	{Name: "state", Kind: filter.Enum, Values: []string{"PROPOSED", "AGREED", "UNDER_WAY", "LAUNCHED", "COMPLETED", "CONFIRMED", "STOPPED"}},
}

// ListInnovationProjects implements InnovationProjectsService.
func (h *innovationHandler) ListInnovationProjects(
	ctx context.Context, r *plansv1.ListInnovationProjectsRequest,
) (*plansv1.ListInnovationProjectsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), projectFields)
	if err != nil {
		return nil, err
	}
	query := innovation.Query{Size: p.Size, After: p.After, Keep: func(s resource.Stored[innovation.Project]) bool {
		return f.Match(func(field string) any {
			switch field {
			case "account":
				return namesIn("accounts", s.State.Accounts)
			case "lead":
				return nameIn("principals", s.State.Lead)
			case "title":
				return s.State.Title
			}
			return strings.TrimPrefix(projectStates[s.State.State].String(), "STATE_")
		})
	}}
	if account := wantedIn(f, "account", "accounts"); account != nil {
		query.Account = *account
	}
	page, err := h.domain.List(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListInnovationProjectsResponse{}
	for _, s := range page.Items {
		out.InnovationProjects = append(out.InnovationProjects, projectOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) CreateInnovationProject(
	ctx context.Context, r *plansv1.CreateInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	d, err := projectIn(r.GetInnovationProject())
	if err != nil {
		return nil, err
	}
	d.Lead = cmp.Or(d.Lead, callerID(ctx))
	if len(d.Accounts) > 0 { // without any it is refused as it is
		if err := h.checkProject(ctx, d.Accounts, ""); err != nil {
			return nil, err
		}
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Propose(ctx, call, r.GetInnovationProjectId(), d, r.GetValidateOnly()))
}

// UpdateInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) UpdateInnovationProject(
	ctx context.Context, r *plansv1.UpdateInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	in := r.GetInnovationProject()
	mask, err := fieldmask.Read("innovation_project", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if _, err := request.Name("innovation_project.name", in.GetName(), "innovationProjects"); err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, in.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Update(ctx, call, id, in.GetEtag(), func(d *innovation.Definition) error {
		now := projectOut(resource.Stored[innovation.Project]{ID: id, State: innovation.Project{Definition: *d}})
		if err := mask.Apply(now, in); err != nil {
			return err
		}
		var err error
		*d, err = projectIn(now)
		return err
	}))
}

// SignInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) SignInnovationProject(
	ctx context.Context, r *plansv1.SignInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	in := r.GetSignature()
	on, err := dayGiven("signature.sign_date", in.GetSignDate())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	x := innovation.Signature{Account: names.First(in.GetAccount(), "accounts"), By: in.GetSigner(), Day: on}
	if x.Account == "" && x.By == "" {
		x.By = call.Principal
	}
	return projectAnswer(h.domain.Sign(ctx, call, id, r.GetEtag(), x))
}

// StartInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) StartInnovationProject(
	ctx context.Context, r *plansv1.StartInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Start(ctx, call, id, r.GetEtag()))
}

// DecideGate implements InnovationProjectsService.
func (h *innovationHandler) DecideGate(ctx context.Context, r *plansv1.DecideGateRequest) (*plansv1.InnovationProject, error) {
	in := r.GetDecision()
	on, err := dayGiven("decision.decide_date", in.GetDecideDate())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Decide(ctx, call, id, r.GetEtag(), innovation.Decision{
		Stage: int(in.GetStage()), Verdict: verdictIn(in.GetVerdict()), Reason: in.GetReason(), Evidence: in.GetEvidence(), Day: on}, r.GetLessons()))
}

// RecordPilot implements InnovationProjectsService.
func (h *innovationHandler) RecordPilot(ctx context.Context, r *plansv1.RecordPilotRequest) (*plansv1.InnovationProject, error) {
	in := r.GetPilot()
	from, err := dayGiven("pilot.start_date", in.GetStartDate())
	if err != nil {
		return nil, err
	}
	to, err := dayGiven("pilot.end_date", in.GetEndDate())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Try(ctx, call, id, r.GetEtag(), int(in.GetNumber()),
		innovation.Pilot{Where: in.GetLocation(), From: from, To: to, Result: in.GetResult()}))
}

// LaunchInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) LaunchInnovationProject(
	ctx context.Context, r *plansv1.LaunchInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	on, err := dayGiven("launch_date", r.GetLaunchDate())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Launch(ctx, call, id, r.GetEtag(), on))
}

// RecordResult implements InnovationProjectsService.
func (h *innovationHandler) RecordResult(ctx context.Context, r *plansv1.RecordResultRequest) (*plansv1.InnovationProject, error) {
	in := r.GetResult()
	on, err := dayGiven("result.measure_date", in.GetMeasureDate())
	if err != nil {
		return nil, err
	}
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Gained(ctx, call, id, r.GetEtag(), innovation.Result{
		Gain: int(in.GetGain()), Actual: in.GetActual(), Evidence: in.GetEvidence(), Day: on}))
}

// CompleteInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) CompleteInnovationProject(
	ctx context.Context, r *plansv1.CompleteInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Complete(ctx, call, id, r.GetEtag()))
}

// StopInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) StopInnovationProject(
	ctx context.Context, r *plansv1.StopInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	id, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Stop(ctx, call, id, r.GetEtag(), r.GetReason(), r.GetLessons()))
}

// ConfirmInnovationProject implements InnovationProjectsService.
func (h *innovationHandler) ConfirmInnovationProject(
	ctx context.Context, r *plansv1.ConfirmInnovationProjectRequest,
) (*plansv1.InnovationProject, error) {
	in := r.GetConfirmation()
	on, err := dayGiven("confirmation.confirm_date", in.GetConfirmDate())
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	p := auth.FromContext(ctx)
	return projectAnswer(h.domain.Confirm(ctx, call, innovation.Caller{Name: p.Name(), Person: p.Person()}, names.Last(r.GetName()), r.GetEtag(),
		innovation.Confirmation{Account: names.First(in.GetAccount(), "accounts"), Contact: in.GetContact(), Evidence: in.GetEvidence(), Day: on}))
}

// WithdrawConfirmation implements InnovationProjectsService.
func (h *innovationHandler) WithdrawConfirmation(
	ctx context.Context, r *plansv1.WithdrawConfirmationRequest,
) (*plansv1.InnovationProject, error) {
	id := names.Last(r.GetName())
	if auth.FromContext(ctx).Can(withdrawConfirmations) == auth.Assigned {
		p, err := h.domain.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := h.checkProject(ctx, p.State.Accounts, p.State.Lead); err != nil {
			return nil, err
		}
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return projectAnswer(h.domain.Withdraw(ctx, call, id, r.GetEtag(), names.First(r.GetAccount(), "accounts"), r.GetReason()))
}

// verdictIn reads a verdict; empty where none is given.
func verdictIn(in plansv1.InnovationProject_Verdict) innovation.Verdict {
	for verdict, out := range verdicts {
		if out == in {
			return verdict
		}
	}
	return ""
}
