package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// The innovation projects of the demo: one that two customers share and have confirmed, and
// one in its second stage.
const (
	sharedProject = "quiet-bearings"
	secondProject = "checks-at-night"
)

func (p *planner) gain(account, measure, unit, target, baseline string) *plansv1.InnovationProject_Gain {
	return &plansv1.InnovationProject_Gain{Account: account, Measure: measure, Unit: unit, Target: target, Baseline: baseline, ByDate: toDate(p.day(-180))}
}

// sharedScript is what was agreed with Windrow Power and Copperfield Hydro.
func (p *planner) sharedScript() *plansv1.InnovationProject {
	const wind, water = "accounts/windrow-power", "accounts/copperfield-hydro"
	return &plansv1.InnovationProject{Title: "Hear a bearing before it is heard", Accounts: []string{wind, water}, Lead: "principals/" + managers[0].id,
		Proposal: &plansv1.InnovationProject_Proposal{What: "A sensor that stays on the bearing and learns how it sounds.",
			Why: "Both change bearings by the calendar, and too late all the same.", Downstream: "Households are not without power for a bearing."},
		Agreement: &plansv1.InnovationProject_Agreement{
			Gains: []*plansv1.InnovationProject_Gain{
				p.gain("", "sensors sold to others", "sensors", "200", "0"),
				p.gain(wind, "unplanned stops", "stops a year", "4", "12"),
				p.gain(water, "unplanned stops", "stops a year", "2", "5")},
			Contributions: []*plansv1.InnovationProject_Contribution{
				{Text: "Two engineers and the sensors."}, {Account: wind, Text: "Six turbines, and who climbs them."}, {Account: water, Text: "A turbine hall, and ten years of records."}},
			Ownership: "The sensor is ours; what it heard is theirs.", EndConditions: "Each side may leave at a gate, and keeps what it brought."},
		Stages: []*plansv1.InnovationProject_Stage{
			{Title: "Listen", Criteria: []string{"A worn bearing is told from a good one nine times in ten."}},
			{Title: "Stay", Criteria: []string{"A sensor survives a winter outside, or a chamber that is one."}}}}
}

// secondScript is what was agreed with Larch House Clinics.
func (p *planner) secondScript() *plansv1.InnovationProject {
	const clinics = "accounts/larch-house-clinics"
	return &plansv1.InnovationProject{Title: "Checks while the clinic sleeps", Accounts: []string{clinics}, Lead: "principals/" + p.customer("Larch House Clinics").Owner,
		Proposal: &plansv1.InnovationProject_Proposal{What: "A cart that checks pumps in the corridor, by night and by itself.",
			Why: "Pumps are away for two days each year, and are missed.", Downstream: "A patient gets the pump that is next to the bed."},
		Agreement: &plansv1.InnovationProject_Agreement{
			Gains: []*plansv1.InnovationProject_Gain{
				p.gain("", "hours of visits saved", "hours a year", "300", "0"), p.gain(clinics, "days a pump is away", "days a year", "0.5", "2")},
			Contributions: []*plansv1.InnovationProject_Contribution{{Text: "The cart."}, {Account: clinics, Text: "A ward, and the night shift's patience."}},
			Ownership:     "The cart is ours; they have the first for as long as it runs.", EndConditions: "Either side at a gate, and at once if a patient was at risk."},
		Stages: []*plansv1.InnovationProject_Stage{
			{Title: "On the bench", Criteria: []string{"Ten pumps checked as well as by hand."}},
			{Title: "On one ward", Criteria: []string{"A month without a pump that was missed.", "Nurses want to keep it."}},
			{Title: "In every clinic", Criteria: []string{"Paid for by what it saves."}}}}
}

