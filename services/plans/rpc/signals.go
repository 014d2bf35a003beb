package rpc

import (
	"context"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/signals"
)

// signalsHandler serves SignalsService.
type signalsHandler struct {
	plansv1.UnimplementedSignalsServiceServer
	domain      *signals.Service
	assignments Assignments
}

// RegisterSignals serves signals and suggestions.
func RegisterSignals(r grpc.ServiceRegistrar, domain *signals.Service, assignments Assignments) {
	plansv1.RegisterSignalsServiceServer(r, &signalsHandler{domain: domain, assignments: assignments})
}

var signalFacts = map[signals.Kind]plansv1.SignalRule_Fact{
	signals.Spend: plansv1.SignalRule_FACT_SPEND, signals.Threshold: plansv1.SignalRule_FACT_THRESHOLD,
	signals.Usage: plansv1.SignalRule_FACT_USAGE, signals.Goal: plansv1.SignalRule_FACT_GOAL,
	signals.Breach: plansv1.SignalRule_FACT_BREACH, signals.Clause: plansv1.SignalRule_FACT_CLAUSE,
	signals.Term: plansv1.SignalRule_FACT_TERM, signals.Anniversary: plansv1.SignalRule_FACT_ANNIVERSARY,
}

var signalRuleStates = map[signals.RuleState]plansv1.SignalRule_State{
	signals.Drafted: plansv1.SignalRule_STATE_DRAFT, signals.Simulated: plansv1.SignalRule_STATE_SIMULATED,
	signals.Published: plansv1.SignalRule_STATE_PUBLISHED, signals.Retired: plansv1.SignalRule_STATE_RETIRED,
}

// signalCaller is who calls, as the use cases of rules see it.
func signalCaller(ctx context.Context) signals.Caller {
	p := auth.FromContext(ctx)
	return signals.Caller{Name: p.Name(), Person: p.Person()}
}

// signalRuleAnswer makes the answer of a call that returns a rule.
func signalRuleAnswer(s resource.Stored[signals.Rule], err error) (*plansv1.SignalRule, error) {
	if err != nil {
		return nil, err
	}
	return signalRuleOut(s), nil
}

// GetSignalRule implements SignalsService.
func (h *signalsHandler) GetSignalRule(ctx context.Context, r *plansv1.GetSignalRuleRequest) (*plansv1.SignalRule, error) {
	return signalRuleAnswer(h.domain.Rule(ctx, names.Last(r.GetName())))
}

var signalRuleFields = []filter.Field{
	{Name: "display_name"},
	{Name: "state", Kind: filter.Enum, Values: []string{"DRAFT", "SIMULATED", "PUBLISHED", "RETIRED"}},
	{Name: "fact", Kind: filter.Enum, Values: factNames},
}

// factNames are the kinds of facts, as filters name them.
var factNames = []string{"SPEND", "THRESHOLD", "USAGE", "GOAL", "BREACH", "CLAUSE", "TERM", "ANNIVERSARY"}

