package rpc

import (
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/rewards"
)

var pointRulesStates = map[rewards.State]plansv1.PointRules_State{
	rewards.Writing:   plansv1.PointRules_STATE_DRAFT,
	rewards.Proposed:  plansv1.PointRules_STATE_PROPOSED,
	rewards.Published: plansv1.PointRules_STATE_PUBLISHED,
	rewards.Rejected:  plansv1.PointRules_STATE_REJECTED,
	rewards.Retracted: plansv1.PointRules_STATE_WITHDRAWN,
}

func pointRulesOut(s resource.Stored[rewards.PointRules]) *plansv1.PointRules {
	p := &s.State
	out := &plansv1.PointRules{
		Name: rewards.RulesName(s.ID), State: pointRulesStates[p.State], EffectiveDate: dayOut(p.Effective),
		Caps: pointCapsOut(&p.Caps), Checks: pointChecksOut(&p.Checks), Reason: p.Reason, BaseVersion: int32(p.Base),
		Writers: p.Writers, Proposer: p.Proposer, ProposeTime: wire.Timestamp(p.Offered),
		Approver: p.Approver, ApproveTime: wire.Timestamp(p.Approved), SingleOperator: p.SingleOperator,
		Ender: p.EndedBy, EndTime: wire.Timestamp(p.Ended), EndReason: p.Ending,
		Etag: s.Etag(), CreateTime: wire.Timestamp(p.Created), UpdateTime: wire.Timestamp(p.Updated),
	}
	for _, r := range p.Rules.Rules {
		out.Rules = append(out.Rules, &plansv1.PointRule{
			Id: r.ID, Work: string(r.Work), Points: int32(r.Points), TeamSharePercent: int32(r.TeamShare), Evidence: r.Evidence,
			MinEvidence: int32(r.MinEvidence), Confirmed: r.Confirmed, MinRating: int32(r.MinRating), Witnessed: r.Witnessed,
		})
	}
	return out
}

func pointCapsOut(c *rewards.Caps) *plansv1.PointCaps {
	out := &plansv1.PointCaps{PersonMonthPoints: int32(c.PersonMonth), AccountMonthPoints: int32(c.AccountMonth)}
	for _, k := range c.KindWeek {
		out.KindWeek = append(out.KindWeek, &plansv1.PointCaps_KindWeek{Work: string(k.Work), Points: int32(k.Points)})
	}
	return out
}

func pointChecksOut(c *rewards.Checks) *plansv1.PointChecks {
	return &plansv1.PointChecks{
		AccountTouches: int32(c.AccountTouches), DayTouches: int32(c.DayTouches), ShortOutcomeCharacters: int32(c.ShortOutcome),
		ShortOutcomes: int32(c.ShortOutcomes), RepeatedOutcomes: int32(c.RepeatedOutcomes), ContactTouches: int32(c.ContactTouches),
		LastDays: int32(c.LastDays), LastDaysPercent: int32(c.LastDaysPercent), LastDaysWork: int32(c.LastDaysWork),
	}
}

// pointRulesIn reads what a version says.
func pointRulesIn(in *plansv1.PointRules) (rewards.Rules, error) {
	day, err := dayGiven("point_rules.effective_date", in.GetEffectiveDate())
	if err != nil {
		return rewards.Rules{}, err
	}
	out := rewards.Rules{Effective: day, Caps: pointCapsIn(in.GetCaps()), Checks: pointChecksIn(in.GetChecks())}
	for _, r := range in.GetRules() {
		out.Rules = append(out.Rules, rewards.Rule{
			ID: r.GetId(), Work: rewards.Kind(r.GetWork()), Points: int(r.GetPoints()), TeamShare: int(r.GetTeamSharePercent()),
			Evidence: r.GetEvidence(), MinEvidence: int(r.GetMinEvidence()), Confirmed: r.GetConfirmed(),
			MinRating: int(r.GetMinRating()), Witnessed: r.GetWitnessed(),
		})
	}
	return out, nil
}

func pointCapsIn(in *plansv1.PointCaps) rewards.Caps {
	out := rewards.Caps{PersonMonth: int(in.GetPersonMonthPoints()), AccountMonth: int(in.GetAccountMonthPoints())}
	for _, k := range in.GetKindWeek() {
		out.KindWeek = append(out.KindWeek, rewards.KindCap{Work: rewards.Kind(k.GetWork()), Points: int(k.GetPoints())})
	}
	return out
}

func pointChecksIn(in *plansv1.PointChecks) rewards.Checks {
	return rewards.Checks{
		AccountTouches: int(in.GetAccountTouches()), DayTouches: int(in.GetDayTouches()), ShortOutcome: int(in.GetShortOutcomeCharacters()),
		ShortOutcomes: int(in.GetShortOutcomes()), RepeatedOutcomes: int(in.GetRepeatedOutcomes()), ContactTouches: int(in.GetContactTouches()),
		LastDays: int(in.GetLastDays()), LastDaysPercent: int(in.GetLastDaysPercent()), LastDaysWork: int(in.GetLastDaysWork()),
	}
}

var rewardEntryKinds = map[rewards.EntryKind]plansv1.RewardEntry_Kind{
	rewards.Credited:  plansv1.RewardEntry_KIND_CREDIT,
	rewards.Countered: plansv1.RewardEntry_KIND_COUNTER,
	rewards.Corrected: plansv1.RewardEntry_KIND_CORRECTION,
}

