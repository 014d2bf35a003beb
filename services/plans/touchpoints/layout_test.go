package touchpoints

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

var errTest = errors.New("for the test")

func TestR9AStrategyIsLaidOutAhead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.contacts["acme"] = []Contact{{ID: "ines", Roles: []string{"finance"}}, {ID: "otto", Roles: []string{"it", "board"}}}
		hello := cadence("hello", "FREQ=MONTHLY;BYMONTHDAY=15", "2020-01-15T10:30")
		hello.Roles, hello.Owner = []string{"finance", "sales"}, "bob"
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{hello, cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		f.settled(t)

		require.Equal(t, map[string]string{"hello-2027-03-15": "2027-03-15", "weekly-2027-03-02": "2027-03-02", "weekly-2027-03-09": "2027-03-09",
			"weekly-2027-03-16": "2027-03-16", "weekly-2027-03-23": "2027-03-23", "weekly-2027-03-30": "2027-03-30"}, f.due(t, "acme"))
		one := f.all(t, "acme")["hello-2027-03-15"].State
		require.Equal(t, "2027-03-15T10:30:00-04:00", one.Due.In(inNewYork(t)).Format("2006-01-02T15:04:05Z07:00"))
		require.Equal(t, []string{"ines"}, one.Contacts)
		require.Equal(t, "bob", one.Owner)
		require.Equal(t, day("2027-02-16"), one.Opens, "the day after the occurrence before")
		require.Equal(t, one.Due, one.Nominal)
		require.Empty(t, one.Adjustments)
		require.Equal(t, []string{"ines", "otto"}, f.all(t, "acme")["weekly-2027-03-02"].State.Contacts, "no roles mean all")

		before := f.all(t, "acme")
		n, err := f.Pass(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "there is nothing more to lay out today")
		f.noon("2027-03-03")
		n, err = f.Pass(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n, "6 April is 35 days ahead on the 2nd")
		require.Equal(t, "2027-04-06", f.due(t, "acme")["weekly-2027-04-06"])
		for id, s := range before {
			require.Equal(t, s.Version, f.all(t, "acme")[id].Version, "%s stays as it was", id)
		}
	})
}

func inNewYork(t testing.TB) *time.Location {
	zone, err := civil.LoadZone("America/New_York")
	require.NoError(t, err)
	return zone.Location()
}

func TestWhatChangesOfAPlanIsSettled(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly, monthly := cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00"), cadence("monthly", "FREQ=MONTHLY;BYMONTHDAY=10", "2027-01-10T09:00")
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{weekly, monthly}})
		f.settled(t)
		f.noon("2027-03-10")
		f.settled(t)
		done, err := f.Complete(t.Context(), anna, "acme/weekly-2027-03-02", "", Outcome{Text: "Well."})
		require.NoError(t, err)
		moved, err := f.Reschedule(t.Context(), anna, "acme/weekly-2027-03-23", "", day("2027-03-24"), "they asked", false)
		require.NoError(t, err)

		weekly.When.Rule = "FREQ=WEEKLY;BYDAY=WE" // another rhythm, under the same id
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		require.Equal(t, map[string]string{
			"weekly-2027-03-09":  "2027-03-09", // overdue, and stays owed
			"monthly-2027-03-10": "2027-03-10", // due today
			"weekly-2027-03-23":  "2027-03-24", // a person moved it
			"weekly-2027-03-10":  "2027-03-10", "weekly-2027-03-17": "2027-03-17", "weekly-2027-03-24": "2027-03-24",
			"weekly-2027-03-31": "2027-03-31", "weekly-2027-04-07": "2027-04-07", "weekly-2027-04-14": "2027-04-14",
		}, f.due(t, "acme"))
		gone := f.all(t, "acme")["weekly-2027-03-16"].State
		require.Equal(t, Withdrawn, gone.State)
		require.Equal(t, "the strategy does not have it any more", gone.EndReason)
		require.Equal(t, f.Service.now(), gone.Ended)
		require.Equal(t, done.Version, f.all(t, "acme")["weekly-2027-03-02"].Version)
		require.Equal(t, moved.Version, f.all(t, "acme")["weekly-2027-03-23"].Version)

		weekly.When.Rule = "FREQ=WEEKLY;BYDAY=TU" // and back
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		require.Equal(t, Planned, f.all(t, "acme")["weekly-2027-03-16"].State.State, "what was withdrawn is planned again")
		require.Empty(t, f.all(t, "acme")["weekly-2027-03-16"].State.EndReason)
		require.Equal(t, Withdrawn, f.all(t, "acme")["weekly-2027-03-17"].State.State)

		f.change(t, "acme", func(p *plans.Plan) { p.State = plans.Closed })
		f.settled(t)
		require.Empty(t, f.due(t, "acme"), "a closed plan owes nothing")
		require.Equal(t, done.Version, f.all(t, "acme")["weekly-2027-03-02"].Version)
		f.noon("2027-03-20")
		f.change(t, "acme", func(p *plans.Plan) { p.State = plans.Active })
		f.settled(t)
		require.Equal(t, "2027-03-30", f.due(t, "acme")["weekly-2027-03-30"])
		require.NotContains(t, f.due(t, "acme"), "weekly-2027-03-16", "while it was closed nothing was owed")
	})
}

