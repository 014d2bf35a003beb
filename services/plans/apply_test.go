package plans

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// template publishes a template with one cadence, and returns it.
func (f *fixture) template(t testing.TB) resource.Stored[Template] {
	t.Helper()
	made, err := f.CreateTemplate(t.Context(), request("template"), "", Template{DisplayName: "Key accounts"},
		Edition{Contribution: "A shared forecast.", Strategy: Strategy{Cadences: []Cadence{monthly("month")}, GapDays: 3}}, false)
	require.NoError(t, err)
	return made
}

// A play book may hold whole goals, and still every customer is asked.
func TestR5NoTemplateSpeaksForTheCustomer(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		suggested := delivery(t)
		made, err := f.CreateTemplate(ctx, someone, "whole", Template{DisplayName: "Whole"}, Edition{Goals: []Goal{suggested},
			CustomerEffect: "Their customers wait less.", Contribution: "A shared forecast.", Strategy: Strategy{Cadences: []Cadence{monthly("month")}}}, false)
		require.NoError(t, err)
		require.Equal(t, suggested.Target, made.State.Versions[0].Goals[0].Target, "the template keeps its example") //nolint:testifylint // a copy, to the bit
		results, err := f.Apply(ctx, someone, Application{Template: made.ID, Accounts: []string{"acme"}, Owner: "anna", May: func(feeds.Account) bool { return true }})
		require.NoError(t, err)
		require.Equal(t, Begun, results[0].Outcome, results[0].Problem)
		var missing []string
		for _, c := range results[0].Missing {
			missing = append(missing, c.Subject)
		}
		require.Contains(t, missing, "plans/acme/goals."+suggested.ID+".target")
		require.Contains(t, missing, "plans/acme/goals."+suggested.ID+".target_date")
		require.Contains(t, missing, "plans/acme/customer_effect")
		plan, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, suggested.Statement, plan.State.Goals[0].Statement)
		require.Equal(t, suggested.Measure, plan.State.Goals[0].Measure)
		_, err = f.Move(ctx, someone, "acme", "", Active, "", false)
		require.ErrorIs(t, err, ErrIncomplete)
	})
}

func TestVersionsOfATemplateNeverChange(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		made := f.template(t)
		require.Equal(t, "key-accounts", made.ID)
		again := f.template(t)
		require.Equal(t, made.Etag(), again.Etag(), "a retry")
		first := made.State.Versions[0]
		require.Equal(t, "principals/anna", first.By)
		for _, check := range []bool{true, false} {
			_, err := f.CreateTemplate(ctx, someone, made.ID, Template{DisplayName: "Other"}, first, check)
			require.ErrorIs(t, err, resource.ErrExists)
		}
		_, err := f.CreateTemplate(ctx, someone, "", Template{DisplayName: "東京"}, first, false)
		requireField(t, err, "plan_template_id")
		_, err = f.CreateTemplate(ctx, someone, "new", Template{DisplayName: "New"}, Edition{}, false)
		requireField(t, err, "plan_template.version")

		next := Edition{Contribution: "More.", Note: "Calls are monthly."}
		seen, err := f.PublishTemplate(ctx, request("a"), made.ID, made.Etag(), next, true)
		require.NoError(t, err)
		require.Len(t, seen.State.Versions, 2)
		published, err := f.PublishTemplate(ctx, request("a"), made.ID, made.Etag(), next, false)
		require.NoError(t, err)
		require.Len(t, published.State.Versions, 2, "the check wrote nothing")
		require.Equal(t, first, published.State.Versions[0])
		again, err = f.PublishTemplate(ctx, request("a"), made.ID, made.Etag(), next, false)
		require.NoError(t, err, "a retry")
		require.Equal(t, published.Etag(), again.Etag())
		_, err = f.PublishTemplate(ctx, someone, made.ID, made.Etag(), next, false)
		require.ErrorIs(t, err, resource.ErrStale)
		owned := Edition{Strategy: Strategy{Cadences: []Cadence{monthly("month")}}}
		owned.Strategy.Cadences[0].Owner = "anna"
		_, err = f.PublishTemplate(ctx, someone, made.ID, "", owned, false)
		requireField(t, err, "version.strategy.cadences[0].owner")

		name := "Keys"
		described, err := f.DescribeTemplate(ctx, someone, made.ID, "", &name, nil)
		require.NoError(t, err)
		require.Equal(t, published.State.Versions, described.State.Versions)
		_, err = described.State.Edition(made.ID, 3)
		require.ErrorIs(t, err, resource.ErrNotFound)

		retired, err := f.RetireTemplate(ctx, someone, made.ID, "", "Nobody uses it.")
		require.NoError(t, err)
		require.Equal(t, published.State.Versions, retired.State.Versions)
		_, err = f.RetireTemplate(ctx, someone, made.ID, "", "Again.")
		require.ErrorIs(t, err, ErrTemplateState)
		_, err = f.PublishTemplate(ctx, someone, made.ID, "", next, false)
		require.ErrorIs(t, err, ErrTemplateState)
		_, err = f.DescribeTemplate(ctx, someone, made.ID, "", &name, nil)
		require.ErrorIs(t, err, ErrTemplateState)
		_, err = f.Apply(ctx, someone, Application{Template: made.ID, Accounts: []string{"acme"}})
		require.ErrorIs(t, err, ErrTemplateState)
	})
}

