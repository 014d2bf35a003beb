package touchpoints

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
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

func TestAPublishedScheduleMovesWhatIsToCome(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly := cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")
		weekly.When.OnHoliday = calendar.NextWorkday
		f.active(t, "acme", plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		f.workdays["office"] = calendar.Workdays{Holidays: []civil.Day{day("2027-03-26")}}
		require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, Type: "usage.recorded"}}))
		f.settled(t)
		require.Equal(t, day("2027-03-26"), f.all(t, "acme")["weekly-2027-03-26"].State.DueDay)
		require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, ScheduleVersion: "2"}}))
		f.settled(t)
		moved := f.all(t, "acme")["weekly-2027-03-26"].State
		require.Equal(t, day("2027-03-29"), moved.DueDay)
		require.Equal(t, day("2027-03-26"), moved.Occurrence)
		require.Equal(t, []Adjustment{{Reason: Holiday, Words: "Friday 26 March 2027 is a holiday"}}, moved.Adjustments)
		n, err := f.Pass(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "once")
	})
}

// A schedule that is published for later has its calendars when it comes into force.
func TestAScheduleThatComesIntoForceMovesWhatIsToCome(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly := cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")
		weekly.When.OnHoliday = calendar.NextWorkday
		f.active(t, "acme", plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		published := feeds.Change{Service: feeds.Entitlements, ScheduleVersion: "2", InForce: f.Service.now().AddDate(0, 0, 2)}
		require.NoError(t, f.Take(t.Context(), []feeds.Change{published, published}))
		f.settled(t)
		f.workdays["office"] = calendar.Workdays{Holidays: []civil.Day{day("2027-03-26")}} // from then on
		passed := func(on string) int {
			f.noon(on)
			n, err := f.Pass(t.Context())
			require.NoError(t, err)
			return n
		}
		require.Zero(t, passed("2027-03-02"))
		require.Equal(t, "2027-03-26", f.due(t, "acme")["weekly-2027-03-26"])
		require.Equal(t, 1, passed("2027-03-03"))
		require.Equal(t, "2027-03-29", f.due(t, "acme")["weekly-2027-03-26"])
		require.Zero(t, passed("2027-03-04"), "once")
	})
}

// A calendar that is shut for long keeps no plan from being laid out.
func TestACalendarMayBeShutForLong(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for d := day("2027-03-10"); d < day("2028-03-10"); d++ {
			f.workdays["office"] = calendar.Workdays{Holidays: append(f.workdays["office"].Holidays, d)}
		}
		weekly := cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")
		weekly.When.OnHoliday = calendar.NextWorkday
		f.active(t, "acme", plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		require.Equal(t, map[string]string{"weekly-2027-03-05": "2027-03-05"}, f.due(t, "acme"), "the 10th of March a year later is a Friday of its own")
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