var rewardUnmet = map[rewards.Unmet]plansv1.RewardEntry_Unmet{
	rewards.UnmetConfirmed: plansv1.RewardEntry_UNMET_NOT_CONFIRMED,
	rewards.UnmetRating:    plansv1.RewardEntry_UNMET_RATING_TOO_LOW,
	rewards.UnmetEvidence:  plansv1.RewardEntry_UNMET_EVIDENCE_MISSING,
	rewards.UnmetWitnessed: plansv1.RewardEntry_UNMET_SELF_REPORTED,
	rewards.Withdrawn:      plansv1.RewardEntry_UNMET_WITHDRAWN,
	rewards.Moved:          plansv1.RewardEntry_UNMET_COMPLETED_IN_ANOTHER_MONTH,
	rewards.Changed:        plansv1.RewardEntry_UNMET_CHANGED,
}

func rewardEntryOut(s resource.Stored[rewards.Entry]) *plansv1.RewardEntry {
	e := &s.State
	out := &plansv1.RewardEntry{
		Name: rewards.EntryName(s.ID), Kind: rewardEntryKinds[e.Kind], Credit: e.Credit, Number: int32(e.Number),
		Person: nameIn("principals", e.Person), Account: nameIn("accounts", e.Account), Month: e.Month,
		CompleteTime: wire.Timestamp(e.Completed), Work: e.Work, WorkKind: string(e.WorkKind), Evidence: e.Evidence,
		Rule: e.Rule, RulesVersion: rewards.VersionName(e.Version), Points: int32(e.Points), FullPoints: int32(e.Full),
		Worth: int32(e.Worth), Unmet: rewardUnmet[e.Unmet], Cites: nameIn("rewardEntries", e.Cites), Reason: e.Reason, Corrector: e.By,
		CreateTime: wire.Timestamp(e.Created),
	}
	for _, c := range e.Cuts {
		out.Cuts = append(out.Cuts, &plansv1.PointCut{Cap: string(c.Cap), Limit: int32(c.Limit), Points: int32(c.Points)})
	}
	return out
}

func rewardSumsOut(s *rewards.Sums) *plansv1.RewardSums {
	out := &plansv1.RewardSums{
		Entries: int32(s.Entries), Points: int32(s.Points), Credited: int32(s.Credited), Countered: int32(s.Countered),
		Corrected: int32(s.Corrected), Cut: int32(s.Cut),
	}
	for _, k := range s.Kinds {
		out.Kinds = append(out.Kinds, &plansv1.RewardSums_Kind{Work: string(k.Work), Points: int32(k.Points), Works: int32(k.Works)})
	}
	for _, c := range s.Caps {
		out.Caps = append(out.Caps, &plansv1.RewardSums_Cap{Cap: string(c.Cap), Points: int32(c.Points), Credits: int32(c.Credits)})
	}
	return out
}

func rewardTotalOut(t *rewards.Totals) *plansv1.RewardTotal {
	return &plansv1.RewardTotal{Person: nameIn("principals", t.Person), Period: t.Period, Sums: rewardSumsOut(&t.Sums)}
}

func rewardStatementOut(s *rewards.Statement) *plansv1.RewardStatement {
	out := &plansv1.RewardStatement{
		Person: nameIn("principals", s.Person), Account: nameIn("accounts", s.Account), Period: s.Period.ID,
		FromDate: dayOut(s.Period.From), ToDate: dayOut(s.Period.To), Sums: rewardSumsOut(&s.Sums),
	}
	for i := range s.People {
		out.People = append(out.People, rewardTotalOut(&s.People[i]))
	}
	for _, line := range s.Lines {
		out.Entries = append(out.Entries, rewardEntryOut(line))
	}
	return out
}

var rewardChecks = map[rewards.Check]plansv1.RewardFinding_Check{
	rewards.ManyWithAccount: plansv1.RewardFinding_CHECK_MANY_WITH_ONE_ACCOUNT,
	rewards.ManyInADay:      plansv1.RewardFinding_CHECK_MANY_IN_A_DAY,
	rewards.ShortOutcomes:   plansv1.RewardFinding_CHECK_SHORT_OUTCOMES,
	rewards.SameWords:       plansv1.RewardFinding_CHECK_SAME_WORDS,
	rewards.SelfConfirmed:   plansv1.RewardFinding_CHECK_SELF_CONFIRMED,
	rewards.EndOfMonth:      plansv1.RewardFinding_CHECK_END_OF_MONTH,
	rewards.OneContact:      plansv1.RewardFinding_CHECK_ONE_CONTACT,
}

func rewardFindingOut(f *rewards.Finding) *plansv1.RewardFinding {
	out := &plansv1.RewardFinding{
		Name: rewards.FindingName(f.ID), Check: rewardChecks[f.Check], Month: f.Month, Person: nameIn("principals", f.Person),
		Subject: f.Subject, Count: int32(f.Count), Limit: int32(f.Limit), WorkCount: int32(f.Of), Description: f.Words, Work: f.Work,
		Entries: namesIn("rewardEntries", f.Entries), Open: f.Open(),
	}
	if a := f.Acknowledged; a != nil {
		out.Acknowledgement = &plansv1.RewardFinding_Acknowledgement{Acknowledger: a.By, Note: a.Note, Count: int32(a.Count),
			AcknowledgeTime: wire.Timestamp(a.Updated)}
	}
	return out
}
