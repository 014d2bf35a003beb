package touchpoints

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/plans"
)

func TestAbsencesMoveAndHandOn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")}})
		f.settled(t)
		original := f.due(t, "acme")
		away, err := f.CreateAbsence(t.Context(), anna, Away{Principal: "anna", First: day("2027-03-11"), Last: day("2027-03-12"), Reason: "ill"}, false)
		require.NoError(t, err)
		covered, err := f.CreateAbsence(t.Context(), anna, Away{Principal: "anna", StandIn: "bob", First: day("2027-03-19"), Last: day("2027-03-26")}, false)
		require.NoError(t, err)
		busy, err := f.CreateAbsence(t.Context(), anna, Away{Principal: "bob", First: day("2027-03-26"), Last: day("2027-03-26")}, false)
		require.NoError(t, err)
		f.settled(t)
		require.Equal(t, map[string]string{"weekly-2027-03-05": "2027-03-05", "weekly-2027-03-12": "2027-03-15", "weekly-2027-03-19": "2027-03-19",
			"weekly-2027-03-26": "2027-03-29", "weekly-2027-04-02": "2027-04-02"}, f.due(t, "acme"))
		all := f.all(t, "acme")
		require.Equal(t, []Adjustment{{Reason: Absence, Words: "principals/anna is away from 11 March 2027 to 12 March 2027"},
			{Reason: Holiday, Words: "Saturday 13 March 2027 is a weekend"}, {Reason: Holiday, Words: "Sunday 14 March 2027 is a weekend"}},
			all["weekly-2027-03-12"].State.Adjustments)
		require.Equal(t, "bob", all["weekly-2027-03-19"].State.Owner)
		require.Equal(t, []Adjustment{{Reason: Absence, Words: "principals/anna is away from 19 March 2027 to 26 March 2027, and principals/bob stands in"}},
			all["weekly-2027-03-19"].State.Adjustments)
		require.Equal(t, "anna", all["weekly-2027-03-26"].State.Owner, "whoever stands in is away too")

		for _, a := range []string{away.ID, covered.ID, busy.ID} {
			require.NoError(t, f.DeleteAbsence(t.Context(), anna, a, ""))
		}
		f.settled(t)
		require.Equal(t, original, f.due(t, "acme"), "what it moved comes back")
		require.Equal(t, "anna", f.all(t, "acme")["weekly-2027-03-19"].State.Owner)
	})
}

// What people decided the day of, and what is due today, has its day; the stand-in does it.
func TestAbsencesHandOnWhatKeepsItsDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=MO", "2027-03-01T09:00")}})
		f.settled(t)
		byHand, err := f.Plan(ctx, anna, New{Plan: "acme", Purpose: "Send the plan", Channel: plans.Email, Due: day("2027-03-04")}, false)
		require.NoError(t, err)
		given, err := f.Plan(ctx, anna, New{Plan: "acme", Purpose: "Send more", Channel: plans.Email, Due: day("2027-03-04"), Owner: "cleo"}, false)
		require.NoError(t, err)
		_, err = f.Reschedule(ctx, anna, "acme/weekly-2027-03-08", "", day("2027-03-06"), "they asked", false)
		require.NoError(t, err)
		ids := []string{byHand.ID[len("acme/"):], given.ID[len("acme/"):], "weekly-2027-03-08", "weekly-2027-03-01"}
		owners := func() (list []string) {
			for _, id := range ids {
				list = append(list, f.all(t, "acme")[id].State.Owner)
			}
			return list
		}
		f.settled(t)
		due := f.due(t, "acme")
		var away []string
		for _, who := range []string{"anna", "cleo"} {
			a, err := f.CreateAbsence(ctx, anna, Away{Principal: who, StandIn: "bob", First: day("2027-03-01"), Last: day("2027-03-07")}, false)
			require.NoError(t, err)
			away = append(away, a.ID)
		}
		f.settled(t)
		require.Equal(t, []string{"bob", "bob", "bob", "bob"}, owners())
		require.Equal(t, due, f.due(t, "acme"), "on the days that were decided")
		require.Equal(t, Adjustment{Reason: Absence, Words: "principals/anna is away from 1 March 2027 to 7 March 2027, and principals/bob stands in"},
			f.all(t, "acme")["weekly-2027-03-08"].State.Adjustments[1])
		f.change(t, "acme", func(p *plans.Plan) { p.Owner = "dora" })
		f.settled(t)
		require.Equal(t, []string{"dora", "bob", "dora", "dora"}, owners(), "a new owner gets also what is with a stand-in")
		f.change(t, "acme", func(p *plans.Plan) { p.Owner = "anna" })
		f.settled(t)
		require.Equal(t, []string{"bob", "bob", "bob", "bob"}, owners())
		for _, id := range away {
			require.NoError(t, f.DeleteAbsence(ctx, anna, id, ""))
		}
		f.settled(t)
		require.Equal(t, []string{"anna", "cleo", "anna", "anna"}, owners(), "and back")
		require.Len(t, f.all(t, "acme")["weekly-2027-03-08"].State.Adjustments, 1)
	})
}

