package rpc

import (
	"cmp"
	"math/big"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// defaultSample is how many accounts a simulation names where the caller does not say.
const defaultSample = 10

// SimulateSchedule implements ScheduleService.
func (h *scheduleHandler) SimulateSchedule(r *entitlementsv1.SimulateScheduleRequest, stream grpc.ServerStreamingServer[entitlementsv1.SimulateScheduleResponse]) error {
	at, day, err := simulatedMoment(r)
	if err != nil {
		return err
	}
	p := entitlements.Simulating{At: at, Day: day, Sample: sampleIn(r.GetSampleSize()), Tell: func(done, total int) error {
		return stream.Send(&entitlementsv1.SimulateScheduleResponse{Done: int32(done), Total: int32(total)})
	}}
	switch content := r.GetContent().(type) {
	case *entitlementsv1.SimulateScheduleRequest_Yaml:
		p.File = []byte(content.Yaml)
	case *entitlementsv1.SimulateScheduleRequest_Schedule:
		if p.Schedule, err = scheduleIn(content.Schedule); err != nil {
			return err
		}
	}
	s, err := h.service.Simulate(stream.Context(), p)
	if err != nil {
		return err
	}
	return stream.Send(&entitlementsv1.SimulateScheduleResponse{Done: 1, Total: 1, Simulation: simulationOut(s)})
}

// simulatedMoment is as of when to simulate: an instant, zero for now, or a day.
func simulatedMoment(r moment) (time.Time, *civil.Day, error) {
	if r.GetAsOf() != nil && r.GetAsOfDate() != nil {
		return time.Time{}, nil, fault.Invalid("as_of_date", "must not be given together with as_of: choose one")
	}
	if r.GetAsOfDate() == nil {
		at, err := wire.Time("as_of", r.GetAsOf())
		return at, nil, err
	}
	days, err := wire.Day("as_of_date", r.GetAsOfDate())
	day := civil.Day(days)
	return time.Time{}, &day, err
}

func sampleIn(size int32) int {
	return max(0, cmp.Or(int(size), defaultSample))
}

func simulationOut(s *entitlements.Simulation) *entitlementsv1.Simulation {
	w := simulationWriter{s.Currency}
	m := &entitlementsv1.Simulation{
		AsOf: timestamppb.New(s.At), InForceTime: timestamppb.New(s.From), Accounts: s.Accounts,
		Revenue: wire.Money(s.Revenue, s.Currency), CostNow: w.money(s.CostNow), CostThen: w.money(s.CostThen),
		UnstatedBenefits: s.Unstated,
	}
	if s.Revenue > 0 {
		m.ShareNow, m.ShareThen = share(s.CostNow, s.Revenue), share(s.CostThen, s.Revenue)
	}
	for i := range s.Benefits {
		m.Benefits = append(m.Benefits, w.benefit(&s.Benefits[i]))
	}
	for i := range s.Rules {
		m.Rules = append(m.Rules, w.rule(&s.Rules[i]))
	}
	return m
}

func share(cost *big.Int, revenue int64) *float64 {
	of := float64(cost.Int64()) / float64(revenue)
	return &of
}

// simulationWriter writes amounts in a currency.
type simulationWriter struct{ currency string }

func (w simulationWriter) money(minor *big.Int) *money.Money {
	if minor == nil {
		return nil
	}
	return wire.Money(minor.Int64(), w.currency)
}

func (w simulationWriter) benefit(b *entitlements.SimulatedBenefit) *entitlementsv1.SimulatedBenefit {
	m := &entitlementsv1.SimulatedBenefit{
		Benefit: b.ID, HoldersNow: b.Now, HoldersThen: b.Then, Gaining: b.Gaining, Losing: b.Losing, KeptForTerm: b.Kept,
		GainingAccounts: accountNames(b.Gainers), LosingAccounts: accountNames(b.Losers),
		CostNow: w.money(b.CostNow), CostThen: w.money(b.CostThen),
	}
	if b.Use != nil {
		use := b.Use.Int64()
		m.ExpectedUsePerYear = &use
	}
	if b.Capacity > 0 {
		m.CapacityPerYear, m.OverCapacity = &b.Capacity, b.OverCapacity()
	}
	return m
}

func (w simulationWriter) rule(r *entitlements.SimulatedRule) *entitlementsv1.SimulatedRule {
	return &entitlementsv1.SimulatedRule{
		Rule: r.ID, Added: r.New, Changed: r.Changed, Holders: r.Holders, Newly: r.Newly,
		NewlyAccounts: accountNames(r.Newcomers), Cost: w.money(r.Cost),
	}
}

func accountNames(ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = accountPrefix + id
	}
	return names
}