func TestANewOwnerGetsWhatTheOldOneHadToDo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		theirs := cadence("theirs", "FREQ=WEEKLY;BYDAY=WE", "2027-03-03T09:00")
		theirs.Owner = "bob"
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00"), theirs}})
		f.settled(t)
		f.noon("2027-03-16")
		byHand, err := f.Plan(t.Context(), anna, New{Plan: "acme", Purpose: "Send the plan", Channel: plans.Email, Due: day("2027-03-18")}, false)
		require.NoError(t, err)
		_, err = f.Reassign(t.Context(), anna, "acme/weekly-2027-03-23", "", "cleo", "she knows them")
		require.NoError(t, err)
		f.change(t, "acme", func(p *plans.Plan) { p.Owner = "dora" })
		f.settled(t)
		owners := map[string]string{}
		for id, s := range f.all(t, "acme") {
			owners[id] = s.State.Owner
		}
		require.Equal(t, "dora", owners["weekly-2027-03-02"], "also what is overdue")
		require.Equal(t, "dora", owners["weekly-2027-03-30"])
		require.Equal(t, "dora", f.all(t, "acme")[byHand.ID[len("acme/"):]].State.Owner)
		require.Equal(t, "cleo", owners["weekly-2027-03-23"], "a person decided that")
		require.Equal(t, "bob", owners["theirs-2027-03-17"])
	})
}

func TestContactsKeepTheirDistance(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.contacts["acme"] = []Contact{{ID: "ines", Roles: []string{"finance"}}, {ID: "otto", Roles: []string{"it"}}}
		finance, it := cadence("finance", "FREQ=MONTHLY;BYMONTHDAY=9", "2027-03-09T09:00"), cadence("it", "FREQ=MONTHLY;BYMONTHDAY=10", "2027-03-10T09:00")
		finance.Roles, it.Roles = []string{"finance"}, []string{"it"}
		f.active(t, "acme", plans.Strategy{GapDays: 5, Cadences: []plans.Cadence{finance, it, cadence("all", "FREQ=MONTHLY;BYMONTHDAY=11", "2027-03-11T09:00")}})
		f.settled(t)
		require.Equal(t, map[string]string{"finance-2027-03-09": "2027-03-09", "it-2027-03-10": "2027-03-10", "all-2027-03-11": "2027-03-16"}, f.due(t, "acme"))
		require.Contains(t, f.all(t, "acme")["all-2027-03-11"].State.Adjustments[0].Words,
			"plans/acme/touchpoints/finance-2027-03-09 is on 9 March 2027 with the same person, nearer than the gap of 5 days")

		f.noon("2027-03-08")
		_, err := f.RecordContact(t.Context(), anna, Record{Plan: "acme", Purpose: "They rang", Channel: plans.Call,
			Outcome: Outcome{Initiator: Customer, Text: "A question.", Contacts: []string{"ines"}}}, false)
		require.NoError(t, err)
		_, err = f.RecordContact(t.Context(), anna, Record{Plan: "acme", Purpose: "We rang", Channel: plans.Call,
			Outcome: Outcome{Initiator: Company, Text: "A question.", Contacts: []string{"otto"}}}, false)
		require.NoError(t, err)
		f.settled(t)
		require.Equal(t, "2027-03-09", f.due(t, "acme")["finance-2027-03-09"], "R7: what the customer began holds nothing up")
		require.Equal(t, "2027-03-15", f.due(t, "acme")["it-2027-03-10"], "13 March is the first day, and a Saturday; the 15th keeps its distance from the 8th")
	})
}

