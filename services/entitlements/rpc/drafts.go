package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/requests"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// draftsHandler serves DraftsService.
type draftsHandler struct {
	entitlementsv1.UnimplementedDraftsServiceServer
	domain    *requests.Service
	decisions *entitlements.Service
}

const draftPrefix = "schedule/drafts/"

// draftID takes the id out of `schedule/drafts/{draft}`, which validation has checked.
func draftID(name string) string { return strings.TrimPrefix(name, draftPrefix) }

var draftStates = map[requests.DraftState]entitlementsv1.Draft_State{
	requests.Writing:   entitlementsv1.Draft_STATE_DRAFT,
	requests.Proposed:  entitlementsv1.Draft_STATE_PROPOSED,
	requests.Approved:  entitlementsv1.Draft_STATE_APPROVED,
	requests.Published: entitlementsv1.Draft_STATE_PUBLISHED,
	requests.Rejected:  entitlementsv1.Draft_STATE_REJECTED,
	requests.Withdrawn: entitlementsv1.Draft_STATE_WITHDRAWN,
}

// draftOut is a draft without its text; last is the number of the version published last.
func draftOut(d *resource.Stored[requests.Draft], last int) *entitlementsv1.Draft {
	s := &d.State
	m := &entitlementsv1.Draft{
		Name: requests.DraftName(d.ID), State: draftStates[s.State], ContentHash: s.Hash, BaseVersion: int32(s.Base), Reason: s.Reason,
		NewRules: s.Rules, Writers: s.Writers, Proposer: s.Proposer, ProposeTime: wire.Timestamp(s.Proposed),
		Approver: s.Approver, ApproveTime: wire.Timestamp(s.ApprovedAt), SingleOperator: s.SingleOperator,
		Ender: s.EndedBy, EndTime: wire.Timestamp(s.Ended), EndReason: s.Ending,
		Etag: d.Etag(), CreateTime: wire.Timestamp(s.Created), UpdateTime: wire.Timestamp(s.Updated),
	}
	if r := s.Returned; r != nil {
		m.Returned = &entitlementsv1.Draft_Return{Approver: r.Approver, ReturnTime: wire.Timestamp(r.At), Reason: r.Reason, Message: r.Message}
	}
	m.Outdated = (s.State == requests.Writing || s.State == requests.Proposed) && s.Base != last
	if s.Request != "" {
		m.SpecialRequest = requests.RequestName(s.Request)
	}
	if s.Version != 0 {
		m.ScheduleVersion = entitlements.VersionName(s.Version)
	}
	return m
}

// answer makes the answer of a call that returns a draft with its text.
func (h *draftsHandler) answer(ctx context.Context, d resource.Stored[requests.Draft], err error) (*entitlementsv1.Draft, error) {
	if err != nil {
		return nil, err
	}
	last, err := h.domain.LastVersion(ctx)
	if err != nil {
		return nil, err
	}
	m := draftOut(&d, last)
	m.Yaml = d.State.YAML
	content, err := schedule.Parse([]byte(d.State.YAML))
	if err != nil {
		return nil, err
	}
	m.Schedule = scheduleOut(content)
	return m, nil
}

// callerOf is who calls, as the use cases of drafts and requests see it.
func callerOf(ctx context.Context) requests.Caller {
	p := auth.FromContext(ctx)
	c := requests.Caller{Name: p.Name(), Person: p.Person()}
	for _, role := range p.Roles() {
		c.Roles = append(c.Roles, string(role))
	}
	return c
}

// GetDraft implements DraftsService.
func (h *draftsHandler) GetDraft(ctx context.Context, r *entitlementsv1.GetDraftRequest) (*entitlementsv1.Draft, error) {
	d, err := h.domain.GetDraft(ctx, draftID(r.GetName()))
	return h.answer(ctx, d, err)
}

var draftFields = []filter.Field{
	{Name: "proposer"}, {Name: "special_request"},
	{Name: "state", Kind: filter.Enum, Values: []string{"DRAFT", "PROPOSED", "APPROVED", "PUBLISHED", "REJECTED", "WITHDRAWN"}},
}

// ListDrafts implements DraftsService.
func (h *draftsHandler) ListDrafts(ctx context.Context, r *entitlementsv1.ListDraftsRequest) (*entitlementsv1.ListDraftsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), draftFields...)
	if err != nil {
		return nil, err
	}
	last, err := h.domain.LastVersion(ctx)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.ListDrafts(ctx, requests.Newest[requests.Draft]{Size: p.Size, After: p.After, Keep: func(d resource.Stored[requests.Draft]) bool {
		return f.Match(func(field string) any { return draftField(draftOut(&d, last), field) })
	}})
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.ListDraftsResponse{}
	for i := range page.Items {
		m.Drafts = append(m.Drafts, draftOut(&page.Items[i], last))
	}
	m.NextPageToken, err = p.Next(page.Next)
	return m, err
}

