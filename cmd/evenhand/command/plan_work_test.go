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
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

var (
	workDay  = &date.Date{Year: 2026, Month: 3, Day: 6}
	benKnows = &plansv1.Expert{Name: "experts/ben", Areas: []string{"recruiting"}, HoursAMonth: 10, State: plansv1.Expert_STATE_ACTIVE}
	findOne  = &plansv1.Engagement{Name: "engagements/find", Account: "accounts/acme", Title: "Find", State: plansv1.Engagement_STATE_UNDER_WAY,
		Experts: []string{"experts/ben"}, WorkedMinutes: 90, Benefit: "expert-hours", UnitMinutes: 60, UsedUnits: 1, PlannedMinutes: 45, PlannedStartDate: workDay,
		Feedback: []*plansv1.EngagementFeedback{{Text: "At last.", Rating: 5, Contact: "accounts/acme/contacts/jo", FeedbackDate: workDay}}}
	twoHours = &plansv1.HoursEntry{Name: "engagements/find/hours/2", WorkDate: workDay, Minutes: -120, Units: -2,
		Charge: plansv1.HoursEntry_CHARGE_REFUSED, Refusal: "None is left."}
	capsOf = &plansv1.InnovationProject{Name: "innovationProjects/caps", Title: "Caps", Accounts: []string{"accounts/acme"}, CurrentStage: 1, Held: true,
		State:  plansv1.InnovationProject_STATE_UNDER_WAY,
		Stages: []*plansv1.InnovationProject_Stage{{Title: "Design"}},
		Agreement: &plansv1.InnovationProject_Agreement{Gains: []*plansv1.InnovationProject_Gain{
			{Number: 1, Measure: "sold", Unit: "a year", Target: "12.5", ByDate: workDay, Actual: "11"}}},
		Confirmations: []*plansv1.InnovationProject_Confirmation{{Account: "accounts/acme", Contact: "accounts/acme/contacts/jo", ConfirmDate: workDay,
			Recorder: "principals/ben", Evidence: "Letter", Withdrawal: &plansv1.InnovationProject_Withdrawal{Reason: "Wrong one.", WithdrawDate: workDay}}}}
)

// workFake answers every call with the one of the above that it is about, and keeps what
// it was asked.
type workFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	plansv1.UnimplementedEngagementsServiceServer
	plansv1.UnimplementedInnovationProjectsServiceServer

	mu   sync.Mutex
	last proto.Message
}

func (f *workFake) answer(_ context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r := request.(type) {
	case *accountsv1.GetAccountRequest:
		return &accountsv1.Account{Name: r.GetName()}, nil
	case proto.Message:
		f.last = proto.Clone(r)
		if id := r.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
			f.last.ProtoReflect().Clear(id)
		}
	}
	switch request.(type) {
	case *plansv1.ListExpertsRequest:
		return &plansv1.ListExpertsResponse{Experts: []*plansv1.Expert{benKnows}}, nil
	case *plansv1.ListEngagementsRequest:
		return &plansv1.ListEngagementsResponse{Engagements: []*plansv1.Engagement{findOne}}, nil
	case *plansv1.MatchEngagementRequest:
		return &plansv1.MatchEngagementResponse{Candidates: []*plansv1.MatchEngagementResponse_Candidate{{
			Expert: "experts/ben", FreeMinutes: 510, EarlierEngagements: 1, Reasons: []string{"Knows recruiting.", "Has time."}}}}, nil
	case *plansv1.ListHoursRequest:
		return &plansv1.ListHoursResponse{Hours: []*plansv1.HoursEntry{twoHours}}, nil
	case *plansv1.RecordHoursRequest, *plansv1.ReverseHoursRequest, *plansv1.ChargeHoursRequest:
		return twoHours, nil
	case *plansv1.ListInnovationProjectsRequest:
		return &plansv1.ListInnovationProjectsResponse{InnovationProjects: []*plansv1.InnovationProject{capsOf}}, nil
	}
	switch {
	case strings.HasSuffix(info.FullMethod, "Expert"):
		return benKnows, nil
	case strings.Contains(info.FullMethod, "EngagementsService"):
		return findOne, nil
	}
	return capsOf, nil
}

