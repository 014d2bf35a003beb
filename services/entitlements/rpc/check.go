package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// entitlementsHandler serves EntitlementsService.
type entitlementsHandler struct {
	entitlementsv1.UnimplementedEntitlementsServiceServer
	service *entitlements.Service
	batches batchAnswers
}

// answer is what is told of one decision. A spend-blind caller is told whether, and
// what is promised, and nothing that tells spend.
type answer struct {
	decided  entitlements.Explanation
	decider  *entitlements.Decider
	blind    bool
	explains bool
}

// CheckEntitlement implements EntitlementsService.
func (h *entitlementsHandler) CheckEntitlement(ctx context.Context, r *entitlementsv1.CheckEntitlementRequest) (*entitlementsv1.CheckEntitlementResponse, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	a := answer{decider: &d, blind: auth.FromContext(ctx).SpendBlind(), explains: r.GetView() != entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC}
	if a.explains && !a.blind {
		a.decided, err = d.Explain(ctx, accountID(r.GetAccount()), r.GetBenefit())
	} else {
		a.decided.Decision, err = d.Check(ctx, accountID(r.GetAccount()), r.GetBenefit())
	}
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.CheckEntitlementResponse{
		Entitled: a.decided.Entitled(), AsOf: timestamppb.New(d.At), Age: age(&d), Limit: a.limit(), Promise: a.promise(),
	}
	if !a.blind {
		m.Rule, m.ScheduleVersion = a.rule(), d.VersionName(a.decided.Version)
		m.ValidUntil = validUntil(a.decided.ValidUntil)
		m.Reason, m.Distances = a.decided.Reason, distancesOut(a.decided.Ways, d.Currency())
	}
	return m, nil
}

func (a *answer) rule() string {
	if a.decided.Rule == nil {
		return ""
	}
	return a.decided.Rule.ID
}

// promise is told in full answers, and to who is told little else.
func (a *answer) promise() string {
	if (a.explains || a.blind) && a.decided.Benefit != nil {
		return a.decided.Benefit.Promise
	}
	return ""
}

// limit is told of a metered benefit; a spend-blind caller only of one that is due,
// since another rule may give another limit.
func (a *answer) limit() *entitlementsv1.MeteredLimit {
	b := a.decided.Benefit
	if b == nil || b.Kind != schedule.Metered || a.blind && !a.decided.Entitled() {
		return nil
	}
	return &entitlementsv1.MeteredLimit{Limit: b.Limit, Unit: b.Unit, Period: b.Period.String(), Rollover: b.Rollover}
}

// entitlement writes the answer as an Entitlement.
func (a *answer) entitlement(m *entitlementsv1.Entitlement) {
	m.Benefit, m.Entitled = a.decided.BenefitID, a.decided.Entitled()
	m.Promise, m.Limit = a.promise(), a.limit()
	if a.decided.Benefit != nil {
		m.Kind = kindOut(a.decided.Benefit.Kind)
	}
	if a.blind {
		return
	}
	m.Rule, m.ScheduleVersion = a.rule(), a.decider.VersionName(a.decided.Version)
	m.Reason = a.decided.Reason
	if len(a.decided.Ways) > 0 {
		m.Distances = distancesOut(a.decided.Ways, a.decider.Currency())
	}
}

func distancesOut(ways []decision.Way, currency schedule.Currency) []*entitlementsv1.Distance {
	w := scheduleWriter{currency}
	var distances []*entitlementsv1.Distance
	for _, way := range ways {
		m := &entitlementsv1.Distance{Rule: way.Rule.ID}
		for i := range way.Requires {
			m.Requirements = append(m.Requirements, w.requirement(&way.Requires[i]))
		}
		distances = append(distances, m)
	}
	return distances
}

func (w scheduleWriter) requirement(r *decision.Requirement) *entitlementsv1.Requirement {
	switch r.Subject {
	case schedule.Tenure:
		return &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Tenure{
			Tenure: &entitlementsv1.TenureRequirement{OnDate: dateOut(r.On), NeedMonths: int32(r.Need)},
		}}
	case schedule.Programme:
		return &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Programme{
			Programme: &entitlementsv1.ProgrammeRequirement{Programme: r.Programme},
		}}
	case schedule.Innovation:
		return &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Innovation{Innovation: &entitlementsv1.InnovationRequirement{
			MissingProjects: int32(r.Missing), HaveProjects: int32(r.Have), NeedProjects: int32(r.Need),
		}}}
	case schedule.Board:
		return &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Board{Board: &entitlementsv1.BoardRequirement{
			MissingTerms: int32(r.Missing), HaveTerms: int32(r.Have), NeedTerms: int32(r.Need), CurrentTermEndDate: dateOut(r.TermEnds),
		}}}
	}
	return &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Spend{Spend: &entitlementsv1.SpendRequirement{
		Missing: w.money(r.Missing), ByDate: dateOut(r.By), Have: w.money(r.Have), Need: w.money(r.Need),
		Window: windowOut(r.Window), Scope: scopeOut(r.Scope),
	}}}
}

// ListEntitlements implements EntitlementsService.
func (h *entitlementsHandler) ListEntitlements(ctx context.Context, r *entitlementsv1.ListEntitlementsRequest) (*entitlementsv1.ListEntitlementsResponse, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	list, err := d.List(ctx, accountID(r.GetAccount()), r.GetHeldOnly())
	if err != nil {
		return nil, err
	}
	baseline, err := d.Baseline()
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.ListEntitlementsResponse{Baseline: baselineOut(&d, baseline), AsOf: timestamppb.New(d.At), Age: age(&d)}
	blind := auth.FromContext(ctx).SpendBlind()
	for i := range list {
		a := answer{decided: list[i], decider: &d, blind: blind, explains: true}
		e := &entitlementsv1.Entitlement{}
		a.entitlement(e)
		if !blind {
			e.ValidUntil = validUntil(list[i].ValidUntil)
		}
		m.Entitlements = append(m.Entitlements, e)
	}
	return m, nil
}

func baselineOut(d *entitlements.Decider, b decision.Baseline) *entitlementsv1.Baseline {
	return &entitlementsv1.Baseline{ScheduleVersion: d.VersionName(b.Version), Commitments: commitmentsOut(b.Commitments)}
}

// GetBaseline implements EntitlementsService.
func (h *entitlementsHandler) GetBaseline(ctx context.Context, r *entitlementsv1.GetBaselineRequest) (*entitlementsv1.GetBaselineResponse, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	baseline, err := d.BaselineOf(ctx, accountID(r.GetAccount()))
	if err != nil {
		return nil, err
	}
	return &entitlementsv1.GetBaselineResponse{Baseline: baselineOut(&d, baseline), AsOf: timestamppb.New(d.At)}, nil
}
