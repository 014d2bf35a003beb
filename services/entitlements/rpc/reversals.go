package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/reversals"
)

// reversalsHandler serves ReversalsService.
type reversalsHandler struct {
	entitlementsv1.UnimplementedReversalsServiceServer
	reversals *reversals.Reversals
	decisions *entitlements.Service
}

// reversalFields are what reversed benefits are filtered by.
var reversalFields = []filter.Field{{Name: "account"}, {Name: "benefit"}, {Name: "rule"}}

// ListReversedBenefits implements ReversalsService.
func (h *reversalsHandler) ListReversedBenefits(ctx context.Context, r *entitlementsv1.ListReversedBenefitsRequest) (*entitlementsv1.ListReversedBenefitsResponse, error) {
	page, err := paging.Read[reversals.Place](r)
	if err != nil {
		return nil, err
	}
	q := reversals.Query{Size: page.Size}
	if page.After != nil {
		q.After = *page.After
	}
	from, err := wire.Day("from_date", r.GetFromDate())
	if err != nil {
		return nil, err
	}
	to, err := wire.Day("to_date", r.GetToDate())
	if err != nil {
		return nil, err
	}
	q.From, q.To = civil.Day(from), civil.Day(to)
	if r.GetFilter() != "" {
		f, err := filter.Parse(r.GetFilter(), reversalFields...)
		if err != nil {
			return nil, err
		}
		q.Keep = func(s *reversals.Stretch) bool {
			return f.Match(func(field string) any { return reversalField(s, field) })
		}
	}
	found, err := h.reversals.List(ctx, q)
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.ListReversedBenefitsResponse{Done: int32(found.Done), Total: int32(found.Total)}
	for i := range found.Stretches {
		m.ReversedBenefits = append(m.ReversedBenefits, reversedOut(&found.Stretches[i], h.decisions.Currency()))
	}
	if found.Next != nil {
		m.NextPageToken, err = page.Next(*found.Next)
	}
	return m, err
}

func reversalField(s *reversals.Stretch, field string) any {
	switch field {
	case "account":
		return accountPrefix + s.Account
	case "benefit":
		return s.Benefit
	default:
		return s.Rule
	}
}

func reversedOut(s *reversals.Stretch, currency string) *entitlementsv1.ReversedBenefit {
	m := &entitlementsv1.ReversedBenefit{
		Account: accountPrefix + s.Account, Benefit: s.Benefit, Rule: s.Rule, ScheduleVersion: entitlements.VersionName(s.Version),
		StartTime: wire.Timestamp(s.From), EndTime: wire.Timestamp(s.To), UsedUnits: s.Used, MoreEntries: int32(s.More),
	}
	for _, t := range s.TakenBack {
		m.Entries = append(m.Entries, &entitlementsv1.TakenBackEntry{
			Entry: t.Receipt.Name, Date: dateOut(t.Receipt.Day), Amount: wire.Money(t.Minor, currency), Source: t.Receipt.Source,
			Recorder: t.Receipt.Recorder, RecordTime: wire.Timestamp(t.Receipt.Recorded),
			Reversal: t.Back.Name, ReversalDate: dateOut(t.Back.Day), Reverser: t.Back.Recorder, ReversalTime: wire.Timestamp(t.Back.Recorded),
			Note: t.Back.Note, Mistake: t.Reversed(),
		})
	}
	return m
}
