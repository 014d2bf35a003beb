package signals

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestR23WhoWroteARuleCannotPublishIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		r, err := f.CreateRule(ctx, anna, "", content(), false)
		require.NoError(t, err)
		require.Equal(t, "broken", r.ID)
		person := func(call resource.Call) Caller { return Caller{Name: call.Principal, Person: true} }
		_, err = f.PublishRule(ctx, ben, person(ben), r.ID, r.Etag(), false)
		require.ErrorContains(t, err, "simulate it first")
		requireReason(t, err, "SIGNAL_RULE_STATE")
		r, _, err = f.SimulateRule(ctx, anna, r.ID, "", Trial{}, false)
		require.NoError(t, err)
		require.Equal(t, Simulated, r.State.State)
		_, err = f.PublishRule(ctx, ben, person(ben), r.ID, "", false)
		require.ErrorContains(t, err, "etag: is needed")
		_, err = f.PublishRule(ctx, anna, person(anna), r.ID, r.Etag(), false)
		requireReason(t, err, "SECOND_PERSON")
		_, err = f.PublishRule(ctx, ben, Caller{Name: "principals/robot"}, r.ID, r.Etag(), false)
		requireReason(t, err, "SECOND_PERSON")
		_, err = f.PublishRule(ctx, ben, person(ben), r.ID, r.Etag(), true)
		require.NoError(t, err, "it could be")
		stays, err := f.Rule(ctx, r.ID)
		require.NoError(t, err)
		require.Equal(t, r, stays)
		_, err = f.PublishRule(ctx, ben, person(ben), r.ID, "stale", false)
		require.ErrorIs(t, err, resource.ErrStale)

		f.others = false
		r, err = f.PublishRule(ctx, anna, person(anna), r.ID, r.Etag(), false)
		require.NoError(t, err)
		require.True(t, r.State.InForce.SingleOperator, "nobody else could")
		require.Equal(t, Published, r.State.State)
		require.Nil(t, r.State.Draft)
		f.others = true
		purpose := "Say sorry"
		r, err = f.UpdateRule(ctx, ben, r.ID, r.Etag(), Patch{Purpose: &purpose})
		require.NoError(t, err)
		require.Equal(t, Drafted, r.State.State)
		require.Equal(t, []string{"principals/ben"}, r.State.Draft.Writers, "the other's part was published already")
		r, err = f.UpdateRule(ctx, anna, r.ID, "", Patch{Purpose: &purpose})
		require.NoError(t, err)
		require.Equal(t, []string{"principals/ben"}, r.State.Draft.Writers, "nothing was changed")
		r, _, err = f.SimulateRule(ctx, ben, r.ID, "", Trial{}, false)
		require.NoError(t, err)
		r, err = f.PublishRule(ctx, anna, person(anna), r.ID, r.Etag(), false)
		require.NoError(t, err)
		require.Equal(t, 2, r.State.InForce.Number)
		require.False(t, r.State.InForce.SingleOperator)
	})
}

func TestVersionsOfARuleStayAsTheyWere(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.published(t, "broken", content())
		weight := "90"
		_, err := f.UpdateRule(ctx, anna, "broken", "", Patch{Weight: &weight})
		require.NoError(t, err)
		r, _, err := f.SimulateRule(ctx, anna, "broken", "", Trial{}, false)
		require.NoError(t, err)
		publish := resource.Call{Principal: ben.Principal, Method: "publish", RequestID: "r1", Payload: []byte("x")}
		for range 2 { // and again, by a retry
			_, err = f.PublishRule(ctx, publish, Caller{Name: ben.Principal, Person: true}, "broken", r.Etag(), false)
			require.NoError(t, err)
		}
		page, err := f.RuleVersions(ctx, "broken", 10, nil)
		require.NoError(t, err)
		require.Len(t, page.Items, 2)
		require.Equal(t, "signalRules/broken/versions/2", versionName(page.Items[0].ID))
		require.Equal(t, "90", page.Items[0].State.Content.Weight)
		first, err := f.RuleVersion(ctx, "broken", 1)
		require.NoError(t, err)
		require.Equal(t, content(), first.State.Content)
		require.Equal(t, []string{"principals/anna"}, first.State.Writers)
		require.Equal(t, "principals/ben", first.State.Publisher)
		_, err = f.RuleVersion(ctx, "broken", 3)
		require.ErrorIs(t, err, resource.ErrNotFound)
		_, err = f.RuleVersions(ctx, "nothing", 10, nil)
		require.ErrorIs(t, err, resource.ErrNotFound)
		one, err := f.RuleVersions(ctx, "broken", 1, nil)
		require.NoError(t, err)
		two, err := f.RuleVersions(ctx, "broken", 1, one.Next)
		require.NoError(t, err)
		require.Equal(t, first.ID, two.Items[0].ID)
	})
}

