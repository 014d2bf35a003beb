package rewards

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// november is the month that findings are looked for in.
var november = MonthOf(civil.Date(2026, 11, 1))

// calls are n touchpoints of carol's, one a day from the first of November on, each as
// change makes it.
func calls(t testing.TB, n int, change func(i int, w *Work)) []Work {
	t.Helper()
	var list []Work
	for i := range n {
		w := touch(t, fmt.Sprintf("t%02d", i), fmt.Sprintf("2026-11-%02d", i%28+1))
		w.Account, w.OutcomeLength, w.OutcomeDigest = fmt.Sprint("account", i), 100, fmt.Sprint("words", i)
		w.Kind = []Kind{TouchpointDone, SuggestionActedOn}[i%2]
		change(i, &w)
		list = append(list, w)
	}
	return list
}

func TestR10WorkThatLooksAsIfDoneForThePointsIsFound(t *testing.T) {
	rules := simple()
	rules.Rules = append(rules.Rules, Rule{ID: "suggested", Work: SuggestionActedOn, Points: 5})
	rules.Checks = Checks{AccountTouches: 3, DayTouches: 3, ShortOutcomes: 3, RepeatedOutcomes: 3, ContactTouches: 3, LastDaysWork: 4}
	same := func(change func(w *Work)) func(int, *Work) { return func(_ int, w *Work) { change(w) } }
	for check, c := range map[Check]struct {
		change  func(int, *Work)
		subject string
		words   string
	}{
		ManyWithAccount: {same(func(w *Work) { w.Account = "acme" }), "accounts/acme",
			"carol did 4 touchpoints with accounts/acme in 2026-11; more than 3 are looked at."},
		ManyInADay: {same(func(w *Work) { w.Completed = touch(t, "x", "2026-11-12").Completed }), "2026-11-12",
			"carol did 4 touchpoints on 2026-11-12; more than 3 are looked at."},
		ShortOutcomes: {same(func(w *Work) { w.OutcomeLength = 19 }), "",
			"carol wrote 4 outcomes of fewer than 20 characters in 2026-11; more than 3 are looked at."},
		SameWords: {same(func(w *Work) { w.OutcomeDigest = "d" }), "",
			"carol wrote the same words as the outcome of 4 touchpoints in 2026-11; more than 3 are looked at."},
		OneContact: {same(func(w *Work) { w.Contacts = []string{"accounts/acme/contacts/ann"} }), "accounts/acme/contacts/ann",
			"carol reached accounts/acme/contacts/ann 4 times in 2026-11; more than 3 times are looked at."},
		SelfConfirmed: {func(i int, w *Work) { w.Confirmed, w.Rating, w.HeardBy = i%2 == 0, i%2*3, "carol" }, "",
			"carol wrote down the customer's confirmation or rating of 4 pieces of work in 2026-11 which carol did."},
		EndOfMonth: {func(i int, w *Work) {
			if i > 0 {
				w.Completed = touch(t, "x", fmt.Sprintf("2026-11-%d", 27+i)).Completed
			}
		}, "", "carol completed 3 of 4 pieces of work in the last 3 days of 2026-11; more than 50 % are looked at."},
	} {
		t.Run(string(check), func(t *testing.T) {
			f := start(t, teststore.SQLite(t))
			f.publish(t, rules)
			work := calls(t, 4, c.change)
			f.credits(t, work...)
			found, err := f.Findings(t.Context(), november)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, []any{check, "carol", c.subject, c.words}, []any{found[0].Check, found[0].Person, found[0].Subject, found[0].Words})
			require.Len(t, found[0].Entries, found[0].Count, "each work has its entry")
			for i, id := range found[0].Entries {
				e, err := f.Entry(t.Context(), id)
				require.NoError(t, err)
				require.True(t, slices.Contains(found[0].Work, e.State.Work), i)
			}

			// At the limit there is nothing to look at.
			work[1].Version, work[1].Withdrawn = 2, true
			if check == SelfConfirmed {
				for i := range work {
					work[i].Version, work[i].HeardBy = 2, "dora"
				}
			}
			f.credits(t, work...)
			found, err = f.Findings(t.Context(), november)
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
}

// Who is paid as one of the team, as the owner of the account is, and writes down what the
// customer said is found too; who gets nothing of it is not.
func TestR10TheTeamsOwnConfirmationsAreFound(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, Rules{Effective: civil.Date(2026, 1, 1), Rules: []Rule{
			{ID: "touch", Work: TouchpointDone, Points: 4}, {ID: "solve", Work: EngagementCompleted, Points: 10, TeamShare: 50, Confirmed: true}}})
		work := calls(t, 4, func(i int, w *Work) {
			w.Kind, w.Team, w.Confirmed, w.Rating, w.HeardBy = EngagementCompleted, []string{"dora"}, true, 5, "dora"
			switch i {
			case 1:
				w.Kind = TouchpointDone // of which dora gets nothing
			case 2:
				w.HeardBy = "eve"
			case 3:
				w.Persons, w.Team = []string{"dora"}, nil
			}
		})
		f.credits(t, work...)
		found, err := f.Findings(t.Context(), november)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, []any{SelfConfirmed, "dora", Figures{Count: 2, Limit: 0, Of: 3}}, []any{found[0].Check, found[0].Person, found[0].Figures})
		require.Equal(t, "dora wrote down the customer's confirmation or rating of 2 pieces of work in 2026-11 which dora did or shared in.", found[0].Words)
		require.Equal(t, []string{work[0].Name, work[3].Name}, found[0].Work)
		require.Len(t, found[0].Entries, 2)
	})
}