// work runs a command line of engagements, experts and projects against the fake.
func (f *workFake) work(t *testing.T, address string, args ...string) result {
	t.Helper()
	var cli struct {
		Engagements PlanEngagements `cmd:""`
		Experts     PlanExperts     `cmd:""`
		Projects    PlanProjects    `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	token := filepath.Join(t.TempDir(), tokenFileName)
	require.NoError(t, os.WriteFile(token, []byte("secret-token\n"), 0o600))
	env := &Env{Context: t.Context(), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Getenv: func(string) string { return "" }}
	code := Run(env, &cli, append(args, "--server", address, "--token-file", token))
	return result{stdout.String(), stderr.String(), code}
}

func startWorkFake(t *testing.T) (*workFake, string) {
	t.Helper()
	f := &workFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	plansv1.RegisterEngagementsServiceServer(server, f)
	plansv1.RegisterInnovationProjectsServiceServer(server, f)
	return f, listen(t, server)
}

func TestR6EngagementsAndExpertsOnTheCommandLine(t *testing.T) {
	f, address := startWorkFake(t)
	const find = "engagements/find"
	for line, tt := range map[string]struct {
		asked proto.Message
		told  string
	}{
		"experts list --filter x": {&plansv1.ListExpertsRequest{Filter: "x", PageSize: 1000}, "experts/ben recruiting 10 active"},
		"experts get ben":         {&plansv1.GetExpertRequest{Name: "experts/ben"}, "Hours a month 10"},
		"experts create principals/ben --area recruiting,systems --language de --hours-a-month 8": {&plansv1.CreateExpertRequest{ExpertId: "ben",
			Expert: &plansv1.Expert{Areas: []string{"recruiting", "systems"}, Languages: []string{"de"}, HoursAMonth: 8}}, "experts/ben"},
		"experts update ben --state inactive --language= --etag e1": {&plansv1.UpdateExpertRequest{
			Expert:     &plansv1.Expert{Name: "experts/ben", State: plansv1.Expert_STATE_INACTIVE, Etag: "e1"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"languages", "state"}}}, "experts/ben"},
		"engagements list": {&plansv1.ListEngagementsRequest{PageSize: 1000}, "engagements/find accounts/acme Find under-way experts/ben 1h30m"},
		"engagements show find": {&plansv1.GetEngagementRequest{Name: find},
			"Customer 5 of 5, accounts/acme/contacts/jo on 2026-03-06: At last."},
		"engagements get find --output table": {&plansv1.GetEngagementRequest{Name: find}, "expert-hours, a unit every 1h: 1 used"},
		"engagements request acme Find --problem Long. --area recruiting --contact jo --origin offered --planned 45 --from 2026-03-06 --benefit expert-hours": {
			&plansv1.CreateEngagementRequest{Engagement: &plansv1.Engagement{Account: "accounts/acme", Title: "Find", Problem: "Long.", Area: "recruiting",
				Contact: "accounts/acme/contacts/jo", Origin: plansv1.Engagement_ORIGIN_OFFERED, PlannedMinutes: 45, PlannedStartDate: workDay, Benefit: "expert-hours"}},
			"Planned 45m from 2026-03-06"},
		"engagements update find --area systems --to 2026-03-06": {&plansv1.UpdateEngagementRequest{
			Engagement: &plansv1.Engagement{Name: find, Area: "systems", PlannedEndDate: workDay},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"area", "planned_end_date"}}}, find},
		"engagements match find":                     {&plansv1.MatchEngagementRequest{Name: find}, "experts/ben 8h30m 1 0 Knows recruiting. Has time."},
		"engagements assign find ben experts/zoe":    {&plansv1.AssignExpertsRequest{Name: find, Experts: []string{"experts/ben", "experts/zoe"}}, find},
		"engagements start find --day 2026-03-06":    {&plansv1.StartEngagementRequest{Name: find, StartDate: workDay}, find},
		"engagements complete find --outcome Hired.": {&plansv1.CompleteEngagementRequest{Name: find, Outcome: "Hired."}, find},
		"engagements decline find --reason No.":      {&plansv1.DeclineEngagementRequest{Name: find, Reason: "No."}, find},
		"engagements cancel find --reason No.":       {&plansv1.CancelEngagementRequest{Name: find, Reason: "No."}, find},
		"engagements feedback find --contact accounts/acme/contacts/jo --rating 4 --solved --text Good.": {&plansv1.RecordFeedbackRequest{Name: find,
			Feedback: &plansv1.EngagementFeedback{Contact: "accounts/acme/contacts/jo", Rating: 4, Solved: true, Text: "Good."}}, find},
		"engagements feedback find --contact jo --rating 5": {&plansv1.RecordFeedbackRequest{Name: find,
			Feedback: &plansv1.EngagementFeedback{Contact: "accounts/acme/contacts/jo", Rating: 5}}, find},
		"engagements update find --contact jo": {&plansv1.UpdateEngagementRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"contact"}},
			Engagement: &plansv1.Engagement{Name: find, Contact: "accounts/acme/contacts/jo"}}, find},
		"engagements hours list find": {&plansv1.ListHoursRequest{Parent: find}, "engagements/find/hours/2 2026-03-06 -2h -2 refused: None is left."},
		"engagements hours record find --minutes 90 --person ben --note Call.": {&plansv1.RecordHoursRequest{Parent: find,
			Hours: &plansv1.HoursEntry{Minutes: 90, Person: "principals/ben", Note: "Call."}}, "engagements/find/hours/2"},
		"engagements hours reverse find/hours/1 --reason Wrong.": {&plansv1.ReverseHoursRequest{Name: "engagements/find/hours/1", Reason: "Wrong."}, "hours/2"},
		"engagements hours charge find/hours/2":                  {&plansv1.ChargeHoursRequest{Name: "engagements/find/hours/2"}, "-2 refused: None is left."},
	} {
		got := f.work(t, address, strings.Fields(line)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		require.Contains(t, squeeze(got.stdout), tt.told, line)
		require.Empty(t, cmp.Diff(tt.asked, f.last, protocmp.Transform()), line)
	}
	for _, line := range []string{"engagements update find", "experts update ben", "experts update ben --state gone", "engagements request acme Find"} {
		require.Equal(t, ExitUsage, f.work(t, address, strings.Fields(line)...).code, line)
	}
}

func TestR8ProjectsOnTheCommandLine(t *testing.T) {
	f, address := startWorkFake(t)
	const caps = "innovationProjects/caps"
	_, example, _ := strings.Cut(projectFile, ":\n\n")
	path := file(t, "caps.yaml", example)
	agreement := file(t, "agreement.yaml", "agreement: {ownership: Ours.}")
	for line, tt := range map[string]struct {
		asked proto.Message
		told  string
	}{
		"projects list --limit 5": {&plansv1.ListInnovationProjectsRequest{PageSize: 5}, "innovationProjects/caps Caps accounts/acme under-way 1 of 1, Design, on hold"},
		"projects get caps":       {&plansv1.GetInnovationProjectRequest{Name: caps}, "Gain 1 us: sold, 12.5 a year by 2026-03-06; really 11"},
		"projects show caps": {&plansv1.GetInnovationProjectRequest{Name: caps},
			"accounts/acme/contacts/jo on 2026-03-06, recorded by principals/ben: Letter; withdrawn on 2026-03-06: Wrong one."},
		"projects update caps " + agreement + " --lead ben": {&plansv1.UpdateInnovationProjectRequest{
			InnovationProject: &plansv1.InnovationProject{Name: caps, Lead: "principals/ben", Agreement: &plansv1.InnovationProject_Agreement{Ownership: "Ours."}},
			UpdateMask:        &fieldmaskpb.FieldMask{Paths: []string{"agreement", "lead"}}}, caps},
		"projects sign caps": {&plansv1.SignInnovationProjectRequest{Name: caps, Signature: &plansv1.InnovationProject_Signature{}}, caps},
		"projects sign caps --account acme --by jo --day 2026-03-06": {&plansv1.SignInnovationProjectRequest{Name: caps,
			Signature: &plansv1.InnovationProject_Signature{Account: "accounts/acme", Signer: "accounts/acme/contacts/jo", SignDate: workDay}}, caps},
		"projects start caps --etag e": {&plansv1.StartInnovationProjectRequest{Name: caps, Etag: "e"}, caps},
		"projects decide caps stop --reason Dear. --lessons Ask.": {&plansv1.DecideGateRequest{Name: caps, Lessons: "Ask.",
			Decision: &plansv1.InnovationProject_Decision{Stage: 1, Verdict: plansv1.InnovationProject_VERDICT_STOP, Reason: "Dear."}}, caps},
		"projects decide caps rework --stage 2 --reason Soft.": {&plansv1.DecideGateRequest{Name: caps,
			Decision: &plansv1.InnovationProject_Decision{Stage: 2, Verdict: plansv1.InnovationProject_VERDICT_REWORK, Reason: "Soft."}}, caps},
		"projects pilot caps --number 1 --where Newark --from 2026-03-06 --result Good.": {&plansv1.RecordPilotRequest{Name: caps,
			Pilot: &plansv1.InnovationProject_Pilot{Number: 1, Location: "Newark", StartDate: workDay, Result: "Good."}}, caps},
		"projects launch caps": {&plansv1.LaunchInnovationProjectRequest{Name: caps}, caps},
		"projects result caps --gain 1 --actual 11.5 --evidence Sheet": {&plansv1.RecordResultRequest{Name: caps,
			Result: &plansv1.InnovationProject_Result{Gain: 1, Actual: "11.5", Evidence: "Sheet"}}, caps},
		"projects complete caps":                           {&plansv1.CompleteInnovationProjectRequest{Name: caps}, caps},
		"projects stop caps --reason Dear. --lessons Ask.": {&plansv1.StopInnovationProjectRequest{Name: caps, Reason: "Dear.", Lessons: "Ask."}, caps},
		"projects confirm caps --account acme --contact jo --evidence Letter": {&plansv1.ConfirmInnovationProjectRequest{Name: caps,
			Confirmation: &plansv1.InnovationProject_Confirmation{Account: "accounts/acme", Contact: "accounts/acme/contacts/jo", Evidence: "Letter"}}, caps},
		"projects withdraw caps --account acme --reason Wrong.": {&plansv1.WithdrawConfirmationRequest{Name: caps, Account: "accounts/acme", Reason: "Wrong."}, caps},
	} {
		got := f.work(t, address, strings.Fields(line)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		require.Contains(t, squeeze(got.stdout), tt.told, line)
		require.Empty(t, cmp.Diff(tt.asked, f.last, protocmp.Transform()), line)
	}
	got := f.work(t, address, "projects", "propose", path, "--lead", "anna")
	require.Zero(t, got.code, got.stderr)
	asked, is := f.last.(*plansv1.CreateInnovationProjectRequest)
	require.True(t, is)
	p := asked.GetInnovationProject()
	require.Equal(t, "principals/anna", p.GetLead())
	require.Len(t, p.GetStages(), 2)
	require.Equal(t, "12.5", p.GetAgreement().GetGains()[0].GetTarget())
	require.Equal(t, int32(2027), p.GetAgreement().GetGains()[1].GetByDate().GetYear())
	require.NotEmpty(t, p.GetProposal().GetDownstream())

	got = f.work(t, address, "projects", "propose", file(t, "bad.yaml", "titel: Caps"))
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, `there is no field "titel" here`)
	for _, line := range []string{"projects update caps", "projects decide caps maybe --reason x"} {
		require.Equal(t, ExitUsage, f.work(t, address, strings.Fields(line)...).code, line)
	}
}