// A process that dies between putting a rule in force and writing its version down leaves
// a version that is written down before anybody reads it, or another takes its place.
func TestAVersionIsWrittenDownWhateverHappens(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.published(t, "broken", content())
		require.NoError(t, f.versions.Delete(ctx, anna, versionID("broken", 1), nil, "lost"))
		v, err := f.RuleVersion(ctx, "broken", 1)
		require.NoError(t, err)
		require.Equal(t, content(), v.State.Content)
		require.NoError(t, f.versions.Delete(ctx, anna, versionID("broken", 1), nil, "lost"))
		weight := "90"
		_, err = f.UpdateRule(ctx, anna, "broken", "", Patch{Weight: &weight})
		require.NoError(t, err)
		r, _, err := f.SimulateRule(ctx, anna, "broken", "", Trial{}, false)
		require.NoError(t, err)
		_, err = f.PublishRule(ctx, ben, Caller{Name: ben.Principal, Person: true}, "broken", r.Etag(), false)
		require.NoError(t, err)
		v, err = f.versions.Get(ctx, versionID("broken", 1))
		require.NoError(t, err)
		require.Equal(t, "50", v.State.Content.Weight)
	})
}

func TestAChangeTakesTheTrialBack(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.customer(t, "acme")
		_, err := f.CreateRule(ctx, anna, "broken", content(), false)
		require.NoError(t, err)
		r, _, err := f.SimulateRule(ctx, anna, "broken", "", Trial{Accounts: 1}, false)
		require.NoError(t, err)
		require.Equal(t, Drafted, r.State.State, "not all accounts were looked at")
		r, _, err = f.SimulateRule(ctx, anna, "broken", "", Trial{}, true)
		require.NoError(t, err)
		require.Equal(t, Drafted, r.State.State, "it was to be looked at only")
		_, _, err = f.SimulateRule(ctx, anna, "broken", "", Trial{}, false)
		require.NoError(t, err)
		weight, worse := "90", "fact.days"
		r, err = f.UpdateRule(ctx, anna, "broken", "", Patch{Weight: &weight})
		require.NoError(t, err)
		require.Equal(t, Drafted, r.State.State)
		require.Nil(t, r.State.Draft.Simulation)
		_, err = f.UpdateRule(ctx, anna, "broken", "", Patch{Condition: &worse})
		requireReason(t, err, "SIGNAL_RULE_INVALID")

		r, _, err = f.SimulateRule(ctx, anna, "broken", "", Trial{}, false)
		require.NoError(t, err)
		r, err = f.PublishRule(ctx, ben, Caller{Name: ben.Principal, Person: true}, "broken", r.Etag(), false)
		require.NoError(t, err)
		_, err = f.PublishRule(ctx, ben, Caller{Name: ben.Principal, Person: true}, "broken", r.Etag(), false)
		require.ErrorContains(t, err, "says what is in force")
		light := "10"
		_, err = f.UpdateRule(ctx, anna, "broken", "", Patch{Weight: &light})
		require.NoError(t, err)
		r, err = f.UpdateRule(ctx, anna, "broken", "", Patch{Weight: &weight})
		require.NoError(t, err)
		require.Equal(t, Published, r.State.State, "it says what is in force again")
		require.Nil(t, r.State.Draft)
	})
}

