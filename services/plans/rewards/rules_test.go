package rewards

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestR10RulesThatReadMoneyAreRefused(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	for name, rule := range map[string]Rule{
		"bookings":           {ID: "x", Work: "bookings", Points: 1},
		"revenue as a kind":  {ID: "x", Work: "revenue-grown", Points: 1},
		"spend":              {ID: "x", Work: "spend", Points: 1},
		"a sale":             {ID: "x", Work: "sale-made", Points: 1},
		"deals as an id":     {ID: "deals-closed", Work: TouchpointDone, Points: 1},
		"sales as evidence":  {ID: "x", Work: TouchpointDone, Points: 1, Evidence: "The signed SALES order.", MinEvidence: 1},
		"an order's value":   {ID: "x", Work: TouchpointDone, Points: 1, Evidence: "The order value.", MinEvidence: 1},
		"an upsell":          {ID: "upsells", Work: TouchpointDone, Points: 1},
		"a cross-sell":       {ID: "cross-sell", Work: TouchpointDone, Points: 1},
		"what was spent":     {ID: "spent-more", Work: GoalReached, Points: 1},
		"recurring revenues": {ID: "arr", Work: GoalReached, Points: 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.CreateRules(t.Context(), anna.call(), anna, Rules{Effective: 1, Rules: []Rule{rule}}, "Why not.", false)
			told := requireReason(t, err, ReasonFromBookings)
			require.Contains(t, told.Message, "never for what a customer pays")
		})
	}
	for _, id := range []string{"arrival-call", "ideal-outcome", "wholesaler-visit", "dealer-visit"} {
		_, err := f.CreateRules(t.Context(), anna.call(), anna, Rules{Effective: 1, Rules: []Rule{{ID: id, Work: TouchpointDone, Points: 1}}}, "Why not.", true)
		require.NoError(t, err, id)
	}
}

func TestRulesThatAreNoneAreRefused(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	touch := Rule{ID: "touch", Work: TouchpointDone, Points: 1}
	change := func(change func(*Rule)) Rules {
		r := touch
		change(&r)
		return Rules{Effective: 1, Rules: []Rule{r}}
	}
	for field, rules := range map[string]Rules{
		"point_rules.rules":                       {Effective: 1},
		"point_rules.rules[1].id":                 {Effective: 1, Rules: []Rule{touch, touch}},
		"point_rules.rules[0].work":               change(func(r *Rule) { r.Work = "lunch" }),
		"point_rules.rules[0].id":                 change(func(r *Rule) { r.ID = "Not an id" }),
		"point_rules.rules[0].points":             change(func(r *Rule) { r.Points = 0 }),
		"point_rules.rules[0].team_share_percent": change(func(r *Rule) { r.TeamShare = 101 }),
		"point_rules.rules[0].evidence":           change(func(r *Rule) { r.MinEvidence = 1 }),
		"point_rules.rules[0].min_evidence":       change(func(r *Rule) { r.Work, r.MinEvidence, r.Evidence = EngagementCompleted, 1, "The protocol." }),
		"point_rules.rules[0].min_rating":         change(func(r *Rule) { r.MinRating = 6 }),
		"point_rules.caps.person_month_points":    {Effective: 1, Rules: []Rule{touch}, Caps: Caps{PersonMonth: -1}},
		"point_rules.caps.kind_week[0].points":    {Effective: 1, Rules: []Rule{touch}, Caps: Caps{KindWeek: []KindCap{{Work: TouchpointDone}}}},
		"point_rules.caps.kind_week[1].work":      {Effective: 1, Rules: []Rule{touch}, Caps: Caps{KindWeek: []KindCap{{TouchpointDone, 1}, {TouchpointDone, 2}}}},
		"point_rules.checks.last_days":            {Effective: 1, Rules: []Rule{touch}, Checks: Checks{LastDays: 16}},
	} {
		_, err := f.CreateRules(t.Context(), anna.call(), anna, rules, "Why not.", false)
		require.ErrorContains(t, err, field)
	}
	_, err := f.CreateRules(t.Context(), anna.call(), anna, simple(), "", false)
	require.ErrorContains(t, err, "point_rules.reason")
}

