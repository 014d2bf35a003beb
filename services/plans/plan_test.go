package plans

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// subjects are what the conditions of a fault are about.
func subjects(t *testing.T, err error) []string {
	t.Helper()
	told := requireReason(t, err, "PLAN_INCOMPLETE")
	var all []string
	for _, c := range told.Conditions {
		require.NotEmpty(t, c.Description)
		all = append(all, c.Subject)
	}
	return all
}

func TestR5NoPlanBecomesActiveWithoutGoalsAndEffect(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.begun(t, Plan{})
		_, err := f.Move(t.Context(), someone, "acme", "", Active, "", false)
		require.ErrorIs(t, err, ErrIncomplete)
		require.ErrorContains(t, err, "plans/acme is not complete. What is missing: goals, customer_effect, contribution, strategy.cadences.")
		require.Equal(t, []string{"plans/acme/goals", "plans/acme/customer_effect", "plans/acme/contribution", "plans/acme/strategy.cadences"}, subjects(t, err))

		blank, vague := "  ", []Goal{{ID: "delivery", Statement: "Deliver on the day"}}
		_, err = f.Update(t.Context(), someone, "acme", "", Patch{Goals: &vague, CustomerEffect: &blank, Contribution: &blank})
		require.NoError(t, err, "a draft may lack something")
		_, err = f.Move(t.Context(), someone, "acme", "", Active, "", true)
		require.Equal(t, []string{"plans/acme/goals.delivery.measure", "plans/acme/goals.delivery.target", "plans/acme/goals.delivery.target_date",
			"plans/acme/customer_effect", "plans/acme/contribution", "plans/acme/strategy.cadences"}, subjects(t, err), "spaces are no effect")

		goals, effect, contribution, cadences := []Goal{delivery(t)}, "Their customers wait less.", "A forecast.", []Cadence{monthly("month")}
		_, err = f.Update(t.Context(), someone, "acme", "", Patch{Goals: &goals, CustomerEffect: &effect, Contribution: &contribution, Cadences: &cadences})
		require.NoError(t, err)
		seen, err := f.Move(t.Context(), someone, "acme", "", Active, "", true)
		require.NoError(t, err)
		require.Equal(t, Active, seen.State.State)
		kept, err := f.Get(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, Draft, kept.State.State, "a check writes nothing")
		require.Equal(t, seen.Etag(), kept.Etag())
		require.Equal(t, Active, f.move(t, Active).State.State)
	})
}

func TestR5AnActivePlanStaysComplete(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t)
		none, noCadence := "", []Cadence{}
		noGoals, loose := []Goal{}, []Goal{{ID: "other", Statement: "Do well"}}
		for name, patch := range map[string]Patch{
			"customer_effect": {CustomerEffect: &none}, "contribution": {Contribution: &none},
			"strategy.cadences": {Cadences: &noCadence}, "goals": {Goals: &noGoals}, "goals.other.measure": {Goals: &loose},
		} {
			_, err := f.Update(t.Context(), someone, "acme", "", patch)
			require.Contains(t, subjects(t, err), "plans/acme/"+name)
		}
		_, err := f.EndGoal(t.Context(), someone, "acme", "delivery", "", GoalDropped, "They closed the depot.")
		require.Contains(t, subjects(t, err), "plans/acme/goals", "a plan with no goal left says nothing")
		f.move(t, UnderReview)
		_, err = f.Update(t.Context(), someone, "acme", "", Patch{CustomerEffect: &none})
		require.ErrorIs(t, err, ErrIncomplete, "it goes on during a review")
		f.move(t, Closed)
		f.move(t, Draft)
		_, err = f.Update(t.Context(), someone, "acme", "", Patch{CustomerEffect: &none})
		require.NoError(t, err)
	})
}

