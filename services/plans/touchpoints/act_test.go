package touchpoints

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// weekly gives an account an active plan with a call each Tuesday, laid out from 2 March on.
func (f *fixture) weekly(t testing.TB, account string) {
	t.Helper()
	f.contacts[account] = []Contact{{ID: "ines", Roles: []string{"finance"}}, {ID: "otto"}}
	f.active(t, account, plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-02-02T09:00")}})
	f.settled(t)
}

func TestATouchpointIsCompletedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		f.noon("2027-03-03")
		call := request("r1", "well")
		outcome := Outcome{Text: "All is well.", Contacts: []string{"otto"}, Evidence: "ticket 7", Minutes: 20}
		done, err := f.Complete(t.Context(), call, "acme/weekly-2027-03-02", "", outcome)
		require.NoError(t, err)
		require.Equal(t, Done, done.State.State)
		require.Equal(t, &Outcome{Text: "All is well.", Initiator: Company, On: day("2027-03-03"), Contacts: []string{"otto"}, Evidence: "ticket 7",
			Minutes: 20, Holder: "anna", By: "principals/anna", At: f.Service.now(), Digest: "digest of All is well.", Length: 12}, done.State.Outcome)
		require.Equal(t, day("2027-03-03"), done.State.Day)
		require.False(t, done.State.Overdue(day("2027-03-09")))

		again, err := f.Complete(t.Context(), call, "acme/weekly-2027-03-02", "", outcome)
		require.NoError(t, err)
		require.Equal(t, done.Version, again.Version, "a retry")
		_, err = f.Complete(t.Context(), request("r1", "else"), "acme/weekly-2027-03-02", "", outcome)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)
		_, err = f.Complete(t.Context(), anna, "acme/weekly-2027-03-02", "", outcome)
		require.ErrorIs(t, err, ErrState)
		require.Contains(t, requireReason(t, err, "TOUCHPOINT_STATE").Message, "was done on 2027-03-03, as principals/anna wrote down")
		_, err = f.Skip(t.Context(), anna, "acme/weekly-2027-03-02", "", "late")
		require.ErrorIs(t, err, ErrState)
		_, err = f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-02", "", day("2027-03-05"), "late", false)
		require.ErrorIs(t, err, ErrState)
		_, err = f.Reassign(t.Context(), anna, "acme/weekly-2027-03-02", "", "bob", "")
		require.ErrorIs(t, err, ErrState)

		_, err = f.Complete(t.Context(), anna, "acme/weekly-2027-03-09", "stale", outcome)
		require.ErrorIs(t, err, resource.ErrStale)
		_, err = f.Complete(t.Context(), anna, "acme/none", "", outcome)
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

func TestATouchpointIsCompletedWithinItsPeriod(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		well := Outcome{Text: "Well."}
		_, err := f.Complete(t.Context(), anna, "acme/weekly-2027-03-09", "", well)
		require.ErrorIs(t, err, ErrEarly, "on the 1st, that of the 2nd is first")
		require.Contains(t, requireReason(t, err, "TOUCHPOINT_EARLY").Message, "counts from 2027-03-03 on")
		_, err = f.Complete(t.Context(), anna, "acme/weekly-2027-03-02", "", well)
		require.NoError(t, err, "a day early")
		f.noon("2027-03-03")
		early, err := f.Complete(t.Context(), anna, "acme/weekly-2027-03-09", "", well)
		require.NoError(t, err, "as soon as the occurrence before is over")
		require.Equal(t, []string{"ines", "otto"}, early.State.Outcome.Contacts, "those addressed, where none are given")

		f.noon("2027-03-20")
		written := well
		written.On = day("2027-03-16")
		late, err := f.Complete(t.Context(), anna, "acme/weekly-2027-03-16", "", written)
		require.NoError(t, err)
		require.Equal(t, day("2027-03-16"), late.State.Day)
		for field, wrong := range map[string]Outcome{
			"outcome.contact_date": {Text: "Well.", On: day("2027-03-21")},
			"outcome.text":         {},
			"outcome.minutes":      {Text: "Well.", Minutes: -1},
			"outcome.contacts[0]":  {Text: "Well.", Contacts: []string{"nobody"}},
			"outcome.initiator":    {Text: "Well.", Initiator: "chance"},
			"outcome.holder":       {Text: "Well.", Holder: "nobody"},
		} {
			_, err := f.Complete(t.Context(), anna, "acme/weekly-2027-03-23", "", wrong)
			require.Equal(t, field, requireReason(t, err, "INVALID_ARGUMENT").Fields[0].Path)
		}
	})
}

