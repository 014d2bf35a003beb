package rpc

import (
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
	"github.com/evenhand/evenhand/services/entitlements/remedies"
)

// remediesHandler serves RemediesService.
type remediesHandler struct {
	entitlementsv1.UnimplementedRemediesServiceServer
	domain *remedies.Service
}

var remedyStates = map[remedies.State]entitlementsv1.Remedy_State{
	remedies.Active:  entitlementsv1.Remedy_STATE_ACTIVE,
	remedies.Retired: entitlementsv1.Remedy_STATE_RETIRED,
}

func remedyOut(s resource.Stored[remedies.Remedy]) *entitlementsv1.Remedy {
	r := s.State
	out := &entitlementsv1.Remedy{
		Name: remedies.Name(s.ID), Title: r.Title, Action: r.Action, Benefit: r.Benefit, Issue: r.Issue, Facts: r.Facts,
		Priority: int32(r.Priority), FromDate: dayOut(r.From), UntilDate: dayOut(r.Until), State: remedyStates[r.State],
		RetirementReason: r.Retirement, Etag: s.Etag(), CreateTime: wire.Timestamp(r.Created), UpdateTime: wire.Timestamp(r.Updated),
	}
	if r.Value != nil {
		out.Value = wire.Money(r.Value.Minor, r.Value.Currency)
	}
	return out
}

// remedyAnswer makes the answer of a call that returns a remedy.
func remedyAnswer(r resource.Stored[remedies.Remedy], err error) (*entitlementsv1.Remedy, error) {
	if err != nil {
		return nil, err
	}
	return remedyOut(r), nil
}

func remedyIn(in *entitlementsv1.Remedy) (remedies.Remedy, error) {
	r := remedies.Remedy{Title: in.GetTitle(), Action: in.GetAction(), Benefit: in.GetBenefit(), Issue: in.GetIssue(),
		Facts: in.GetFacts(), Priority: int(in.GetPriority())}
	var err error
	if in.GetValue() != nil {
		r.Value = &remedies.Value{}
		if r.Value.Minor, r.Value.Currency, err = wire.Minor("remedy.value", in.GetValue()); err != nil {
			return r, err
		}
	}
	if r.From, err = dayGiven("remedy.from_date", in.GetFromDate()); err != nil {
		return r, err
	}
	r.Until, err = dayGiven("remedy.until_date", in.GetUntilDate())
	return r, err
}

// GetRemedy implements RemediesService.
func (h *remediesHandler) GetRemedy(ctx context.Context, r *entitlementsv1.GetRemedyRequest) (*entitlementsv1.Remedy, error) {
	return remedyAnswer(h.domain.Get(ctx, names.Last(r.GetName())))
}

var remedyFields = []filter.Field{
	{Name: "issue"}, {Name: "benefit"}, {Name: "title"}, {Name: "state", Kind: filter.Enum, Values: []string{"ACTIVE", "RETIRED"}},
}

// ListRemedies implements RemediesService.
func (h *remediesHandler) ListRemedies(ctx context.Context, r *entitlementsv1.ListRemediesRequest) (*entitlementsv1.ListRemediesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), remedyFields)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.List(ctx, remedies.Query{Issue: wanted(f, "issue"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[remedies.Remedy]) bool {
			return f.Match(func(field string) any {
				switch field {
				case "issue":
					return s.State.Issue
				case "benefit":
					return s.State.Benefit
				case "title":
					return s.State.Title
				}
				return strings.ToUpper(string(s.State.State))
			})
		}})
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListRemediesResponse{}
	for _, s := range page.Items {
		out.Remedies = append(out.Remedies, remedyOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// SuggestRemedies implements RemediesService.
func (h *remediesHandler) SuggestRemedies(
	ctx context.Context, r *entitlementsv1.SuggestRemediesRequest,
) (*entitlementsv1.SuggestRemediesResponse, error) {
	on, err := dayGiven("date", r.GetDate())
	if err != nil {
		return nil, err
	}
	list, err := h.domain.Match(ctx, r.GetIssue(), r.GetFacts(), on)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.SuggestRemediesResponse{}
	for _, s := range list {
		out.Remedies = append(out.Remedies, remedyOut(s))
	}
	return out, nil
}

// CreateRemedy implements RemediesService.
func (h *remediesHandler) CreateRemedy(ctx context.Context, r *entitlementsv1.CreateRemedyRequest) (*entitlementsv1.Remedy, error) {
	remedy, err := remedyIn(r.GetRemedy())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return remedyAnswer(h.domain.Create(ctx, c, r.GetRemedyId(), remedy, r.GetValidateOnly()))
}

// UpdateRemedy implements RemediesService.
func (h *remediesHandler) UpdateRemedy(ctx context.Context, r *entitlementsv1.UpdateRemedyRequest) (*entitlementsv1.Remedy, error) {
	in := r.GetRemedy()
	mask, err := fieldmask.Read("remedy", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if mask.Touches("facts") && !mask.Has("facts") {
		return nil, fault.Invalid("update_mask", "`facts` are changed as a whole: name `facts`, and send all of them")
	}
	ids, err := request.Name("remedy.name", in.GetName(), "remedies")
	if err != nil {
		return nil, err
	}
	wanted, err := remedyIn(in)
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return remedyAnswer(h.domain.Update(ctx, c, ids[0], in.GetEtag(), remedies.Patch{
		Title: fieldmask.Given(mask, "title", wanted.Title), Action: fieldmask.Given(mask, "action", wanted.Action),
		Benefit: fieldmask.Given(mask, "benefit", wanted.Benefit), Issue: fieldmask.Given(mask, "issue", wanted.Issue),
		Value: fieldmask.Given(mask, "value", wanted.Value), Facts: fieldmask.Given(mask, "facts", wanted.Facts),
		Priority: fieldmask.Given(mask, "priority", wanted.Priority), From: fieldmask.Given(mask, "from_date", wanted.From),
		Until: fieldmask.Given(mask, "until_date", wanted.Until),
	}))
}

// RetireRemedy implements RemediesService.
func (h *remediesHandler) RetireRemedy(ctx context.Context, r *entitlementsv1.RetireRemedyRequest) (*entitlementsv1.Remedy, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return remedyAnswer(h.domain.Retire(ctx, c, names.Last(r.GetName()), r.GetEtag(), r.GetReason()))
}
