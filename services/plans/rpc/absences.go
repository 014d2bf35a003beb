package rpc

import (
	"cmp"
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// updateAbsences is the permission to say who is away.
const updateAbsences = "absences.update"

// GetAbsence implements TouchpointsService.
func (h *touchpointsHandler) GetAbsence(ctx context.Context, r *plansv1.GetAbsenceRequest) (*plansv1.Absence, error) {
	a, err := h.domain.GetAbsence(ctx, names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return absenceOut(a), nil
}

var absenceFields = []filter.Field{{Name: "principal"}, {Name: "stand_in"}, {Name: "first_date", Kind: filter.Day}, {Name: "last_date", Kind: filter.Day}}

// ListAbsences implements TouchpointsService.
func (h *touchpointsHandler) ListAbsences(ctx context.Context, r *plansv1.ListAbsencesRequest) (*plansv1.ListAbsencesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), absenceFields)
	if err != nil {
		return nil, err
	}
	query := touchpoints.AbsenceQuery{Size: p.Size, After: p.After, Keep: func(s resource.Stored[touchpoints.Away]) bool {
		return f.Match(func(field string) any {
			switch field {
			case "principal":
				return nameIn("principals", s.State.Principal)
			case "stand_in":
				return nameIn("principals", s.State.StandIn)
			case "first_date":
				return s.State.First.String()
			}
			return s.State.Last.String()
		})
	}}
	if principal := wantedIn(f, "principal", "principals"); principal != nil {
		query.Principal = *principal
	}
	if value, _, ok := f.Above("last_date"); ok {
		text, _ := value.(string)
		if day, err := civil.ParseDay(text); err == nil {
			query.From = day
		}
	}
	page, err := h.domain.ListAbsences(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListAbsencesResponse{}
	for _, a := range page.Items {
		out.Absences = append(out.Absences, absenceOut(a))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateAbsence implements TouchpointsService.
func (h *touchpointsHandler) CreateAbsence(ctx context.Context, r *plansv1.CreateAbsenceRequest) (*plansv1.Absence, error) {
	in := r.GetAbsence()
	away := touchpoints.Away{Principal: cmp.Or(names.First(in.GetPrincipal(), "principals"), callerID(ctx)),
		StandIn: names.First(in.GetStandIn(), "principals"), Reason: in.GetReason()}
	if err := checkOwnAbsence(ctx, away.Principal); err != nil {
		return nil, err
	}
	var err error
	if away.First, err = dayGiven("absence.first_date", in.GetFirstDate()); err != nil {
		return nil, err
	}
	if away.Last, err = dayGiven("absence.last_date", in.GetLastDate()); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	a, err := h.domain.CreateAbsence(ctx, call, away, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	return absenceOut(a), nil
}

// DeleteAbsence implements TouchpointsService.
func (h *touchpointsHandler) DeleteAbsence(ctx context.Context, r *plansv1.DeleteAbsenceRequest) (*emptypb.Empty, error) {
	id := names.Last(r.GetName())
	whose, err := h.domain.WhoseAbsence(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := checkOwnAbsence(ctx, whose); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, h.domain.DeleteAbsence(ctx, call, id, r.GetEtag())
}