func TestARetiredRuleMakesNoSuggestions(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.customer(t, "acme", "zenith")
		r := f.published(t, "broken", content())
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"))
		f.on(t, "2026-06-15")
		_, err := f.RetireRule(ctx, anna, "broken", r.Etag(), " ")
		require.ErrorContains(t, err, "reason: is empty")
		for range 2 { // and again, by a retry
			_, err = f.RetireRule(ctx, request("retire"), "broken", r.Etag(), "Everybody calls anyway.")
			require.NoError(t, err)
		}
		_, err = f.RetireRule(ctx, anna, "broken", "", "Again.")
		requireReason(t, err, "SIGNAL_RULE_STATE")
		f.observe(t, "zenith", broken(t, "zenith", "c1", "2026-06-15"))
		f.on(t, "2026-06-15")
		require.Empty(t, f.all(t, "zenith"))
		require.Equal(t, "The rule was retired.", f.only(t, "acme").State.Expiry)
		weight := "1"
		_, err = f.UpdateRule(ctx, anna, "broken", "", Patch{Weight: &weight})
		requireReason(t, err, "SIGNAL_RULE_STATE")
	})
}

func TestASimulationAsksForWhatItNeedsAndAgainWhereThereIsNoAnswer(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	for i := range 30 {
		f.customer(t, fmt.Sprintf("a%02d", i))
	}
	distance := []Distance{{Benefit: "thanks", Promise: "A note.", Needs: "spend", Missing: 100, Have: 900, Need: 1000, Currency: "USD"}}
	f.distances["a00"], f.silent = distance, 2
	near := builtins[2].Content
	got, err := f.Simulate(ctx, near, Trial{Accounts: 1})
	require.NoError(t, err, "two questions that were not answered were put again")
	require.Equal(t, 14, got.Facts, "one on each day")
	require.Equal(t, 16, f.questions)
	f.questions = 0
	_, err = f.Lint(ctx, near)
	require.NoError(t, err)
	require.Equal(t, 14*lintAsked, f.questions, "an author waits for the answer")
	f.plansRead = 0
	got, err = f.Simulate(ctx, builtins[5].Content, Trial{})
	require.NoError(t, err)
	require.Equal(t, []int{30, 30}, []int{got.Looked, f.plansRead}, "a plan is the same for all days")
}

func TestASimulationCountsWhatWouldHaveBeenSuggested(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.customer(t, "acme", "brook", "zenith")
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-02"), broken(t, "acme", "c2", "2026-06-02"), broken(t, "acme", "c3", "2026-03-01"))
		f.observe(t, "brook", broken(t, "brook", "c1", "2026-06-14"))
		f.observe(t, "zenith", broken(t, "zenith", "c1", "2025-06-15"))
		told := 0
		got, err := f.Simulate(ctx, content(), Trial{From: day(t, "2026-05-20"), To: day(t, "2026-06-15"), Tell: func(int) error { told++; return nil }})
		require.NoError(t, err)
		require.Equal(t, 3, got.Looked)
		require.Equal(t, 3, got.Suggestions, "c3 was too long ago")
		require.Equal(t, 2, got.Accounts)
		require.Equal(t, 5, got.True, "the two of acme on 8 and 15 June, that of brook on 15 June")
		require.Equal(t, []Example{{"acme", day(t, "2026-06-08"), "We broke first-reply.", 50}, {"brook", day(t, "2026-06-15"), "We broke first-reply.", 50}}, got.Examples)
		require.Zero(t, got.Failures)
		for text, trial := range map[string]Trial{
			"to_date":   {To: day(t, "2026-06-16")},
			"from_date": {From: day(t, "2026-06-16")},
			"24 months": {From: day(t, "2024-06-14")},
		} {
			_, err := f.Simulate(ctx, content(), trial)
			require.ErrorContains(t, err, text)
		}
		failing := content()
		failing.Weight = "100 / (fact.days_since - 6)"
		got, err = f.Simulate(ctx, failing, Trial{From: day(t, "2026-06-08")})
		require.NoError(t, err)
		require.Equal(t, 2, got.Failures)
		require.Contains(t, got.Failure, "On 2026-06-08, for accounts/acme: weight: division by zero")
		stop := errors.New("the caller went away")
		for range 97 {
			f.customer(t, "more-"+string(rune('a'+f.position%26))+"-"+string(rune('a'+f.position/26%26)))
		}
		_, err = f.Simulate(ctx, content(), Trial{Tell: func(int) error { return stop }})
		require.ErrorIs(t, err, stop)
		require.Zero(t, told, "there were less than a hundred")
	})
}

