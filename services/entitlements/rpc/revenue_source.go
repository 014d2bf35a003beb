package rpc

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/entitlements/reversals"
)

var _ reversals.Ledger = (*Source)(nil)

// Entries implements reversals.Ledger.
func (s *Source) Entries(ctx context.Context, account string) ([]reversals.Entry, error) {
	var list []reversals.Entry
	r := &accountsv1.ListRevenueEntriesRequest{Parent: names.Join("accounts", account), PageSize: paging.MaxSize}
	for {
		page, err := s.revenue.ListRevenueEntries(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, e := range page.GetRevenueEntries() {
			entry, err := entryOf(e)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", e.GetName(), err)
			}
			list = append(list, entry)
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			return list, nil
		}
	}
}

func entryOf(e *accountsv1.RevenueEntry) (reversals.Entry, error) {
	day, err := wire.Day("date", e.GetDate())
	if err != nil {
		return reversals.Entry{}, err
	}
	minor, _, err := wire.Minor("reporting_amount", e.GetReportingAmount())
	return reversals.Entry{
		Name: e.GetName(), Day: civil.Day(day), Minor: minor, Source: e.GetSource(), Recorder: e.GetRecorder(),
		Recorded: e.GetCreateTime().AsTime(), Corrects: e.GetCorrects(), Note: e.GetNote(),
	}, err
}