func TestR7ContactBegunByTheCustomerSatisfiesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		f.noon("2027-03-03")
		f.settled(t)
		_, err := f.Complete(t.Context(), anna, "acme/weekly-2027-03-02", "", Outcome{Text: "They rang us.", Initiator: Customer})
		require.ErrorIs(t, err, ErrByCustomer)
		require.Contains(t, requireReason(t, err, "CONTACT_BY_CUSTOMER").Message, "one that the customer began does not satisfy it")
		before := f.due(t, "acme")

		call := request("r1", "rang")
		rang := Record{Plan: "acme", Purpose: "A wheel without spokes", Channel: plans.Call,
			Outcome: Outcome{Text: "Sent again.", Initiator: Customer, Contacts: []string{"otto"}, On: day("2027-03-02")}}
		seen, err := f.RecordContact(t.Context(), call, rang, true)
		require.NoError(t, err)
		require.Zero(t, seen.Version, "only checked")
		for _, initiator := range []Initiator{Customer, Company} {
			rang.Outcome.Initiator = initiator
			recorded, err := f.RecordContact(t.Context(), request(string(initiator), "rang"), rang, false)
			require.NoError(t, err)
			again, err := f.RecordContact(t.Context(), request(string(initiator), "rang"), rang, false)
			require.NoError(t, err)
			require.Equal(t, recorded.ID, again.ID, "a retry")
			require.Equal(t, Done, recorded.State.State)
			require.Equal(t, Unplanned, recorded.State.Origin)
			require.Equal(t, initiator, recorded.State.Outcome.Initiator)
		}
		f.settled(t)
		require.Equal(t, before, f.due(t, "acme"), "all is owed as before")
		require.True(t, ptr(f.all(t, "acme")["weekly-2027-03-02"].State).Overdue(day("2027-03-03")))

		rang.Outcome.Initiator = ""
		_, err = f.RecordContact(t.Context(), anna, rang, false)
		require.Equal(t, "outcome.initiator", requireReason(t, err, "INVALID_ARGUMENT").Fields[0].Path)
		rang.Outcome.Initiator, rang.Plan = Customer, "nowhere"
		_, err = f.RecordContact(t.Context(), anna, rang, false)
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

func ptr[T any](v T) *T { return &v }

