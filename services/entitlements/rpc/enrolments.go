package rpc

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
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

// longStanding finds standings written as JSON has them, STANDING_LEFT.
var longStanding = regexp.MustCompile(`(\bstanding\s*(?:!=|=)\s*"?)STANDING_`)

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
	f, err := filter.Parse(longStanding.ReplaceAllString(r.GetFilter(), "$1"), enrolmentFields...)
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
	programme, account := names.Last(r.GetParent()), accountID(r.GetAccount())
	e, err := h.service.Apply(ctx, call, programme, account, r.GetValidateOnly())
	if errors.Is(err, resource.ErrNotFound) {
		return nil, h.missing(ctx, programme, account, err)
	}
	if err != nil {
		return nil, err
	}
	return enrolmentOut(e), nil
}

// missing returns NOT_FOUND for an application, or UNAVAILABLE where the programme is
// there, and the account is too, but has not been heard of here yet.
func (h *programmesHandler) missing(ctx context.Context, programme, account string, notFound error) error {
	if _, err := h.service.Get(ctx, programme); err != nil {
		return err
	}
	if _, err := h.assignments.AssignedTo(ctx, account, ""); err != nil { // it asks for the account
		return notFound
	}
	return fault.New(fault.Unavailable, fault.ReasonUnavailable, "%s is so new that it is not known here yet. Try again.", accountPrefix+account).
		WithResource("evenhand/Account", accountPrefix+account).WithRetry(time.Second)
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
