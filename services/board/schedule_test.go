package board

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// daysOf are the days of the rotations that are not called off.
func (f *fixture) daysOf(t testing.TB, board string) (days []string) {
	t.Helper()
	list, err := f.Rotations.List(t.Context(), board)
	require.NoError(t, err)
	for _, s := range list {
		if s.State.State != Cancelled && s.State.State != Skipped {
			days = append(days, s.State.Day.String())
		}
	}
	return days
}

func TestRotationsAreLaidOutYearsAhead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
		require.NoError(t, err)
		_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2030-01-01"), false)
		require.ErrorIs(t, err, ErrNoCharter)
		_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: yearly(3), Reason: "First"}, false)
		require.NoError(t, err)
		made, err := f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2029-01-01"), true)
		require.NoError(t, err)
		require.Len(t, made.New, 3)
		require.Empty(t, f.daysOf(t, "a"), "it was checked only")
		_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2029-01-01"), false)
		require.NoError(t, err)
		made, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2031-01-01"), false)
		require.NoError(t, err)
		require.Len(t, made.New, 2, "the others are there")
		require.Equal(t, []string{"2026-03-10", "2027-03-09", "2028-03-14", "2029-03-13", "2030-03-12"}, f.daysOf(t, "a"))
		_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2200-01-01"), false)
		require.ErrorContains(t, err, "100 years")

		// From 2028 on the board rotates in autumn.
		autumn, effective := yearly(3), day(t, "2028-01-01")
		autumn.Rotation.Rule = "FREQ=YEARLY;BYMONTH=10;BYDAY=1MO"
		_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: autumn, Effective: &effective, Reason: "Autumn"}, false)
		require.NoError(t, err)
		_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2031-01-01"), false)
		require.NoError(t, err)
		require.Equal(t, []string{"2026-03-10", "2027-03-09", "2028-10-02", "2029-10-01", "2030-10-07"}, f.daysOf(t, "a"))
	})
}

func TestRotationsGiveWayToHolidays(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	rules := yearly(3)
	rules.Rotation.OnHoliday = calendar.NextWorkday
	rules.Workdays.Holidays = []civil.Day{day(t, "2027-03-09")}
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: rules, Reason: "First"}, false)
	require.NoError(t, err)
	_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2028-01-01"), false)
	require.NoError(t, err)
	s, err := f.Rotations.Get(t.Context(), "a", "2027-03-09")
	require.NoError(t, err)
	require.Equal(t, day(t, "2027-03-10"), s.State.Day)
	require.Equal(t, day(t, "2027-03-09"), s.State.Planned)
}

func TestASkippedRotationKeepsItsMembersUntilTheNext(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	f.pool(t, "a", 12)
	rules := six()
	rules.Rotation.Rule, rules.GraceDays, rules.Seats = "FREQ=MONTHLY;BYDAY=1MO", 60, 4
	rules.TermMonths, rules.CoolingOffMonths = 4, 2
	rules.Categories = nil
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: rules, Reason: "First"}, false)
	require.NoError(t, err)
	_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2028-01-01"), false)
	require.NoError(t, err)
	f.rotate(t, "a", "2026-04-06", "abc")
	f.clock.set("2026-04-07T12:00:00Z")
	days := f.daysOf(t, "a")
	_, effect, err := f.Rotations.Skip(t.Context(), someone, "a", days[1], "", "August.", true)
	var told *fault.Error
	if errors.As(err, &told) { // only evenness may suffer here
		for _, c := range told.Conditions {
			require.Equal(t, "stagger", c.Type, "%+v", c)
		}
		return
	}
	require.NoError(t, err)
	_, _, err = f.Rotations.Skip(t.Context(), someone, "a", days[1], "", "August.", false)
	require.NoError(t, err)
	require.NotContains(t, f.daysOf(t, "a"), days[1])
	for _, end := range effect.Ends {
		require.Equal(t, days[2], end.To.String())
	}
}

