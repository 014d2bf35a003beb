package command

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// Answers of the fake.
var (
	thirdRules = &plansv1.PointRules{Name: "pointRules/3", State: plansv1.PointRules_STATE_PROPOSED, EffectiveDate: &date.Date{Year: 2027, Month: 1, Day: 1},
		Rules: []*plansv1.PointRule{{Id: "solved", Work: "engagement-completed", Points: 50, TeamSharePercent: 20, Evidence: "What was done.",
			MinEvidence: 1, Confirmed: true, MinRating: 3, Witnessed: true}},
		Caps:        &plansv1.PointCaps{PersonMonthPoints: 400, AccountMonthPoints: 250, KindWeek: []*plansv1.PointCaps_KindWeek{{Work: "touchpoint-done", Points: 30}}},
		BaseVersion: 2, Writers: []string{"principals/sam"}, Proposer: "principals/sam", Etag: "e"}
	cutEntry = &plansv1.RewardEntry{Name: "rewardEntries/e-1", Kind: plansv1.RewardEntry_KIND_CREDIT, Person: "principals/sam", Work: "plans/acme/touchpoints/t",
		Rule: "solved", RulesVersion: "pointRules/3", Points: 30, FullPoints: 40, Cuts: []*plansv1.PointCut{{Cap: "account-month", Limit: 250, Points: 10}}}
	takenBack = &plansv1.RewardEntry{Name: "rewardEntries/e-2", Kind: plansv1.RewardEntry_KIND_CORRECTION, Person: "principals/sam", Points: -5,
		Cites: "rewardEntries/e-1", Reason: "Too much.", Corrector: "principals/ben", Unmet: plansv1.RewardEntry_UNMET_WITHDRAWN}
	someSums = &plansv1.RewardSums{Entries: 2, Points: 25, Credited: 30, Corrected: -5, Cut: 10,
		Kinds: []*plansv1.RewardSums_Kind{{Work: "touchpoint-done", Points: 25, Works: 1}}, Caps: []*plansv1.RewardSums_Cap{{Cap: "account-month", Points: 10, Credits: 1}}}
	manyTouches = &plansv1.RewardFinding{Name: "rewardFindings/f", Check: plansv1.RewardFinding_CHECK_MANY_IN_A_DAY, Person: "principals/sam", Count: 16, Limit: 15,
		Description: "Many.", Open: true, Acknowledgement: &plansv1.RewardFinding_Acknowledgement{Acknowledger: "principals/ben", Note: "Fair."}}
)

// rewardsFake answers every call with one of these, and keeps what it was asked.
type rewardsFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	plansv1.UnimplementedRewardsServiceServer

	mu   sync.Mutex
	last proto.Message
}

func (f *rewardsFake) answer(_ context.Context, request any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	if r, ok := request.(*accountsv1.GetAccountRequest); ok {
		return &accountsv1.Account{Name: r.GetName()}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = proto.Clone(request.(proto.Message))
	if id := f.last.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
		f.last.ProtoReflect().Clear(id)
	}
	total := &plansv1.RewardTotal{Person: "principals/sam", Period: "2026-q4", Sums: someSums}
	switch request.(type) {
	case *plansv1.ListPointRulesRequest:
		return &plansv1.ListPointRulesResponse{PointRules: []*plansv1.PointRules{thirdRules}}, nil
	case *plansv1.SimulatePointRulesRequest:
		return &plansv1.SimulatePointRulesResponse{Rows: []*plansv1.SimulatePointRulesResponse_Row{{Person: "principals/sam", Points: 30, SimulatedPoints: 20}}}, nil
	case *plansv1.ListRewardEntriesRequest:
		return &plansv1.ListRewardEntriesResponse{RewardEntries: []*plansv1.RewardEntry{cutEntry, takenBack}}, nil
	case *plansv1.CorrectRewardEntryRequest:
		return takenBack, nil
	case *plansv1.GetRewardStatementRequest:
		return &plansv1.RewardStatement{Person: "principals/sam", Period: "2026-q4", FromDate: &date.Date{Year: 2026, Month: 10, Day: 1},
			ToDate: &date.Date{Year: 2026, Month: 12, Day: 31}, Sums: someSums, People: []*plansv1.RewardTotal{total}, Entries: []*plansv1.RewardEntry{cutEntry}}, nil
	case *plansv1.ExportRewardStatementRequest:
		return &plansv1.ExportRewardStatementResponse{Content: "entry,kind\n'=1,credit\n"}, nil
	case *plansv1.ListRewardTotalsRequest:
		return &plansv1.ListRewardTotalsResponse{RewardTotals: []*plansv1.RewardTotal{total}}, nil
	case *plansv1.ReportRewardFindingsRequest:
		return &plansv1.ReportRewardFindingsResponse{RewardFindings: []*plansv1.RewardFinding{manyTouches}}, nil
	case *plansv1.AcknowledgeRewardFindingRequest:
		return manyTouches, nil
	}
	return thirdRules, nil
}

