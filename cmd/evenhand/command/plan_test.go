package command

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

func TestR5APlanShowsWhereItStandsAndWhatIsMissing(t *testing.T) {
	f := &plansFake{plans: []*plansv1.Plan{acmePlan()}}
	address := startPlans(t, f)
	for _, arg := range []string{"acme", "plans/acme", "accounts/acme", "A1", "crm-7"} {
		got := execute(t, address, "", "plan", "get", arg)
		require.Zero(t, got.code, got.stderr)
		for _, line := range []string{
			"Plan plans/acme", "Owner principals/anna", "Team principals/ben", "State active",
			"Goals delivery: Deliver on the day; orders on the day from 80 to 95% by 2027-06-30; 83% on 2026-11-20, 20% of the way where 35% is expected: behind",
			"shops: Open shops; shops from 3 to 5; not measured yet, 100% of the way; reached on 2026-11-01: They opened the fifth.",
			"Contacts month: Review the month by call, every month on the 2nd Tuesday at 10:00 (the company's time), from 2026-12-01, not on holidays, to purchasing, by principals/ben",
			"Gap 3 days at least between two contacts with one person", "Quiet hours 18:00-09:00",
			"Missing goals.delivery.measure: say by what it is measured",
			"History 2026-11-01T09:00:00Z draft to active by principals/anna: Agreed.",
			"2026-11-02T09:00:00Z principals/carl to principals/anna by principals/mara",
		} {
			require.Contains(t, squeeze(got.stdout), line)
		}
	}
	var shown struct{ Name, Etag string }
	require.NoError(t, json.Unmarshal([]byte(execute(t, address, "", "plan", "get", "acme", "-o", "json").stdout), &shown))
	require.Equal(t, "e1", shown.Etag)
	records, err := csv.NewReader(strings.NewReader(execute(t, address, "", "plan", "get", "acme", "-o", "csv").stdout)).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 2)
	got := execute(t, address, "", "plan", "get", "brick")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "plans/brick does not exist")
}

func TestPlansListsPageByPage(t *testing.T) {
	f := &plansFake{size: 2}
	for i := range 5 {
		p := acmePlan()
		p.Name = fmt.Sprint("plans/p", i)
		f.plans = append(f.plans, p)
	}
	address := startPlans(t, f)
	got := execute(t, address, "", "plan", "list", "--filter", "state = ACTIVE", "-o", "csv")
	require.Zero(t, got.code, got.stderr)
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	require.Equal(t, "plan,owner,state,goals,behind,contacts,missing,template", lines[0])
	require.Equal(t, "plans/p4,principals/anna,active,1,1,1,1,", lines[5])
	require.Equal(t, "state = ACTIVE", last[*plansv1.ListPlansRequest](f).GetFilter())
	require.Equal(t, 4, strings.Count(execute(t, address, "", "plan", "list", "--limit", "3").stdout, "\n"))
}

const acmeFile = `
goals:
  - {statement: Deliver on the day, measure: orders on the day, unit: "%", baseline: 80, target: 95.5, target_date: 2027-06-30}
contribution: A forecast.
strategy:
  gap_days: 3
  cadences:
    - {purpose: Review the month, channel: call, rule: FREQ=MONTHLY;BYDAY=2TU, start: "2026-12-01T10:00", on_holiday: next-workday}
`

