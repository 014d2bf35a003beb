package board

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// yearly is a charter of a small board: a third of its seats each year.
func yearly(seats int) charter.Charter {
	return charter.Charter{
		Seats: seats, TermMonths: 36, GraceDays: 7, MaxTerms: 2, CoolingOffMonths: 12,
		Rotation: calendar.Recurrence{Rule: "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU", Start: "2026-03-01T10:00"},
		Quorum:   charter.Quorum{Percent: 50}, Alternates: charter.Alternates{Count: 3, AnswerDays: 14},
	}
}

func day(t testing.TB, text string) civil.Day {
	t.Helper()
	d, err := civil.ParseDay(text)
	require.NoError(t, err)
	return d
}

func TestChartersArePublished(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
		require.NoError(t, err)
		_, err = f.Charters.At(t.Context(), "a", day(t, "2026-03-06"))
		require.ErrorIs(t, err, ErrNoCharter)

		first, err := f.Charters.Publish(t.Context(), request("1", "x"), "a", NewCharter{Rules: yearly(3), Reason: "First", Publisher: "ines"}, false)
		require.NoError(t, err)
		require.Equal(t, 1, first.State.Number)
		require.Equal(t, day(t, "2026-03-06"), first.State.Effective, "today in New York")
		require.Equal(t, "America/New_York", first.State.Rules.Rotation.Zone, "the board's")
		again, err := f.Charters.Publish(t.Context(), request("1", "x"), "a", NewCharter{Rules: yearly(3), Reason: "First", Publisher: "ines"}, false)
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID, "a retry publishes nothing")
		_, err = f.Charters.Publish(t.Context(), request("1", "y"), "a", NewCharter{Rules: yearly(6), Reason: "Other"}, false)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)

		later := day(t, "2027-01-01")
		checked, err := f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: yearly(6), Effective: &later, Reason: "More"}, true)
		require.NoError(t, err)
		require.Equal(t, 2, checked.State.Number)
		_, err = f.Charters.Get(t.Context(), "a", 2)
		require.ErrorIs(t, err, resource.ErrNotFound, "it was checked only")
		_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: yearly(6), Effective: &later, Reason: "More"}, false)
		require.NoError(t, err)

		for on, number := range map[string]int{"2026-03-06": 1, "2026-12-31": 1, "2027-01-01": 2} {
			v, err := f.Charters.At(t.Context(), "a", day(t, on))
			require.NoError(t, err)
			require.Equal(t, number, v.Number, on)
		}
		list, err := f.Charters.List(t.Context(), "a")
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, yearly(6).Seats, list[1].State.Rules.Seats)
	})
}

func TestChartersAreChecked(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	bad := yearly(0)
	bad.Rotation.Rule = "FREQ=SECONDLY"
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: bad, Reason: "Bad"}, false)
	require.ErrorIs(t, err, ErrCharterInvalid)
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	var fields []string
	for _, field := range told.Fields {
		fields = append(fields, field.Path)
	}
	require.Contains(t, fields, "charter.rules.seats")
	require.Contains(t, fields, "charter.rules.rotation.rule")

	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: yearly(3), Reason: "First"}, false)
	require.NoError(t, err)
	early := day(t, "2026-01-01")
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: yearly(3), Effective: &early, Reason: "Before"}, false)
	require.ErrorIs(t, err, ErrCharterInvalid)
	_, err = f.Charters.Publish(t.Context(), someone, "b", NewCharter{Rules: yearly(3), Reason: "Nowhere"}, false)
	require.ErrorIs(t, err, resource.ErrNotFound)
	_, err = f.Boards.Close(t.Context(), someone, "a", "", "Over.")
	require.NoError(t, err)
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: yearly(3), Reason: "Late"}, false)
	require.ErrorIs(t, err, ErrBoardState)
}