// innovate notes how the projects went.
func (p *planner) innovate() {
	p.agree(sharedProject, managers[0].id, p.sharedScript(), 33,
		contactOf("Windrow Power", "Imani Castellane"), contactOf("Copperfield Hydro", "Matthias Bruhl"))
	p.passed(sharedProject, managers[0].id, 26, 1, "Told apart 58 times of 60; the records are with both.")
	p.note(24, sharedProject, func(ctx context.Context) error {
		_, err := p.projects(managers[0].id).RecordPilot(ctx, &plansv1.RecordPilotRequest{Name: "innovationProjects/" + sharedProject, RequestId: once("pilot"),
			Pilot: &plansv1.InnovationProject_Pilot{Location: "Turbine hall of Copperfield Hydro", StartDate: toDate(p.day(24)), EndDate: toDate(p.day(19)),
				Result: "One bearing was changed by what the sensor heard. It was the right one."}})
		return err
	})
	p.passed(sharedProject, managers[0].id, 18, 2, "Forty days at minus thirty in the chamber, and it still listens.")
	p.finish()

	lead := p.customer("Larch House Clinics").Owner
	p.agree(secondProject, lead, p.secondScript(), 23, contactOf("Larch House Clinics", "Sister Honor Daly"))
	p.passed(secondProject, lead, 7, 1, "Ten pumps, twice, against the bench: no difference that counts.")
}

func (p *planner) projects(as string) plansv1.InnovationProjectsServiceClient {
	return plansv1.NewInnovationProjectsServiceClient(p.as(as))
}

// agree notes that a project is proposed, that we and all customers sign, and that it starts.
func (p *planner) agree(id, lead string, project *plansv1.InnovationProject, before int, signers ...string) {
	name := "innovationProjects/" + id
	p.note(before, name, func(ctx context.Context) error {
		client := p.projects(lead)
		_, err := client.CreateInnovationProject(ctx, &plansv1.CreateInnovationProjectRequest{
			InnovationProjectId: id, InnovationProject: project, RequestId: once("project", id)})
		if err != nil {
			return err
		}
		sides := slices.Concat([]string{""}, project.GetAccounts())
		for i, signer := range slices.Concat([]string{"principals/" + lead}, signers) {
			_, err := client.SignInnovationProject(ctx, &plansv1.SignInnovationProjectRequest{Name: name, RequestId: once("sign", id, strconv.Itoa(i)),
				Signature: &plansv1.InnovationProject_Signature{Account: sides[i], Signer: signer}})
			if err != nil {
				return fmt.Errorf("%s: %w", signer, err)
			}
		}
		_, err = client.StartInnovationProject(ctx, &plansv1.StartInnovationProjectRequest{Name: name, RequestId: once("start project", id)})
		return err
	})
}

// passed notes that a project passed the gate of a stage.
func (p *planner) passed(id, lead string, before, stage int, evidence string) {
	p.note(before, id, func(ctx context.Context) error {
		_, err := p.projects(lead).DecideGate(ctx, &plansv1.DecideGateRequest{Name: "innovationProjects/" + id,
			RequestId: once("gate", id, strconv.Itoa(stage)), Decision: &plansv1.InnovationProject_Decision{
				Verdict: plansv1.InnovationProject_VERDICT_GO, Reason: "What we asked of it is there.", Evidence: evidence}})
		return err
	})
}

// finish notes how the shared project was launched, measured, completed and confirmed: by
// somebody who does not lead it.
func (p *planner) finish() {
	name := "innovationProjects/" + sharedProject
	p.note(17, name, func(ctx context.Context) error {
		_, err := p.projects(managers[0].id).LaunchInnovationProject(ctx, &plansv1.LaunchInnovationProjectRequest{Name: name, RequestId: once("launch")})
		return err
	})
	p.note(6, name, func(ctx context.Context) error {
		client := p.projects(managers[0].id)
		for i, actual := range []string{"37", "5", "2"} {
			_, err := client.RecordResult(ctx, &plansv1.RecordResultRequest{Name: name, RequestId: once("result", strconv.Itoa(i)),
				Result: &plansv1.InnovationProject_Result{Gain: int32(i + 1), Actual: actual, Evidence: "Counted by both, and reckoned for a year."}})
			if err != nil {
				return err
			}
		}
		_, err := client.CompleteInnovationProject(ctx, &plansv1.CompleteInnovationProjectRequest{Name: name, RequestId: once("complete project")})
		return err
	})
	for _, customer := range []string{"Windrow Power", "Copperfield Hydro"} {
		p.note(4, name, func(ctx context.Context) error {
			_, err := p.projects(managers[2].id).ConfirmInnovationProject(ctx, &plansv1.ConfirmInnovationProjectRequest{
				Name: name, RequestId: once("confirm", customer), Confirmation: &plansv1.InnovationProject_Confirmation{
					Account: "accounts/" + Slug(customer), Contact: contactOf(customer, delegateOf(customer)), Evidence: "Their letter, signed, in the project's folder."}})
			return err
		})
	}
}