func TestStatesThatFollowEachOther(t *testing.T) {
	ways := map[State][]State{Draft: {}, Active: {Active}, UnderReview: {Active, UnderReview}, Closed: {Closed}}
	allowed := map[State]map[State]bool{
		Draft: {Active: true, Closed: true}, Active: {UnderReview: true, Closed: true},
		UnderReview: {Active: true, Closed: true}, Closed: {Draft: true},
	}
	onEveryStore(t, func(t *testing.T, f *fixture) {
		n := 0
		for from, way := range ways {
			for _, to := range []State{Draft, Active, UnderReview, Closed} {
				n++
				account := fmt.Sprint("a", n)
				f.people.accounts[account] = feeds.Account{State: feeds.Active, Owner: "anna"}
				_, err := f.Create(t.Context(), someone, account, "anna", whole(t), false)
				require.NoError(t, err)
				for _, step := range way {
					_, err := f.Move(t.Context(), someone, account, "", step, "", false)
					require.NoError(t, err)
				}
				moved, err := f.Move(t.Context(), someone, account, "", to, "Because.", false)
				if !allowed[from][to] {
					require.ErrorIs(t, err, ErrState, "%s to %s", from, to)
					if from == to {
						require.ErrorContains(t, err, fmt.Sprintf("plans/%s is %s already", account, from))
					}
					continue
				}
				require.NoError(t, err, "%s to %s", from, to)
				turn := moved.State.History[len(moved.State.History)-1]
				require.Equal(t, Turn{At: f.clock, By: "principals/anna", From: from, To: to, Reason: "Because."}, turn)
				require.Len(t, moved.State.History, len(way)+1)
			}
		}
	})
}

func TestAPlanIsBegunOnceForAnAccount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		seen, err := f.Create(ctx, request("a"), "acme", "anna", whole(t), true)
		require.NoError(t, err)
		require.Equal(t, "anna", seen.State.Owner)
		_, err = f.Get(ctx, "acme")
		require.ErrorIs(t, err, resource.ErrNotFound, "a check writes nothing")

		made, err := f.Create(ctx, request("a"), "acme", "anna", whole(t), false)
		require.NoError(t, err)
		again, err := f.Create(ctx, request("a"), "acme", "anna", whole(t), false)
		require.NoError(t, err, "a retry")
		require.Equal(t, made.Etag(), again.Etag())
		other := request("a")
		other.Payload = []byte("y")
		_, err = f.Create(ctx, other, "acme", "anna", Plan{}, false)
		requireReason(t, err, "REQUEST_ID_REUSED")
		for _, check := range []bool{false, true} {
			_, err = f.Create(ctx, request("b"), "acme", "anna", whole(t), check)
			require.ErrorIs(t, err, resource.ErrExists, "a check says what the call would: %v", check)
			require.ErrorContains(t, err, "has a plan already")
		}
		_, err = f.Create(ctx, someone, "none", "anna", whole(t), false)
		requireField(t, err, "plan.account")
		_, err = f.Create(ctx, someone, "old", "anna", whole(t), false)
		requireReason(t, err, "ACCOUNT_STATE")
	})
}

// Who begins a plan sets neither its state nor what was measured.
func TestWhatACallerDoesNotSet(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	p := whole(t)
	p.State, p.History = Active, []Turn{{Reason: "made up"}}
	p.Goals[0].State, p.Goals[0].Progress, p.Goals[0].EndReason = GoalReached, []Measurement{{Day: 1, Value: 95}}, "said so"
	p.Goals = append(p.Goals, Goal{ID: "later", Statement: "Grow"})
	made := f.begun(t, p)
	require.Equal(t, Draft, made.State.State)
	require.Empty(t, made.State.History)
	goal := made.State.Goals[0]
	require.Equal(t, GoalOpen, goal.State)
	require.Empty(t, goal.Progress)
	require.Empty(t, goal.EndReason)
	require.Equal(t, day(t, "2026-11-01"), goal.BaselineDay)
	require.Equal(t, day(t, "2026-11-22"), made.State.Goals[1].BaselineDay, "the day on which it is written down")
}