func TestAPlanBeginsFromAFileAndFlags(t *testing.T) {
	f := &plansFake{}
	address := startPlans(t, f)
	path := file(t, "plan.yaml", acmeFile)
	got := execute(t, address, "", "plan", "create", "A1", path, "--owner", "anna", "--contribution", "Two forecasts.", "--team", "ben,carl", "--validate-only")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "Missing goals: write down a goal of the customer's own")
	asked := last[*plansv1.CreatePlanRequest](f)
	require.True(t, asked.GetValidateOnly())
	require.NotEmpty(t, asked.GetRequestId())
	p := asked.GetPlan()
	require.Equal(t, []string{"accounts/acme", "principals/anna", "Two forecasts."}, []string{p.GetAccount(), p.GetOwner(), p.GetContribution()})
	require.Equal(t, []string{"principals/ben", "principals/carl"}, p.GetTeam())
	require.InDelta(t, 95.5, p.GetGoals()[0].GetTarget(), 0)
	require.Equal(t, int32(2027), p.GetGoals()[0].GetTargetDate().GetYear())
	require.Equal(t, plansv1.Channel_CHANNEL_CALL, p.GetStrategy().GetCadences()[0].GetChannel())
	require.Equal(t, plansv1.Cadence_HOLIDAY_POLICY_NEXT_WORKDAY, p.GetStrategy().GetCadences()[0].GetOnHoliday())

	require.Zero(t, execute(t, address, acmeFile, "plan", "create", "acme", "-").code, "from standard input")
	require.Len(t, last[*plansv1.CreatePlanRequest](f).GetPlan().GetGoals(), 1)
	require.Zero(t, execute(t, address, "", "plan", "create", "acme").code, "a draft may be empty")
	for text, told := range map[string]string{
		"goals: [{statment: x}]":                    `line 1:10: there is no field "statment" here`,
		"strategy: {cadences: [{channel: pigeon}]}": `channel cannot be "pigeon"; it can be call, visit`,
		"account: accounts/brick":                   "says account: accounts/brick, and not accounts/acme",
	} {
		got := execute(t, address, text, "plan", "create", "acme", "-")
		require.NotZero(t, got.code)
		require.Contains(t, got.stderr, told)
	}
	got = execute(t, address, "", "plan", "create", "accounts/none")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "There is no accounts/none.")
}

func TestAPlanChangesInWhatIsNamed(t *testing.T) {
	f := &plansFake{plans: []*plansv1.Plan{acmePlan()}}
	address := startPlans(t, f)
	got := execute(t, address, "account: accounts/acme\ngoals: []\nstrategy: {gap_days: 7}\n", "plan", "update", "acme", "-",
		"--customer-effect", "", "--team", "", "--etag", "e1")
	require.Zero(t, got.code, got.stderr)
	asked := last[*plansv1.UpdatePlanRequest](f)
	require.Equal(t, []string{"goals", "strategy", "customer_effect", "team"}, asked.GetUpdateMask().GetPaths())
	require.Equal(t, "e1", asked.GetPlan().GetEtag())
	require.Equal(t, int32(7), asked.GetPlan().GetStrategy().GetGapDays())
	require.Empty(t, asked.GetPlan().GetTeam())

	got = execute(t, address, "", "plan", "update", "acme")
	require.Equal(t, ExitUsage, got.code)
	require.Contains(t, got.stderr, "nothing to change")
	got = execute(t, address, "account: accounts/acme\ncontribution: x", "plan", "update", "brick", "-")
	require.Equal(t, ExitUsage, got.code)
	require.Contains(t, got.stderr, "is of accounts/acme, and not of plans/brick")
}

func TestR5APlanIsMovedThroughItsStates(t *testing.T) {
	p := acmePlan()
	p.Gaps = append(p.Gaps, &plansv1.PlanGap{Field: "customer_effect", Description: "say what it means for the customer's own customers"})
	f := &plansFake{plans: []*plansv1.Plan{p}}
	address := startPlans(t, f)
	got := execute(t, address, "", "plan", "activate", "acme", "--validate-only", "--etag", "e1")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "plans/acme/goals.delivery.measure: say by what it is measured")
	require.Contains(t, got.stderr, "plans/acme/customer_effect: say what it means for the customer's own customers")
	require.True(t, last[*plansv1.ActivatePlanRequest](f).GetValidateOnly())
	p.Gaps = nil
	require.Zero(t, execute(t, address, "", "plan", "activate", "acme").code)

	require.Equal(t, ExitUsage, execute(t, address, "", "plan", "close", "acme").code, "it needs a reason")
	for _, verb := range []string{"review", "close", "reopen"} {
		got := execute(t, address, "", "plan", verb, "acme", "--reason", "So it is.", "--etag", "e1")
		require.Zero(t, got.code, got.stderr)
		asked, _ := f.asked[len(f.asked)-1].(interface {
			GetReason() string
			GetEtag() string
			GetRequestId() string
		})
		require.Equal(t, []string{"So it is.", "e1"}, []string{asked.GetReason(), asked.GetEtag()})
		require.NotEmpty(t, asked.GetRequestId())
	}
}

