package rewards

import (
	"encoding/csv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// credited credits a touchpoint of 10 points, and returns its entry.
func (f *fixture) credited(t testing.TB) resource.Stored[Entry] {
	t.Helper()
	f.publish(t, simple())
	f.credits(t, touch(t, "a", "2026-11-20"))
	page, err := f.Entries(t.Context(), EntryQuery{Month: "2026-11", Size: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	return page.Items[0]
}

func TestR10ACorrectionIsAnEntryOfItsOwn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		e := f.credited(t)
		checked, err := f.Correct(t.Context(), anna.request("a"), anna, Correction{e.ID, 4, "Half of it was somebody else's."}, true)
		require.NoError(t, err)
		require.Equal(t, -4, checked.State.Points)
		c, err := f.Correct(t.Context(), anna.request("a"), anna, Correction{e.ID, 4, "Half of it was somebody else's."}, false)
		require.NoError(t, err)
		require.Equal(t, []any{Corrected, -4, e.ID, "Half of it was somebody else's.", "principals/anna"},
			[]any{c.State.Kind, c.State.Points, c.State.Cites, c.State.Reason, c.State.By})
		again, err := f.Correct(t.Context(), anna.request("a"), anna, Correction{e.ID, 4, "Half of it was somebody else's."}, false)
		require.NoError(t, err)
		require.Equal(t, c, again)
		first, err := f.Entry(t.Context(), e.ID)
		require.NoError(t, err)
		require.Equal(t, e, first, "nothing is edited")

		_, err = f.Correct(t.Context(), anna.call(), anna, Correction{e.ID, 7, "Too much."}, false)
		requireReason(t, err, ReasonNothingToCorrect)
		_, err = f.Correct(t.Context(), anna.call(), anna, Correction{c.ID, 5, "Too much."}, false)
		requireReason(t, err, ReasonNothingToCorrect)
		back, err := f.Correct(t.Context(), anna.call(), anna, Correction{c.ID, 3, "A quarter after all."}, false)
		require.NoError(t, err)
		require.Equal(t, 3, back.State.Points)
		_, err = f.Correct(t.Context(), anna.call(), anna, Correction{c.ID, 2, "Too much."}, false)
		requireReason(t, err, ReasonNothingToCorrect)
		_, err = f.Correct(t.Context(), anna.call(), anna, Correction{back.ID, 1, "Of what gave back."}, false)
		requireReason(t, err, ReasonNothingToCorrect)
		require.Equal(t, map[string]int{"a/touch/carol": 9}, f.net(t, "2026-11"))
	})
}

func TestR10NobodyCorrectsTheirOwnPoints(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	e := f.credited(t)
	carol := Caller{Name: "principals/carol", Person: true}
	_, err := f.Correct(t.Context(), carol.call(), carol, Correction{e.ID, 1, "Mine."}, false)
	requireReason(t, err, ReasonOwnReward)
	machine := Caller{Name: "principals/robot"}
	_, err = f.Correct(t.Context(), machine.call(), machine, Correction{e.ID, 1, "Because."}, false)
	requireReason(t, err, ReasonSecondPerson)
	_, err = f.Correct(t.Context(), anna.call(), anna, Correction{e.ID, 0, "Because."}, false)
	require.ErrorContains(t, err, "points")
	_, err = f.Correct(t.Context(), anna.call(), anna, Correction{e.ID, 1, ""}, false)
	require.ErrorContains(t, err, "reason")
	_, err = f.Correct(t.Context(), anna.call(), anna, Correction{"nothing-1", 1, "Because."}, false)
	require.ErrorIs(t, err, resource.ErrNotFound)
}

// What was corrected is not taken twice when the work is withdrawn, and is still taken when
// it counts again.
func TestR10ACorrectionOutlivesAWithdrawal(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		e := f.credited(t)
		_, err := f.Correct(t.Context(), anna.call(), anna, Correction{e.ID, 4, "Because."}, false)
		require.NoError(t, err)
		w := touch(t, "a", "2026-11-20")
		w.Version, w.Withdrawn = 2, true
		f.credits(t, w)
		require.Empty(t, f.net(t, "2026-11"))
		require.Equal(t, -6, f.ledger(t, "2026-11")["a/touch/carol/3"].Points)
		w.Version, w.Withdrawn = 3, false
		f.credits(t, w)
		require.Equal(t, map[string]int{"a/touch/carol": 6}, f.net(t, "2026-11"))
		f.credits(t)
		require.NoError(t, f.review(t.Context()))
		require.Len(t, f.ledger(t, "2026-11"), 4, "nothing has changed since")
	})
}

func TestR10CorrectionsAtATimeTakeNoMoreThanThereIs(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		e := f.credited(t)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, err := f.Correct(t.Context(), anna.call(), anna, Correction{e.ID, 3, "Because."}, false)
				if err != nil {
					requireReason(t, err, ReasonNothingToCorrect)
				}
			})
		}
		wg.Wait()
		require.Equal(t, map[string]int{"a/touch/carol": 1}, f.net(t, "2026-11"))
	})
}

