package rpc

import (
	"cmp"
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/houserules"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// houseRulesHandler serves HouseRulesService.
type houseRulesHandler struct {
	entitlementsv1.UnimplementedHouseRulesServiceServer
	domain *houserules.Service
}

var houseRuleStates = map[houserules.State]entitlementsv1.HouseRule_State{
	houserules.Active:  entitlementsv1.HouseRule_STATE_ACTIVE,
	houserules.Retired: entitlementsv1.HouseRule_STATE_RETIRED,
}

func houseRuleOut(s resource.Stored[houserules.Rule]) *entitlementsv1.HouseRule {
	r := s.State
	return &entitlementsv1.HouseRule{
		Name: houserules.Name(s.ID), Text: r.Text, Why: r.Why, Owner: nameIn("principals", r.Owner), ReviewThreshold: thresholdOut(r.Threshold),
		State: houseRuleStates[r.State], RetirementReason: r.Retirement,
		Etag: s.Etag(), CreateTime: wire.Timestamp(r.Created), UpdateTime: wire.Timestamp(r.Updated),
	}
}

// houseRuleAnswer makes the answer of a call that returns a house rule.
func houseRuleAnswer(r resource.Stored[houserules.Rule], err error) (*entitlementsv1.HouseRule, error) {
	if err != nil {
		return nil, err
	}
	return houseRuleOut(r), nil
}

// GetHouseRule implements HouseRulesService.
func (h *houseRulesHandler) GetHouseRule(ctx context.Context, r *entitlementsv1.GetHouseRuleRequest) (*entitlementsv1.HouseRule, error) {
	return houseRuleAnswer(h.domain.Get(ctx, names.Last(r.GetName())))
}

var houseRuleFields = []filter.Field{
	{Name: "owner"}, {Name: "text"}, {Name: "state", Kind: filter.Enum, Values: []string{"ACTIVE", "RETIRED"}},
}

// ListHouseRules implements HouseRulesService.
func (h *houseRulesHandler) ListHouseRules(ctx context.Context, r *entitlementsv1.ListHouseRulesRequest) (*entitlementsv1.ListHouseRulesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), houseRuleFields)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.List(ctx, houserules.RuleQuery{Owner: wantedIn(f, "owner", "principals"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[houserules.Rule]) bool {
			return f.Match(func(field string) any {
				switch field {
				case "owner":
					return nameIn("principals", s.State.Owner)
				case "text":
					return s.State.Text
				}
				return strings.ToUpper(string(s.State.State))
			})
		}})
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListHouseRulesResponse{}
	for _, s := range page.Items {
		out.HouseRules = append(out.HouseRules, houseRuleOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateHouseRule implements HouseRulesService.
func (h *houseRulesHandler) CreateHouseRule(ctx context.Context, r *entitlementsv1.CreateHouseRuleRequest) (*entitlementsv1.HouseRule, error) {
	in := r.GetHouseRule()
	rule := houserules.Rule{Text: in.GetText(), Why: in.GetWhy(), Owner: cmp.Or(names.First(in.GetOwner(), "principals"), callerID(ctx))}
	if in.GetReviewThreshold() != nil {
		rule.Threshold = thresholdIn(in.GetReviewThreshold())
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return houseRuleAnswer(h.domain.Create(ctx, c, r.GetHouseRuleId(), rule, r.GetValidateOnly()))
}

// UpdateHouseRule implements HouseRulesService.
func (h *houseRulesHandler) UpdateHouseRule(ctx context.Context, r *entitlementsv1.UpdateHouseRuleRequest) (*entitlementsv1.HouseRule, error) {
	in := r.GetHouseRule()
	mask, err := fieldmask.Read("house_rule", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("house_rule.name", in.GetName(), "houseRules")
	if err != nil {
		return nil, err
	}
	if mask.Touches("review_threshold") && !mask.Has("review_threshold") {
		return nil, fault.Invalid("update_mask", "`review_threshold` is changed as a whole: name it, and send all of it")
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	threshold := houserules.DefaultThreshold
	if in.GetReviewThreshold() != nil {
		threshold = thresholdIn(in.GetReviewThreshold())
	}
	return houseRuleAnswer(h.domain.Update(ctx, c, ids[0], in.GetEtag(), houserules.Patch{
		Text: fieldmask.Given(mask, "text", in.GetText()), Why: fieldmask.Given(mask, "why", in.GetWhy()),
		Owner:     fieldmask.Given(mask, "owner", names.First(in.GetOwner(), "principals")),
		Threshold: fieldmask.Given[tally.Threshold](mask, "review_threshold", threshold),
	}))
}

// RetireHouseRule implements HouseRulesService.
func (h *houseRulesHandler) RetireHouseRule(ctx context.Context, r *entitlementsv1.RetireHouseRuleRequest) (*entitlementsv1.HouseRule, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return houseRuleAnswer(h.domain.Retire(ctx, c, names.Last(r.GetName()), r.GetEtag(), r.GetReason()))
}
