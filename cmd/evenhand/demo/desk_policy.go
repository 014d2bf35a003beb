package demo

import (
	"context"
	"fmt"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// specialRequests are what the service desk asked for on behalf of customers: one was
// declined, one is made a rule for everybody, and one is open.
var specialRequests = []struct {
	id, customer, asked, reason string
	declined                    string
	rule, why                   string
}{
	{"hours-for-octavo", "Octavo Precision", "Free expert hours until the end of the year", "They are a little short of it, and asked nicely.",
		"Whoever asks nicely would have them then, and who does not ask would not. They know what is missing.", "", ""},
	{"shipping-for-the-hospice", "Bluebell Hospice", "Free shipping", "Eight years, small orders, and the shipping is half of the price.", "", `
rules:
  - id: eight-years
    promise: A customer of eight years pays no shipping, whatever it spends.
    when: {tenure: months, at_least: 96}
    grants: [free-shipping]
`, "Loyalty of eight years is worth the postage, whoever it is."},
	{"loan-for-foxglove", "Foxglove Games", "An instrument on loan over a weekend", "A fair, and theirs is with us until Monday.", "", "", ""},
}

// ask asks for something out of the ordinary, and decides it.
func (d *desk) ask(ctx context.Context) error {
	asks := entitlementsv1.NewSpecialRequestsServiceClient(d.of[agent.id])
	decides := entitlementsv1.NewSpecialRequestsServiceClient(d.of[author.id])
	for _, s := range specialRequests {
		asked, err := asks.CreateSpecialRequest(ctx, &entitlementsv1.CreateSpecialRequestRequest{SpecialRequestId: s.id, RequestId: once("ask", s.id),
			SpecialRequest: &entitlementsv1.SpecialRequest{Account: "accounts/" + Slug(s.customer), Asked: s.asked, Reason: s.reason}})
		if err != nil {
			return fmt.Errorf("%s: %w", s.id, err)
		}
		switch {
		case s.declined != "":
			_, err = decides.DeclineSpecialRequest(ctx, &entitlementsv1.DeclineSpecialRequestRequest{
				Name: asked.GetName(), Reason: s.declined, RequestId: once("decline", s.id)})
		case s.rule != "":
			_, err = decides.MakeRule(ctx, &entitlementsv1.MakeRuleRequest{
				Name: asked.GetName(), Fragment: s.rule, Reason: s.why, DraftId: s.id, RequestId: once("rule", s.id)})
			if err == nil {
				err = d.publish(ctx, "schedule/drafts/"+s.id)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.id, err)
		}
	}
	return nil
}

// publish proposes a draft and lets another person approve it, or what is missing of that.
func (d *desk) publish(ctx context.Context, name string) error {
	author, approver := entitlementsv1.NewDraftsServiceClient(d.of[author.id]), entitlementsv1.NewDraftsServiceClient(d.of[approver.id])
	draft, err := author.GetDraft(ctx, &entitlementsv1.GetDraftRequest{Name: name})
	if err == nil && draft.GetState() == entitlementsv1.Draft_STATE_DRAFT {
		draft, err = author.ProposeDraft(ctx, &entitlementsv1.ProposeDraftRequest{Name: name, RequestId: once("propose", name)})
	}
	if err == nil && draft.GetState() != entitlementsv1.Draft_STATE_PUBLISHED {
		_, err = approver.ApproveDraft(ctx, &entitlementsv1.ApproveDraftRequest{Name: name, Etag: draft.GetEtag()})
	}
	return err
}

// Programme is the demo's programme, whose places are all taken.
const Programme = "field-testers"

// testers are who applied for it, in this order.
var testers = []string{
	"Kestrel Bearings", "Larksong Seeds", "Halyard Broadcasting", "Octavo Precision", "Windrow Storage", "Ridgeway Surveyors", "Redcar Ceramics",
}

// offer publishes a programme, and takes applications for it until some wait; another is
// being written.
func (d *desk) offer(ctx context.Context) error {
	client := entitlementsv1.NewProgrammesServiceClient(d.of[author.id])
	_, err := client.CreateProgramme(ctx, &entitlementsv1.CreateProgrammeRequest{ProgrammeId: Programme, RequestId: once("programme"),
		CriteriaText: "{tenure: months, at_least: 24}",
		Programme:    &entitlementsv1.Programme{Title: "Field testers", Summary: "Try the next torque bench before anybody can buy it.", Capacity: 5}})
	if err != nil {
		return err
	}
	if _, err := client.PublishProgramme(ctx, &entitlementsv1.PublishProgrammeRequest{Name: "programmes/" + Programme, RequestId: once("publish programme")}); err != nil {
		return err
	}
	for _, customer := range testers {
		_, err := client.ApplyToProgramme(ctx, &entitlementsv1.ApplyToProgrammeRequest{
			Parent: "programmes/" + Programme, Account: "accounts/" + Slug(customer), RequestId: once("apply", customer)})
		if err != nil {
			return fmt.Errorf("%s: %w", customer, err)
		}
	}
	_, err = client.CreateProgramme(ctx, &entitlementsv1.CreateProgrammeRequest{ProgrammeId: "summer-school", RequestId: once("second programme"),
		CriteriaText: "{spend: trailing-12-months, at_least: 500.00}",
		Programme:    &entitlementsv1.Programme{Title: "Summer school", Summary: "A week at our benches for two of your people.", Capacity: 12}})
	return err
}

// draft leaves a draft to be approved: what a place in the programme gives.
func (d *desk) draft(ctx context.Context) error {
	client := entitlementsv1.NewDraftsServiceClient(d.of[author.id])
	draft, err := client.ComposeDraft(ctx, &entitlementsv1.ComposeDraftRequest{DraftId: Programme, RequestId: once("draft"),
		Reason: "Who tests with us should not pay for the postage of what they test.",
		Fragment: `
rules:
  - id: testers-shipping
    promise: Who has a place among the field testers pays no shipping meanwhile.
    when: {programme: field-testers}
    grants: [free-shipping]
`})
	if err != nil {
		return err
	}
	_, err = client.ProposeDraft(ctx, &entitlementsv1.ProposeDraftRequest{Name: draft.GetName(), RequestId: once("propose", draft.GetName())})
	return err
}
