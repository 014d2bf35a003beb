package rpc

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

// The permission to use benefits, which a role may hold for assigned accounts only.
const consumeUsage = "usage.consume"

// usageHandler serves UsageService.
type usageHandler struct {
	entitlementsv1.UnimplementedUsageServiceServer
	usage       *usage.Usage
	decisions   *entitlements.Service
	assignments Assignments
}

// accountIn is the id of the account that a name begins with; the schema has checked it.
func accountIn(name string) string { return names.First(name, "accounts") }

// call returns the call of a request that uses something of the account that a name begins
// with, if the caller may.
func (h *usageHandler) call(ctx context.Context, r request.Mutation, name string) (resource.Call, error) {
	if err := checkAssigned(ctx, h.assignments, consumeUsage, accountIn(name)); err != nil {
		return resource.Call{}, err
	}
	return request.Call(ctx, r)
}

// moment is as of when balances are asked for; zero for now, which the rest of today is.
func (h *usageHandler) moment(ctx context.Context, r moment) (time.Time, error) {
	if r.GetAsOf() == nil && r.GetAsOfDate() == nil {
		return time.Time{}, nil
	}
	d, err := decider(ctx, h.decisions, r)
	if err != nil {
		return time.Time{}, err
	}
	now, err := h.decisions.AsOf(time.Time{})
	if err != nil || r.GetAsOfDate() != nil && d.Day() == now.Day() {
		return time.Time{}, err
	}
	return d.At, nil
}

// GetBalance implements UsageService.
func (h *usageHandler) GetBalance(ctx context.Context, r *entitlementsv1.GetBalanceRequest) (*entitlementsv1.Balance, error) {
	at, err := h.moment(ctx, r)
	if err != nil {
		return nil, err
	}
	b, err := h.usage.Get(ctx, accountIn(r.GetName()), names.Last(r.GetName()), at)
	if err != nil {
		return nil, err
	}
	return h.writer(ctx).balance(&b), nil
}

// ListBalances implements UsageService.
func (h *usageHandler) ListBalances(ctx context.Context, r *entitlementsv1.ListBalancesRequest) (*entitlementsv1.ListBalancesResponse, error) {
	at, err := h.moment(ctx, r)
	if err != nil {
		return nil, err
	}
	account := accountIn(r.GetParent())
	if err := h.decisions.Exists(ctx, account); err != nil {
		return nil, err
	}
	list, err := h.usage.List(ctx, account, at)
	if err != nil {
		return nil, err
	}
	w, out := h.writer(ctx), &entitlementsv1.ListBalancesResponse{}
	for i := range list {
		out.Balances = append(out.Balances, w.balance(&list[i]))
	}
	return out, nil
}

// ConsumeBenefit implements UsageService.
func (h *usageHandler) ConsumeBenefit(ctx context.Context, r *entitlementsv1.ConsumeBenefitRequest) (*entitlementsv1.ConsumeBenefitResponse, error) {
	c, err := h.call(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	done, err := h.usage.Consume(ctx, c, useIn(r), r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	w := h.writer(ctx)
	out := &entitlementsv1.ConsumeBenefitResponse{Entry: w.entry(&done.Entry), Balance: w.after(&done)}
	if r.GetValidateOnly() {
		out.Entry.Name = ""
	}
	return out, nil
}

// ReserveBenefit implements UsageService.
func (h *usageHandler) ReserveBenefit(ctx context.Context, r *entitlementsv1.ReserveBenefitRequest) (*entitlementsv1.ReserveBenefitResponse, error) {
	c, err := h.call(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	lasts := r.GetDuration().AsDuration()
	if r.GetDuration() != nil && (!r.GetDuration().IsValid() || lasts == 0) {
		return nil, fault.Invalid("duration", "is no length of time: a reservation lasts from 1 second to %s", usage.LongestReserved)
	}
	done, err := h.usage.Reserve(ctx, c, useIn(r), lasts)
	if err != nil {
		return nil, err
	}
	w := h.writer(ctx)
	return &entitlementsv1.ReserveBenefitResponse{Reservation: w.reservation(&done.Entry), Balance: w.after(&done)}, nil
}

// CommitReservation implements UsageService.
func (h *usageHandler) CommitReservation(ctx context.Context, r *entitlementsv1.CommitReservationRequest) (*entitlementsv1.CommitReservationResponse, error) {
	c, err := h.call(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	done, err := h.usage.Commit(ctx, c, accountIn(r.GetName()), names.Last(r.GetName()), r.GetUnits())
	if err != nil {
		return nil, err
	}
	w := h.writer(ctx)
	return &entitlementsv1.CommitReservationResponse{Entry: w.entry(&done.Entry), Balance: w.after(&done)}, nil
}

// CancelReservation implements UsageService.
func (h *usageHandler) CancelReservation(ctx context.Context, r *entitlementsv1.CancelReservationRequest) (*entitlementsv1.CancelReservationResponse, error) {
	c, err := h.call(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	done, err := h.usage.Cancel(ctx, c, accountIn(r.GetName()), names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	w := h.writer(ctx)
	return &entitlementsv1.CancelReservationResponse{Entry: w.entry(&done.Entry), Balance: w.after(&done)}, nil
}

// ReleaseUsage implements UsageService.
func (h *usageHandler) ReleaseUsage(ctx context.Context, r *entitlementsv1.ReleaseUsageRequest) (*entitlementsv1.ReleaseUsageResponse, error) {
	c, err := h.call(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	done, err := h.usage.Release(ctx, c, accountIn(r.GetName()), names.Last(r.GetName()), r.GetUnits(), r.GetReason())
	if err != nil {
		return nil, err
	}
	w := h.writer(ctx)
	return &entitlementsv1.ReleaseUsageResponse{Entry: w.entry(&done.Entry), Balance: w.after(&done)}, nil
}

// used is a request to use units of a benefit.
type used interface {
	GetName() string
	GetUnits() int64
	GetOrigin() entitlementsv1.UsageOrigin
	GetNote() string
}

func useIn(r used) usage.Use {
	return usage.Use{Account: accountIn(r.GetName()), Benefit: names.Last(r.GetName()), Units: r.GetUnits(),
		Origin: originsIn[r.GetOrigin()], Note: r.GetNote()}
}

// writer writes what a caller may see.
func (h *usageHandler) writer(ctx context.Context) usageWriter {
	return usageWriter{blind: auth.FromContext(ctx).SpendBlind()}
}