// Today is the company's day: at 03:00 UTC New York is still at the day before.
func TestTodayIsInTheCompanysZone(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.clock = time.Date(2026, time.November, 23, 3, 0, 0, 0, time.UTC)
	today, err := f.Today(t.Context())
	require.NoError(t, err)
	require.Equal(t, day(t, "2026-11-22"), today)
}

func TestTheOwnerOfAPlanOwnsOrServesTheAccount(t *testing.T) {
	tests := []struct {
		name, account, owner, caller, want, reason string
	}{
		{"the account's", "acme", "", "carl", "anna", ""},
		{"of the team", "acme", "ben", "anna", "ben", ""},
		{"a stranger", "acme", "carl", "anna", "", "PLAN_OWNER"},
		{"nobody", "acme", "nobody", "anna", "", "INVALID_ARGUMENT"},
		{"the caller, where nobody owns it", "brick", "", "carl", "carl", ""},
		{"the caller by name, where nobody owns it", "brick", "carl", "carl", "carl", ""},
		{"a stranger, where nobody owns it", "brick", "dora", "carl", "", "PLAN_OWNER"},
		{"a part of the system, where nobody owns it", "brick", "", "", "", "INVALID_ARGUMENT"},
	}
	f := start(t, teststore.SQLite(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := whole(t)
			p.Owner = tt.owner
			made, err := f.Create(t.Context(), someone, tt.account, tt.caller, p, true)
			if tt.reason != "" {
				requireReason(t, err, tt.reason)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, made.State.Owner)
		})
	}
}

func TestPeopleOfAPlanAreThere(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.begun(t, whole(t))
	team, cadences := []string{"ben", "nobody"}, []Cadence{monthly("a"), monthly("b")}
	cadences[1].Owner = "nobody-else"
	_, err := f.Update(t.Context(), someone, "acme", "", Patch{Team: &team})
	requireField(t, err, "plan.team[1]")
	_, err = f.Update(t.Context(), someone, "acme", "", Patch{Cadences: &cadences})
	requireField(t, err, "plan.strategy.cadences[1].owner")
}

func TestChangesKeepWhatTheyDoNotName(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		before := f.begun(t, whole(t))
		gap := 14
		changed, err := f.Update(ctx, request("a"), "acme", before.Etag(), Patch{GapDays: &gap})
		require.NoError(t, err)
		want := before.State
		want.Strategy.GapDays, want.Updated = 14, changed.State.Updated
		require.Equal(t, want, changed.State)
		again, err := f.Update(ctx, request("a"), "acme", before.Etag(), Patch{GapDays: &gap})
		require.NoError(t, err, "a retry, with the etag that has passed")
		require.Equal(t, changed.Etag(), again.Etag())
		_, err = f.Update(ctx, request("b"), "acme", before.Etag(), Patch{GapDays: &gap})
		require.ErrorIs(t, err, resource.ErrStale)
		same, err := f.Update(ctx, someone, "acme", "", Patch{GapDays: &gap})
		require.NoError(t, err)
		require.Equal(t, changed.Etag(), same.Etag(), "what changes nothing is not written")
		_, err = f.Update(ctx, someone, "brick", "", Patch{GapDays: &gap})
		require.ErrorIs(t, err, resource.ErrNotFound)

		_, err = f.Move(ctx, someone, "acme", before.Etag(), Closed, "Over.", false)
		require.ErrorIs(t, err, resource.ErrStale)
		closed, err := f.Move(ctx, request("c"), "acme", changed.Etag(), Closed, "Over.", false)
		require.NoError(t, err)
		again, err = f.Move(ctx, request("c"), "acme", changed.Etag(), Closed, "Over.", false)
		require.NoError(t, err, "a retry")
		require.Equal(t, closed.Etag(), again.Etag())
		_, err = f.Update(ctx, someone, "acme", "", Patch{GapDays: &gap})
		require.ErrorIs(t, err, ErrState)
		f.people.accounts["acme"] = feeds.Account{State: feeds.Closed}
		_, err = f.Move(ctx, someone, "acme", "", Draft, "Again.", false)
		requireReason(t, err, "ACCOUNT_STATE")
	})
}