func TestPeopleSkipMoveAndHandOn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		skipped, err := f.Skip(t.Context(), anna, "acme/weekly-2027-03-02", "", "they are at a fair")
		require.NoError(t, err)
		require.Equal(t, Skipped, skipped.State.State)
		require.Equal(t, "they are at a fair", skipped.State.EndReason)
		require.Equal(t, "principals/anna", skipped.State.EndedBy)
		_, err = f.Skip(t.Context(), anna, "acme/weekly-2027-03-09", "", "")
		requireReason(t, err, "INVALID_ARGUMENT")

		seen, err := f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-09", "", day("2027-03-28"), "they asked", true)
		require.NoError(t, err)
		require.Equal(t, "2027-03-28T09:00:00-04:00", seen.State.Due.In(inNewYork(t)).Format("2006-01-02T15:04:05Z07:00"), "by the clocks of that day")
		require.Equal(t, "2027-03-09", f.due(t, "acme")["weekly-2027-03-09"], "only checked")
		moved, err := f.Reschedule(t.Context(), request("r1", "x"), "acme/weekly-2027-03-09", "", day("2027-03-28"), "they asked", false)
		require.NoError(t, err)
		require.Equal(t, []Adjustment{{Reason: Person, Words: "due on 2027-03-28 instead of 2027-03-09: they asked", By: "principals/anna", At: f.Service.now()}},
			moved.State.Adjustments)
		again, err := f.Reschedule(t.Context(), request("r1", "x"), "acme/weekly-2027-03-09", "", day("2027-03-28"), "they asked", false)
		require.NoError(t, err)
		require.Equal(t, moved.Version, again.Version)
		for _, wrong := range []civil.Day{0, day("2027-02-28"), day("2030-01-01")} {
			_, err = f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-16", "", wrong, "why", false)
			require.Equal(t, "due_date", requireReason(t, err, "INVALID_ARGUMENT").Fields[0].Path)
		}

		_, err = f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-16", "", day("2027-03-09"), "why", false)
		require.Contains(t, requireReason(t, err, "INVALID_ARGUMENT").Message, "2027-03-09 is before 2027-03-10", "it could not be completed on that day")

		_, err = f.Reassign(t.Context(), anna, "acme/weekly-2027-03-16", "", "nobody", "")
		require.Equal(t, "owner", requireReason(t, err, "INVALID_ARGUMENT").Fields[0].Path)
		given, err := f.Reassign(t.Context(), anna, "acme/weekly-2027-03-16", "", "bob", "in town")
		require.NoError(t, err)
		require.Equal(t, "bob", given.State.Owner)
		require.Equal(t, "principals/bob instead of principals/anna: in town", given.State.Adjustments[0].Words)
		require.NoError(t, f.mark(t.Context(), "acme", day("2027-03-01")))
		f.settled(t)
		require.Equal(t, given.Version, f.all(t, "acme")["weekly-2027-03-16"].Version, "the service leaves it alone")
		require.Equal(t, moved.Version, f.all(t, "acme")["weekly-2027-03-09"].Version)
		require.Equal(t, skipped.Version, f.all(t, "acme")["weekly-2027-03-02"].Version)
	})
}