func TestGoalsAreListedMeasuredAndEnded(t *testing.T) {
	f := &plansFake{plans: []*plansv1.Plan{acmePlan()}}
	address := startPlans(t, f)
	got := execute(t, address, "", "plan", "goals", "list", "acme", "-o", "csv")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "delivery,Deliver on the day,orders on the day,%,80,95,2027-06-30,83% on 2026-11-20,20%,35%,behind,open\n")
	require.Contains(t, execute(t, address, "", "plan", "goals", "list", "acme", "-o", "json").stdout, `"goals": [`)

	got = execute(t, address, "", "plan", "goals", "measure", "acme", "delivery", "--value", "-2.5", "--date", "2026-11-20", "--note", "By phone.")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "Latest 83% on 2026-11-20\nTarget 95% by 2027-06-30\nProgress 20%\nExpected 35%\nPace behind\n")
	m := last[*plansv1.MeasureGoalRequest](f)
	require.Equal(t, "delivery", m.GetGoal())
	require.InDelta(t, -2.5, m.GetMeasurement().GetValue(), 0)
	require.Equal(t, []any{int32(20), "By phone."}, []any{m.GetMeasurement().GetDate().GetDay(), m.GetMeasurement().GetNote()})

	got = execute(t, address, "", "plan", "goals", "end", "acme", "shops", "--outcome", "missed", "--reason", "It closed.")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, plansv1.Goal_STATE_MISSED, last[*plansv1.EndGoalRequest](f).GetOutcome())
	require.Equal(t, ExitUsage, execute(t, address, "", "plan", "goals", "end", "acme", "shops", "--outcome", "won", "--reason", "x").code)
	require.Equal(t, ExitUsage, execute(t, address, "", "plan", "goals", "measure", "acme", "shops").code, "it needs a value")
}

func TestAPlanIsHandedOver(t *testing.T) {
	f := &plansFake{plans: []*plansv1.Plan{acmePlan()}}
	address := startPlans(t, f)
	got := execute(t, address, "", "plan", "hand-over", "A1", "--to", "ben", "--reason", "Leave.", "--preview")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "plans/acme principals/anna principals/ben active\n")
	require.Contains(t, squeeze(got.stdout), "plans/acme 2026-11-20T15:00:00Z yes Review the month, by call plans/acme/touchpoints/one\n")
	require.Contains(t, got.stderr, "Nothing was written. Plans that would be handed over: 1.")
	asked := last[*plansv1.HandOverPlanRequest](f)
	require.Equal(t, []any{"principals/ben", "Leave.", "e1", true}, []any{asked.GetOwner(), asked.GetReason(), asked.GetEtag(), asked.GetValidateOnly()})

	got = execute(t, address, "", "plan", "hand-over", "acme", "--from", "carl", "--to", "ben", "--reason", "Leave.")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "plans/acme is principals/anna's, and not principals/carl's")
	got = execute(t, address, "", "plan", "hand-over", "--to", "ben", "--reason", "Leave.")
	require.Equal(t, ExitUsage, got.code)
	require.Contains(t, got.stderr, "name a PLAN, or whose plans with --from")
}

