package touchpoints

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
)

// atNewYork is when a touchpoint is due by the clocks of the company.
func atNewYork(t testing.TB, x *Touchpoint) string {
	return x.Due.In(inNewYork(t)).Format("2006-01-02T15:04")
}

// R9: nobody chose the hour, and so it is one at which nobody is disturbed.
func TestR9WhatNoCadenceAsksForKeepsQuietHours(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.contacts["acme"] = []Contact{{ID: "otto"}}
		f.active(t, "acme", plans.Strategy{Quiet: plans.QuietHours{From: 18 * 60, To: 8 * 60},
			Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-02-02T09:00")}})
		f.settled(t)
		f.contacts["acme"] = []Contact{{ID: "otto", Zone: "America/Los_Angeles"}} // who has moved there
		const why = "06:00 is within the quiet hours, 18:00 to 08:00 in America/Los_Angeles"
		for _, origin := range []Origin{ByHand, OfSuggestion, OfSession} {
			n := New{ID: string(origin), Plan: "acme", Origin: origin, Purpose: "Hello", Channel: plans.Call, Due: day("2027-03-06")}
			for _, check := range []bool{true, false} {
				planned, err := f.Plan(t.Context(), anna, n, check)
				require.NoError(t, err)
				require.Equal(t, "2027-03-06T11:00", atNewYork(t, &planned.State), "on its day, though that is a Saturday")
				require.Equal(t, day("2027-03-06"), planned.State.DueDay)
				require.Equal(t, []Adjustment{{Reason: Quiet, Words: why}}, planned.State.Adjustments)
			}
		}
		for _, check := range []bool{true, false} {
			moved, err := f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-09", "", day("2027-03-11"), "they asked", check)
			require.NoError(t, err)
			require.Equal(t, "2027-03-11T11:00", atNewYork(t, &moved.State), "instead of nine, as it was")
			require.Equal(t, []Adjustment{{Reason: Person, Words: "due on 2027-03-11 instead of 2027-03-09: they asked", By: "principals/anna", At: f.Service.now()},
				{Reason: Quiet, Words: why}}, moved.State.Adjustments)
		}
		again, err := f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-09", "", day("2027-03-12"), "and again", false)
		require.NoError(t, err)
		require.Equal(t, "2027-03-12T11:00", atNewYork(t, &again.State))
		require.Len(t, again.State.Adjustments, 3, "eleven is quiet for nobody")

		f.settled(t)
		require.Equal(t, "2027-03-12T11:00", atNewYork(t, ptr(f.all(t, "acme")["weekly-2027-03-09"].State)))
		require.Equal(t, "2027-03-06T11:00", atNewYork(t, ptr(f.all(t, "acme")["session"].State)))
	})
}

