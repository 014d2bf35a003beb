package signals

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// suggested is a suggestion to acme.
func (f *fixture) suggested(t testing.TB) resource.Stored[Suggestion] {
	t.Helper()
	f.customer(t, "acme")
	f.published(t, "broken", content())
	f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"))
	f.on(t, "2026-06-15")
	return f.only(t, "acme")
}

func TestR7AnAcceptedSuggestionBecomesATouchpoint(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		x := f.suggested(t)
		_, err := f.Accept(ctx, anna, x.ID, x.Etag(), day(t, "2026-06-14"), false)
		require.ErrorContains(t, err, "due_date")
		_, err = f.Accept(ctx, anna, x.ID, x.Etag(), 0, true)
		require.NoError(t, err, "it could be")
		require.Empty(t, f.planned)
		for range 2 { // and again, by a retry
			got, err := f.Accept(ctx, request("accept"), x.ID, x.Etag(), day(t, "2026-06-17"), false)
			require.NoError(t, err)
			require.Equal(t, Accepted, got.State.State)
			require.Equal(t, "plans/acme/touchpoints/of-"+resourceID(x.ID), got.State.Touchpoint)
			require.Equal(t, "principals/anna", got.State.Decider)
			require.False(t, got.State.Shown)
		}
		require.Equal(t, map[string]Touchpoint{SuggestionName(x.ID): {Account: "acme", Suggestion: SuggestionName(x.ID), Channel: "call",
			Purpose: "Apologise", Day: day(t, "2026-06-17")}}, f.planned)
		_, err = f.Dismiss(ctx, anna, x.ID, "", NotRelevant, "")
		requireReason(t, err, "SUGGESTION_STATE")
		_, err = f.Accept(ctx, anna, x.ID, "", 0, true)
		requireReason(t, err, "SUGGESTION_STATE")
		f.on(t, "2026-07-15")
		require.Equal(t, Accepted, f.only(t, "acme").State.State, "it stays, though its cause is over")
	})
}

func TestAnAcceptanceIsCarriedOutWhateverHappens(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		x := f.suggested(t)
		f.refused = errors.New("the process died")
		_, err := f.Accept(ctx, request("accept"), x.ID, "", 0, false)
		require.ErrorIs(t, err, f.refused)
		require.Equal(t, Accepted, f.only(t, "acme").State.State)
		f.refused, f.lost = nil, errors.New("and died again")
		require.ErrorIs(t, f.Tick(ctx, day(t, "2026-06-15")), f.lost)
		f.lost = nil
		f.on(t, "2026-06-15")
		require.Equal(t, "plans/acme/touchpoints/of-"+resourceID(x.ID), f.only(t, "acme").State.Touchpoint)
		require.Len(t, f.planned, 1)
		require.Len(t, f.calls, 3)
		require.NotEmpty(t, f.calls[0].RequestID)
		require.Equal(t, f.calls[0], f.calls[1], "by which it is known when it comes again")
		require.Equal(t, f.calls[0], f.calls[2])
	})
}

func TestASuggestionThatCannotBePlannedIsOpenAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		x := f.suggested(t)
		f.refused = fault.Precondition("PLAN_STATE", "plans/acme", "plans/acme is closed.")
		_, err := f.Accept(t.Context(), request("accept"), x.ID, "", 0, false)
		requireReason(t, err, "PLAN_STATE")
		_, err = f.Accept(t.Context(), request("accept"), x.ID, "", 0, false)
		requireReason(t, err, "SUGGESTION_STATE")
		back := f.only(t, "acme").State
		require.Equal(t, Undecided, back.State)
		require.True(t, back.Shown)
		require.Empty(t, back.Decider)
		f.on(t, "2026-06-15")
		require.Empty(t, f.planned)
	})
}

func TestASuggestionIsAcceptedWhereThereIsAnActivePlan(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		x := f.suggested(t)
		delete(f.goals, "acme")
		for text, state := range map[string]plans.State{"begin a plan": "", "plans/acme is draft": plans.Draft, "plans/acme is closed": plans.Closed} {
			if state != "" {
				f.goals["acme"] = plans.Plan{State: state}
			}
			for _, check := range []bool{true, false} {
				_, err := f.Accept(t.Context(), anna, x.ID, "", 0, check)
				requireReason(t, err, "PLAN_STATE")
				require.ErrorContains(t, err, text)
			}
			delete(f.goals, "acme")
		}
		same := f.only(t, "acme")
		require.Equal(t, x.Version, same.Version, "nothing was written")
	})
}