// draftField is a field's value as filters see it.
func draftField(d *entitlementsv1.Draft, field string) any {
	switch field {
	case "proposer":
		return d.GetProposer()
	case "special_request":
		return d.GetSpecialRequest()
	case "state":
		return strings.TrimPrefix(d.GetState().String(), "STATE_")
	}
	return nil
}

// CreateDraft implements DraftsService.
func (h *draftsHandler) CreateDraft(ctx context.Context, r *entitlementsv1.CreateDraftRequest) (*entitlementsv1.Draft, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.domain.CreateDraft(ctx, c, callerOf(ctx), requests.NewDraft{
		ID: r.GetDraftId(), File: []byte(r.GetDraft().GetYaml()), Reason: r.GetDraft().GetReason(),
	}, r.GetValidateOnly())
	return h.answer(ctx, d, err)
}

// ComposeDraft implements DraftsService.
func (h *draftsHandler) ComposeDraft(ctx context.Context, r *entitlementsv1.ComposeDraftRequest) (*entitlementsv1.Draft, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.domain.CreateDraft(ctx, c, callerOf(ctx), requests.NewDraft{
		ID: r.GetDraftId(), Fragment: []byte(r.GetFragment()), Reason: r.GetReason(),
	}, r.GetValidateOnly())
	return h.answer(ctx, d, err)
}

// UpdateDraft implements DraftsService.
func (h *draftsHandler) UpdateDraft(ctx context.Context, r *entitlementsv1.UpdateDraftRequest) (*entitlementsv1.Draft, error) {
	in := r.GetDraft()
	mask, err := fieldmask.Read("draft", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if id, ok := strings.CutPrefix(in.GetName(), draftPrefix); !ok || !names.IsID(id) {
		return nil, fault.Invalid("draft.name", "%q is not the name of a draft, as %sspring", in.GetName(), draftPrefix)
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.domain.UpdateDraft(ctx, c, callerOf(ctx), draftID(in.GetName()), in.GetEtag(), requests.DraftPatch{
		YAML:   fieldmask.Given(mask, "yaml", in.GetYaml()),
		Reason: fieldmask.Given(mask, "reason", in.GetReason()),
		Base:   fieldmask.Given(mask, "base_version", int(in.GetBaseVersion())),
	})
	return h.answer(ctx, d, err)
}

// SimulateDraft implements DraftsService.
func (h *draftsHandler) SimulateDraft(ctx context.Context, r *entitlementsv1.SimulateDraftRequest) (*entitlementsv1.Simulation, error) {
	d, err := h.domain.GetDraft(ctx, draftID(r.GetName()))
	if err != nil {
		return nil, err
	}
	at, day, err := simulatedMoment(r)
	if err != nil {
		return nil, err
	}
	s, err := h.decisions.Simulate(ctx, entitlements.Simulating{File: []byte(d.State.YAML), At: at, Day: day, Sample: sampleIn(r.GetSampleSize())})
	if err != nil {
		return nil, err
	}
	return simulationOut(s), nil
}

// ProposeDraft implements DraftsService.
func (h *draftsHandler) ProposeDraft(ctx context.Context, r *entitlementsv1.ProposeDraftRequest) (*entitlementsv1.Draft, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.domain.ProposeDraft(ctx, c, callerOf(ctx), draftID(r.GetName()), r.GetEtag())
	return h.answer(ctx, d, err)
}

// ApproveDraft implements DraftsService.
func (h *draftsHandler) ApproveDraft(ctx context.Context, r *entitlementsv1.ApproveDraftRequest) (*entitlementsv1.Draft, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.domain.ApproveDraft(ctx, c, callerOf(ctx), draftID(r.GetName()), r.GetEtag())
	return h.answer(ctx, d, err)
}

// RejectDraft implements DraftsService.
func (h *draftsHandler) RejectDraft(ctx context.Context, r *entitlementsv1.RejectDraftRequest) (*entitlementsv1.Draft, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.domain.RejectDraft(ctx, c, callerOf(ctx), draftID(r.GetName()), r.GetEtag(), r.GetReason())
	return h.answer(ctx, d, err)
}

// WithdrawDraft implements DraftsService.
func (h *draftsHandler) WithdrawDraft(ctx context.Context, r *entitlementsv1.WithdrawDraftRequest) (*entitlementsv1.Draft, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.domain.WithdrawDraft(ctx, c, callerOf(ctx), draftID(r.GetName()), r.GetEtag(), r.GetReason())
	return h.answer(ctx, d, err)
}
