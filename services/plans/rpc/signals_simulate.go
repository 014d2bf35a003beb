package rpc

import (
	"context"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/signals"
)

// simulation is a request to try a rule on the past.
type simulation interface {
	GetName() string
	GetFromDate() *date.Date
	GetToDate() *date.Date
	GetMaxAccounts() int32
	GetEtag() string
	GetValidateOnly() bool
}

// simulate tries a rule on the past, and returns it with what came out, noted or not.
func (h *signalsHandler) simulate(ctx context.Context, r simulation, tell func(accounts int) error) (*plansv1.SignalRule, error) {
	from, err := dayGiven("from_date", r.GetFromDate())
	if err != nil {
		return nil, err
	}
	to, err := dayGiven("to_date", r.GetToDate())
	if err != nil {
		return nil, err
	}
	rule, result, err := h.domain.SimulateRule(ctx, request.Caller(ctx), names.Last(r.GetName()), r.GetEtag(),
		signals.Trial{From: from, To: to, Accounts: int(r.GetMaxAccounts()), Tell: tell}, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	out := signalRuleOut(rule)
	out.Simulation = signalSimulationOut(result)
	return out, nil
}

// SimulateSignalRule implements SignalsService.
func (h *signalsHandler) SimulateSignalRule(ctx context.Context, r *plansv1.SimulateSignalRuleRequest) (*plansv1.SignalRule, error) {
	return h.simulate(ctx, r, nil)
}

// RunSignalSimulation implements SignalsService.
func (h *signalsHandler) RunSignalSimulation(r *plansv1.RunSignalSimulationRequest, stream grpc.ServerStreamingServer[plansv1.RunSignalSimulationResponse]) error {
	rule, err := h.simulate(stream.Context(), r, func(accounts int) error {
		return stream.Send(&plansv1.RunSignalSimulationResponse{Accounts: int32(accounts)})
	})
	if err != nil {
		return err
	}
	return stream.Send(&plansv1.RunSignalSimulationResponse{Accounts: rule.GetSimulation().GetAccounts(), SignalRule: rule})
}