func TestR10FindingsAreAcknowledgedBySomebodyElse(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		rules := simple()
		rules.Checks.AccountTouches = 2
		f.publish(t, rules)
		work := calls(t, 4, func(_ int, w *Work) { w.Account = "acme" })
		f.credits(t, work[:3]...)
		found, err := f.Findings(t.Context(), QuarterOf(november.From))
		require.NoError(t, err)
		require.Len(t, found, 1)
		id := found[0].ID
		require.True(t, found[0].Open())

		carol := Caller{Name: "principals/carol", Person: true}
		_, err = f.Acknowledge(t.Context(), carol.call(), carol, id, "All is well.")
		requireReason(t, err, ReasonOwnReward)
		_, err = f.Acknowledge(t.Context(), anna.call(), Caller{Name: "principals/robot"}, id, "All is well.")
		requireReason(t, err, ReasonSecondPerson)
		_, err = f.Acknowledge(t.Context(), anna.call(), anna, id, "")
		require.ErrorContains(t, err, "note")
		for _, unknown := range []string{"2026-11-x", "2026-10" + id[7:], "x"} {
			_, err = f.Acknowledge(t.Context(), anna.call(), anna, unknown, "All is well.")
			require.ErrorIs(t, err, resource.ErrNotFound, unknown)
		}

		for range 2 {
			seen, err := f.Acknowledge(t.Context(), anna.request("a"), anna, id, "They were asked for.")
			require.NoError(t, err)
			require.Equal(t, []any{"principals/anna", "They were asked for.", 3}, []any{seen.Acknowledged.By, seen.Acknowledged.Note, seen.Acknowledged.Count})
			require.False(t, seen.Open())
		}
		_, err = f.Acknowledge(t.Context(), ben.call(), ben, id, "I think so too.")
		requireReason(t, err, ReasonFindingState)

		f.credits(t, work[3])
		found, err = f.Findings(t.Context(), november)
		require.NoError(t, err)
		require.True(t, found[0].Open(), "it has grown")
		seen, err := f.Acknowledge(t.Context(), ben.request("b"), ben, id, "The fourth too.")
		require.NoError(t, err)
		require.False(t, seen.Open())
		seen, err = f.Acknowledge(t.Context(), ben.request("b"), ben, id, "The fourth too.")
		require.NoError(t, err)
		require.Equal(t, "principals/ben", seen.Acknowledged.By)
	})
}