func TestPlansAreListed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for i := range 7 {
			account, owner := fmt.Sprint("a", i), "anna"
			if i%2 == 1 {
				owner = "ben"
			}
			f.people.accounts[account] = feeds.Account{State: feeds.Active, Owner: owner}
			_, err := f.Create(t.Context(), someone, account, "anna", whole(t), false)
			require.NoError(t, err)
			if i >= 5 {
				_, err = f.Move(t.Context(), someone, account, "", Active, "", false)
				require.NoError(t, err)
			}
		}
		ben, active := "ben", Active
		for name, tt := range map[string]struct {
			query Query
			want  []string
		}{
			"all":                 {Query{}, []string{"a0", "a1", "a2", "a3", "a4", "a5", "a6"}},
			"of an owner":         {Query{Owner: &ben}, []string{"a1", "a3", "a5"}},
			"in a state":          {Query{State: &active}, []string{"a5", "a6"}},
			"that somebody wants": {Query{Keep: func(s resource.Stored[Plan]) bool { return s.ID > "a3" }}, []string{"a4", "a5", "a6"}},
		} {
			var got []string
			tt.query.Size = 2
			for more := true; more; more = tt.query.After != nil {
				page, err := f.List(t.Context(), tt.query)
				require.NoError(t, err)
				require.LessOrEqual(t, len(page.Items), 2)
				for _, s := range page.Items {
					got = append(got, s.ID)
				}
				tt.query.After = page.Next
			}
			require.Equal(t, tt.want, got, name)
		}
	})
}

func TestHandingOver(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		p := whole(t)
		p.Team = []string{"ben", "carl"}
		p.Strategy.Cadences = []Cadence{monthly("own"), monthly("named"), monthly("others")}
		p.Strategy.Cadences[1].Owner, p.Strategy.Cadences[2].Owner = "anna", "carl"
		before := f.begun(t, p)
		_, err := f.HandOver(ctx, someone, "acme", "", "carl", "Leave.", false)
		require.ErrorIs(t, err, ErrOwner, "helping with the plan is not serving the account")
		_, err = f.HandOver(ctx, someone, "acme", "", "nobody", "Leave.", false)
		requireField(t, err, "owner")
		_, err = f.HandOver(ctx, someone, "acme", "", "anna", "Leave.", false)
		requireField(t, err, "owner")
		_, err = f.HandOver(ctx, someone, "acme", "old", "ben", "Leave.", false)
		require.ErrorIs(t, err, resource.ErrStale)

		seen, err := f.HandOver(ctx, someone, "acme", before.Etag(), "ben", "Leave.", true)
		require.NoError(t, err)
		require.Equal(t, "ben", seen.State.Owner)
		kept, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, "anna", kept.State.Owner)
		require.Equal(t, "anna", kept.State.Strategy.Cadences[1].Owner, "a check writes nothing")

		handed, err := f.HandOver(ctx, request("a"), "acme", before.Etag(), "ben", "Leave.", false)
		require.NoError(t, err)
		require.Equal(t, []string{"carl"}, handed.State.Team, "who owns it does not help with it")
		require.Equal(t, []string{"", "ben", "carl"}, []string{handed.State.Strategy.Cadences[0].Owner,
			handed.State.Strategy.Cadences[1].Owner, handed.State.Strategy.Cadences[2].Owner})
		require.Equal(t, []Turn{{At: f.clock, By: "principals/anna", OldOwner: "anna", NewOwner: "ben", Reason: "Leave."}}, handed.State.History)
		again, err := f.HandOver(ctx, request("a"), "acme", before.Etag(), "ben", "Leave.", false)
		require.NoError(t, err, "a retry")
		require.Equal(t, handed.Etag(), again.Etag())

		_, err = f.Create(ctx, someone, "brick", "anna", whole(t), false)
		require.NoError(t, err)
		_, err = f.HandOver(ctx, someone, "brick", "", "ben", "Leave.", false)
		require.ErrorIs(t, err, ErrOwner, "ben could do nothing for an account that is not assigned to him")
		f.move(t, Closed)
		_, err = f.HandOver(ctx, someone, "acme", "", "anna", "Back.", false)
		require.ErrorIs(t, err, ErrState)
	})
}

