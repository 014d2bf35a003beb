package rpc

import (
	"context"

	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/cost"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

var _ cost.Company = (*entitlements.Service)(nil)

// CostLedger is what was used of benefits, as costs see it. It implements cost.Ledger.
type CostLedger struct{ Usage *usage.Usage }

// Uses implements cost.Ledger.
func (l CostLedger) Uses(ctx context.Context, account string, visit func(cost.Use)) error {
	return l.Usage.Uses(ctx, account, func(e *usage.Entry) {
		visit(cost.Use{Account: e.Account, Benefit: e.Benefit, Rule: e.Rule, Version: e.Version, Origin: string(e.Origin), Day: e.Day, Units: e.Adds()})
	})
}