// Two rotations of one board never have their pools taken at the same time.
func TestOneRotationIsUnderWayAtATime(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	ctx := t.Context()
	f.rotate(t, board, "2026-03-10", "abc")
	members, err := f.Terms.Members(ctx, board, day(t, "2026-03-10"))
	require.NoError(t, err)
	_, err = f.Terms.End(ctx, someone, board, members[0].ID, "", Resigned, day(t, "2026-05-01"), "Moved away.")
	require.NoError(t, err)
	_, err = f.Rotations.PlanVacancy(ctx, someone, board, day(t, "2027-03-01"), "One seat.")
	require.NoError(t, err)
	for _, id := range []string{"vacancy-2027-03-01", "2027-03-09"} {
		_, err := f.Rotations.Open(ctx, someone, board, id, "")
		require.NoError(t, err)
	}
	_, err = f.Rotations.Freeze(ctx, someone, board, "2027-03-09", "", nil)
	require.ErrorIs(t, err, ErrRotationState, "an earlier one is not over")
	_, err = f.Rotations.Freeze(ctx, someone, board, "vacancy-2027-03-01", "", nil)
	require.NoError(t, err)
	_, _, err = f.Rotations.Move(ctx, someone, board, "2028-03-14", "", day(t, "2028-03-15"), "Busy.", false)
	require.ErrorIs(t, err, ErrRotationState, "terms are not moved meanwhile")
	_, err = f.Boards.Close(ctx, someone, board, "", "Over.")
	require.ErrorIs(t, err, ErrRotationState, "a rotation is under way")
	_, err = f.Rotations.Cancel(ctx, someone, board, "vacancy-2027-03-01", "", "Not needed.")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(ctx, someone, board, "2027-03-09", "", nil)
	require.NoError(t, err)
	_, err = f.Rotations.Open(ctx, someone, board, "2027-03-09", "")
	require.NoError(t, err, "its pool is taken back")
	_, _, err = f.Rotations.Move(ctx, someone, board, "2028-03-14", "", day(t, "2028-03-15"), "Busy.", true)
	require.NoError(t, err)
}

// Over many years nobody sits too long, too soon again, or beside a competitor, quotas
// are met, and everybody gets a turn.
func TestR12ManyYearsOfRotations(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	ctx := t.Context()
	_, err := f.Rotations.LayOut(ctx, someone, board, day(t, "2050-01-01"), false)
	require.NoError(t, err)
	for i, rotation := range f.daysOf(t, board)[:16] {
		closed := f.rotate(t, board, rotation, fmt.Sprint(4711+i))
		require.Zero(t, closed.Shortfall)
		members, err := f.Terms.Members(ctx, board, closed.Day)
		require.NoError(t, err)
		require.Len(t, members, 6)
		sectors, ends := map[string]int{}, map[civil.Day]int{}
		for _, m := range members {
			a, err := f.Accounts.Get(ctx, m.Account)
			require.NoError(t, err)
			sectors[a.Attributes["sector"]]++
			ends[m.End]++
		}
		require.True(t, sectors["energy"] >= 2 && sectors["energy"] <= 4, "%v", sectors)
		for end, n := range ends {
			require.Equal(t, 2, n, "two end on %s", end)
		}
	}
	terms, err := f.Terms.Terms(ctx, board)
	require.NoError(t, err)
	served := map[string][]Term{}
	for _, term := range terms {
		require.LessOrEqual(t, term.End, term.Start.AddMonths(36)+10)
		served[term.Account] = append(served[term.Account], term)
	}
	require.Len(t, served, 20, "everybody had a turn")
	for account, own := range served {
		for i := 1; i < len(own); i++ {
			pause := own[i].Start - own[i-1].Over()
			require.True(t, pause == 0 || own[i].Start >= own[i-1].Over().AddMonths(12), "%s came back after %d days", account, pause)
		}
	}
	simulated, err := f.Rotations.Simulate(ctx, board, SimulationPlan{Years: 20, Seed: []byte("spring")})
	require.NoError(t, err)
	require.NotEmpty(t, simulated.Rounds)
}

// A rotation closed before its day is over: it is not played again.
func TestASimulationBeginsAfterTheLastRotationThatIsClosed(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	first := func(rules *charter.Charter) string {
		simulated, err := f.Rotations.Simulate(t.Context(), board, SimulationPlan{Years: 3, Rules: rules, Seed: []byte("spring")})
		require.NoError(t, err)
		return simulated.Rounds[0].Day.String()
	}
	require.Equal(t, "2026-03-10", first(nil))
	f.rotate(t, board, "2026-03-10", "abc")
	require.Equal(t, "2027-03-09", first(nil))
	other := six()
	require.Equal(t, "2027-03-09", first(&other))
}

// A rotation that gives way to a holiday stays, whether a layout ends between the day that
// the charter names and the one on which it is held, before, or after.
func TestALayoutThatEndsWhereARotationGivesWayToAHoliday(t *testing.T) {
	for _, policy := range []calendar.Policy{calendar.NextWorkday, calendar.PreviousWorkday} {
		f := onSQLite(t)
		_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
		require.NoError(t, err)
		rules := yearly(3)
		rules.Rotation.OnHoliday = policy
		rules.Workdays.Holidays = []civil.Day{day(t, "2027-03-09")}
		_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: rules, Reason: "First"}, false)
		require.NoError(t, err)
		held := map[calendar.Policy]string{calendar.NextWorkday: "2027-03-10", calendar.PreviousWorkday: "2027-03-08"}[policy]
		for i, until := range []string{"2027-03-08", "2027-03-09", "2027-03-10", "2027-03-11", "2027-03-10", "2027-03-09", "2027-03-08"} {
			l, err := f.Rotations.LayOut(t.Context(), someone, "a", day(t, until), false)
			require.NoError(t, err)
			require.Empty(t, l.Cancelled, "%s up to %s", policy, until)
			if i > 1 || i == 1 && held < until {
				require.Equal(t, []string{"2026-03-10", held}, f.daysOf(t, "a"), "%s up to %s", policy, until)
			}
		}
	}
}