// runRewards runs `evenhand plan rewards` with arguments.
func runRewards(t *testing.T, address string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &Env{Context: t.Context(), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Version: "test",
		Getenv: func(string) string { return "" }}
	token := filepath.Join(t.TempDir(), tokenFileName)
	require.NoError(t, os.WriteFile(token, []byte("secret-token\n"), 0o600))
	code := Run(env, &PlanRewards{}, append(args, "--server", address, "--token-file", token))
	return result{stdout.String(), stderr.String(), code}
}

const pointsFile = `
effective_date: 2027-01-01
reason: Solved problems are worth more than calls.
rules:
  - {id: call, work: touchpoint-done, points: 5}
caps:
  person_month_points: 400
  kind_week: [{work: touchpoint-done, points: 30}]
checks: {account_touches: 12}
`

func TestR10PointsOnTheCommandLine(t *testing.T) {
	f := &rewardsFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	plansv1.RegisterRewardsServiceServer(server, f)
	address := listen(t, server)
	points := file(t, "points.yaml", pointsFile)
	written := func() *plansv1.PointRules {
		return &plansv1.PointRules{EffectiveDate: &date.Date{Year: 2027, Month: 1, Day: 1}, Reason: "Solved problems are worth more than calls.",
			Rules:  []*plansv1.PointRule{{Id: "call", Work: "touchpoint-done", Points: 5}},
			Caps:   &plansv1.PointCaps{PersonMonthPoints: 400, KindWeek: []*plansv1.PointCaps_KindWeek{{Work: "touchpoint-done", Points: 30}}},
			Checks: &plansv1.PointChecks{AccountTouches: 12}}
	}
	changed := written()
	changed.Name, changed.Etag = "pointRules/3", "e"
	for line, tt := range map[string]struct {
		asked proto.Message
		told  string
	}{
		"rules list --filter x": {&plansv1.ListPointRulesRequest{Filter: "x", PageSize: 1000}, "pointRules/3 proposed 2027-01-01 1 principals/sam"},
		"rules get 3": {&plansv1.GetPointRulesRequest{Name: "pointRules/3"},
			"solved: 50 for engagement-completed, 20 % for the team, confirmed by the customer, rated 3 or more, with 1 reference: What was done., witnessed"},
		"rules get pointRules/3":                         {&plansv1.GetPointRulesRequest{Name: "pointRules/3"}, "400 a person and month\n"},
		"rules create " + points + " --validate-only":    {&plansv1.CreatePointRulesRequest{PointRules: written(), ValidateOnly: true}, "State proposed"},
		"rules update 3 " + points + " --etag e":         {&plansv1.UpdatePointRulesRequest{PointRules: changed}, "Written on pointRules/2"},
		"rules simulate 3 --period 2026-q4":              {&plansv1.SimulatePointRulesRequest{Name: "pointRules/3", Period: "2026-q4"}, "principals/sam 30 20"},
		"rules propose 3":                                {&plansv1.ProposePointRulesRequest{Name: "pointRules/3"}, "Proposer principals/sam"},
		"rules approve 3 --etag e":                       {&plansv1.ApprovePointRulesRequest{Name: "pointRules/3", Etag: "e"}, ""},
		"rules reject 3 --reason R":                      {&plansv1.RejectPointRulesRequest{Name: "pointRules/3", Reason: "R"}, ""},
		"rules withdraw 3 --reason R --etag e":           {&plansv1.WithdrawPointRulesRequest{Name: "pointRules/3", Reason: "R", Etag: "e"}, ""},
		"entries --filter x":                             {&plansv1.ListRewardEntriesRequest{Filter: "x", PageSize: 1000}, "30 40 account-month cap of 250: 10 cut off"},
		"entries --limit 2":                              {&plansv1.ListRewardEntriesRequest{PageSize: 2}, "-5 0 withdrawn; Too much."},
		"statement":                                      {&plansv1.GetRewardStatementRequest{}, "Points 25 (10 cut off)"},
		"statement sam --period 2026-q4":                 {&plansv1.GetRewardStatementRequest{Person: "principals/sam", Period: "2026-q4"}, "Period 2026-q4, 2026-10-01 to 2026-12-31"},
		"statement --account acme":                       {&plansv1.GetRewardStatementRequest{Account: "accounts/acme"}, "Of principals/sam 25 (10 cut off)"},
		"statement sam --output csv":                     {&plansv1.ExportRewardStatementRequest{Person: "principals/sam"}, "entry,kind\n'=1,credit\n"},
		"statement --output json":                        {&plansv1.GetRewardStatementRequest{}, `"credited": 30`},
		"totals --period 2026-q4":                        {&plansv1.ListRewardTotalsRequest{Period: "2026-q4", PageSize: 1000}, "principals/sam 2026-q4 25 30 0 -5 10"},
		"correct e-1 5 --reason R --validate-only":       {&plansv1.CorrectRewardEntryRequest{Name: "rewardEntries/e-1", Points: 5, Reason: "R", ValidateOnly: true}, "Corrects rewardEntries/e-1"},
		"findings --period 2026-11 --open":               {&plansv1.ReportRewardFindingsRequest{Period: "2026-11", OpenOnly: true}, "many-in-a-day 16 15 0 yes Many. principals/ben Fair."},
		"acknowledge rewardFindings/f --note Fair":       {&plansv1.AcknowledgeRewardFindingRequest{Name: "rewardFindings/f", Note: "Fair"}, "Acknowledged by principals/ben"},
		"findings --output json":                         {&plansv1.ReportRewardFindingsRequest{}, `"check": "CHECK_MANY_IN_A_DAY"`},
		"rules simulate 3 --output csv --period 2026-11": {&plansv1.SimulatePointRulesRequest{Name: "pointRules/3", Period: "2026-11"}, "principals/sam,30,20"},
	} {
		got := runRewards(t, address, strings.Fields(line)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		require.Contains(t, squeeze(got.stdout), tt.told, line)
		require.Empty(t, cmp.Diff(tt.asked, f.last, protocmp.Transform()), line)
	}

	wrong := file(t, "wrong.yaml", "rules:\n  - {id: call, tier: gold}\n")
	got := runRewards(t, address, "rules", "create", wrong)
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, `line 2:16: there is no field "tier" here`)
	for line, told := range map[string]string{
		"rules approve 3":  "--etag",
		"rules reject 3":   "--reason",
		"correct e-1 5":    "--reason",
		"correct e-1 much": "much",
	} {
		got := runRewards(t, address, strings.Fields(line)...)
		require.Equal(t, ExitUsage, got.code, line)
		require.Contains(t, got.stderr, told, line)
	}
}