// ListSignalRules implements SignalsService.
func (h *signalsHandler) ListSignalRules(ctx context.Context, r *plansv1.ListSignalRulesRequest) (*plansv1.ListSignalRulesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := factFilterIn(r.GetFilter(), signalRuleFields)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.Rules(ctx, signals.RuleQuery{Size: p.Size, After: p.After, Keep: func(s resource.Stored[signals.Rule]) bool {
		c := s.State.Content()
		return f.Match(func(field string) any {
			switch field {
			case "display_name":
				return c.DisplayName
			case "fact":
				return strings.ToUpper(string(c.Fact))
			}
			return strings.ToUpper(string(s.State.State))
		})
	}})
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListSignalRulesResponse{}
	for _, s := range page.Items {
		rule := signalRuleOut(s)
		rule.Simulation = nil
		out.SignalRules = append(out.SignalRules, rule)
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// factFilterIn reads a filter in which kinds of facts may be written as JSON has them.
func factFilterIn(text string, fields []filter.Field) (filter.Filter, error) {
	return filterIn(strings.ReplaceAll(text, "FACT_", ""), fields)
}

// CreateSignalRule implements SignalsService.
func (h *signalsHandler) CreateSignalRule(ctx context.Context, r *plansv1.CreateSignalRuleRequest) (*plansv1.SignalRule, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return signalRuleAnswer(h.domain.CreateRule(ctx, call, r.GetSignalRuleId(), signalContentIn(r.GetSignalRule()), r.GetValidateOnly()))
}

// UpdateSignalRule implements SignalsService.
func (h *signalsHandler) UpdateSignalRule(ctx context.Context, r *plansv1.UpdateSignalRuleRequest) (*plansv1.SignalRule, error) {
	in := r.GetSignalRule()
	mask, err := fieldmask.Read("signal_rule", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("signal_rule.name", in.GetName(), "signalRules")
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	c := signalContentIn(in)
	return signalRuleAnswer(h.domain.UpdateRule(ctx, call, ids[0], in.GetEtag(), signals.Patch{
		DisplayName: fieldmask.Given(mask, "display_name", c.DisplayName), Fact: fieldmask.Given(mask, "fact", c.Fact),
		Condition: fieldmask.Given(mask, "condition", c.Condition), Reason: fieldmask.Given(mask, "reason", c.Reason),
		Weight: fieldmask.Given(mask, "weight", c.Weight), Channel: fieldmask.Given(mask, "channel", c.Channel),
		Purpose: fieldmask.Given(mask, "purpose", c.Purpose), CoolDown: fieldmask.Given(mask, "cool_down_days", c.CoolDown),
	}))
}

// LintSignalRule implements SignalsService.
func (h *signalsHandler) LintSignalRule(ctx context.Context, r *plansv1.LintSignalRuleRequest) (*plansv1.LintSignalRuleResponse, error) {
	var findings []signals.Finding
	var err error
	if in := r.GetSignalRule(); in != nil {
		findings, err = h.domain.Lint(ctx, signalContentIn(in))
	} else {
		findings, err = h.domain.LintRule(ctx, names.Last(r.GetName()))
	}
	if err != nil {
		return nil, err
	}
	out := &plansv1.LintSignalRuleResponse{}
	for _, f := range findings {
		out.Findings = append(out.Findings, &plansv1.SignalFinding{
			Id: f.ID, Warning: f.Warning, Field: f.Field, Line: int32(f.Line), Column: int32(f.Column), Message: f.Message, Fix: f.Fix})
	}
	return out, nil
}

// PublishSignalRule implements SignalsService.
func (h *signalsHandler) PublishSignalRule(ctx context.Context, r *plansv1.PublishSignalRuleRequest) (*plansv1.SignalRule, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return signalRuleAnswer(h.domain.PublishRule(ctx, call, signalCaller(ctx), names.Last(r.GetName()), r.GetEtag(), r.GetValidateOnly()))
}

// RetireSignalRule implements SignalsService.
func (h *signalsHandler) RetireSignalRule(ctx context.Context, r *plansv1.RetireSignalRuleRequest) (*plansv1.SignalRule, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return signalRuleAnswer(h.domain.RetireRule(ctx, call, names.Last(r.GetName()), r.GetEtag(), r.GetReason()))
}

// InitializeSignalRules implements SignalsService.
func (h *signalsHandler) InitializeSignalRules(ctx context.Context, r *plansv1.InitializeSignalRulesRequest) (*plansv1.InitializeSignalRulesResponse, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	made, err := h.domain.Init(ctx, call, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	out := &plansv1.InitializeSignalRulesResponse{}
	for _, s := range made {
		out.SignalRules = append(out.SignalRules, signalRuleOut(s))
	}
	return out, nil
}

// GetSignalRuleVersion implements SignalsService.
func (h *signalsHandler) GetSignalRuleVersion(ctx context.Context, r *plansv1.GetSignalRuleVersionRequest) (*plansv1.SignalRuleVersion, error) {
	number, err := strconv.Atoi(names.Last(r.GetName())) // validation has checked that it is a number
	if err != nil {
		return nil, err
	}
	v, err := h.domain.RuleVersion(ctx, names.First(r.GetName(), "signalRules"), number)
	if err != nil {
		return nil, err
	}
	return signalVersionOut(v.State.Rule, &v.State.Edition), nil
}

// ListSignalRuleVersions implements SignalsService.
func (h *signalsHandler) ListSignalRuleVersions(ctx context.Context, r *plansv1.ListSignalRuleVersionsRequest) (*plansv1.ListSignalRuleVersionsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.RuleVersions(ctx, names.Last(r.GetParent()), p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListSignalRuleVersionsResponse{}
	for i := range page.Items {
		v := &page.Items[i].State
		out.SignalRuleVersions = append(out.SignalRuleVersions, signalVersionOut(v.Rule, &v.Edition))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}