// Also what is overdue at a stand-in, or at an owner before the last, is the new owner's.
func TestANewOwnerGetsWhatIsOverdueWithAStandIn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		theirs := cadence("theirs", "FREQ=WEEKLY;BYDAY=WE", "2027-03-03T09:00")
		theirs.Owner = "cleo"
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00"), theirs}})
		for _, who := range []string{"anna", "cleo"} {
			_, err := f.CreateAbsence(t.Context(), anna, Away{Principal: who, StandIn: "bob", First: day("2027-03-02"), Last: day("2027-03-05")}, false)
			require.NoError(t, err)
		}
		f.settled(t)
		f.noon("2027-03-08")
		f.settled(t)
		f.change(t, "acme", func(p *plans.Plan) { p.Owner = "dora" })
		f.settled(t)
		require.Equal(t, "dora", f.all(t, "acme")["weekly-2027-03-02"].State.Owner)
		require.Equal(t, "bob", f.all(t, "acme")["theirs-2027-03-03"].State.Owner, "that is Cleo's, and another's no less")
	})
}

// The touchpoints of who is away wait where the stand-in is away too, until that one is not.
func TestWhatWaitsSinceAStandInIsAwayGoesToThemOnceTheyAreNot(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		_, err := f.CreateAbsence(ctx, anna, Away{Principal: "anna", StandIn: "bob", First: day("2027-03-08"), Last: day("2027-03-10")}, false)
		require.NoError(t, err)
		f.settled(t)
		require.Equal(t, "bob", f.all(t, "acme")["weekly-2027-03-09"].State.Owner)
		busy, err := f.CreateAbsence(ctx, anna, Away{Principal: "bob", First: day("2027-03-08"), Last: day("2027-03-12")}, false)
		require.NoError(t, err)
		f.settled(t)
		waits := f.all(t, "acme")["weekly-2027-03-09"].State
		require.Equal(t, []string{"anna", "2027-03-11"}, []string{waits.Owner, waits.DueDay.String()})

		require.NoError(t, f.DeleteAbsence(ctx, anna, busy.ID, ""))
		f.settled(t)
		goes := f.all(t, "acme")["weekly-2027-03-09"].State
		require.Equal(t, []string{"bob", "2027-03-09"}, []string{goes.Owner, goes.DueDay.String()})
	})
}

// Whoever was given a touchpoint may be away too.
func TestAbsencesOfWhomATouchpointWasGivenTo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")}})
		f.settled(t)
		for _, id := range []string{"acme/weekly-2027-03-12", "acme/weekly-2027-03-19", "acme/weekly-2027-03-26"} {
			_, err := f.Reassign(ctx, anna, id, "", "cleo", "she knows them")
			require.NoError(t, err)
		}
		_, err := f.touches.Update(ctx, anna, "acme/weekly-2027-03-26", nil, "touchpoint.reassigned", func(s *Touchpoint) error { // before that was kept
			s.HandedTo = ""
			return nil
		})
		require.NoError(t, err)
		f.settled(t)
		before := f.all(t, "acme")
		alone, err := f.CreateAbsence(ctx, anna, Away{Principal: "cleo", First: day("2027-03-12"), Last: day("2027-03-12")}, false)
		require.NoError(t, err)
		covered, err := f.CreateAbsence(ctx, anna, Away{Principal: "cleo", StandIn: "dora", First: day("2027-03-19"), Last: day("2027-03-26")}, false)
		require.NoError(t, err)
		f.settled(t)
		all := f.all(t, "acme")
		require.Equal(t, "2027-03-15 cleo", fmt.Sprint(all["weekly-2027-03-12"].State.DueDay, " ", all["weekly-2027-03-12"].State.Owner))
		for _, id := range []string{"weekly-2027-03-19", "weekly-2027-03-26"} {
			require.Equal(t, "dora", all[id].State.Owner, id)
			require.Equal(t, before[id].State.DueDay, all[id].State.DueDay)
		}
		for _, id := range []string{alone.ID, covered.ID} {
			require.NoError(t, f.DeleteAbsence(ctx, anna, id, ""))
		}
		f.settled(t)
		for id, s := range f.all(t, "acme") {
			require.Equal(t, before[id].State.Owner, s.State.Owner, id)
			require.Equal(t, before[id].State.DueDay, s.State.DueDay, id)
		}
	})
}