func TestTouchpointsAreAlsoPlannedByHand(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		n := New{Plan: "acme", Origin: OfSuggestion, Source: "accounts/acme/suggestions/s1", Purpose: "Ask about the flood", Channel: plans.Call,
			Roles: []string{"finance"}, Due: day("2027-03-04"), ID: "suggestion-s1"}
		seen, err := f.Plan(t.Context(), anna, n, true)
		require.NoError(t, err)
		require.Zero(t, seen.Version)
		made, err := f.Plan(t.Context(), request("r1", "x"), n, false)
		require.NoError(t, err)
		require.Equal(t, "acme/suggestion-s1", made.ID)
		require.Equal(t, []string{"ines"}, made.State.Contacts)
		require.Equal(t, "anna", made.State.Owner)
		again, err := f.Plan(t.Context(), request("r1", "x"), n, false)
		require.NoError(t, err)
		require.Equal(t, made.Version, again.Version)
		_, err = f.Plan(t.Context(), anna, n, false)
		require.ErrorIs(t, err, resource.ErrExists)

		for field, wrong := range map[string]func(*New){
			"touchpoint.purpose":     func(n *New) { n.Purpose = "" },
			"touchpoint.channel":     func(n *New) { n.Channel = "pigeon" },
			"touchpoint.due_date":    func(n *New) { n.Due = day("2027-02-28") },
			"touchpoint.owner":       func(n *New) { n.Owner = "nobody" },
			"touchpoint.contacts[1]": func(n *New) { n.Contacts = []string{"otto", "nobody"} },
		} {
			other := n
			other.ID = ""
			wrong(&other)
			_, err := f.Plan(t.Context(), anna, other, false)
			require.Equal(t, field, requireReason(t, err, "INVALID_ARGUMENT").Fields[0].Path)
		}
		f.change(t, "acme", func(p *plans.Plan) { p.State = plans.Closed })
		n.ID = ""
		_, err = f.Plan(t.Context(), anna, n, false)
		requireReason(t, err, "PLAN_STATE")
		n.Plan = "nowhere"
		_, err = f.Plan(t.Context(), anna, n, false)
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

func TestWhatPeopleWroteIsNotTold(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		_, err := f.Complete(t.Context(), anna, "acme/weekly-2027-03-02", "", Outcome{Text: "Her mother is ill.", Minutes: 20, Evidence: "ticket 7"})
		require.NoError(t, err)
		_, err = f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-09", "", day("2027-03-10"), "her mother is ill", false)
		require.NoError(t, err)
		_, err = f.Skip(t.Context(), anna, "acme/weekly-2027-03-09", "", "her mother is ill")
		require.NoError(t, err)
		_, err = f.CreateAbsence(t.Context(), anna, Away{Principal: "anna", First: day("2027-03-20"), Last: day("2027-03-21"), Reason: "my mother is ill"}, false)
		require.NoError(t, err)
		require.NoError(t, f.store.Flush(t.Context()))
		events, err := f.store.Feed().Read(t.Context(), 0, 1000)
		require.NoError(t, err)
		var work []feeds.Work
		for _, e := range events {
			if data := e.Data.String(); strings.Contains(strings.ReplaceAll(data, "digest of Her mother is ill", ""), "mother") {
				t.Errorf("%s of %s tells %s", e.Type, e.Source, data)
			}
			require.NotEmpty(t, e.Who, "%s of %s", e.Type, e.Source)
			w, err := Work(e)
			require.NoError(t, err)
			if w != nil {
				work = append(work, *w)
			}
		}
		require.Equal(t, []feeds.Work{{Name: "plans/acme/touchpoints/weekly-2027-03-02", Kind: "touchpoint", Account: "acme", Persons: []string{"anna"},
			Completed: f.Service.now(), Recorder: "principals/anna", Evidence: []string{"ticket 7"}, Origin: "cadence", Contacts: []string{"ines", "otto"},
			OutcomeDigest: "digest of Her mother is ill.", OutcomeLength: 18, Minutes: 20},
			{Name: "plans/acme/touchpoints/weekly-2027-03-09", Kind: "touchpoint", Account: "acme", Persons: []string{"anna"}, Recorder: "principals/anna",
				Completed: time.Date(2027, time.March, 10, 14, 0, 0, 0, time.UTC), Origin: "cadence", Withdrawn: true, Missed: true}}, work)
	})
}

func TestR9WhatIsDueThisWeekAndOverdue(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		f.weekly(t, "brook")
		f.change(t, "brook", func(p *plans.Plan) { p.Owner = "bob" })
		f.settled(t)
		f.noon("2027-03-10") // a Wednesday
		f.settled(t)
		own := func(items []resource.Stored[Touchpoint]) (ids []string) {
			for _, s := range items {
				ids = append(ids, s.ID)
			}
			return ids
		}
		page, err := f.Due(t.Context(), "anna", Week(day("2027-03-10")), 10, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"acme/weekly-2027-03-02", "acme/weekly-2027-03-09"}, own(page.Items), "what is late, and nothing of next week")
		page, err = f.Due(t.Context(), "bob", Week(day("2027-03-17")), 2, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"brook/weekly-2027-03-02", "brook/weekly-2027-03-09"}, own(page.Items))
		page, err = f.Due(t.Context(), "bob", Week(day("2027-03-17")), 2, page.Next)
		require.NoError(t, err)
		require.Equal(t, []string{"brook/weekly-2027-03-16"}, own(page.Items))
		require.Nil(t, page.Next)

		planned, bob, today := Planned, "bob", day("2027-03-10")
		for name, c := range map[string]struct {
			query Query
			want  []string
		}{
			"overdue, of all": {Query{State: &planned, Before: &today}, []string{"acme/weekly-2027-03-02", "brook/weekly-2027-03-02", "acme/weekly-2027-03-09", "brook/weekly-2027-03-09"}},
			"overdue, of one": {Query{State: &planned, Owner: &bob, Before: &today}, []string{"brook/weekly-2027-03-02", "brook/weekly-2027-03-09"}},
			"of a plan":       {Query{Plan: "acme", Before: &today}, []string{"acme/weekly-2027-03-02", "acme/weekly-2027-03-09"}},
			"by an owner":     {Query{Owner: &bob, Before: &today}, []string{"brook/weekly-2027-03-02", "brook/weekly-2027-03-09"}},
		} {
			c.query.Size = 1
			var got []string
			for more := true; more; more = c.query.After != nil {
				page, err := f.List(t.Context(), c.query)
				require.NoError(t, err)
				got, c.query.After = append(got, own(page.Items)...), page.Next
			}
			require.Equal(t, c.want, got, name)
		}
	})
}

