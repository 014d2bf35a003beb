package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// updateCases is the permission to change cases, which a role may hold for assigned
// accounts only.
const updateCases = "cases.update"

// casesHandler serves CasesService.
type casesHandler struct {
	entitlementsv1.UnimplementedCasesServiceServer
	cases       *cases.Cases
	assignments Assignments
}

// caseID is the id under which the case of a name is kept. The schema has checked it.
func caseID(name string) string { return strings.TrimPrefix(name, accountPrefix) }

// staffCall is a request of somebody in the first of the caller's roles that has the
// permission that it needs.
func staffCall(ctx context.Context, r request.Mutation, permission string) (cases.Call, error) {
	call, err := request.Call(ctx, r)
	out := cases.Call{Call: call}
	for _, role := range auth.FromContext(ctx).Roles() {
		if auth.NewPrincipal("", "", false, role).Can(permission) != auth.None {
			out.Role = string(role)
			break
		}
	}
	return out, err
}

// change returns the call of a request that changes something of the account that a name
// begins with, if the caller may: NOT_FOUND for the account, PERMISSION_DENIED with
// NOT_ASSIGNED where the caller holds the permission for assigned accounts only.
func (h *casesHandler) change(ctx context.Context, r request.Mutation, name string) (cases.Call, error) {
	if err := checkAssigned(ctx, h.assignments, updateCases, names.First(name, "accounts")); err != nil {
		return cases.Call{}, err
	}
	return staffCall(ctx, r, updateCases)
}

func (h *casesHandler) answer(c resource.Stored[cases.Case], err error) (*entitlementsv1.Case, error) {
	if err != nil {
		return nil, err
	}
	wanted, err := h.cases.WantedAttestations(c.State.Version)
	if err != nil {
		return nil, err
	}
	return caseOut(c, h.cases.Now(), wanted), nil
}

// withPrecedents answers with like cases.
func (h *casesHandler) withPrecedents(ctx context.Context, c resource.Stored[cases.Case], err error) (*entitlementsv1.Case, error) {
	m, err := h.answer(c, err)
	if err != nil {
		return nil, err
	}
	found, err := h.cases.FindPrecedents(ctx, c.State.Issue, c.State.Facts, c.ID)
	if err != nil {
		return nil, err
	}
	m.Precedents = precedentsOut(found)
	return m, nil
}

// OpenCase implements CasesService.
func (h *casesHandler) OpenCase(ctx context.Context, r *entitlementsv1.OpenCaseRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetParent())
	if err != nil {
		return nil, err
	}
	in := r.GetCase()
	c, err := h.cases.Open(ctx, call, names.First(r.GetParent(), "accounts"), r.GetCaseId(), cases.Opening{
		Issue: in.GetIssue(), Channel: in.GetChannel(), Subject: in.GetSubject(), Description: in.GetDescription(), Facts: in.GetFacts(),
		Assignee: names.First(in.GetAssignee(), "principals")}, r.GetValidateOnly())
	return h.withPrecedents(ctx, c, err)
}

// GetCase implements CasesService.
func (h *casesHandler) GetCase(ctx context.Context, r *entitlementsv1.GetCaseRequest) (*entitlementsv1.Case, error) {
	c, err := h.cases.Get(ctx, caseID(r.GetName()))
	if r.GetView() == entitlementsv1.CaseView_CASE_VIEW_WITH_PRECEDENTS {
		return h.withPrecedents(ctx, c, err)
	}
	return h.answer(c, err)
}

