package rpc

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func templateOut(s resource.Stored[plans.Template]) *plansv1.PlanTemplate {
	t := &s.State
	return &plansv1.PlanTemplate{
		Name: plans.TemplateName(s.ID), DisplayName: t.DisplayName, Description: t.Description,
		Version: editionOut(s, len(t.Versions)), RetirementReason: t.Retired,
		Etag: s.Etag(), CreateTime: wire.Timestamp(t.Created), UpdateTime: wire.Timestamp(t.Updated),
	}
}

// editionOut writes a version of a template, which has it.
func editionOut(s resource.Stored[plans.Template], number int) *plansv1.PlanTemplateVersion {
	e := &s.State.Versions[number-1]
	out := &plansv1.PlanTemplateVersion{
		Name: plans.EditionName(s.ID, number), CustomerEffect: e.CustomerEffect, Contribution: e.Contribution,
		Strategy: strategyOut(&e.Strategy), Note: e.Note, Publisher: e.By, PublishTime: wire.Timestamp(e.At),
	}
	for i := range e.Goals {
		out.Goals = append(out.Goals, goalOut(&e.Goals[i], 0))
	}
	return out
}

// editionIn reads a version of a template; path is the field that it is in.
func editionIn(path string, in *plansv1.PlanTemplateVersion) (plans.Edition, error) {
	goals, err := goalsIn(path+".goals", in.GetGoals())
	return plans.Edition{Goals: goals, CustomerEffect: in.GetCustomerEffect(), Contribution: in.GetContribution(),
		Strategy: strategyIn(in.GetStrategy()), Note: in.GetNote()}, err
}

// templateAnswer makes the answer of a call that returns a template.
func templateAnswer(t resource.Stored[plans.Template], err error) (*plansv1.PlanTemplate, error) {
	if err != nil {
		return nil, err
	}
	return templateOut(t), nil
}

// GetPlanTemplate implements PlansService.
func (h *plansHandler) GetPlanTemplate(ctx context.Context, r *plansv1.GetPlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	return templateAnswer(h.domain.GetTemplate(ctx, names.Last(r.GetName())))
}

var templateFields = []filter.Field{{Name: "display_name"}, {Name: "retired", Kind: filter.Bool}}