func TestADismissalDampsTheRuleForTheAccount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		x := f.suggested(t)
		_, err := f.Dismiss(ctx, anna, x.ID, "", "", "")
		require.ErrorContains(t, err, "reason: is missing")
		_, err = f.Dismiss(ctx, anna, x.ID, "", Other, " ")
		require.ErrorContains(t, err, "text: is empty")
		for range 2 { // and again, by a retry
			got, err := f.Dismiss(ctx, request("dismiss"), x.ID, x.Etag(), AlreadyKnown, "I was there.")
			require.NoError(t, err)
			require.Equal(t, Dismissed, got.State.State)
			require.Equal(t, day(t, "2026-07-15"), got.State.Damped)
		}
		f.customer(t, "zenith")
		f.observe(t, "zenith", broken(t, "zenith", "c1", "2026-06-20"))
		f.observe(t, "acme", broken(t, "acme", "c2", "2026-06-20"), broken(t, "acme", "c3", "2026-07-14"))
		f.on(t, "2026-06-20")
		require.Len(t, f.all(t, "acme"), 1)
		require.Len(t, f.all(t, "zenith"), 1, "others are not damped")
		f.on(t, "2026-07-14")
		require.Len(t, f.all(t, "acme"), 1)
		f.on(t, "2026-07-15")
		require.Len(t, f.all(t, "acme"), 2, "what still holds then is said")
		require.Equal(t, "accounts/acme/cases/c3", f.all(t, "acme")[0].State.Cause)
	})
}

func TestASnoozedSuggestionIsOpenAgainOnItsDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		x := f.suggested(t)
		for _, until := range []string{"2026-06-15", "2027-06-17"} {
			_, err := f.Snooze(ctx, anna, x.ID, "", day(t, until))
			require.ErrorContains(t, err, "until_date")
		}
		_, err := f.Snooze(ctx, request("snooze"), x.ID, x.Etag(), day(t, "2026-06-18"))
		require.NoError(t, err)
		f.on(t, "2026-06-17")
		require.Equal(t, Snoozed, f.only(t, "acme").State.State)
		require.Empty(t, f.ranked(t, SuggestionQuery{}))
		f.on(t, "2026-06-18")
		require.Equal(t, Undecided, f.only(t, "acme").State.State)
		require.Len(t, f.ranked(t, SuggestionQuery{}), 1)
		_, err = f.Snooze(ctx, request("snooze"), x.ID, x.Etag(), day(t, "2026-06-18"))
		require.NoError(t, err, "a retry that comes late is answered")
		_, err = f.Snooze(ctx, anna, x.ID, "", day(t, "2026-07-31"))
		require.NoError(t, err)
		f.on(t, "2026-07-01")
		require.Equal(t, Expired, f.only(t, "acme").State.State, "its cause was over before")
	})
}

func TestSeveralRulesAboutOneCauseShowTheBest(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		heavier := content()
		heavier.Weight, heavier.Reason = "80", "'This is serious.'"
		f.customer(t, "acme")
		f.published(t, "light", content())
		f.published(t, "heavy", heavier)
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"))
		f.on(t, "2026-06-15")
		best := f.ranked(t, SuggestionQuery{Account: "acme"})
		require.Len(t, best, 1)
		require.Equal(t, "heavy", best[0].State.Rule)
		light := suggestionID("light", "acme", "accounts/acme/cases/c1")
		require.Equal(t, []string{light}, best[0].State.Others)
		other, err := f.Suggestion(ctx, light)
		require.NoError(t, err)
		require.Equal(t, best[0].ID, other.State.StoodFor)
		_, err = f.Dismiss(ctx, anna, best[0].ID, "", NotRelevant, "")
		require.NoError(t, err)
		left := f.ranked(t, SuggestionQuery{Account: "acme"})
		require.Len(t, left, 1)
		require.Equal(t, light, left[0].ID)
		require.Empty(t, left[0].State.Others)
	})
}

func TestR7ACauseThatWasActedOnDoesNotAskAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		heavier, third := content(), content()
		heavier.Weight, third.Weight = "80", "90"
		f.customer(t, "acme")
		f.published(t, "light", content())
		f.published(t, "heavy", heavier)
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"))
		f.on(t, "2026-06-15")
		id := func(rule, of string) string { return suggestionID(rule, "acme", "accounts/acme/cases/"+of) }
		light, heavy := id("light", "c1"), id("heavy", "c1")
		f.refused = fault.Precondition("PLAN_STATE", "plans/acme", "plans/acme is closed.")
		_, err := f.Accept(ctx, anna, heavy, "", 0, false)
		requireReason(t, err, "PLAN_STATE")
		require.Equal(t, heavy, f.ranked(t, SuggestionQuery{})[0].ID, "nothing was done")
		f.refused = nil
		_, err = f.Snooze(ctx, anna, light, "", day(t, "2026-06-17"))
		require.NoError(t, err)
		_, err = f.Accept(ctx, anna, heavy, "", 0, false)
		require.NoError(t, err)
		require.Empty(t, f.ranked(t, SuggestionQuery{}))
		f.published(t, "third", third)
		for _, on := range []string{"2026-06-16", "2026-06-17", "2026-06-18"} {
			f.on(t, on)
			require.Empty(t, f.ranked(t, SuggestionQuery{}), on)
		}
		for _, other := range []string{light, id("third", "c1")} {
			x, err := f.Suggestion(ctx, other)
			require.NoError(t, err)
			require.Equal(t, []any{Undecided, heavy}, []any{x.State.State, x.State.StoodFor})
		}
		f.observe(t, "acme", broken(t, "acme", "c2", "2026-06-18"))
		f.on(t, "2026-06-18")
		best := f.ranked(t, SuggestionQuery{})
		require.Len(t, best, 1, "another cause asks")
		require.Equal(t, "accounts/acme/cases/c2", best[0].State.Cause)
		require.Len(t, best[0].State.Others, 2)
	})
}