func TestAPlanRemembersItsLastTurns(t *testing.T) {
	var p Plan
	for i := range MaxHistory + 3 {
		p.turn(Turn{Reason: fmt.Sprint(i)})
	}
	require.Len(t, p.History, MaxHistory)
	require.Equal(t, "3", p.History[0].Reason)
	require.Equal(t, fmt.Sprint(MaxHistory+2), p.History[MaxHistory-1].Reason)
}

// What is told for good holds nothing that people wrote of measurements.
func TestWhatIsToldHasNoNotes(t *testing.T) {
	p := whole(t)
	p.Goals[0].Progress = []Measurement{{Day: 1, Value: 90, Note: "Jane was ill."}}
	told, is := Kind.Tell(p).(Plan)
	require.True(t, is)
	require.Empty(t, told.Goals[0].Progress[0].Note)
	require.InDelta(t, 90, told.Goals[0].Progress[0].Value, 0)
	require.Equal(t, "Jane was ill.", p.Goals[0].Progress[0].Note, "the plan keeps it")
}

// Account and plan may be out of reach: nothing is written then.
func TestAnAccountsServiceThatIsAway(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.begun(t, whole(t))
	f.people.fails = errAway
	_, err := f.Move(t.Context(), someone, "acme", "", Active, "", false)
	require.ErrorIs(t, err, errAway)
	_, err = f.HandOver(t.Context(), someone, "acme", "", "ben", "Leave.", false)
	require.ErrorIs(t, err, errAway)
	_, err = f.Create(t.Context(), someone, "brick", "anna", whole(t), false)
	require.ErrorIs(t, err, errAway)
	p, err := f.Get(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, Draft, p.State.State)
}

// Who ceases to be a customer on a day to come is one until then.
func TestAnAccountIsACustomerUntilTheDayOfItsClosing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		f.people.accounts["acme"] = feeds.Account{State: feeds.Closed, Closed: day(t, "2026-12-31"), Owner: "anna"}
		applied, err := f.Apply(ctx, someone, keyAccounts("acme"))
		require.NoError(t, err)
		require.Equal(t, Begun, applied[0].Outcome)
		_, err = f.PublishTemplate(ctx, someone, "key-accounts", "", Edition{Contribution: "More.", Strategy: Strategy{Cadences: []Cadence{monthly("month")}}}, false)
		require.NoError(t, err)
		applied, err = f.Apply(ctx, someone, keyAccounts("acme"))
		require.NoError(t, err)
		require.Equal(t, Renewed, applied[0].Outcome)
		f.move(t, Closed)
		f.move(t, Draft)
		f.clock = f.clock.AddDate(0, 0, 39) // 31 December
		f.move(t, Closed)
		_, err = f.Move(ctx, someone, "acme", "", Draft, "Again.", false)
		requireReason(t, err, "ACCOUNT_STATE")
		f.people.accounts["brick"] = feeds.Account{State: feeds.Closed, Closed: day(t, "2026-12-31"), Owner: "anna"}
		_, err = f.Create(ctx, someone, "brick", "anna", whole(t), false)
		requireReason(t, err, "ACCOUNT_STATE")
		f.people.accounts["brick"] = feeds.Account{State: feeds.Closed, Closed: day(t, "2027-01-01"), Owner: "anna"}
		_, err = f.Create(ctx, someone, "brick", "anna", whole(t), false)
		require.NoError(t, err)
	})
}