func TestAllPlansOfAnOwnerAreHandedOver(t *testing.T) {
	f := &plansFake{size: 1}
	for _, id := range []string{"acme", "brick", "cord"} {
		p := acmePlan()
		p.Name = "plans/" + id
		f.plans = append(f.plans, p)
	}
	address := startPlans(t, f)
	got := execute(t, address, "", "plan", "hand-over", "--from", "anna", "--to", "ben", "--reason", "She leaves.", "-o", "csv")
	require.Equal(t, ExitFailed, got.code, "one of them cannot go over")
	require.Contains(t, got.stderr, "1 of 3 plans cannot be handed over")
	require.Equal(t, `owner = "principals/anna" AND state != CLOSED`, all[*plansv1.ListPlansRequest](f)[0].GetFilter())
	records, err := csv.NewReader(strings.NewReader(got.stdout)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"plan", "from", "to", "state", "due", "overdue", "what", "resource", "problem"},
		{"plans/acme", "principals/anna", "principals/ben", "active", "", "", "", "", ""},
		{"plans/acme", "", "", "", "2026-11-20T15:00:00Z", "yes", "Review the month, by call", "plans/acme/touchpoints/one", ""},
		{"plans/acme", "", "", "", "2026-11-27T14:00:00Z", "no", "Goal: Deliver on the day", "plans/acme", ""},
		{"plans/brick", "principals/anna", "", "active", "", "", "", "", "principals/ben neither owns nor serves accounts/brick."},
		{"plans/cord", "principals/anna", "principals/ben", "active", "", "", "", "", ""},
		{"plans/cord", "", "", "", "2026-11-20T15:00:00Z", "yes", "Review the month, by call", "plans/cord/touchpoints/one", ""},
		{"plans/cord", "", "", "", "2026-11-27T14:00:00Z", "no", "Goal: Deliver on the day", "plans/cord", ""},
	}, records)

	got = execute(t, address, "", "plan", "hand-over", "--from", "anna", "--to", "ben", "--reason", "She leaves.", "-o", "json")
	require.Equal(t, ExitFailed, got.code)
	var told struct {
		Handovers []struct {
			Plan struct{ Name, Owner string }
			Due  []struct{ Resource string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &told))
	require.Len(t, told.Handovers, 2)
	require.Equal(t, "principals/ben", told.Handovers[1].Plan.Owner)
	require.Len(t, told.Handovers[1].Due, 2)
	require.Equal(t, "plans/cord", told.Handovers[1].Due[1].Resource, "a goal is its plan's")
	require.Contains(t, got.stderr, "plans/brick: principals/ben neither owns")
}

func TestR9ATemplateIsAppliedPageByPage(t *testing.T) {
	f := &plansFake{size: 2}
	address := startPlans(t, f)
	filter := `attributes.sector = "Energy"`
	got := execute(t, address, "", "plan", "templates", "apply", "key-accounts", "--filter", filter, "--preview")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stderr, "Nothing was written. It would be: 3 begun, 0 renewed, 1 unchanged, 1 refused.")
	table := squeeze(got.stdout)
	require.Contains(t, table, "accounts/a0 Some account unchanged\n")
	require.Contains(t, table, "accounts/a1 Some account begun goals\n")
	require.Contains(t, table, "accounts/a4 Some account refused It is not assigned to you. goals\n")
	pages := all[*plansv1.ApplyPlanTemplateRequest](f)
	require.Len(t, pages, 3)
	for i, r := range pages {
		require.Equal(t, []any{"planTemplates/key-accounts", filter, true, pages[0].GetRequestId()},
			[]any{r.GetName(), r.GetFilter(), r.GetValidateOnly(), r.GetRequestId()}, "page %d", i)
	}

	got = execute(t, address, "", "plan", "templates", "apply", "key-accounts", "--filter", filter, "-o", "json")
	require.Equal(t, ExitFailed, got.code, "some were refused")
	require.Contains(t, got.stderr, "1 of the accounts were refused; in all: 3 begun, 0 renewed, 1 unchanged, 1 refused")
	var told struct {
		Results []struct{ Account, Outcome string }
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &told))
	require.Len(t, told.Results, 5)

	got = execute(t, address, "", "plan", "templates", "apply", "key-accounts", "--account", "cord,A1", "--account", "acme", "--number", "2", "--owner", "anna")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, "2 begun, 0 renewed, 0 unchanged, 0 refused.\n", got.stderr)
	asked := last[*plansv1.ApplyPlanTemplateRequest](f)
	require.Equal(t, []string{"accounts/acme", "accounts/cord"}, asked.GetAccounts(), "each once")
	require.Equal(t, []any{int32(2), "principals/anna"}, []any{asked.GetVersion(), asked.GetOwner()})
	for _, args := range [][]string{{}, {"--account", "a", "--filter", "b"}, {"--account", ""}} {
		require.Equal(t, ExitUsage, execute(t, address, "", append([]string{"plan", "templates", "apply", "key-accounts"}, args...)...).code, "%v", args)
	}
}