// A rotation that comes too seldom for the terms, or ends with the last of a few, is no
// charter that a board could live by.
func TestChartersWhoseTermsCannotEndAreRefused(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	for _, c := range []struct {
		rule, start string
		months      int
		works       bool
	}{
		{"FREQ=YEARLY;BYMONTH=2;BYDAY=2TU", "2026-03-01T10:00", 12, true},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-03-01T10:00", 12, false},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-03-01T10:00", 24, false},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-03-01T10:00", 36, false},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-03-01T10:00", 48, true},
		{"FREQ=YEARLY;COUNT=2", "2026-04-01T10:00", 36, false},
		{"FREQ=YEARLY;COUNT=2", "2020-04-01T10:00", 36, false},
		{"FREQ=YEARLY", "2040-04-01T10:00", 12, true},
	} {
		rules := yearly(3)
		rules.Rotation.Rule, rules.Rotation.Start, rules.TermMonths = c.rule, c.start, c.months
		_, err := f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: rules, Reason: "First"}, true)
		if c.works {
			require.NoError(t, err, "%+v", c)
			continue
		}
		require.ErrorIs(t, err, ErrCharterInvalid, "%+v", c)
		require.ErrorContains(t, err, "charter.rules.rotation falls on no day from ", "%+v", c)
	}
}

func TestChartersPublishedAtOnceAllCount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
		require.NoError(t, err)
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				_, errs[i] = f.Charters.Publish(t.Context(), request(fmt.Sprint(i), "x"), "a", NewCharter{Rules: yearly(3 + i), Reason: "One of many"}, false)
			})
		}
		all.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		list, err := f.Charters.List(t.Context(), "a")
		require.NoError(t, err)
		require.Len(t, list, len(errs))
		seats := map[int]bool{}
		for i, v := range list {
			require.Equal(t, i+1, v.State.Number)
			seats[v.State.Rules.Seats] = true
		}
		require.Len(t, seats, len(errs), "none took another's place")
	})
}

func TestRotationsThatNoCharterPlansAreCancelledUntilOneDoes(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.ready(t), t.Context()
	_, err := f.Rotations.Cancel(ctx, someone, board, "2028-03-14", "", "Called off.")
	require.NoError(t, err)
	rules := six()
	publish := func(effective string) {
		_, err := f.Charters.Publish(ctx, someone, board, NewCharter{Rules: rules, Effective: ptr(day(t, effective)), Reason: "Other days."}, false)
		require.NoError(t, err)
	}
	days := func(list []resource.Stored[Rotation]) (days []string) {
		for _, s := range list {
			days = append(days, s.State.Day.String())
		}
		return days
	}
	rules.Rotation.Rule = "FREQ=YEARLY;BYMONTH=4;BYDAY=2TU"
	publish("2027-01-01")
	checked, err := f.Rotations.LayOut(ctx, someone, board, day(t, "2030-01-01"), true)
	require.NoError(t, err)
	layout, err := f.Rotations.LayOut(ctx, someone, board, day(t, "2030-01-01"), false)
	require.NoError(t, err)
	require.Equal(t, []string{"2027-04-13", "2028-04-11", "2029-04-10"}, days(layout.New))
	require.Equal(t, []string{"2027-03-09", "2029-03-13"}, days(layout.Cancelled))
	require.Equal(t, days(layout.New), days(checked.New))
	require.Equal(t, days(layout.Cancelled), days(checked.Cancelled))

	rules.Rotation.Rule = "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU"
	publish("2027-01-02")
	layout, err = f.Rotations.LayOut(ctx, someone, board, day(t, "2030-01-01"), false)
	require.NoError(t, err)
	require.Equal(t, []string{"2027-03-09", "2029-03-13"}, days(layout.New), "what people called off stays so")
	require.Len(t, layout.Cancelled, 3)
	again, err := f.Rotations.Get(ctx, board, "2027-03-09")
	require.NoError(t, err)
	require.Equal(t, Scheduled, again.State.State)
}