func TestLintTriesTheConditionOnThePast(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		lint := func(condition string) []string {
			c := content()
			c.Condition = condition
			findings, err := f.Lint(ctx, c)
			require.NoError(t, err)
			var ids []string
			for _, finding := range findings {
				ids = append(ids, finding.ID)
			}
			return ids
		}
		require.Empty(t, lint("fact.days_since <= 14"), "there is nothing to try it on")
		f.customer(t, "acme")
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-05-01"))
		require.Empty(t, lint("fact.days_since <= 14"))
		require.Equal(t, []string{NeverTrue}, lint("fact.days_since > 60"))
		require.Equal(t, []string{AlwaysTrue}, lint("fact.days_since <= 60"))
		require.Equal(t, []string{Fails}, lint("account.attributes['region'] == 'east'"))
		require.Equal(t, []string{DoesNotCompile}, lint("fact.days_since <"))
	})
}

func TestTheBuiltInRulesAreCreatedOnceAsDrafts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		would, err := f.Init(ctx, anna, true)
		require.NoError(t, err)
		require.Len(t, would, len(builtins))
		page, err := f.Rules(ctx, RuleQuery{Size: 100})
		require.NoError(t, err)
		require.Empty(t, page.Items)
		_, err = f.CreateRule(ctx, anna, "anniversary", content(), false)
		require.NoError(t, err)
		made, err := f.Init(ctx, request("init"), false)
		require.NoError(t, err)
		require.Len(t, made, len(builtins)-1, "one is there already, and stays")
		require.Equal(t, Drafted, made[0].State.State)
		made, err = f.Init(ctx, request("init"), false)
		require.NoError(t, err)
		require.Empty(t, made)
		page, err = f.Rules(ctx, RuleQuery{Size: 100, Keep: func(r resource.Stored[Rule]) bool { return r.State.Content().Fact == Breach }})
		require.NoError(t, err)
		require.Len(t, page.Items, 2)
	})
}

func TestARuleIsCreatedOnceByARequest(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		first, err := f.CreateRule(ctx, request("r"), "", content(), false)
		require.NoError(t, err)
		again, err := f.CreateRule(ctx, request("r"), "", content(), false)
		require.NoError(t, err)
		require.Equal(t, first, again)
		_, err = f.CreateRule(ctx, anna, "broken", content(), true)
		require.ErrorIs(t, err, resource.ErrExists)
		for field, change := range map[string]func(*Content){
			"display_name": func(c *Content) { c.DisplayName = " " }, "fact": func(c *Content) { c.Fact = "weather" },
			"channel": func(c *Content) { c.Channel = "pigeon" }, "purpose": func(c *Content) { c.Purpose = "" },
			"cool_down_days": func(c *Content) { c.CoolDown = 731 }, "condition": func(c *Content) { c.Condition = string(make([]byte, 2001)) },
		} {
			c := content()
			change(&c)
			_, err := f.CreateRule(ctx, anna, "other", c, false)
			require.ErrorContains(t, err, "signal_rule."+field)
		}
	})
}