func TestWhatAFilterDoesNotFindIsNotApplied(t *testing.T) {
	got := execute(t, startPlans(t, &plansFake{}), "", "plan", "templates", "apply", "key-accounts", "--filter", findsNone)
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, "The filter finds no account: nothing was done.\n", got.stderr)
}

// More accounts than a request may name are named in several.
func TestManyAccountsAreAppliedInParts(t *testing.T) {
	f := &plansFake{}
	address := startPlans(t, f)
	var accounts []string
	for i := range maxPageSize + 1 {
		accounts = append(accounts, fmt.Sprintf("c%04d", i))
	}
	got := execute(t, address, "", "plan", "templates", "apply", "key-accounts", "--account", strings.Join(accounts, ","))
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, "1,001 begun, 0 renewed, 0 unchanged, 0 refused.\n", got.stderr)
	pages := all[*plansv1.ApplyPlanTemplateRequest](f)
	require.Len(t, pages, maxPageSize/applySize+1)
	require.Equal(t, []string{"accounts/c1000"}, pages[len(pages)-1].GetAccounts())
	require.NotEqual(t, pages[0].GetRequestId(), pages[len(pages)-1].GetRequestId(), "it is another request")
}

func TestAnInterruptionOfApplyingSaysWhatWasDone(t *testing.T) {
	f := &plansFake{size: 2, fails: status.Error(codes.Internal, "The server failed."), failAt: 2}
	got := execute(t, startPlans(t, f), "", "plan", "templates", "apply", "key-accounts", "--filter", "state = ACTIVE")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stdout, "accounts/a1")
	require.Contains(t, got.stderr, "The server failed.")
	require.Contains(t, got.stderr, "before that: 1 begun, 0 renewed, 1 unchanged, 0 refused")
	require.Contains(t, got.stderr, "Fix: run it again")

	f = &plansFake{fails: status.Error(codes.NotFound, "There is no template."), failAt: 1}
	got = execute(t, startPlans(t, f), "", "plan", "templates", "apply", "key-accounts", "--filter", "state = ACTIVE")
	require.Equal(t, "evenhand: There is no template.\n", got.stderr)
	require.Empty(t, got.stdout, "no head of an empty table")
}