// R9: a day that was asked for is kept, and what it is too near to is told. Cadences make way
// for it, and so are not in its way.
func TestR9ADayThatIsAskedForSaysWhatItIsTooNearTo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.contacts["acme"] = []Contact{{ID: "ines", Roles: []string{"finance"}}, {ID: "otto", Roles: []string{"it"}}}
		f.active(t, "acme", plans.Strategy{GapDays: 3, Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-02-02T09:00")}})
		f.settled(t)
		_, err := f.RecordContact(t.Context(), anna, Record{Plan: "acme", Purpose: "They rang", Channel: plans.Call,
			Outcome: Outcome{Initiator: Customer, Text: "A question.", Contacts: []string{"ines"}}}, false)
		require.NoError(t, err)
		by := func(id, role, on string, check bool) Touchpoint {
			t.Helper()
			planned, err := f.Plan(t.Context(), anna, New{ID: id, Plan: "acme", Purpose: "Hello", Channel: plans.Call, Roles: []string{role}, Due: day(on)}, check)
			require.NoError(t, err)
			require.Equal(t, on+"T09:00", atNewYork(t, &planned.State))
			return planned.State
		}
		require.Empty(t, by("first", "finance", "2027-03-04", false).Adjustments, "the call of the 2nd makes way, and what they began holds nothing up (R7)")
		require.Empty(t, by("other", "it", "2027-03-06", false).Adjustments, "somebody else")
		for _, check := range []bool{true, false} {
			require.Equal(t, []Adjustment{{Reason: Gap, Words: "plans/acme/touchpoints/first is on 4 March 2027 with the same person, " +
				"nearer than the gap of 3 days; 7 March 2027 was asked for"}}, by("second", "finance", "2027-03-07", check).Adjustments)
		}
		require.Empty(t, by("third", "finance", "2027-03-11", true).Adjustments, "four days later is far enough")
		f.settled(t)
		require.Equal(t, "2027-03-04", f.due(t, "acme")["first"])
		require.Equal(t, "2027-03-07", f.due(t, "acme")["second"])
		require.NotEqual(t, "2027-03-02", f.due(t, "acme")["weekly-2027-03-02"])

		moved, err := f.Reschedule(t.Context(), anna, "acme/first", "", day("2027-03-05"), "they asked", true)
		require.NoError(t, err)
		require.Equal(t, Adjustment{Reason: Gap, Words: "plans/acme/touchpoints/second is on 7 March 2027 with the same person, " +
			"nearer than the gap of 3 days; 5 March 2027 was asked for"}, moved.State.Adjustments[1], "and is in its own way nowhere")
		require.Len(t, moved.State.Adjustments, 2)
	})
}

// Whatever is asked for, its day is kept, at a time that is quiet for nobody, and what there
// is to say is said.
func TestR9TheDayThatIsAskedForIsKept(t *testing.T) {
	zones := []string{"America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		someDay := rapid.Custom(func(t *rapid.T) civil.Day {
			return day("2027-10-20") + civil.Day(rapid.IntRange(0, 40).Draw(t, "days"))
		})
		someone := rapid.SampledFrom([]string{"ines", "otto"})
		s := scene{gap: rapid.IntRange(0, 4).Draw(t, "gap")}
		s.quiet.From = rapid.IntRange(0, 1439).Draw(t, "from")
		s.quiet.To = (s.quiet.From + rapid.IntRange(0, 1200).Draw(t, "minutes")) % 1440
		for range rapid.IntRange(0, 5).Draw(t, "touches") {
			s.touches = append(s.touches, touch{"x", someDay.Draw(t, "day"), []string{someone.Draw(t, "reached")}})
		}
		w := wish{day: someDay.Draw(t, "asked"), since: time.Duration(rapid.IntRange(0, 1439).Draw(t, "since")) * time.Minute,
			zone:   zoneOf(t, rapid.SampledFrom(zones).Draw(t, "zone")),
			people: []Contact{{ID: someone.Draw(t, "who"), Zone: rapid.SampledFrom(append(zones, "")).Draw(t, "of")}}}
		got := s.keep(w)

		require.Equal(t, []civil.Day{w.day, w.day}, []civil.Day{got.day, w.zone.DayOf(got.due)})
		theirs := zonesOf(w.people, w.zone)[0]
		quiet := func(at time.Time) bool {
			hour, minute, _ := at.In(theirs.Location()).Clock()
			return s.quiet.Contains(60*hour + minute)
		}
		meant := calendar.Place(w.day, w.since, w.zone)
		require.False(t, quiet(got.due), "%s is quiet", got.due)
		require.Equal(t, quiet(meant), !got.due.Equal(meant), "it leaves its own time where that is quiet, and only there")
		said := func(reason Reason) bool {
			return slices.ContainsFunc(got.why, func(a Adjustment) bool { return a.Reason == reason })
		}
		require.Equal(t, quiet(meant), said(Quiet))
		require.Equal(t, s.near(w.day, idsOf(w.people)) != "", said(Gap))
	})
}
