package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/engagements"
)

// GetExpert implements EngagementsService.
func (h *engagementsHandler) GetExpert(ctx context.Context, r *plansv1.GetExpertRequest) (*plansv1.Expert, error) {
	return expertAnswer(h.domain.Expert(ctx, names.Last(r.GetName())))
}

var expertFields = []filter.Field{
	{Name: "area"}, {Name: "language"}, {Name: "state", Kind: filter.Enum, Values: []string{"ACTIVE", "INACTIVE"}},
}

// ListExperts implements EngagementsService.
func (h *engagementsHandler) ListExperts(ctx context.Context, r *plansv1.ListExpertsRequest) (*plansv1.ListExpertsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), expertFields)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.ListExperts(ctx, p.Size, p.After, func(s resource.Stored[engagements.Expert]) bool {
		return f.Match(func(field string) any {
			switch field {
			case "area":
				return s.State.Areas
			case "language":
				return s.State.Languages
			}
			return strings.TrimPrefix(expertState(s.State.Inactive).String(), "STATE_")
		})
	})
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListExpertsResponse{}
	for _, s := range page.Items {
		out.Experts = append(out.Experts, expertOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateExpert implements EngagementsService.
func (h *engagementsHandler) CreateExpert(ctx context.Context, r *plansv1.CreateExpertRequest) (*plansv1.Expert, error) {
	in := r.GetExpert()
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return expertAnswer(h.domain.CreateExpert(ctx, call, r.GetExpertId(), engagements.Expert{
		Areas: in.GetAreas(), Description: in.GetDescription(), Languages: in.GetLanguages(), HoursAMonth: int(in.GetHoursAMonth()),
		Inactive: in.GetState() == plansv1.Expert_STATE_INACTIVE,
	}))
}

// UpdateExpert implements EngagementsService.
func (h *engagementsHandler) UpdateExpert(ctx context.Context, r *plansv1.UpdateExpertRequest) (*plansv1.Expert, error) {
	in := r.GetExpert()
	mask, err := fieldmask.Read("expert", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("expert.name", in.GetName(), "experts")
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return expertAnswer(h.domain.UpdateExpert(ctx, call, ids[0], in.GetEtag(), engagements.ExpertPatch{
		Areas: fieldmask.Given(mask, "areas", in.GetAreas()), Languages: fieldmask.Given(mask, "languages", in.GetLanguages()),
		Description: fieldmask.Given(mask, "description", in.GetDescription()),
		HoursAMonth: fieldmask.Given(mask, "hours_a_month", int(in.GetHoursAMonth())),
		Inactive:    fieldmask.Given(mask, "state", in.GetState() == plansv1.Expert_STATE_INACTIVE),
	}))
}