// dated is a strategy whose cadences recur as they do since today.
func (f *fixture) dated(t testing.TB, s Strategy) Strategy {
	t.Helper()
	today, err := f.Today(t.Context())
	require.NoError(t, err)
	s.Date(&Strategy{}, today)
	return s
}

// outcomes are those of an application, by account.
func outcomes(results []Applied) map[string]Outcome {
	found := map[string]Outcome{}
	for _, r := range results {
		found[r.Account] = r.Outcome
	}
	return found
}

// keyAccounts applies the template to accounts, for anna, who may do all but corner's.
func keyAccounts(accounts ...string) Application {
	return Application{Template: "key-accounts", Accounts: accounts, Caller: "anna", May: func(a feeds.Account) bool { return a.ID != "corner" }}
}

func TestR9ATemplateBeginsPlansAndRenewsThem(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		f.people.accounts["corner"] = feeds.Account{State: feeds.Active, Owner: "carl"}
		f.people.accounts["own"] = feeds.Account{State: feeds.Active, Owner: "anna"}
		f.copyAccounts(t)
		_, err := f.Create(ctx, someone, "own", "anna", whole(t), false)
		require.NoError(t, err)
		all := keyAccounts("acme", "brick", "corner", "none", "old", "own")

		preview := all
		preview.Check = true
		seen, err := f.Apply(ctx, someone, preview)
		require.NoError(t, err)
		_, err = f.Get(ctx, "acme")
		require.ErrorIs(t, err, resource.ErrNotFound, "a check writes nothing")
		done, err := f.Apply(ctx, someone, all)
		require.NoError(t, err)
		require.Equal(t, seen, done, "the check says what is done then")
		require.Equal(t, map[string]Outcome{"acme": Begun, "brick": Begun, "corner": Refused, "none": Refused, "old": Refused, "own": Refused}, outcomes(done))
		require.Equal(t, "Acme", done[0].DisplayName)
		require.Len(t, done[0].Missing, 2, "the customer's goals and effect are the customer's")
		require.Equal(t, "It is not assigned to you.", done[2].Problem)
		require.Contains(t, done[3].Problem, "accounts/none")
		require.Contains(t, done[4].Problem, "closed")
		require.Contains(t, done[5].Problem, "did not begin from planTemplates/key-accounts")

		p, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, []any{"anna", Draft, "planTemplates/key-accounts/versions/1"}, []any{p.State.Owner, p.State.State, p.State.Template})
		require.Equal(t, p.State.Template, p.State.Strategy.Cadences[0].Template)
		again, err := f.Apply(ctx, someone, keyAccounts("acme"))
		require.NoError(t, err)
		require.Equal(t, Unchanged, again[0].Outcome)
		same, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, p.Etag(), same.Etag(), "applied again it changes nothing")
	})
}

