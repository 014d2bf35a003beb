package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/houserules"
)

var responses = map[houserules.Response]entitlementsv1.Breach_Response{
	houserules.Enforced:   entitlementsv1.Breach_RESPONSE_ENFORCED,
	houserules.Waived:     entitlementsv1.Breach_RESPONSE_WAIVED,
	houserules.Overlooked: entitlementsv1.Breach_RESPONSE_OVERLOOKED,
}

func responseIn(r entitlementsv1.Breach_Response) houserules.Response {
	for response, out := range responses {
		if out == r {
			return response
		}
	}
	return ""
}

func breachOut(s resource.Stored[houserules.Breach]) *entitlementsv1.Breach {
	b := s.State
	return &entitlementsv1.Breach{
		Name: houserules.BreachName(s.ID), Account: nameIn("accounts", b.Account), BreachDate: dayOut(b.Day), Response: responses[b.Response],
		Benefit: b.Benefit, Note: b.Note, Recorder: b.By, RecorderRoles: b.Roles, Etag: s.Etag(), CreateTime: wire.Timestamp(b.Created),
	}
}

// RecordBreach implements HouseRulesService.
func (h *houseRulesHandler) RecordBreach(ctx context.Context, r *entitlementsv1.RecordBreachRequest) (*entitlementsv1.Breach, error) {
	in := r.GetBreach()
	on, err := dayGiven("breach.breach_date", in.GetBreachDate())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, review, err := h.domain.Record(ctx, c, houserules.Breach{
		Rule: names.Last(r.GetParent()), Account: names.First(in.GetAccount(), "accounts"), Day: on, Response: responseIn(in.GetResponse()),
		Benefit: in.GetBenefit(), Note: in.GetNote(), Roles: callerRoles(ctx),
	}, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	out := breachOut(s)
	out.Review = nameIn("reviews", review)
	return out, nil
}

// GetBreach implements HouseRulesService.
func (h *houseRulesHandler) GetBreach(ctx context.Context, r *entitlementsv1.GetBreachRequest) (*entitlementsv1.Breach, error) {
	s, err := h.domain.Breach(ctx, names.First(r.GetName(), "houseRules"), names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return breachOut(s), nil
}

var breachFields = []filter.Field{
	{Name: "account"}, {Name: "benefit"}, {Name: "recorder"}, {Name: "breach_date", Kind: filter.Day},
	{Name: "response", Kind: filter.Enum, Values: []string{"ENFORCED", "WAIVED", "OVERLOOKED"}},
}

// ListBreaches implements HouseRulesService.
func (h *houseRulesHandler) ListBreaches(ctx context.Context, r *entitlementsv1.ListBreachesRequest) (*entitlementsv1.ListBreachesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), breachFields)
	if err != nil {
		return nil, err
	}
	query := houserules.BreachQuery{Account: wantedIn(f, "account", "accounts"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[houserules.Breach]) bool {
			return f.Match(func(field string) any { return breachField(&s.State, field) })
		}}
	if rule := names.Last(r.GetParent()); rule != "-" {
		query.Rule = rule
	}
	page, err := h.domain.Breaches(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListBreachesResponse{}
	for _, s := range page.Items {
		out.Breaches = append(out.Breaches, breachOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// breachField is a field's value as filters see it; days compare as they are written.
func breachField(b *houserules.Breach, field string) any {
	switch field {
	case "account":
		return nameIn("accounts", b.Account)
	case "benefit":
		return b.Benefit
	case "recorder":
		return b.By
	case "breach_date":
		return b.Day.String()
	}
	return strings.ToUpper(string(b.Response))
}

// reportDays is how many days a report goes over where its first is not given.
const reportDays = 90

// ReportBreaches implements HouseRulesService.
func (h *houseRulesHandler) ReportBreaches(
	ctx context.Context, r *entitlementsv1.ReportBreachesRequest,
) (*entitlementsv1.ReportBreachesResponse, error) {
	from, to, err := h.reportDays(ctx, r)
	if err != nil {
		return nil, err
	}
	report, err := h.domain.Report(ctx, from, to)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ReportBreachesResponse{FromDate: dayOut(from), ToDate: dayOut(to)}
	for _, b := range report.Rules {
		out.Rows = append(out.Rows, &entitlementsv1.ReportBreachesResponse_Row{
			HouseRule: houserules.Name(b.Rule.ID), Text: b.Rule.State.Text, Count: int32(b.Count), Accounts: int32(b.Accounts),
			Enforced: int32(b.Enforced), Waived: int32(b.Waived), Overlooked: int32(b.Overlooked), CountBefore: int32(b.Before)})
	}
	return out, nil
}

func (h *houseRulesHandler) reportDays(ctx context.Context, r *entitlementsv1.ReportBreachesRequest) (from, to civil.Day, err error) {
	if to, err = dayGiven("to_date", r.GetToDate()); err != nil {
		return 0, 0, err
	}
	if to == 0 {
		if to, err = h.domain.Today(ctx); err != nil {
			return 0, 0, err
		}
	}
	if from, err = dayGiven("from_date", r.GetFromDate()); err == nil && from == 0 {
		from = to - reportDays + 1
	}
	return from, to, err
}
