package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// GetEnrolment implements ProgrammesService.
func (h *programmesHandler) GetEnrolment(ctx context.Context, r *entitlementsv1.GetEnrolmentRequest) (*entitlementsv1.Enrolment, error) {
	programme, account := names.First(r.GetName(), "programmes"), names.Last(r.GetName())
	if err := h.hidden(ctx, programme); err != nil {
		return nil, err
	}
	e, err := h.service.Enrolment(ctx, programme, account)
	if err != nil {
		return nil, err
	}
	return enrolmentOut(e), nil
}

var enrolmentFields = []filter.Field{
	{Name: "account"}, {Name: "standing", Kind: filter.Enum, Values: []string{"WAITING", "ENROLLED", "LEFT"}},
}

// ListEnrolments implements ProgrammesService.
func (h *programmesHandler) ListEnrolments(ctx context.Context, r *entitlementsv1.ListEnrolmentsRequest) (*entitlementsv1.ListEnrolmentsResponse, error) {
	programme := names.Last(r.GetParent())
	if err := h.hidden(ctx, programme); err != nil {
		return nil, err
	}
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(strings.ReplaceAll(r.GetFilter(), "STANDING_", ""), enrolmentFields...)
	if err != nil {
		return nil, err
	}
	list, err := h.service.EnrolmentsIn(ctx, programme)
	if err != nil {
		return nil, err
	}
	after := int64(0)
	if len(page.After) == 1 {
		after, _ = page.After[0].(int64)
	}
	out := &entitlementsv1.ListEnrolmentsResponse{}
	var last resource.Place
	for _, e := range list {
		m := enrolmentOut(e)
		if e.Turn <= after || !f.Match(func(field string) any {
			if field == "standing" {
				return strings.TrimPrefix(m.GetStanding().String(), "STANDING_")
			}
			return m.GetAccount()
		}) {
			continue
		}
		if len(out.Enrolments) == page.Size {
			out.NextPageToken, err = page.Next(last)
			return out, err
		}
		out.Enrolments, last = append(out.Enrolments, m), resource.Place{e.Turn}
	}
	return out, nil
}

// ApplyToProgramme implements ProgrammesService.
func (h *programmesHandler) ApplyToProgramme(ctx context.Context, r *entitlementsv1.ApplyToProgrammeRequest) (*entitlementsv1.Enrolment, error) {
	if err := checkAssigned(ctx, h.assignments, updateEnrolments, accountID(r.GetAccount())); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	e, err := h.service.Apply(ctx, call, names.Last(r.GetParent()), accountID(r.GetAccount()), r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	return enrolmentOut(e), nil
}

// WithdrawEnrolment implements ProgrammesService.
func (h *programmesHandler) WithdrawEnrolment(ctx context.Context, r *entitlementsv1.WithdrawEnrolmentRequest) (*entitlementsv1.Enrolment, error) {
	programme, account := names.First(r.GetName(), "programmes"), names.Last(r.GetName())
	if err := checkAssigned(ctx, h.assignments, updateEnrolments, account); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	e, err := h.service.Withdraw(ctx, call, programme, account)
	if err != nil {
		return nil, err
	}
	return enrolmentOut(e), nil
}