// What people added to a strategy stays when the template is renewed, and what came from
// the template is replaced, whoever makes the contact.
func TestR9RenewingKeepsOwnCadences(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		_, err := f.Apply(ctx, someone, keyAccounts("acme"))
		require.NoError(t, err)
		p, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		cadences := []Cadence{p.State.Strategy.Cadences[0], monthly("dinner")}
		cadences[0].Owner, cadences[0].Template = "ben", "" // callers do not say where it came from
		p, err = f.Update(ctx, someone, "acme", "", Patch{Cadences: &cadences})
		require.NoError(t, err)
		require.Equal(t, "planTemplates/key-accounts/versions/1", p.State.Strategy.Cadences[0].Template)
		require.Empty(t, p.State.Strategy.Cadences[1].Template)

		month, visit := monthly("month"), monthly("visit")
		month.Purpose, visit.Channel = "Talk", Visit
		_, err = f.PublishTemplate(ctx, someone, "key-accounts", "", Edition{Strategy: Strategy{Cadences: []Cadence{month, visit}, GapDays: 5}}, false)
		require.NoError(t, err)
		done, err := f.Apply(ctx, request("renew"), keyAccounts("acme"))
		require.NoError(t, err)
		require.Equal(t, Renewed, done[0].Outcome)
		again, err := f.Apply(ctx, request("renew"), keyAccounts("acme"))
		require.NoError(t, err)
		require.Equal(t, done, again, "a retry is told what the first call did")
		p, err = f.Get(ctx, "acme")
		require.NoError(t, err)
		version := "planTemplates/key-accounts/versions/2"
		month.Owner, month.Template, visit.Template = "ben", version, version
		require.Equal(t, f.dated(t, Strategy{Cadences: []Cadence{month, visit, monthly("dinner")}, GapDays: 5}), p.State.Strategy)
		require.Equal(t, version, p.State.Template)

		_, err = f.PublishTemplate(ctx, someone, "key-accounts", "", Edition{Strategy: Strategy{Cadences: []Cadence{monthly("dinner")}}}, false)
		require.NoError(t, err)
		done, err = f.Apply(ctx, someone, keyAccounts("acme"))
		require.NoError(t, err)
		require.Equal(t, Refused, done[0].Outcome)
		require.Contains(t, done[0].Problem, `"dinner"`)
		older := keyAccounts("acme")
		older.Number = 1
		done, err = f.Apply(ctx, someone, older)
		require.NoError(t, err)
		require.Equal(t, Renewed, done[0].Outcome, "any version can be asked for")
		older.Number = 9
		_, err = f.Apply(ctx, someone, older)
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

// What people set otherwise than the template stays when it is renewed, and the answer says so.
func TestR9RenewingKeepsWhatPeopleSet(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		second := Edition{Strategy: Strategy{Cadences: []Cadence{monthly("month"), monthly("visit"), monthly("over")}, GapDays: 3, Calendar: "office", Quiet: QuietHours{From: 1200, To: 540}}}
		_, err := f.PublishTemplate(ctx, someone, "key-accounts", "", second, false)
		require.NoError(t, err)
		_, err = f.Apply(ctx, someone, keyAccounts("acme", "brick"))
		require.NoError(t, err)
		mine := []Cadence{monthly("month"), monthly("over"), monthly("dinner")} // no visit
		mine[0].When.Start, mine[1].Purpose = "2026-12-01T15:00", "Our own words"
		_, err = f.Update(ctx, someone, "acme", "", Patch{Cadences: &mine, GapDays: new(2), Calendar: new("plant")})
		require.NoError(t, err)

		month := monthly("month")
		month.Purpose = "Talk"
		third := Edition{Strategy: Strategy{Cadences: []Cadence{month, monthly("visit"), monthly("new")}, GapDays: 1, Calendar: "home", Quiet: QuietHours{From: 1260, To: 480}}}
		_, err = f.PublishTemplate(ctx, someone, "key-accounts", "", third, false)
		require.NoError(t, err)
		preview := keyAccounts("acme", "brick")
		preview.Check = true
		seen, err := f.Apply(ctx, someone, preview)
		require.NoError(t, err)
		done, err := f.Apply(ctx, request("renew"), keyAccounts("acme", "brick"))
		require.NoError(t, err)
		require.Equal(t, seen, done)
		require.Equal(t, []string{"gap_days", "calendar", "cadences/month", "cadences/visit", "cadences/over"}, done[0].Kept)
		require.Empty(t, done[1].Kept)
		again, err := f.Apply(ctx, request("renew"), keyAccounts("acme", "brick"))
		require.NoError(t, err)
		require.Equal(t, done, again, "a retry")

		p, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		fresh := monthly("new")
		fresh.Template = "planTemplates/key-accounts/versions/3"
		for i := range mine[:2] {
			mine[i].Template = "planTemplates/key-accounts/versions/2"
		}
		require.Equal(t, f.dated(t, Strategy{Cadences: []Cadence{mine[0], fresh, mine[1], mine[2]}, GapDays: 2, Calendar: "plant", Quiet: third.Strategy.Quiet}), p.State.Strategy)
		plain, err := f.Get(ctx, "brick")
		require.NoError(t, err)
		require.Equal(t, f.dated(t, stamped(third.Strategy, "planTemplates/key-accounts/versions/3")), plain.State.Strategy)
	})
}