// Engagements and goals are recorded without references: a rule that wants some would never
// give points. One that was published before goes on being read.
func TestR10EvidenceIsAskedOfWorkThatHasSome(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	for _, work := range Kinds {
		rules := Rules{Effective: 1, Rules: []Rule{{ID: "shown", Work: work, Points: 1, Evidence: "The minutes.", MinEvidence: 1}}}
		_, err := f.CreateRules(t.Context(), anna.call(), anna, rules, "To see.", true)
		if work == EngagementCompleted || work == GoalReached {
			require.ErrorContains(t, err, "point_rules.rules[0].min_evidence")
			require.ErrorContains(t, err, string(work)+" comes without references")
			continue
		}
		require.NoError(t, err, work)
	}
	early := Rule{ID: "reached", Work: GoalReached, Points: 3, Evidence: "The letter.", MinEvidence: 1}
	reached := Work{Kind: GoalReached, Persons: []string{"carol"}}
	require.Equal(t, UnmetEvidence, early.unmet(&reached))
}

func TestR10WhoWroteARuleDoesNotApproveIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		p, err := f.CreateRules(t.Context(), anna.call(), anna, simple(), "To see.", false)
		require.NoError(t, err)
		_, err = f.ApproveRules(t.Context(), ben.call(), ben, p.ID, p.Etag(), false)
		requireReason(t, err, ReasonRulesState)
		machine := Caller{Name: "principals/robot"}
		_, err = f.ProposeRules(t.Context(), machine.call(), machine, p.ID, "")
		requireReason(t, err, ReasonSecondPerson)
		p, err = f.ProposeRules(t.Context(), ben.call(), ben, p.ID, p.Etag())
		require.NoError(t, err)
		for _, by := range []Caller{anna, ben, machine} {
			_, err = f.ApproveRules(t.Context(), by.call(), by, p.ID, p.Etag(), false)
			requireReason(t, err, ReasonSecondPerson)
		}
		cleo := Caller{Name: "principals/cleo", Person: true}
		_, err = f.ApproveRules(t.Context(), cleo.call(), cleo, p.ID, "", false)
		require.ErrorContains(t, err, "etag")
		checked, err := f.ApproveRules(t.Context(), cleo.call(), cleo, p.ID, p.Etag(), true)
		require.NoError(t, err)
		require.Equal(t, Proposed, checked.State.State)
		done, err := f.ApproveRules(t.Context(), cleo.request("r"), cleo, p.ID, p.Etag(), false)
		require.NoError(t, err)
		again, err := f.ApproveRules(t.Context(), cleo.request("r"), cleo, p.ID, p.Etag(), false)
		require.NoError(t, err)
		require.Equal(t, done, again)
		require.Equal(t, Published, done.State.State)
		require.False(t, done.State.SingleOperator)

		_, err = f.UpdateRules(t.Context(), anna.call(), anna, p.ID, "", RulesPatch{Caps: &Caps{PersonMonth: 1}})
		requireReason(t, err, ReasonRulesState)
	})
}

func TestASingleOperatorPublishesAndTheVersionSaysSo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.others = false
		p, err := f.CreateRules(t.Context(), anna.call(), anna, simple(), "To see.", false)
		require.NoError(t, err)
		p, err = f.ProposeRules(t.Context(), anna.call(), anna, p.ID, "")
		require.NoError(t, err)
		p, err = f.ApproveRules(t.Context(), anna.call(), anna, p.ID, p.Etag(), false)
		require.NoError(t, err)
		require.True(t, p.State.SingleOperator)
	})
}

func TestVersionsFollowOnEachOther(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		next := simple()
		next.Effective = civil.Date(2026, 11, 23) // today
		propose := func(id string) error {
			_, err := f.ProposeRules(t.Context(), anna.call(), anna, id, "")
			return err
		}
		second, err := f.CreateRules(t.Context(), anna.call(), anna, next, "To see.", false)
		require.NoError(t, err)
		require.ErrorContains(t, propose(second.ID), "is not a day to come")
		day := civil.Date(2026, 12, 1)
		_, err = f.UpdateRules(t.Context(), anna.call(), anna, second.ID, "", RulesPatch{Effective: &day})
		require.NoError(t, err)

		next.Effective = civil.Date(2026, 12, 10)
		third, err := f.CreateRules(t.Context(), anna.call(), anna, next, "To see.", false)
		require.NoError(t, err)
		require.NoError(t, propose(second.ID))
		require.NoError(t, propose(third.ID))
		third, err = f.PointRules(t.Context(), third.ID)
		require.NoError(t, err)
		third, err = f.ApproveRules(t.Context(), ben.call(), ben, third.ID, third.Etag(), false)
		require.NoError(t, err)

		second, err = f.PointRules(t.Context(), second.ID)
		require.NoError(t, err)
		_, err = f.ApproveRules(t.Context(), ben.call(), ben, second.ID, second.Etag(), false)
		requireReason(t, err, ReasonRulesConflict)
		_, err = f.UpdateRules(t.Context(), anna.call(), anna, second.ID, "", RulesPatch{Base: &second.State.Number})
		require.ErrorContains(t, err, "which is 3")
		_, err = f.UpdateRules(t.Context(), anna.call(), anna, second.ID, "", RulesPatch{Base: &third.State.Number})
		require.NoError(t, err)
		require.ErrorContains(t, propose(second.ID), "is not after 2026-12-10")

		in, found, err := f.InForce(t.Context(), civil.Date(2026, 12, 9))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, 1, in.State.Number)
		in, _, err = f.InForce(t.Context(), civil.Date(2026, 12, 10))
		require.NoError(t, err)
		require.Equal(t, 3, in.State.Number)
		_, found, err = f.InForce(t.Context(), civil.Date(2025, 12, 10))
		require.NoError(t, err)
		require.False(t, found)
	})
}