func TestR10StatementsOfAPersonAndOfATeam(t *testing.T) {
	rules := simple()
	rules.Rules[0].TeamShare = 40
	rules.Rules = append(rules.Rules, Rule{ID: "solve", Work: EngagementCompleted, Points: 50})
	rules.Caps.PersonMonth = 56
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, rules)
		shared, solved := touch(t, "a", "2026-11-20"), touch(t, "b", "2026-11-21")
		shared.Team = []string{"carol", "dora"}
		solved.Kind, solved.Evidence = EngagementCompleted, []string{"=HYPERLINK(1)"}
		f.credits(t, shared, solved, touch(t, "c", "2026-11-22"), touch(t, "d", "2026-10-01"), touch(t, "e", "2026-09-30"))

		november, err := f.PersonStatement(t.Context(), "carol", MonthOf(civil.Date(2026, 11, 5)))
		require.NoError(t, err)
		require.Equal(t, Sums{Entries: 3, Points: 56, Credited: 56, Cut: 10,
			Kinds: []KindSum{{TouchpointDone, 6, 2}, {EngagementCompleted, 50, 1}}, Caps: []CapSum{{CapPersonMonth, 10, 1}}}, november.Sums)
		quarter, err := f.PersonStatement(t.Context(), "carol", QuarterOf(civil.Date(2026, 11, 5)))
		require.NoError(t, err)
		require.Equal(t, 66, quarter.Points)
		team, err := f.TeamStatement(t.Context(), "acme", QuarterOf(civil.Date(2026, 11, 5)))
		require.NoError(t, err)
		require.Equal(t, 70, team.Points)
		require.Equal(t, []string{"carol", "dora"}, []string{team.People[0].Person, team.People[1].Person})
		require.Equal(t, 4, team.People[1].Points)

		_, err = f.Correct(t.Context(), anna.call(), anna, Correction{november.Lines[1].ID, 20, "-1+1"}, false)
		require.NoError(t, err)
		november, err = f.PersonStatement(t.Context(), "carol", MonthOf(civil.Date(2026, 11, 5)))
		require.NoError(t, err)
		require.Equal(t, []int{36, 56, -20}, []int{november.Points, november.Credited, november.Corrected})
		require.Equal(t, 10, november.Cut)

		text, err := f.CSV(t.Context(), &november)
		require.NoError(t, err)
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 5)
		require.Equal(t, columns, rows[0])
		all := map[string][]string{}
		for _, row := range rows[1:] {
			all[row[1]+" "+row[5]] = row
		}
		require.Equal(t, "'=HYPERLINK(1)", all["credit plans/acme/touchpoints/b"][17], "no formula")
		require.Equal(t, "'-1+1", all["correction plans/acme/touchpoints/b"][16], "no formula")
		require.Equal(t, []string{"0", "10", "0", "10", "person-month 10 of 56"}, all["credit plans/acme/touchpoints/c"][9:14])
	})
}

func TestR10TotalsAreThrownAwayAndRebuilt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		other := touch(t, "b", "2026-10-21")
		other.Persons = []string{"dora"}
		f.credits(t, touch(t, "a", "2026-11-20"), other, touch(t, "c", "2026-12-20"))
		f.background(t, f.runTotals)
		quarter := QuarterOf(civil.Date(2026, 11, 1))
		read := func() []Totals {
			list, _, err := f.ListTotals(t.Context(), quarter, 10, nil)
			require.NoError(t, err)
			return list
		}
		require.Eventually(t, func() bool {
			list := read()
			return len(list) == 2 && list[0].Points == 20 && list[1].Points == 10
		}, time.Minute, 10*time.Millisecond)
		followed := read()

		for d, err := range f.totals.All(t.Context(), docstore.Query{}) { // lost, or wrong
			require.NoError(t, err)
			_, err = f.totals.Update(t.Context(), d.ID, func(d *docstore.Doc[Totals]) error {
				d.Body.Points, d.Body.Entries = 99, 99
				return nil
			})
			require.NoError(t, err)
		}
		require.NoError(t, f.Rebuild(t.Context()))
		require.Equal(t, followed, read())
		for _, total := range followed {
			st, err := f.PersonStatement(t.Context(), total.Person, quarter)
			require.NoError(t, err)
			require.Equal(t, st.Sums, total.Sums)
		}
		list, next, err := f.ListTotals(t.Context(), quarter, 1, nil)
		require.NoError(t, err)
		require.Equal(t, "carol", list[0].Person)
		list, next, err = f.ListTotals(t.Context(), quarter, 1, next)
		require.NoError(t, err)
		require.Equal(t, "dora", list[0].Person)
		require.Nil(t, next)
	})
}

func TestEntriesAreListedTheLatestFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		brick := touch(t, "b", "2026-11-21")
		brick.Account = "brick"
		f.credits(t, touch(t, "a", "2026-11-20"), brick, touch(t, "c", "2026-12-20"))
		list := func(q EntryQuery) (names string) {
			q.Size = 1
			for {
				page, err := f.Entries(t.Context(), q)
				require.NoError(t, err)
				for _, e := range page.Items {
					names += e.State.Work[len(e.State.Work)-1:]
				}
				if page.Next == nil {
					return names
				}
				q.After = page.Next
			}
		}
		carol, nobody, acme := "carol", "nobody", "acme"
		require.Equal(t, "cba", list(EntryQuery{}))
		require.Equal(t, "cba", list(EntryQuery{Person: &carol}))
		require.Equal(t, "ba", list(EntryQuery{Person: &carol, Month: "2026-11"}))
		require.Equal(t, "ca", list(EntryQuery{Account: &acme}))
		require.Equal(t, "ca", list(EntryQuery{Account: &acme, Person: &carol}))
		require.Equal(t, "", list(EntryQuery{Person: &nobody}))
		require.Equal(t, "ba", list(EntryQuery{Month: "2026-11"}))
	})
}