// R5: renewing does not make an active plan incomplete.
func TestR5RenewingLeavesAnActivePlanComplete(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.template(t)
	_, err := f.Apply(t.Context(), someone, keyAccounts("acme"))
	require.NoError(t, err)
	goals, effect := []Goal{delivery(t)}, "Their customers wait less."
	_, err = f.Update(t.Context(), someone, "acme", "", Patch{Goals: &goals, CustomerEffect: &effect})
	require.NoError(t, err)
	f.move(t, Active)
	_, err = f.PublishTemplate(t.Context(), someone, "key-accounts", "", Edition{Contribution: "Less."}, false)
	require.NoError(t, err)
	done, err := f.Apply(t.Context(), someone, keyAccounts("acme"))
	require.NoError(t, err)
	require.Equal(t, Refused, done[0].Outcome)
	require.Contains(t, done[0].Problem, "at least one cadence")

	closed := f.people.accounts["acme"]
	closed.State = feeds.Closed
	f.people.accounts["acme"] = closed
	require.NoError(t, f.Accounts.Take(t.Context(), []feeds.Change{{Position: 9, Account: &feeds.Account{ID: "acme", State: feeds.Closed}}}))
	done, err = f.Apply(t.Context(), someone, keyAccounts("acme"))
	require.NoError(t, err)
	require.Contains(t, done[0].Problem, "It is closed")
	f.move(t, Closed)
}

// A process that dies between two accounts leaves the first begun; the request, sent
// again, begins the second, and tells of the first what was done then.
func TestApplyingGoesOnWhereItEnded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		f.people.fails, f.people.failsAfter = errAway, f.people.asked+1
		part, err := f.Apply(ctx, request("apply"), keyAccounts("acme", "brick"))
		require.ErrorIs(t, err, errAway)
		require.Len(t, part, 1)
		first, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		_, err = f.Get(ctx, "brick")
		require.ErrorIs(t, err, resource.ErrNotFound)

		f.people.fails = nil
		done, err := f.Apply(ctx, request("apply"), keyAccounts("acme", "brick"))
		require.NoError(t, err)
		require.Equal(t, map[string]Outcome{"acme": Begun, "brick": Begun}, outcomes(done))
		again, err := f.Get(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, first.Etag(), again.Etag(), "it was begun once")
	})
}