// UpdateCase implements CasesService.
func (h *casesHandler) UpdateCase(ctx context.Context, r *entitlementsv1.UpdateCaseRequest) (*entitlementsv1.Case, error) {
	in := r.GetCase()
	mask, err := fieldmask.Read("case", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if _, err := request.Name("case.name", in.GetName(), "accounts", "cases"); err != nil {
		return nil, err
	}
	call, err := h.change(ctx, r, in.GetName())
	if err != nil {
		return nil, err
	}
	before, err := h.cases.Get(ctx, caseID(in.GetName()))
	if err != nil {
		return nil, err
	}
	// Immutable fields that differ are refused here; what is masked is changed by the
	// domain, on the case as it is then.
	now := caseOut(before, h.cases.Now(), nil)
	if err := mask.Apply(now, in); err != nil {
		return nil, err
	}
	patch, etag := cases.Patch{
		Issue:       fieldmask.Given(mask, "issue", in.GetIssue()),
		Channel:     fieldmask.Given(mask, "channel", in.GetChannel()),
		Subject:     fieldmask.Given(mask, "subject", in.GetSubject()),
		Description: fieldmask.Given(mask, "description", in.GetDescription()),
	}, in.GetEtag()
	if mask.Touches("facts") {
		facts := now.GetFacts()
		patch.Facts = &facts
		if !mask.Has("facts") && etag == "" { // the others are those that were read
			etag = before.Etag()
		}
	}
	return h.answer(h.cases.Update(ctx, call, before.ID, etag, patch))
}

// AssignCase implements CasesService.
func (h *casesHandler) AssignCase(ctx context.Context, r *entitlementsv1.AssignCaseRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return h.answer(h.cases.Assign(ctx, call, caseID(r.GetName()), r.GetEtag(), names.First(r.GetAssignee(), "principals"), r.GetValidateOnly()))
}

// ReplyToCase implements CasesService.
func (h *casesHandler) ReplyToCase(ctx context.Context, r *entitlementsv1.ReplyToCaseRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return h.answer(h.cases.Reply(ctx, call, caseID(r.GetName()), r.GetEtag(), r.GetNote()))
}

// WaitOnCustomer implements CasesService.
func (h *casesHandler) WaitOnCustomer(ctx context.Context, r *entitlementsv1.WaitOnCustomerRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return h.answer(h.cases.Wait(ctx, call, caseID(r.GetName()), r.GetEtag(), r.GetNote()))
}

// CustomerAnswered implements CasesService.
func (h *casesHandler) CustomerAnswered(ctx context.Context, r *entitlementsv1.CustomerAnsweredRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return h.answer(h.cases.Answered(ctx, call, caseID(r.GetName()), r.GetEtag(), r.GetNote()))
}

// ResolveCase implements CasesService.
func (h *casesHandler) ResolveCase(ctx context.Context, r *entitlementsv1.ResolveCaseRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	resolution := cases.Resolution{Remedy: cases.Remedy{ID: r.GetRemedy(), Note: r.GetNote(), DepartureReason: r.GetDepartureReason()}}
	if r.GetRemedyValue() != nil {
		value, code, err := wire.Minor("remedy_value", r.GetRemedyValue())
		if err != nil {
			return nil, err
		}
		resolution.Remedy.Value, resolution.Remedy.Currency = &value, code
	}
	for _, a := range r.GetAttestations() {
		resolution.Attestations = append(resolution.Attestations, cases.Attestation{What: a.GetWhat(), Kept: a.GetKept(), Note: a.GetNote()})
	}
	return h.answer(h.cases.Resolve(ctx, call, caseID(r.GetName()), r.GetEtag(), resolution, r.GetValidateOnly()))
}

// ReopenCase implements CasesService.
func (h *casesHandler) ReopenCase(ctx context.Context, r *entitlementsv1.ReopenCaseRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return h.answer(h.cases.Reopen(ctx, call, caseID(r.GetName()), r.GetEtag(), r.GetReason()))
}

// EscalateCase implements CasesService.
func (h *casesHandler) EscalateCase(ctx context.Context, r *entitlementsv1.EscalateCaseRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return h.answer(h.cases.Escalate(ctx, call, caseID(r.GetName()), r.GetEtag(), r.GetReason()))
}

// RecordCaseSurvey implements CasesService.
func (h *casesHandler) RecordCaseSurvey(ctx context.Context, r *entitlementsv1.RecordCaseSurveyRequest) (*entitlementsv1.Case, error) {
	call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return h.answer(h.cases.RecordSurvey(ctx, call, caseID(r.GetName()), r.GetEtag(), cases.Survey{Score: int(r.GetScore()), Comment: r.GetComment()}))
}

// PreviewDue implements CasesService.
func (h *casesHandler) PreviewDue(_ context.Context, r *entitlementsv1.PreviewDueRequest) (*entitlementsv1.PreviewDueResponse, error) {
	at, err := wire.Time("open_time", r.GetOpenTime())
	if err != nil {
		return nil, err
	}
	c, err := h.cases.PreviewDue(at)
	if err != nil {
		return nil, err
	}
	return &entitlementsv1.PreviewDueResponse{Clocks: clocksOut(c.Clocks, c.Opened), ScheduleVersion: versionNameOut(c.Version)}, nil
}

// FindPrecedents implements CasesService.
func (h *casesHandler) FindPrecedents(ctx context.Context, r *entitlementsv1.FindPrecedentsRequest) (*entitlementsv1.CasePrecedents, error) {
	found, err := h.cases.FindPrecedents(ctx, r.GetIssue(), r.GetFacts(), "")
	if err != nil {
		return nil, err
	}
	return precedentsOut(found), nil
}
