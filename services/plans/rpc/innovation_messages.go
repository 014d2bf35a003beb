package rpc

import (
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/innovation"
)

var projectStates = map[innovation.State]plansv1.InnovationProject_State{
	innovation.Proposed:  plansv1.InnovationProject_STATE_PROPOSED,
	innovation.Agreed:    plansv1.InnovationProject_STATE_AGREED,
	innovation.UnderWay:  plansv1.InnovationProject_STATE_UNDER_WAY,
	innovation.Launched:  plansv1.InnovationProject_STATE_LAUNCHED,
	innovation.Completed: plansv1.InnovationProject_STATE_COMPLETED,
	innovation.Confirmed: plansv1.InnovationProject_STATE_CONFIRMED,
	innovation.Stopped:   plansv1.InnovationProject_STATE_STOPPED,
}

var verdicts = map[innovation.Verdict]plansv1.InnovationProject_Verdict{
	innovation.Go:     plansv1.InnovationProject_VERDICT_GO,
	innovation.Rework: plansv1.InnovationProject_VERDICT_REWORK,
	innovation.Hold:   plansv1.InnovationProject_VERDICT_HOLD,
	innovation.Stop:   plansv1.InnovationProject_VERDICT_STOP,
}

func projectOut(s resource.Stored[innovation.Project]) *plansv1.InnovationProject {
	p := &s.State
	m := &plansv1.InnovationProject{
		Name: innovation.Name(s.ID), Title: p.Title, Accounts: namesIn("accounts", p.Accounts), Lead: nameIn("principals", p.Lead),
		Proposal:  &plansv1.InnovationProject_Proposal{What: p.Proposal.What, Why: p.Proposal.Why, Downstream: p.Proposal.Downstream},
		Agreement: agreementOut(p), Proposer: p.Proposer, State: projectStates[p.State], Held: p.Held,
		LaunchDate: dayOut(p.Launched), EndDate: dayOut(p.Ended), StopReason: p.StopReason, Lessons: p.Lessons,
		Etag: s.Etag(), CreateTime: wire.Timestamp(p.Created), UpdateTime: wire.Timestamp(p.Updated),
	}
	if p.State == innovation.UnderWay && p.Passed < len(p.Stages) {
		m.CurrentStage = int32(p.Passed) + 1
	}
	for _, stage := range p.Stages {
		m.Stages = append(m.Stages, &plansv1.InnovationProject_Stage{Title: stage.Title, Criteria: stage.Criteria})
	}
	for _, x := range p.Signatures {
		m.Signatures = append(m.Signatures, &plansv1.InnovationProject_Signature{
			Account: nameIn("accounts", x.Account), Signer: x.By, SignDate: dayOut(x.Day), Recorder: x.Recorder})
	}
	for _, d := range p.Decisions {
		m.Decisions = append(m.Decisions, &plansv1.InnovationProject_Decision{Stage: int32(d.Stage), Verdict: verdicts[d.Verdict],
			Reason: d.Reason, Evidence: d.Evidence, DecideDate: dayOut(d.Day), Decider: d.By})
	}
	for i, x := range p.Pilots {
		m.Pilots = append(m.Pilots, &plansv1.InnovationProject_Pilot{Number: int32(i) + 1, Location: x.Where,
			StartDate: dayOut(x.From), EndDate: dayOut(x.To), Result: x.Result, Recorder: x.By})
	}
	for _, r := range p.Results {
		m.Results = append(m.Results, &plansv1.InnovationProject_Result{
			Gain: int32(r.Gain), Actual: r.Actual, Evidence: r.Evidence, MeasureDate: dayOut(r.Day), Recorder: r.By})
	}
	for _, c := range p.Confirmations {
		m.Confirmations = append(m.Confirmations, confirmationOut(c))
	}
	return m
}

func agreementOut(p *innovation.Project) *plansv1.InnovationProject_Agreement {
	a := &p.Agreement
	m := &plansv1.InnovationProject_Agreement{Ownership: a.Ownership, EndConditions: a.End}
	for i, g := range a.Gains {
		actual, _ := p.Result(i + 1)
		m.Gains = append(m.Gains, &plansv1.InnovationProject_Gain{Number: int32(i) + 1, Account: nameIn("accounts", g.Account),
			Measure: g.Measure, Unit: g.Unit, Target: g.Target, Baseline: g.Baseline, ByDate: dayOut(g.By), Actual: actual.Actual})
	}
	for _, c := range a.Contributions {
		m.Contributions = append(m.Contributions, &plansv1.InnovationProject_Contribution{Account: nameIn("accounts", c.Account), Text: c.Text})
	}
	return m
}

func confirmationOut(c innovation.Confirmation) *plansv1.InnovationProject_Confirmation {
	m := &plansv1.InnovationProject_Confirmation{Account: nameIn("accounts", c.Account), Contact: c.Contact, Evidence: c.Evidence,
		ConfirmDate: dayOut(c.Day), Recorder: c.By, RecordTime: wire.Timestamp(c.At), SingleOperator: c.SingleOperator}
	if w := c.Withdrawal; w != nil {
		m.Withdrawal = &plansv1.InnovationProject_Withdrawal{Reason: w.Reason, WithdrawDate: dayOut(w.Day), Principal: w.By}
	}
	return m
}

// projectIn reads what a project is about.
func projectIn(in *plansv1.InnovationProject) (innovation.Definition, error) {
	proposal, agreement := in.GetProposal(), in.GetAgreement()
	d := innovation.Definition{
		Title: in.GetTitle(), Accounts: idsIn("accounts", in.GetAccounts()), Lead: names.First(in.GetLead(), "principals"),
		Proposal:  innovation.Proposal{What: proposal.GetWhat(), Why: proposal.GetWhy(), Downstream: proposal.GetDownstream()},
		Agreement: innovation.Agreement{Ownership: agreement.GetOwnership(), End: agreement.GetEndConditions()},
	}
	for _, g := range agreement.GetGains() {
		by, err := dayGiven("innovation_project.agreement.gains.by_date", g.GetByDate())
		if err != nil {
			return d, err
		}
		d.Agreement.Gains = append(d.Agreement.Gains, innovation.Gain{Account: names.First(g.GetAccount(), "accounts"),
			Measure: g.GetMeasure(), Unit: g.GetUnit(), Target: g.GetTarget(), Baseline: g.GetBaseline(), By: by})
	}
	for _, c := range agreement.GetContributions() {
		d.Agreement.Contributions = append(d.Agreement.Contributions,
			innovation.Contribution{Account: names.First(c.GetAccount(), "accounts"), Text: c.GetText()})
	}
	for _, s := range in.GetStages() {
		d.Stages = append(d.Stages, innovation.Stage{Title: s.GetTitle(), Criteria: s.GetCriteria()})
	}
	return d, nil
}
