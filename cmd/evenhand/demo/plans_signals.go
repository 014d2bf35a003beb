package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// simulatedDays is on how many of the last days the rules are tried.
const simulatedDays = 56

// watch puts the rules in force that come with the product, each after a look at what it
// would have suggested, and decides about some of what they suggest.
func (p *planner) watch(ctx context.Context) error {
	writes, approves := plansv1.NewSignalsServiceClient(p.as(author.id)), plansv1.NewSignalsServiceClient(p.as(approver.id))
	made, err := writes.InitializeSignalRules(ctx, &plansv1.InitializeSignalRulesRequest{RequestId: once("signals")})
	if err != nil {
		return err
	}
	for _, r := range made.GetSignalRules() {
		rule, err := writes.GetSignalRule(ctx, &plansv1.GetSignalRuleRequest{Name: r.GetName()})
		if err != nil {
			return err
		}
		if rule.GetState() == plansv1.SignalRule_STATE_DRAFT {
			rule, err = writes.SimulateSignalRule(ctx, &plansv1.SimulateSignalRuleRequest{Name: r.GetName(), FromDate: toDate(p.day(simulatedDays))})
		}
		if err == nil && rule.GetState() == plansv1.SignalRule_STATE_SIMULATED {
			_, err = approves.PublishSignalRule(ctx, &plansv1.PublishSignalRuleRequest{
				Name: r.GetName(), Etag: rule.GetEtag(), RequestId: once("publish", r.GetName())})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.GetName(), err)
		}
	}
	return p.heed(ctx)
}

// heed decides about the first suggestions to those whose goals lag: they are accepted,
// dismissed and put off in turn, and the rest is left open.
func (p *planner) heed(ctx context.Context) error {
	var lagging []string
	for i := range p.data.Customers {
		if c := &p.data.Customers[i]; p.lagging(i, c) {
			lagging = append(lagging, c.ID)
		}
	}
	first := map[string]*plansv1.Suggestion{}
	err := until(ctx, "suggestions", func(ctx context.Context) (bool, error) {
		list, err := plansv1.NewSignalsServiceClient(p.office.admin).ListSuggestions(ctx, &plansv1.ListSuggestionsRequest{
			Parent: "accounts/-", ShowAll: true, PageSize: 1000, Filter: "rule = \"signalRules/goal-at-risk\""})
		for _, s := range list.GetSuggestions() {
			if account := strings.Split(s.GetName(), "/")[1]; slices.Contains(lagging, account) {
				first[account] = s
			}
		}
		return len(first) == len(lagging), err
	})
	if err != nil {
		return fmt.Errorf("%w: %d of %d", err, len(first), len(lagging))
	}
	for i, account := range lagging {
		if err := p.decideOn(ctx, i, account, first[account].GetName()); err != nil {
			return fmt.Errorf("%s: %w", first[account].GetName(), err)
		}
	}
	return nil
}

func (p *planner) decideOn(ctx context.Context, i int, account, name string) error {
	at := slices.IndexFunc(p.data.Customers, func(c Customer) bool { return c.ID == account })
	client, request := plansv1.NewSignalsServiceClient(p.as(p.data.Customers[at].Owner)), once("suggestion", account)
	var err error
	switch i {
	case 0, 1:
		_, err = client.AcceptSuggestion(ctx, &plansv1.AcceptSuggestionRequest{Name: name, DueDate: toDate(p.weekday(-3 - i)), RequestId: request})
	case 2:
		_, err = client.DismissSuggestion(ctx, &plansv1.DismissSuggestionRequest{Name: name, RequestId: request,
			Reason: plansv1.Suggestion_DISMISSAL_REASON_ALREADY_KNOWN, Text: "They told us last week, and know what to do."})
	case 3:
		_, err = client.SnoozeSuggestion(ctx, &plansv1.SnoozeSuggestionRequest{Name: name, UntilDate: toDate(p.day(-10)), RequestId: request})
	}
	return err
}