func TestTemplates(t *testing.T) {
	p := acmePlan()
	version := &plansv1.PlanTemplateVersion{Name: "planTemplates/key-accounts/versions/3", Goals: p.GetGoals()[:1], Strategy: p.GetStrategy(),
		Contribution: "A forecast.", Note: "Calls are monthly.", Publisher: "principals/mara"}
	f := &plansFake{templates: []*plansv1.PlanTemplate{{Name: "planTemplates/key-accounts", DisplayName: "Key accounts", Version: version, Etag: "e2"}}}
	address := startPlans(t, f)
	run := func(args ...string) string {
		t.Helper()
		got := execute(t, address, acmeFile, append([]string{"plan", "templates"}, args...)...)
		require.Zero(t, got.code, got.stderr)
		return squeeze(got.stdout)
	}
	require.Contains(t, run("list", "-o", "csv"), "planTemplates/key-accounts,Key accounts,3,1,1,,\n")
	require.Contains(t, run("list", "-o", "json"), `"planTemplates": [`)
	shown := run("get", "key-accounts")
	require.Contains(t, shown, "Template planTemplates/key-accounts\nName Key accounts\nVersion planTemplates/key-accounts/versions/3\n")
	require.Contains(t, shown, "Goals delivery: Deliver on the day; orders on the day from 80 to 95% by 2027-06-30\n")
	require.Contains(t, shown, "every month on the 2nd Tuesday at 10:00")
	require.Contains(t, run("get", "planTemplates/key-accounts", "--number", "3"), "Publisher principals/mara")
	require.Equal(t, "planTemplates/key-accounts/versions/3", last[*plansv1.GetPlanTemplateVersionRequest](f).GetName())
	require.Contains(t, run("versions", "key-accounts"), "planTemplates/key-accounts/versions/3")

	run("create", "Key accounts", "-", "--id", "keys", "--description", "For sites.", "--validate-only")
	made := last[*plansv1.CreatePlanTemplateRequest](f)
	require.Equal(t, []any{"keys", "Key accounts", "For sites.", true},
		[]any{made.GetPlanTemplateId(), made.GetPlanTemplate().GetDisplayName(), made.GetPlanTemplate().GetDescription(), made.GetValidateOnly()})
	require.Len(t, made.GetPlanTemplate().GetVersion().GetStrategy().GetCadences(), 1)
	run("publish", "key-accounts", "-", "--note", "New.", "--etag", "e2")
	published := last[*plansv1.PublishPlanTemplateRequest](f)
	require.Equal(t, []string{"New.", "e2", "A forecast."}, []string{published.GetVersion().GetNote(), published.GetEtag(), published.GetVersion().GetContribution()})
	run("update", "key-accounts", "--description", "")
	require.Equal(t, []string{"description"}, last[*plansv1.UpdatePlanTemplateRequest](f).GetUpdateMask().GetPaths())
	run("retire", "key-accounts", "--reason", "Two took its place.")
	require.Equal(t, "Two took its place.", last[*plansv1.RetirePlanTemplateRequest](f).GetReason())

	require.Equal(t, ExitUsage, execute(t, address, "", "plan", "templates", "update", "key-accounts").code)
	require.Equal(t, ExitUsage, execute(t, address, "", "plan", "templates", "retire", "key-accounts").code)
	got := execute(t, address, "name: x\ncadences: []", "plan", "templates", "publish", "key-accounts", "-")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, `there is no field "cadences" here`)
	require.Contains(t, got.stderr, "`evenhand plan templates create --help` shows one")
}

func TestR9CadencesInWords(t *testing.T) {
	for rule, words := range map[string]string{
		"FREQ=MONTHLY;BYDAY=2TU":                   "every month on the 2nd Tuesday",
		"RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR": "every 3 months on the last Friday",
		"freq=weekly;byday=mo,we,fr":               "every week on Monday, Wednesday and Friday",
		"FREQ=WEEKLY;INTERVAL=1;WKST=SU":           "every week",
		"FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=11":    "every year on the 11th in March and September",
		"FREQ=MONTHLY;BYMONTHDAY=-1":               "every month on the last day",
		"FREQ=MONTHLY;BYMONTHDAY=-2":               "every month on the 2nd last day",
		"FREQ=DAILY;COUNT=5":                       "every day, 5 times",
		"FREQ=DAILY;UNTIL=20271231":                "every day, until 2027-12-31",
		"FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1":     "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1",
		"FREQ=HOURLY":                              "FREQ=HOURLY",
		"FREQ=WEEKLY;BYDAY=XX":                     "FREQ=WEEKLY;BYDAY=XX",
		"FREQ=YEARLY;BYMONTH=13":                   "FREQ=YEARLY;BYMONTH=13",
		"":                                         "",
	} {
		require.Equal(t, words, ruleInWords(rule))
	}
}
