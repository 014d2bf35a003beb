package rpc

import (
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/signals"
)

func signalContentIn(in *plansv1.SignalRule) signals.Content {
	return signals.Content{
		DisplayName: in.GetDisplayName(), Fact: keyOf(signalFacts, in.GetFact()), Condition: in.GetCondition(), Reason: in.GetReason(),
		Weight: in.GetWeight(), Channel: keyOf(channels, in.GetChannel()), Purpose: in.GetPurpose(), CoolDown: int(in.GetCoolDownDays()),
	}
}

func signalRuleOut(s resource.Stored[signals.Rule]) *plansv1.SignalRule {
	r, c := &s.State, s.State.Content()
	out := &plansv1.SignalRule{
		Name: signals.RuleName(s.ID), DisplayName: c.DisplayName, Fact: signalFacts[c.Fact], Condition: c.Condition, Reason: c.Reason,
		Weight: c.Weight, Channel: channels[c.Channel], Purpose: c.Purpose, CoolDownDays: int32(c.CoolDown), State: signalRuleStates[r.State],
		Retirer: r.RetiredBy, RetireTime: wire.Timestamp(r.RetiredAt), RetirementReason: r.Retirement,
		Etag: s.Etag(), CreateTime: wire.Timestamp(r.Created), UpdateTime: wire.Timestamp(r.Updated),
	}
	if r.Draft != nil {
		out.Writers, out.Simulation = r.Draft.Writers, signalSimulationOut(r.Draft.Simulation)
	}
	if r.InForce != nil {
		out.InForce = signalVersionOut(s.ID, r.InForce)
	}
	return out
}

func signalVersionOut(rule string, e *signals.Edition) *plansv1.SignalRuleVersion {
	c := &e.Content
	return &plansv1.SignalRuleVersion{
		Name: signals.VersionName(rule, e.Number), DisplayName: c.DisplayName, Fact: signalFacts[c.Fact], Condition: c.Condition,
		Reason: c.Reason, Weight: c.Weight, Channel: channels[c.Channel], Purpose: c.Purpose, CoolDownDays: int32(c.CoolDown),
		Writers: e.Writers, Publisher: e.Publisher, PublishTime: wire.Timestamp(e.Published), SingleOperator: e.SingleOperator,
	}
}

func signalSimulationOut(s *signals.Simulation) *plansv1.SignalSimulation {
	if s == nil {
		return nil
	}
	out := &plansv1.SignalSimulation{
		FromDate: dayOut(s.From), ToDate: dayOut(s.To), StepDays: int32(s.StepDays), Accounts: int32(s.Looked), Facts: int32(s.Facts),
		TrueFacts: int32(s.True), Suggestions: int32(s.Suggestions), SuggestedAccounts: int32(s.Accounts), Failures: int32(s.Failures),
		Failure: s.Failure, Principal: s.By, SimulateTime: wire.Timestamp(s.At),
	}
	for _, e := range s.Examples {
		out.Examples = append(out.Examples, &plansv1.SignalSimulation_Example{
			Account: plans.AccountName(e.Account), Date: dayOut(e.Day), Reason: e.Reason, Weight: e.Weight})
	}
	return out
}

var suggestionStates = map[signals.State]plansv1.Suggestion_State{
	signals.Undecided: plansv1.Suggestion_STATE_OPEN, signals.Snoozed: plansv1.Suggestion_STATE_SNOOZED,
	signals.Accepted: plansv1.Suggestion_STATE_ACCEPTED, signals.Dismissed: plansv1.Suggestion_STATE_DISMISSED,
	signals.Expired: plansv1.Suggestion_STATE_EXPIRED,
}

var dismissalReasons = map[signals.Why]plansv1.Suggestion_DismissalReason{
	signals.NotRelevant:  plansv1.Suggestion_DISMISSAL_REASON_NOT_RELEVANT,
	signals.AlreadyKnown: plansv1.Suggestion_DISMISSAL_REASON_ALREADY_KNOWN,
	signals.WrongFigures: plansv1.Suggestion_DISMISSAL_REASON_WRONG_FIGURES,
	signals.BadTime:      plansv1.Suggestion_DISMISSAL_REASON_BAD_TIME,
	signals.Other:        plansv1.Suggestion_DISMISSAL_REASON_OTHER,
}

func suggestionOut(s resource.Stored[signals.Suggestion]) *plansv1.Suggestion {
	x := &s.State
	out := &plansv1.Suggestion{
		Name: signals.SuggestionName(s.ID), Owner: nameIn("principals", x.Owner), Rule: signals.RuleName(x.Rule),
		RuleVersion: signals.VersionName(x.Rule, x.Version), Fact: signalFacts[x.Fact], Cause: x.Cause, Reason: x.Reason, Weight: x.Weight,
		Score: float64(x.Score) / 1000, Channel: channels[x.Channel], Purpose: x.Purpose, Date: dayOut(x.Day), State: suggestionStates[x.State],
		UntilDate: dayOut(x.Until), Decider: x.Decider, DecideTime: wire.Timestamp(x.Decided), Touchpoint: x.Touchpoint,
		DismissalReason: dismissalReasons[x.Why], DismissalText: x.Text, DampedUntilDate: dayOut(x.Damped), Expiry: x.Expiry,
		Etag: s.Etag(), CreateTime: wire.Timestamp(x.Created), UpdateTime: wire.Timestamp(x.Updated),
	}
	for _, f := range x.Figures {
		out.Figures = append(out.Figures, &plansv1.Suggestion_Figure{Field: f.Name, Value: f.Value})
	}
	for _, other := range x.Others {
		out.Others = append(out.Others, signals.SuggestionName(other))
	}
	if x.StoodFor != "" {
		out.StoodForBy = signals.SuggestionName(x.StoodFor)
	}
	return out
}