func TestRankingLearnsFromDecisions(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		term := Content{DisplayName: "Term", Fact: Term, Condition: "fact.event == 'ends'", Reason: "fact.board", Weight: "49", Channel: "visit", Purpose: "Thank"}
		loud := content()
		loud.CoolDown = 0
		f.published(t, "broken", loud)
		f.published(t, "term", term)
		f.customer(t, "acme", "brook", "crane")
		ends := BoardTerm{Term: "boards/b/terms/t", Board: "b", Begins: day(t, "2024-07-01"), Ends: day(t, "2026-07-01")}
		for _, account := range []string{"acme", "brook", "crane"} {
			f.observe(t, account, broken(t, account, "c1", "2026-06-15"), ends)
		}
		f.on(t, "2026-06-15")
		rules := func(account string) (list []string) {
			for _, x := range f.ranked(t, SuggestionQuery{Account: account}) {
				list = append(list, x.State.Rule)
			}
			return list
		}
		require.Equal(t, []string{"broken", "term"}, rules("acme"))
		dismiss := func(account string, why Why) {
			_, err := f.Dismiss(ctx, anna, suggestionID("broken", account, "accounts/"+account+"/cases/c1"), "", why, "")
			require.NoError(t, err)
		}
		dismiss("brook", BadTime)
		f.on(t, "2026-06-16")
		require.Equal(t, []string{"broken", "term"}, rules("acme"), "a bad time says nothing of the rule")
		dismiss("crane", NotRelevant)
		f.on(t, "2026-06-17")
		require.Equal(t, []string{"term", "broken"}, rules("acme"), "what others did not want comes later")
		f.observe(t, "crane", broken(t, "crane", "c2", "2026-06-17"))
		f.on(t, "2026-06-17")
		mine := f.ranked(t, SuggestionQuery{Account: "crane"})
		require.Equal(t, "broken", mine[1].State.Rule)
		theirs := f.ranked(t, SuggestionQuery{Account: "acme"})
		require.Equal(t, Score(50, 0, 4, 0), mine[1].State.Score, "one's own decisions count three times more")
		require.Equal(t, Score(50, 0, 1, 0), theirs[1].State.Score)
		olga, nobody := "olga", ""
		require.Len(t, f.ranked(t, SuggestionQuery{Owner: &olga}), 5)
		require.Empty(t, f.ranked(t, SuggestionQuery{Owner: &nobody}))
		first, err := f.Suggestions(ctx, SuggestionQuery{Owner: &olga, Size: 2})
		require.NoError(t, err)
		rest, err := f.Suggestions(ctx, SuggestionQuery{Owner: &olga, Size: 10, After: first.Next})
		require.NoError(t, err)
		require.Len(t, rest.Items, 3)
	})
}

func TestScore(t *testing.T) {
	require.Equal(t, int64(50_000), Score(50, 0, 0, 0), "the weight alone, in thousandths")
	require.Equal(t, int64(25_000), Score(50, 0, 0, 4), "half after four weeks")
	require.Equal(t, int64(75_000), Score(50, 4, 0, 0))
	require.Equal(t, int64(25_000), Score(50, 0, 4, 0))
	rapid.Check(t, func(t *rapid.T) {
		weight := rapid.Float64Range(0, 100).Draw(t, "weight")
		accepted, dismissed, weeks := rapid.IntRange(0, 800).Draw(t, "accepted"), rapid.IntRange(0, 800).Draw(t, "dismissed"), rapid.IntRange(0, 200).Draw(t, "weeks")
		at := Score(weight, accepted, dismissed, weeks)
		for name, higher := range map[string]int64{
			"accepted": Score(weight, accepted+1, dismissed, weeks), "weight": Score(weight+1, accepted, dismissed, weeks),
		} {
			if higher < at {
				t.Fatalf("more %s ranks lower", name)
			}
		}
		for name, lower := range map[string]int64{
			"dismissed": Score(weight, accepted, dismissed+1, weeks), "age": Score(weight, accepted, dismissed, weeks+1),
		} {
			if lower > at {
				t.Fatalf("more %s ranks higher", name)
			}
		}
		if at < 0 || at > 200_000 {
			t.Fatalf("%d is out of range", at)
		}
	})
}
