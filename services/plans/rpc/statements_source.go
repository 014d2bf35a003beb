package rpc

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/statements"
)

var (
	_ statements.Published = (*EntitlementsSource)(nil)
	_ statements.Ledgers   = (*EntitlementsSource)(nil)
	_ statements.Accounts  = (*plans.Accounts)(nil)
)

// Edition implements statements.Published.
func (s *EntitlementsSource) Edition(ctx context.Context, version string) (statements.Edition, error) {
	name := versionPrefix + version
	v, err := s.schedules.GetScheduleVersion(ctx, &entitlementsv1.GetScheduleVersionRequest{Name: name})
	if err != nil {
		return statements.Edition{}, fmt.Errorf("read %s: %w", name, err)
	}
	edition := statements.Edition{Benefits: map[string]statements.Benefit{}}
	for _, b := range v.GetSchedule().GetBenefits() {
		benefit := statements.Benefit{Promise: b.GetPromise(), Unit: b.GetUnit()}
		if b.GetUnitCost() != nil {
			if benefit.Minor, _, err = wire.Minor("unit_cost", b.GetUnitCost()); err != nil {
				return statements.Edition{}, fmt.Errorf("benefit %s of %s: %w", b.GetId(), name, err)
			}
			benefit.Stated = true
		}
		edition.Benefits[b.GetId()] = benefit
	}
	return edition, nil
}

// Totals implements statements.Ledgers.
func (s *EntitlementsSource) Totals(ctx context.Context, first, last civil.Day) (statements.LedgerTotals, error) {
	answer, err := s.costs.SummarizeCosts(ctx, &entitlementsv1.SummarizeCostsRequest{GroupBy: entitlementsv1.CostGrouping_COST_GROUPING_COMPANY,
		FromDate: dayOut(first), ToDate: dayOut(last), PageSize: 1})
	if err != nil {
		return statements.LedgerTotals{}, err
	}
	total := answer.GetTotal()
	out := statements.LedgerTotals{Units: total.GetUnits(), Unknown: total.GetUnknownUnits(), Currency: total.GetRevenue().GetCurrencyCode()}
	if total.GetRevenue() != nil {
		if out.Paid, _, err = wire.Minor("revenue", total.GetRevenue()); err != nil {
			return out, err
		}
	}
	if total.GetCost() != nil {
		out.Worth, _, err = wire.Minor("cost", total.GetCost())
	}
	return out, err
}
