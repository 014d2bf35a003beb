package rpc

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/signals"
)

// SignalEntitlements asks the entitlements service what accounts have and are near to. It
// implements signals.Entitlements.
type SignalEntitlements struct {
	entitlements entitlementsv1.EntitlementsServiceClient
	usage        entitlementsv1.UsageServiceClient
}

var _ signals.Entitlements = (*SignalEntitlements)(nil)

// NewSignalEntitlements asks on a connection to the entitlements service, whose calls carry
// a token that may read entitlements, spend and usage: one of a principal with the role
// service.
func NewSignalEntitlements(conn grpc.ClientConnInterface) *SignalEntitlements {
	return &SignalEntitlements{entitlementsv1.NewEntitlementsServiceClient(conn), entitlementsv1.NewUsageServiceClient(conn)}
}

// Distances implements signals.Entitlements.
func (e *SignalEntitlements) Distances(ctx context.Context, account string, day civil.Day) ([]signals.Distance, error) {
	answer, err := e.entitlements.ListEntitlements(ctx, &entitlementsv1.ListEntitlementsRequest{
		Account: plans.AccountName(account), AsOfDate: wire.Date(int32(day))})
	if err != nil {
		return nil, nothingYet(err)
	}
	var all []signals.Distance
	for _, held := range answer.GetEntitlements() {
		if held.GetEntitled() || len(held.GetDistances()) == 0 {
			continue
		}
		d, known, err := distanceIn(held)
		if err != nil {
			return nil, fmt.Errorf("the distance from benefit %s: %w", held.GetBenefit(), err)
		}
		if known {
			all = append(all, d)
		}
	}
	return all, nil
}

// nothingYet is nil for the failures by which the entitlements service says that it
// promises nobody anything then, or does not know the account yet.
func nothingYet(err error) error {
	switch status.Code(err) {
	case codes.NotFound, codes.FailedPrecondition:
		return nil
	}
	return err
}

// distanceIn is the nearest way to a benefit: of what is missing on it the spend, or else
// the first. False where that is of a kind not known here, of which nobody could say how
// far it is.
func distanceIn(e *entitlementsv1.Entitlement) (d signals.Distance, known bool, err error) {
	way := e.GetDistances()[0]
	missing := way.GetRequirements()
	if len(missing) == 0 {
		return d, false, nil
	}
	d = signals.Distance{Benefit: e.GetBenefit(), Promise: e.GetPromise(), Rule: way.GetRule(), Further: len(missing) - 1}
	of := missing[max(0, slices.IndexFunc(missing, func(r *entitlementsv1.Requirement) bool { return r.GetSpend() != nil }))]
	switch r := of.GetRequirement().(type) {
	case *entitlementsv1.Requirement_Spend:
		err = spendIn(&d, r.Spend)
	case *entitlementsv1.Requirement_Tenure:
		d.Needs, d.Need = "tenure", int64(r.Tenure.GetNeedMonths())
		d.By, err = dayGiven("on_date", r.Tenure.GetOnDate())
	case *entitlementsv1.Requirement_Board:
		d.Needs, d.Missing, d.Have, d.Need = "board", int64(r.Board.GetMissingTerms()), int64(r.Board.GetHaveTerms()), int64(r.Board.GetNeedTerms())
		d.By, err = dayGiven("current_term_end_date", r.Board.GetCurrentTermEndDate())
	case *entitlementsv1.Requirement_Programme:
		d.Needs, d.Missing, d.Need = "programme", 1, 1
	case *entitlementsv1.Requirement_Innovation:
		d.Needs, d.Missing, d.Have, d.Need = "innovation", int64(r.Innovation.GetMissingProjects()), int64(r.Innovation.GetHaveProjects()), int64(r.Innovation.GetNeedProjects())
	default:
		return d, false, nil
	}
	return d, true, err
}

func spendIn(d *signals.Distance, s *entitlementsv1.SpendRequirement) error {
	var err error
	d.Needs = "spend"
	if d.Missing, d.Currency, err = wire.Minor("missing", s.GetMissing()); err != nil {
		return err
	}
	if d.Have, _, err = wire.Minor("have", s.GetHave()); err != nil {
		return err
	}
	if d.Need, _, err = wire.Minor("need", s.GetNeed()); err != nil {
		return err
	}
	d.By, err = dayGiven("by_date", s.GetByDate())
	return err
}

// Balances implements signals.Entitlements.
func (e *SignalEntitlements) Balances(ctx context.Context, account string, day civil.Day) ([]signals.Balance, error) {
	answer, err := e.usage.ListBalances(ctx, &entitlementsv1.ListBalancesRequest{
		Parent: plans.AccountName(account), AsOfDate: wire.Date(int32(day))})
	if err != nil {
		return nil, nothingYet(err)
	}
	var all []signals.Balance
	for _, b := range answer.GetBalances() {
		if !b.GetHeld() {
			continue
		}
		in := signals.Balance{Benefit: names.Last(b.GetName()), Promise: b.GetPromise(), Unit: b.GetUnit(), Used: b.GetUsed(),
			Reserved: b.GetReserved(), Limit: b.GetLimit() + b.GetCarriedOver(), Left: b.GetLeft()}
		if in.Begins, err = dayGiven("period_start_date", b.GetPeriodStartDate()); err != nil {
			return nil, fmt.Errorf("the balance of benefit %s: %w", in.Benefit, err)
		}
		if in.Ends, err = dayGiven("period_end_date", b.GetPeriodEndDate()); err != nil {
			return nil, fmt.Errorf("the balance of benefit %s: %w", in.Benefit, err)
		}
		all = append(all, in)
	}
	return all, nil
}