// Two approvals that pass their checks at the same time publish one version.
func TestOneVersionFollowsOnAnother(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		published := 0
		for _, day := range []civil.Day{civil.Date(2026, 12, 1), civil.Date(2026, 12, 2)} {
			rules := simple()
			rules.Effective = day
			p, err := f.CreateRules(t.Context(), anna.call(), anna, rules, "To see.", false)
			require.NoError(t, err)
			_, err = f.rules.Update(t.Context(), ben.call(), p.ID, nil, "point_rules.published", func(p *PointRules) error {
				p.State, p.Base, p.Follows = Published, 1, new(int64)
				*p.Follows = 1
				return nil
			})
			if err == nil {
				published++
			}
		}
		require.Equal(t, 1, published)
	})
}

func TestADraftIsCreatedOnceHoweverOftenItIsAskedFor(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		first, err := f.CreateRules(t.Context(), anna.request("a"), anna, simple(), "To see.", false)
		require.NoError(t, err)
		require.Equal(t, "1", first.ID)
		again, err := f.CreateRules(t.Context(), anna.request("a"), anna, simple(), "To see.", false)
		require.NoError(t, err)
		require.Equal(t, first, again)
		call := anna.request("a")
		call.Payload = []byte("y")
		_, err = f.CreateRules(t.Context(), call, anna, simple(), "Other.", false)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)
		second, err := f.CreateRules(t.Context(), anna.request("b"), anna, simple(), "To see.", false)
		require.NoError(t, err)
		require.Equal(t, "2", second.ID)

		_, err = f.RejectRules(t.Context(), ben.call(), ben, second.ID, "", "No.")
		requireReason(t, err, ReasonRulesState)
		_, err = f.WithdrawRules(t.Context(), anna.call(), anna, second.ID, "", "")
		require.ErrorContains(t, err, "reason")
		second, err = f.WithdrawRules(t.Context(), anna.call(), anna, second.ID, "", "Not now.")
		require.NoError(t, err)
		require.Equal(t, Retracted, second.State.State)
		page, err := f.ListPointRules(t.Context(), RulesQuery{Size: 1})
		require.NoError(t, err)
		require.Equal(t, "2", page.Items[0].ID)
		page, err = f.ListPointRules(t.Context(), RulesQuery{Size: 1, After: page.Next})
		require.NoError(t, err)
		require.Equal(t, "1", page.Items[0].ID)
		require.Nil(t, page.Next)
	})
}

func TestPeriods(t *testing.T) {
	for text, want := range map[string]Period{
		"2026-11": {"2026-11", civil.Date(2026, 11, 1), civil.Date(2026, 11, 30)},
		"2024-02": {"2024-02", civil.Date(2024, 2, 1), civil.Date(2024, 2, 29)},
		"2026-q4": {"2026-q4", civil.Date(2026, 10, 1), civil.Date(2026, 12, 31)},
	} {
		got, err := ParsePeriod("period", text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-q5", "2026-1", "0000-01", "2026-11-01"} {
		_, err := ParsePeriod("period", text)
		require.ErrorContains(t, err, "period", text)
	}
	require.Equal(t, civil.Date(2026, 11, 23), weekOf(civil.Date(2026, 11, 29)))
	require.Equal(t, civil.Date(2026, 11, 30), weekOf(civil.Date(2026, 11, 30)))
	require.Len(t, affected(civil.Date(2026, 11, 30)), 2)
	require.Len(t, affected(civil.Date(2026, 11, 29)), 1)
}