func TestAWeekEndsOnSunday(t *testing.T) {
	for text, want := range map[string]string{"2027-03-01": "2027-03-07", "2027-03-04": "2027-03-07", "2027-03-07": "2027-03-07", "2027-03-08": "2027-03-14"} {
		require.Equal(t, day(want), Week(day(text)))
	}
}

func TestAbsencesAreCheckedAndListed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for field, wrong := range map[string]Away{
			"absence.principal": {First: 20000, Last: 20000},
			"absence.last_date": {Principal: "anna", First: 20001, Last: 20000},
			"absence.stand_in":  {Principal: "anna", StandIn: "anna", First: 20000, Last: 20000},
		} {
			_, err := f.CreateAbsence(t.Context(), anna, wrong, false)
			require.Equal(t, field, requireReason(t, err, "INVALID_ARGUMENT").Fields[0].Path)
		}
		_, err := f.CreateAbsence(t.Context(), anna, Away{Principal: "nobody", First: 20000, Last: 20000}, false)
		requireReason(t, err, "INVALID_ARGUMENT")
		_, err = f.CreateAbsence(t.Context(), anna, Away{Principal: "anna", First: 20000, Last: 20400}, false)
		requireReason(t, err, "INVALID_ARGUMENT")

		call := request("r1", "x")
		a, err := f.CreateAbsence(t.Context(), call, Away{Principal: "anna", First: 20000, Last: 20009}, false)
		require.NoError(t, err)
		again, err := f.CreateAbsence(t.Context(), call, Away{Principal: "anna", First: 20000, Last: 20009}, false)
		require.NoError(t, err)
		require.Equal(t, a.ID, again.ID)
		b, err := f.CreateAbsence(t.Context(), anna, Away{Principal: "bob", StandIn: "anna", First: 20005, Last: 20006}, false)
		require.NoError(t, err)
		list := func(q AbsenceQuery) (ids []string) {
			q.Size = 10
			page, err := f.ListAbsences(t.Context(), q)
			require.NoError(t, err)
			for _, s := range page.Items {
				ids = append(ids, s.ID)
			}
			return ids
		}
		require.Equal(t, []string{b.ID, a.ID}, list(AbsenceQuery{}))
		require.Equal(t, []string{a.ID}, list(AbsenceQuery{Principal: "anna"}))
		require.Equal(t, []string{a.ID}, list(AbsenceQuery{From: 20007}))

		require.ErrorIs(t, f.DeleteAbsence(t.Context(), anna, a.ID, "stale"), resource.ErrStale)
		gone := request("r2", "x")
		require.NoError(t, f.DeleteAbsence(t.Context(), gone, a.ID, a.Etag()))
		require.NoError(t, f.DeleteAbsence(t.Context(), gone, a.ID, a.Etag()), "a retry")
		require.ErrorIs(t, f.DeleteAbsence(t.Context(), anna, a.ID, ""), resource.ErrNotFound)
		_, err = f.GetAbsence(t.Context(), a.ID)
		require.ErrorIs(t, err, resource.ErrNotFound)
		require.Equal(t, []string{b.ID}, list(AbsenceQuery{}))
		whose, err := f.WhoseAbsence(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, "anna", whose)
	})
}