// Who was just given an account may begin and renew its plan, and who was just taken off
// may not, however far this service's copy of the accounts is behind.
func TestApplyingAsksWhoServesTheAccountNow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		mine := keyAccounts("acme")
		mine.May = func(a feeds.Account) bool { return a.Assigned("anna") }
		_, err := f.Apply(ctx, someone, mine)
		require.NoError(t, err)
		_, err = f.PublishTemplate(ctx, someone, "key-accounts", "", Edition{Contribution: "More.", Strategy: Strategy{Cadences: []Cadence{monthly("month")}}}, false)
		require.NoError(t, err)

		f.people.accounts["acme"] = feeds.Account{State: feeds.Active, Owner: "ben"} // and the copy still says anna
		done, err := f.Apply(ctx, someone, mine)
		require.NoError(t, err)
		require.Equal(t, "It is not assigned to you.", done[0].Problem)
		f.people.accounts["acme"] = feeds.Account{State: feeds.Closed, Owner: "anna"}
		done, err = f.Apply(ctx, someone, mine)
		require.NoError(t, err)
		require.Contains(t, done[0].Problem, "It is closed")
		f.people.accounts["fresh"] = feeds.Account{State: feeds.Active, Owner: "anna"} // and the copy has none of it
		mine.Accounts = []string{"fresh"}
		done, err = f.Apply(ctx, someone, mine)
		require.NoError(t, err)
		require.Equal(t, Begun, done[0].Outcome)
	})
}

// Between reading the plans and renewing one, others change it: it is renewed from what it is
// then, or not at all.
func TestRenewingGoesByThePlanAsItIsThen(t *testing.T) {
	version := func(number int, meanwhile func()) Application {
		a := keyAccounts("acme")
		a.Number = number
		a.May = func(feeds.Account) bool {
			meanwhile()
			return true
		}
		return a
	}
	second, third := monthly("month"), monthly("month")
	second.Purpose, third.Purpose = "Talk", "Listen"
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		apply := func(number int, meanwhile func()) Applied {
			done, err := f.Apply(ctx, someone, version(number, meanwhile))
			require.NoError(t, err)
			return done[0]
		}
		publish := func(e Edition) {
			_, err := f.PublishTemplate(ctx, someone, "key-accounts", "", e, false)
			require.NoError(t, err)
		}
		plan := func() resource.Stored[Plan] {
			p, err := f.Get(ctx, "acme")
			require.NoError(t, err)
			return p
		}
		nothing := func() {}
		require.Equal(t, Begun, apply(1, nothing).Outcome)
		publish(Edition{Strategy: Strategy{Cadences: []Cadence{second, monthly("visit")}, GapDays: 5}})
		publish(Edition{Strategy: Strategy{Cadences: []Cadence{third}, GapDays: 1}})

		done := apply(3, func() { require.Equal(t, Renewed, apply(2, nothing).Outcome) })
		require.Equal(t, Renewed, done.Outcome)
		require.Empty(t, done.Kept, "nobody set the second version's otherwise")
		require.Len(t, plan().State.Strategy.Cadences, 1)
		require.Equal(t, []any{"Listen", 1}, []any{plan().State.Strategy.Cadences[0].Purpose, plan().State.Strategy.GapDays})

		done = apply(2, func() {
			publish(Edition{Strategy: Strategy{Cadences: []Cadence{monthly("visit")}, GapDays: 9}})
			require.Equal(t, Renewed, apply(4, nothing).Outcome)
		})
		require.Equal(t, Renewed, done.Outcome, "from a version that was published meanwhile")
		require.Empty(t, done.Kept)
		require.Equal(t, 5, plan().State.Strategy.GapDays)

		var before resource.Stored[Plan]
		done = apply(3, func() {
			require.Equal(t, Renewed, apply(3, nothing).Outcome)
			before = plan()
		})
		require.Equal(t, Unchanged, done.Outcome)
		require.Equal(t, before, plan())

		done = apply(2, func() { before = f.move(t, Closed) })
		require.Equal(t, Refused, done.Outcome)
		require.Contains(t, done.Problem, "closed")
		require.Equal(t, before, plan(), "a closed plan is not changed")
	})
}