// ListPlanTemplates implements PlansService.
func (h *plansHandler) ListPlanTemplates(ctx context.Context, r *plansv1.ListPlanTemplatesRequest) (*plansv1.ListPlanTemplatesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), templateFields)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.ListTemplates(ctx, p.Size, p.After, func(s resource.Stored[plans.Template]) bool {
		return f.Match(func(field string) any {
			if field == "retired" {
				return s.State.Retired != ""
			}
			return s.State.DisplayName
		})
	})
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListPlanTemplatesResponse{}
	for _, s := range page.Items {
		out.PlanTemplates = append(out.PlanTemplates, templateOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreatePlanTemplate implements PlansService.
func (h *plansHandler) CreatePlanTemplate(ctx context.Context, r *plansv1.CreatePlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	in := r.GetPlanTemplate()
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	first, err := editionIn("plan_template.version", in.GetVersion())
	if err != nil {
		return nil, err
	}
	return templateAnswer(h.domain.CreateTemplate(ctx, call, r.GetPlanTemplateId(),
		plans.Template{DisplayName: in.GetDisplayName(), Description: in.GetDescription()}, first, r.GetValidateOnly()))
}

// UpdatePlanTemplate implements PlansService.
func (h *plansHandler) UpdatePlanTemplate(ctx context.Context, r *plansv1.UpdatePlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	in := r.GetPlanTemplate()
	mask, err := fieldmask.Read("plan_template", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("plan_template.name", in.GetName(), "planTemplates")
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return templateAnswer(h.domain.DescribeTemplate(ctx, call, ids[0], in.GetEtag(),
		fieldmask.Given(mask, "display_name", in.GetDisplayName()), fieldmask.Given(mask, "description", in.GetDescription())))
}

// PublishPlanTemplate implements PlansService.
func (h *plansHandler) PublishPlanTemplate(ctx context.Context, r *plansv1.PublishPlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	next, err := editionIn("version", r.GetVersion())
	if err != nil {
		return nil, err
	}
	return templateAnswer(h.domain.PublishTemplate(ctx, call, names.Last(r.GetName()), r.GetEtag(), next, r.GetValidateOnly()))
}

// RetirePlanTemplate implements PlansService.
func (h *plansHandler) RetirePlanTemplate(ctx context.Context, r *plansv1.RetirePlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return templateAnswer(h.domain.RetireTemplate(ctx, call, names.Last(r.GetName()), r.GetEtag(), r.GetReason()))
}

// GetPlanTemplateVersion implements PlansService.
func (h *plansHandler) GetPlanTemplateVersion(ctx context.Context, r *plansv1.GetPlanTemplateVersionRequest) (*plansv1.PlanTemplateVersion, error) {
	id := names.First(r.GetName(), "planTemplates")
	number, err := strconv.Atoi(names.Last(r.GetName()))
	if err != nil {
		return nil, fault.Invalid("name", "%q names no version", r.GetName())
	}
	t, err := h.domain.GetTemplate(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := t.State.Edition(id, number); err != nil {
		return nil, err
	}
	return editionOut(t, number), nil
}

// ListPlanTemplateVersions implements PlansService.
func (h *plansHandler) ListPlanTemplateVersions(
	ctx context.Context, r *plansv1.ListPlanTemplateVersionsRequest,
) (*plansv1.ListPlanTemplateVersionsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	t, err := h.domain.GetTemplate(ctx, names.Last(r.GetParent()))
	if err != nil {
		return nil, err
	}
	number := len(t.State.Versions)
	if len(p.After) == 1 {
		if behind, ok := p.After[0].(int64); ok {
			number = int(behind) - 1
		}
	}
	out := &plansv1.ListPlanTemplateVersionsResponse{}
	for ; number >= 1; number-- {
		if len(out.Versions) == p.Size {
			out.NextPageToken, err = p.Next(resource.Place{int64(number + 1)})
			break
		}
		out.Versions = append(out.Versions, editionOut(t, number))
	}
	return out, err
}

// accountFields are what accounts can be chosen by.
var accountFields = []filter.Field{
	{Name: "account"}, {Name: "display_name"}, {Name: "owner"}, {Name: "attributes", Kind: filter.Map},
	{Name: "state", Kind: filter.Enum, Values: []string{"PROSPECT", "ACTIVE"}},
}

// scanned is how many accounts a page looks at, at most, for those that a filter wants.
const scanned = 10_000

// ApplyPlanTemplate implements PlansService.
func (h *plansHandler) ApplyPlanTemplate(ctx context.Context, r *plansv1.ApplyPlanTemplateRequest) (*plansv1.ApplyPlanTemplateResponse, error) {
	if (len(r.GetAccounts()) == 0) == (r.GetFilter() == "") {
		return nil, fault.Invalid("accounts", "or filter has to say to which accounts, and not both")
	}
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	ids, next, err := h.chosen(ctx, r, p)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	results, err := h.domain.Apply(ctx, call, plans.Application{
		Template: names.Last(r.GetName()), Number: int(r.GetVersion()), Accounts: ids,
		Owner: names.First(r.GetOwner(), "principals"), Caller: callerID(ctx), Check: r.GetValidateOnly(),
		May: func(a feeds.Account) bool { return caller.Can(updatePlans) == auth.All || a.Assigned(callerID(ctx)) },
	})
	if err != nil {
		return nil, err
	}
	out := &plansv1.ApplyPlanTemplateResponse{}
	for _, result := range results {
		out.Results = append(out.Results, &plansv1.ApplyPlanTemplateResponse_Result{
			Account: plans.AccountName(result.Account), DisplayName: result.DisplayName, Outcome: outcomes[result.Outcome],
			Problem: result.Problem, Gaps: gapsOut(result.Account, result.Missing), Kept: result.Kept,
		})
	}
	out.NextPageToken, err = p.Next(next)
	return out, err
}

var outcomes = map[plans.Outcome]plansv1.ApplyPlanTemplateResponse_Result_Outcome{
	plans.Begun: plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_BEGUN, plans.Renewed: plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_RENEWED,
	plans.Unchanged: plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_UNCHANGED, plans.Refused: plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_REFUSED,
}

// chosen returns the ids of a page of the accounts that a request is about, and the place
// behind them; nil where there are no more. A filter chooses by this service's copy, which may
// be behind: whether the template may be applied to them is asked where they are owned.
func (h *plansHandler) chosen(ctx context.Context, r *plansv1.ApplyPlanTemplateRequest, p request.Page) (ids []string, next resource.Place, err error) {
	behind := ""
	if len(p.After) == 1 {
		behind, _ = p.After[0].(string)
	}
	if r.GetFilter() == "" {
		all := idsIn("accounts", r.GetAccounts())
		slices.Sort(all)
		from, found := slices.BinarySearch(all, behind)
		if found {
			from++
		}
		ids = all[from:min(len(all), from+p.Size)]
		if from+p.Size < len(all) {
			next = resource.Place{ids[len(ids)-1]}
		}
		return ids, next, nil
	}
	f, err := filterIn(r.GetFilter(), accountFields)
	if err != nil {
		return nil, nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, nil, err
	}
	looked := 0
	for a, err := range h.domain.Accounts.All(ctx, behind) {
		if err != nil {
			return nil, nil, err
		}
		if len(ids) == p.Size || looked == scanned {
			return ids, resource.Place{behind}, nil
		}
		behind = a.ID
		looked++
		if today < a.Ends() && f.Match(accountValues(&a)) {
			ids = append(ids, a.ID)
		}
	}
	return ids, nil, nil
}

func accountValues(a *feeds.Account) filter.Values {
	return func(field string) any {
		switch field {
		case "account":
			return plans.AccountName(a.ID)
		case "display_name":
			return a.DisplayName
		case "owner":
			return nameIn("principals", a.Owner)
		case "state":
			return strings.ToUpper(string(a.State))
		}
		key, _ := strings.CutPrefix(field, "attributes.")
		if value, has := a.Attributes[key]; has {
			return value
		}
		return nil
	}
}
