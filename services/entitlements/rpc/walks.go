package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// holdersCursor is where the next page of holders begins, and the instant that all
// pages are for.
type holdersCursor struct {
	After string `json:"after"`
	AtMS  int64  `json:"at_ms"`
}

// ListHolders implements EntitlementsService.
func (h *entitlementsHandler) ListHolders(ctx context.Context, r *entitlementsv1.ListHoldersRequest) (*entitlementsv1.ListHoldersResponse, error) {
	page, err := paging.Read[holdersCursor](r)
	if err != nil {
		return nil, err
	}
	d, err := decider(ctx, h.service, r)
	after := ""
	if err == nil && page.After != nil {
		after = page.After.After
		d, err = h.service.AsOf(time.UnixMilli(page.After.AtMS))
	}
	if err != nil {
		return nil, err
	}
	holders, more, err := d.Holders(ctx, r.GetBenefit(), after, page.Size)
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.ListHoldersResponse{AsOf: timestamppb.New(d.At)}
	for _, holder := range holders {
		m.Holders = append(m.Holders, &entitlementsv1.Holder{
			Account: accountPrefix + holder.Account, Rule: holder.Rule.ID,
			ScheduleVersion: d.VersionName(holder.Version), ValidUntil: validUntil(holder.ValidUntil),
		})
	}
	if more {
		m.NextPageToken, err = page.Next(holdersCursor{After: holders[len(holders)-1].Account, AtMS: d.At.UnixMilli()})
	}
	return m, err
}

// CountHolders implements EntitlementsService.
func (h *entitlementsHandler) CountHolders(ctx context.Context, r *entitlementsv1.CountHoldersRequest) (*entitlementsv1.CountHoldersResponse, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	count, err := d.CountHolders(ctx, r.GetBenefit())
	if err != nil {
		return nil, err
	}
	return &entitlementsv1.CountHoldersResponse{Count: count, AsOf: timestamppb.New(d.At)}, nil
}

// GetSpend implements EntitlementsService.
func (h *entitlementsHandler) GetSpend(ctx context.Context, r *entitlementsv1.GetSpendRequest) (*entitlementsv1.Spend, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	spend, err := d.Spend(ctx, accountID(r.GetAccount()))
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.Spend{
		Account: r.GetAccount(), FirstEntryDate: dateOut(spend.First), LastEntryDate: dateOut(spend.Last),
		JoinedDate: dateOut(spend.Joined), AsOf: timestamppb.New(d.At),
	}
	for _, w := range spend.Windows {
		m.Windows = append(m.Windows, &entitlementsv1.WindowSpend{
			Window: windowOut(w.Window), Scope: scopeOut(w.Scope), Amount: wire.Money(w.Minor, spend.Currency),
		})
	}
	return m, nil
}

// GetSpendSummary implements EntitlementsService.
func (h *entitlementsHandler) GetSpendSummary(ctx context.Context, r *entitlementsv1.GetSpendSummaryRequest) (*entitlementsv1.SpendSummary, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	sum, err := d.Summary(ctx)
	if err != nil {
		return nil, err
	}
	return &entitlementsv1.SpendSummary{
		Accounts: sum.Accounts, PayingAccounts: sum.Paying, Entries: sum.Entries,
		Total: wire.Money(sum.Minor, sum.Currency), AsOf: timestamppb.New(d.At),
	}, nil
}

// RebuildProjections implements EntitlementsService.
func (h *entitlementsHandler) RebuildProjections(_ *entitlementsv1.RebuildProjectionsRequest, stream grpc.ServerStreamingServer[entitlementsv1.RebuildProjectionsResponse]) error {
	last := &entitlementsv1.RebuildProjectionsResponse{}
	err := h.service.Rebuild(stream.Context(), func(applied, total int64) error {
		last = &entitlementsv1.RebuildProjectionsResponse{Applied: applied, Total: total}
		return stream.Send(last)
	})
	if err != nil {
		return err
	}
	return stream.Send(&entitlementsv1.RebuildProjectionsResponse{Applied: last.GetApplied(), Total: last.GetTotal(), Done: true})
}
