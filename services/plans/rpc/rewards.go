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
	"github.com/evenhand/evenhand/services/plans/rewards"
)

// RegisterRewards registers RewardsService.
func RegisterRewards(r grpc.ServiceRegistrar, domain *rewards.Service) {
	plansv1.RegisterRewardsServiceServer(r, &rewardsHandler{domain: domain})
}

// rewardsHandler serves RewardsService.
type rewardsHandler struct {
	plansv1.UnimplementedRewardsServiceServer
	domain *rewards.Service
}

// rewardsCaller is who calls, as the use cases of rewards see it.
func rewardsCaller(ctx context.Context) rewards.Caller {
	p := auth.FromContext(ctx)
	return rewards.Caller{Name: p.Name(), Person: p.Person()}
}

// pointRulesAnswer makes the answer of a call that returns a version of the point rules.
func pointRulesAnswer(p resource.Stored[rewards.PointRules], err error) (*plansv1.PointRules, error) {
	if err != nil {
		return nil, err
	}
	return pointRulesOut(p), nil
}

// GetPointRules implements RewardsService.
func (h *rewardsHandler) GetPointRules(ctx context.Context, r *plansv1.GetPointRulesRequest) (*plansv1.PointRules, error) {
	return pointRulesAnswer(h.domain.PointRules(ctx, names.Last(r.GetName())))
}

var pointRulesFields = []filter.Field{
	{Name: "effective_date", Kind: filter.Day},
	{Name: "state", Kind: filter.Enum, Values: []string{"DRAFT", "PROPOSED", "PUBLISHED", "REJECTED", "WITHDRAWN"}},
}

// ListPointRules implements RewardsService.
func (h *rewardsHandler) ListPointRules(ctx context.Context, r *plansv1.ListPointRulesRequest) (*plansv1.ListPointRulesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), pointRulesFields)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.ListPointRules(ctx, rewards.RulesQuery{Size: p.Size, After: p.After, Keep: func(s resource.Stored[rewards.PointRules]) bool {
		return f.Match(func(field string) any {
			if field == "effective_date" {
				return s.State.Effective.String()
			}
			return strings.ToUpper(string(s.State.State))
		})
	}})
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListPointRulesResponse{}
	for _, s := range page.Items {
		out.PointRules = append(out.PointRules, pointRulesOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreatePointRules implements RewardsService.
func (h *rewardsHandler) CreatePointRules(ctx context.Context, r *plansv1.CreatePointRulesRequest) (*plansv1.PointRules, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	rules, err := pointRulesIn(r.GetPointRules())
	if err != nil {
		return nil, err
	}
	return pointRulesAnswer(h.domain.CreateRules(ctx, call, rewardsCaller(ctx), rules, r.GetPointRules().GetReason(), r.GetValidateOnly()))
}

// UpdatePointRules implements RewardsService.
func (h *rewardsHandler) UpdatePointRules(ctx context.Context, r *plansv1.UpdatePointRulesRequest) (*plansv1.PointRules, error) {
	in := r.GetPointRules()
	mask, err := fieldmask.Read("point_rules", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("point_rules.name", in.GetName(), "pointRules")
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	current, err := h.domain.PointRules(ctx, ids[0])
	if err != nil {
		return nil, err
	}
	patch, err := pointRulesPatch(current, in, mask)
	if err != nil {
		return nil, err
	}
	// What a part of caps, checks or the day was merged into must not have changed since.
	return pointRulesAnswer(h.domain.UpdateRules(ctx, call, rewardsCaller(ctx), ids[0], cmp.Or(in.GetEtag(), current.Etag()), patch))
}

// pointRulesPatch is what an update makes of a version as it is.
func pointRulesPatch(current resource.Stored[rewards.PointRules], in *plansv1.PointRules, mask fieldmask.Mask) (rewards.RulesPatch, error) {
	merged := pointRulesOut(current)
	if err := mask.Apply(merged, in); err != nil {
		return rewards.RulesPatch{}, err
	}
	rules, err := pointRulesIn(merged)
	if err != nil {
		return rewards.RulesPatch{}, err
	}
	patch := rewards.RulesPatch{
		Rules: fieldmask.Given(mask, "rules", rules.Rules), Reason: fieldmask.Given(mask, "reason", merged.GetReason()),
		Base: fieldmask.Given(mask, "base_version", int(merged.GetBaseVersion())),
	}
	if mask.Touches("caps") {
		patch.Caps = &rules.Caps
	}
	if mask.Touches("checks") {
		patch.Checks = &rules.Checks
	}
	if mask.Touches("effective_date") {
		patch.Effective = &rules.Effective
	}
	return patch, nil
}

// SimulatePointRules implements RewardsService.
func (h *rewardsHandler) SimulatePointRules(ctx context.Context, r *plansv1.SimulatePointRulesRequest) (*plansv1.SimulatePointRulesResponse, error) {
	period, err := h.period(ctx, r.GetPeriod())
	if err != nil {
		return nil, err
	}
	rows, err := h.domain.Simulate(ctx, names.Last(r.GetName()), period)
	if err != nil {
		return nil, err
	}
	out := &plansv1.SimulatePointRulesResponse{Period: period.ID}
	for _, row := range rows {
		out.Rows = append(out.Rows, &plansv1.SimulatePointRulesResponse_Row{Person: nameIn("principals", row.Person),
			Points: int32(row.Points), SimulatedPoints: int32(row.Would)})
	}
	return out, nil
}

// ProposePointRules implements RewardsService.
func (h *rewardsHandler) ProposePointRules(ctx context.Context, r *plansv1.ProposePointRulesRequest) (*plansv1.PointRules, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return pointRulesAnswer(h.domain.ProposeRules(ctx, call, rewardsCaller(ctx), names.Last(r.GetName()), r.GetEtag()))
}

// ApprovePointRules implements RewardsService.
func (h *rewardsHandler) ApprovePointRules(ctx context.Context, r *plansv1.ApprovePointRulesRequest) (*plansv1.PointRules, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return pointRulesAnswer(h.domain.ApproveRules(ctx, call, rewardsCaller(ctx), names.Last(r.GetName()), r.GetEtag(), r.GetValidateOnly()))
}

// RejectPointRules implements RewardsService.
func (h *rewardsHandler) RejectPointRules(ctx context.Context, r *plansv1.RejectPointRulesRequest) (*plansv1.PointRules, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return pointRulesAnswer(h.domain.RejectRules(ctx, call, rewardsCaller(ctx), names.Last(r.GetName()), r.GetEtag(), r.GetReason()))
}

// WithdrawPointRules implements RewardsService.
func (h *rewardsHandler) WithdrawPointRules(ctx context.Context, r *plansv1.WithdrawPointRulesRequest) (*plansv1.PointRules, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return pointRulesAnswer(h.domain.WithdrawRules(ctx, call, rewardsCaller(ctx), names.Last(r.GetName()), r.GetEtag(), r.GetReason()))
}

// period is the period that a request names, or the current month.
func (h *rewardsHandler) period(ctx context.Context, given string) (rewards.Period, error) {
	if given != "" {
		return rewards.ParsePeriod("period", given)
	}
	today, err := h.domain.Today(ctx)
	return rewards.MonthOf(today), err
}
