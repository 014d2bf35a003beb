package demo

import (
	"context"
	"fmt"
	"strconv"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// houseRules are what customers are asked to keep. Benefits of kind waiver name the first.
var houseRules = []struct {
	id, text, why string
	// breaches is how often it was broken in the last weeks, once in every so many days,
	// by customers of one region after the other.
	breaches, days int
	review         int32 // how many in a quarter open a review
}{
	{"late-payment-fee", "A payment that comes more than 30 days late costs $25.", "Late payments cost us interest.", 24, 3, 12},
	{"returns-in-30-days", "An instrument is sent back within 30 days.", "What lies in a drawer for a year cannot be sold again.", 9, 8, 15},
	{"appointment-for-visits", "Whoever visits the workshop makes an appointment.", "A metrologist who is interrupted measures again.", 3, 20, 10},
}

// partners waive the fee by their benefit; others pay it, or it is overlooked.
var partners = map[string]bool{"windrow-power": true, "harbour-sons": true}

// keepHouse writes the house rules down, and how often they were broken.
func (d *desk) keepHouse(ctx context.Context) error {
	client := entitlementsv1.NewHouseRulesServiceClient(d.of[author.id])
	broken := entitlementsv1.NewHouseRulesServiceClient(d.of[agent.id])
	who := append([]string{"windrow-power", "harbour-sons"}, d.data.regulars()[4:]...)
	for _, r := range houseRules {
		_, err := client.CreateHouseRule(ctx, &entitlementsv1.CreateHouseRuleRequest{HouseRuleId: r.id, RequestId: once("house rule", r.id),
			HouseRule: &entitlementsv1.HouseRule{Text: r.text, Why: r.why, ReviewThreshold: &entitlementsv1.ReviewThreshold{
				Count: r.review, AccountShare: 500, Window: entitlementsv1.ReviewThreshold_WINDOW_QUARTER}}})
		if err != nil {
			return fmt.Errorf("%s: %w", r.id, err)
		}
		for i := range r.breaches {
			breach := &entitlementsv1.Breach{Account: "accounts/" + who[i*5%len(who)], BreachDate: toDate(d.day(1 + (r.breaches-1-i)*r.days)),
				Response: entitlementsv1.Breach_RESPONSE_ENFORCED}
			switch {
			case r.id == "late-payment-fee" && partners[who[i*5%len(who)]]:
				breach.Response, breach.Benefit = entitlementsv1.Breach_RESPONSE_WAIVED, "late-fee-waiver"
			case i%4 == 3:
				breach.Response = entitlementsv1.Breach_RESPONSE_OVERLOOKED
			}
			_, err := broken.RecordBreach(ctx, &entitlementsv1.RecordBreachRequest{
				Parent: "houseRules/" + r.id, Breach: breach, RequestId: once("breach", r.id, strconv.Itoa(i))})
			if err != nil {
				return fmt.Errorf("breach of %s by %s: %w", r.id, breach.GetAccount(), err)
			}
		}
	}
	return nil
}

// clauses are parts of contracts that staff had to cite.
var clauses = []struct {
	id, title, text string
	citations, days int
	review          int32
}{
	{"opened-packages", "Opened packages", "An instrument whose seal is broken is not taken back.", 8, 7, 4},
	{"price-adjustment", "Price adjustment", "Prices may change on 1 January with two months' notice.", 3, 15, 5},
}

// cite writes the clauses down, and how often they had to be cited: some of them in a case.
func (d *desk) cite(ctx context.Context) error {
	client := entitlementsv1.NewClausesServiceClient(d.of[author.id])
	cited := entitlementsv1.NewClausesServiceClient(d.of[agent.id])
	for _, c := range clauses {
		_, err := client.CreateClause(ctx, &entitlementsv1.CreateClauseRequest{ClauseId: c.id, RequestId: once("clause", c.id),
			Clause: &entitlementsv1.Clause{Title: c.title, Text: c.text, ReviewCitations: c.review}})
		if err != nil {
			return fmt.Errorf("%s: %w", c.id, err)
		}
		for i := range c.citations {
			of := d.cases[len(d.cases)-1-40*(i+1)]
			citation := &entitlementsv1.Citation{Account: "accounts/" + of.Customer, CitationDate: toDate(d.day(1 + (c.citations-1-i)*c.days))}
			if i%2 == 0 {
				citation.Case = of.name()
			}
			_, err := cited.RecordCitation(ctx, &entitlementsv1.RecordCitationRequest{
				Parent: "clauses/" + c.id, Citation: citation, RequestId: once("citation", c.id, strconv.Itoa(i))})
			if err != nil {
				return fmt.Errorf("citation of %s: %w", c.id, err)
			}
		}
	}
	return nil
}

// review opens a review by hand and decides it; those that breaches and citations opened
// are left to be decided.
func (d *desk) review(ctx context.Context) error {
	client := entitlementsv1.NewReviewsServiceClient(d.of[author.id])
	opened, err := client.CreateReview(ctx, &entitlementsv1.CreateReviewRequest{RequestId: once("review"),
		Review: &entitlementsv1.Review{Subject: "houseRules/appointment-for-visits", Why: "Three customers came without one and were sent home."}})
	if err != nil {
		return err
	}
	_, err = client.DecideReview(ctx, &entitlementsv1.DecideReviewRequest{Name: opened.GetName(), Outcome: entitlementsv1.Review_OUTCOME_KEEP,
		Text: "It stays, and the confirmation of every order says so from now on.", RequestId: once("decide")})
	return err
}