// A new charter rotates in autumn. Members leave in spring, as they were promised; their
// seats are vacant, and can be filled, until autumn.
func TestR12SeatsWhoseRotationIsNoMorePlannedAreVacant(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	autumn, effective := six(), day(t, "2027-01-01")
	autumn.Rotation.Rule = "FREQ=YEARLY;BYMONTH=10;BYDAY=1MO"
	_, err := f.Charters.Publish(ctx, someone, board, NewCharter{Rules: autumn, Effective: &effective, Reason: "Autumn"}, false)
	require.NoError(t, err)
	l, err := f.Rotations.LayOut(ctx, someone, board, day(t, "2036-01-01"), false)
	require.NoError(t, err)
	require.Equal(t, day(t, "2027-03-09"), l.Cancelled[0].State.Day)
	f.clock.set("2027-03-20T12:00:00Z")
	members, err := f.Terms.Members(ctx, board, day(t, "2027-03-20"))
	require.NoError(t, err)
	require.Len(t, members, 4)
	require.NoError(t, f.Due(ctx))
	vacant := f.vacancies(t, board)
	require.Len(t, vacant, 2)
	require.Contains(t, vacant[0], "is vacant since 2027-03-09, until 2027-10-04")
	_, err = f.Rotations.PlanVacancy(ctx, someone, board, day(t, "2027-04-20"), "Two seats.")
	require.NoError(t, err)
	filled := f.rotate(t, board, "vacancy-2027-04-20", "def")
	require.Len(t, filled.Seats, 2)
	require.Equal(t, day(t, "2027-10-04"), filled.Seats[0].End)
	f.clock.set("2027-04-20T12:00:00Z")
	require.NoError(t, f.Due(ctx))
	require.Empty(t, f.vacancies(t, board))
	f.clock.set("2027-09-20T12:00:00Z")
	next := f.rotate(t, board, "2027-10-04", "fed")
	require.Len(t, next.Seats, 2)
}

// A process dies at every write of a layout, before or after it. The retry is answered all
// that the request laid out and cancelled, and every later one is answered the same.
func TestARetriedLayoutIsAnsweredAsItsFirstCall(t *testing.T) {
	template := crashTemplate(t)
	prepare := func(l *life) {
		autumn, effective := yearly(3), day(t, "2030-01-01")
		autumn.Rotation.Rule = "FREQ=YEARLY;BYMONTH=10;BYDAY=1MO"
		_, err := l.process(t, &mortal{left: -1}).Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: autumn, Effective: &effective, Reason: "Autumn"}, false)
		require.NoError(t, err)
	}
	call := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a13", "up to 2033")
	layOut := func(s *Service) (layout [2][]string, err error) {
		l, err := s.Rotations.LayOut(t.Context(), call, "a", day(t, "2033-01-01"), false)
		if err == nil {
			layout = [2][]string{rotationIDs(l.New), rotationIDs(l.Cancelled)}
		}
		return layout, err
	}
	want := [2][]string{{"a/rotations/2030-10-07", "a/rotations/2031-10-06", "a/rotations/2032-10-04"}, {"a/rotations/2030-03-12"}}
	l := reopen(t, template)
	prepare(l)
	whole := &mortal{left: -1}
	s := l.process(t, whole)
	whole.arm()
	got, err := layOut(s)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Greater(t, whole.writes, 5)
	for at := range whole.writes {
		for _, after := range []bool{false, true} {
			l := reopen(t, template)
			prepare(l)
			dies := &mortal{left: at, after: after}
			s := l.process(t, dies)
			dies.arm()
			_, err := layOut(s)
			require.ErrorIs(t, err, errDied)
			next := l.process(t, &mortal{left: -1})
			for range 2 {
				got, err := layOut(next)
				require.NoError(t, err)
				require.Equal(t, want, got, "write %d", at)
			}
			_, err = next.Rotations.LayOut(t.Context(), request(call.RequestID, "up to 2034"), "a", day(t, "2034-01-01"), false)
			require.ErrorIs(t, err, resource.ErrRequestIDReused)
			_, err = next.Boards.Close(t.Context(), someone, "a", "", "Over.")
			require.NoError(t, err)
			got, err = layOut(next)
			require.NoError(t, err, "it was carried out before")
			require.Equal(t, want, got)
		}
	}
}
