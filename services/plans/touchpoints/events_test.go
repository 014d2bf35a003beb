package touchpoints

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
)

// shown are the events of somebody's calendar in March and April 2027, by the own ids of the
// touchpoints.
func (f *fixture) shown(t testing.TB, owner string) map[string]calendar.Event {
	t.Helper()
	list, more, err := f.Events(t.Context(), owner, day("2027-03-01"), day("2027-05-01"), 1000)
	require.NoError(t, err)
	require.Zero(t, more)
	found := map[string]calendar.Event{}
	for _, e := range list {
		require.Equal(t, e.Resource, e.UID)
		found[e.UID[len("plans/acme/touchpoints/"):]] = e
	}
	require.Len(t, found, len(list))
	return found
}

// A cadence's touchpoint has a time of the day, one that a person plans has its day alone;
// what was done stands on its day, and what does not take place is cancelled.
func TestR9CalendarsShowWhatIsDueAndWhatWasDone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		made, err := f.Plan(t.Context(), anna, New{ID: "fair", Plan: "acme", Purpose: "Meet at the fair", Channel: plans.Visit,
			Contacts: []string{"ines"}, Due: day("2027-04-14")}, false)
		require.NoError(t, err)
		_, err = f.Skip(t.Context(), anna, "acme/weekly-2027-03-02", "", "they are at a funeral")
		require.NoError(t, err)
		f.noon("2027-03-08")
		_, err = f.Complete(t.Context(), anna, "acme/weekly-2027-03-09", "", Outcome{Text: "They mean to move to Boston."})
		require.NoError(t, err)

		shown := f.shown(t, "anna")
		first := shown["weekly-2027-03-16"]
		require.Equal(t, "2027-03-16T09:00:00-04:00", first.Start.In(inNewYork(t)).Format("2006-01-02T15:04:05Z07:00"))
		require.Equal(t, first.Start, first.End, "nobody says how long it takes")
		require.False(t, first.AllDay)
		require.Equal(t, []string{"America/New_York", "Say hello", "principals/anna"}, []string{first.Zone, first.Summary, first.Calendar})
		require.Equal(t, []string{"accounts/acme"}, first.Accounts)
		require.Equal(t, "Call with 2 contacts.\nplans/acme/touchpoints/weekly-2027-03-16", first.Description)
		require.Empty(t, first.Status)

		fair := shown["fair"]
		require.True(t, fair.AllDay)
		require.Equal(t, "2027-04-14", fair.Start.In(inNewYork(t)).Format("2006-01-02"))
		require.Equal(t, "2027-04-15", fair.End.In(inNewYork(t)).Format("2006-01-02"))
		require.Contains(t, fair.Description, "Visit with 1 contact.")
		require.Equal(t, int(made.Version-1), fair.Sequence)

		skipped, done := shown["weekly-2027-03-02"], shown["weekly-2027-03-09"]
		require.Equal(t, calendar.Cancelled, skipped.Status)
		require.Contains(t, skipped.Description, "Skipped by principals/anna.")
		require.True(t, done.AllDay, "it took place a day before it was due")
		require.Equal(t, "2027-03-08", done.Start.In(inNewYork(t)).Format("2006-01-02"))
		require.Contains(t, done.Description, "Done on 8 March 2027.")
		for _, e := range shown {
			for _, secret := range []string{"funeral", "Boston", "ines"} {
				require.NotContains(t, fmt.Sprint(e), secret, "what people wrote, and of whom")
			}
		}
	})
}

// Every change raises the sequence, and says why without the words of people; whoever does
// it has it in their calendar, and nobody else.
func TestR9CalendarsFollowWhomATouchpointIsFor(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		const id = "weekly-2027-03-16"
		before := f.shown(t, "anna")[id]
		_, err := f.Reschedule(t.Context(), anna, "acme/"+id, "", day("2027-03-18"), "her mother is ill", false)
		require.NoError(t, err)
		moved := f.shown(t, "anna")[id]
		require.Greater(t, moved.Sequence, before.Sequence)
		require.Equal(t, before.UID, moved.UID)
		require.Equal(t, "2027-03-18 09:00", moved.Start.In(inNewYork(t)).Format("2006-01-02 15:04"))
		require.Contains(t, moved.Description, "Changed by principals/anna.")
		require.NotContains(t, moved.Description, "mother")

		_, err = f.Reassign(t.Context(), anna, "acme/"+id, "", "bob", "")
		require.NoError(t, err)
		require.NotContains(t, f.shown(t, "anna"), id)
		require.Greater(t, f.shown(t, "bob")[id].Sequence, moved.Sequence)

		_, err = f.CreateAbsence(t.Context(), anna, Away{Principal: "anna", First: day("2027-03-22"), Last: day("2027-03-26"), StandIn: "carl"}, false)
		require.NoError(t, err)
		f.settled(t)
		require.NotContains(t, f.shown(t, "anna"), "weekly-2027-03-23")
		stood := f.shown(t, "carl")["weekly-2027-03-23"]
		require.Equal(t, "principals/carl", stood.Calendar)
		require.Contains(t, stood.Description, "Adjusted because principals/anna is away from 22 March 2027 to 26 March 2027, and principals/carl stands in.")

		f.change(t, "acme", func(p *plans.Plan) { p.State = plans.Closed })
		f.settled(t)
		gone := f.shown(t, "carl")["weekly-2027-03-23"]
		require.Equal(t, calendar.Cancelled, gone.Status)
		require.Greater(t, gone.Sequence, stood.Sequence)
		require.Contains(t, gone.Description, "Withdrawn: the plan was closed.")
	})
}

// A calendar that has too much ends with a whole day, and says on which it goes on.
func TestCalendarsOfManyTouchpointsEndWithADay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for _, account := range []string{"acme", "brook", "crane"} {
			f.weekly(t, account)
		}
		from, to := day("2027-03-01"), day("2027-05-01")
		all, more, err := f.Events(t.Context(), "anna", from, to, 1000)
		require.NoError(t, err)
		require.Zero(t, more)
		for most := range len(all) + 1 {
			some, more, err := f.Events(t.Context(), "anna", from, to, most)
			require.NoError(t, err)
			require.LessOrEqual(t, len(some), most)
			require.Equal(t, all[:len(some)], append([]calendar.Event{}, some...))
			if len(some) == len(all) {
				require.Zero(t, more)
				continue
			}
			require.Equal(t, dayIn(t, all[len(some)]), more, "the first that is left out")
			require.True(t, len(some) == 0 || dayIn(t, some[len(some)-1]) < more, "none of its day is there")
		}
		none, more, err := f.Events(t.Context(), "nobody", from, to, 1)
		require.NoError(t, err)
		require.Empty(t, none)
		require.Zero(t, more)
	})
}

func dayIn(t testing.TB, e calendar.Event) civil.Day {
	t.Helper()
	zone, err := civil.LoadZone(e.Zone)
	require.NoError(t, err)
	return zone.DayOf(e.Start)
}