func TestAPlanThatCannotBeLaidOutKeepsNoOtherFromIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly := plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")}}
		broken := weekly
		broken.Cadences = []plans.Cadence{cadence("broken", "FREQ=NEVER", "2027-03-05T09:00")}
		f.active(t, "acme", broken)
		f.active(t, "brook", weekly)
		f.caughtUp(t)
		n, err := f.Pass(t.Context())
		require.ErrorContains(t, err, "lay out plans/acme: the cadence broken")
		require.Equal(t, 1, n)
		require.Len(t, f.due(t, "brook"), 5)

		f.active(t, "acme", weekly)
		f.fail = errTest
		f.caughtUp(t)
		_, err = f.Pass(t.Context())
		require.ErrorIs(t, err, errTest)
		require.Empty(t, f.due(t, "acme"))
		f.fail = nil
		f.settled(t)
		require.Len(t, f.due(t, "acme"), 5, "it is tried again")
	})
}

// R9: what the gap leaves no room for is placed all the same, and says so.
func TestR9AContactBeyondItsNextSaysThatTheStrategyAsksTooMuch(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.contacts["acme"] = []Contact{{ID: "ines", Roles: []string{"finance", "it"}}}
		finance, it := cadence("finance", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00"), cadence("it", "FREQ=WEEKLY;BYDAY=WE", "2027-03-03T09:00")
		finance.Roles, it.Roles = []string{"finance"}, []string{"it"} // of other people, for all that the strategy knows
		f.active(t, "acme", plans.Strategy{GapDays: 6, Cadences: []plans.Cadence{finance, it}})
		f.settled(t)
		all := f.all(t, "acme")
		require.Empty(t, all["finance-2027-03-02"].State.Adjustments)
		const crowded = `the next one of "finance" is meant for 16 March 2027 already: the strategy asks the same people for more contacts than its gap of 6 days leaves room for`
		require.Contains(t, all["finance-2027-03-09"].State.Adjustments, Adjustment{Reason: Gap, Words: crowded})
		require.Equal(t, day("2027-03-16"), all["finance-2027-03-09"].State.DueDay)
	})
}

// Days begin and end in the company's zone, and cadences without their own are in it.
func TestAnotherZoneOfTheCompanyMovesWhatIsToCome(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")}})
		f.settled(t)
		moved := func(zone string) int {
			f.zone = zone
			require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Accounts, Company: &feeds.Company{Zone: zone}}, {Service: feeds.Accounts}}))
			n, err := f.Pass(t.Context())
			require.NoError(t, err)
			return n
		}
		require.Equal(t, 1, moved("Europe/Berlin"))
		at := f.all(t, "acme")["weekly-2027-03-19"].State
		require.Equal(t, "2027-03-19T08:00:00Z", at.Due.UTC().Format(time.RFC3339))
		require.Equal(t, "Europe/Berlin", at.Zone)
		require.Len(t, f.due(t, "acme"), 5, "none twice")
		require.Zero(t, moved("Europe/Berlin"), "other settings of the company's change nothing")
	})
}
