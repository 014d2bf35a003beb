package command

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

var (
	due      = timestamppb.New(time.Date(2026, 3, 9, 15, 0, 0, 0, time.UTC))
	lateCase = &entitlementsv1.Case{Name: "accounts/acme/cases/c1", Issue: "late", Channel: "email", State: entitlementsv1.Case_STATE_WAITING_ON_CUSTOMER,
		Facts: map[string]string{"days": "3"}, Assignee: "principals/sam", DueTime: due, Breached: true, WantedAttestations: []string{"courtesy"},
		Clocks: []*entitlementsv1.CaseClock{
			{Commitment: "first-reply", FromEvent: "opened", ToEvent: "first_reply", Within: durationpb.New(4 * time.Hour), State: entitlementsv1.CaseClock_STATE_BREACHED, DueTime: due},
			{FromEvent: "escalated", ToEvent: "escalation_answered", Within: durationpb.New(time.Hour), State: entitlementsv1.CaseClock_STATE_PAUSED},
		},
		Remedy: &entitlementsv1.CaseRemedy{Remedy: "flowers", PointedRemedy: "parcel", Basis: entitlementsv1.CaseRemedy_BASIS_PRECEDENT,
			DepartureReason: "A birthday.", Value: &money.Money{CurrencyCode: "EUR", Units: 12, Nanos: 500_000_000}},
		Attestations: []*entitlementsv1.Attestation{{What: "courtesy", Note: "In a hurry."}},
		Survey:       &entitlementsv1.CaseSurvey{Score: 4, Comment: "Well done."},
		Precedents: &entitlementsv1.CasePrecedents{Count: 2, More: true, PointedRemedy: "parcel", Basis: entitlementsv1.CaseRemedy_BASIS_PRECEDENT,
			LatestCases: []string{"accounts/acme/cases/c0"}, Remedies: []*entitlementsv1.CasePrecedents_RemedyCount{{Remedy: "parcel", Count: 2, LastTime: due}}},
		History: []*entitlementsv1.CaseEntry{{What: "escalated", Time: due, Actor: &entitlementsv1.CaseActor{Principal: "principals/sam"}, Note: "Twice."}},
	}
	beta = &entitlementsv1.Programme{Name: "programmes/beta", Title: "Beta", State: entitlementsv1.Programme_STATE_OPEN, Capacity: 3, EnrolledCount: 2,
		WaitingCount: 1, CriteriaText: "{tenure: months, at_least: 12}", EndReason: "Released."}
	place = &entitlementsv1.Enrolment{Name: "programmes/beta/enrolments/acme", Account: "accounts/acme", Standing: entitlementsv1.Enrolment_STANDING_WAITING,
		Position: 7, PastStays: []*entitlementsv1.Enrolment_Stay{{StartDate: &date.Date{Year: 2025, Month: 1, Day: 2}, EndDate: &date.Date{Year: 2025, Month: 3, Day: 4}}}}
)

// deskFake answers every call about cases and programmes with the above, and keeps what it
// was asked.
type deskFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	entitlementsv1.UnimplementedCasesServiceServer
	entitlementsv1.UnimplementedProgrammesServiceServer

	mu   sync.Mutex
	last proto.Message
}

func (f *deskFake) answer(_ context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r := request.(type) {
	case *accountsv1.GetAccountRequest:
		return &accountsv1.Account{Name: r.GetName()}, nil
	case *accountsv1.GetCompanyRequest:
		return &accountsv1.Company{CurrencyCode: "EUR"}, nil
	case proto.Message:
		f.last = proto.Clone(r)
		if id := r.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
			f.last.ProtoReflect().Clear(id)
		}
	}
	switch request.(type) {
	case *entitlementsv1.ListCasesRequest:
		return &entitlementsv1.ListCasesResponse{Cases: []*entitlementsv1.Case{lateCase}}, nil
	case *entitlementsv1.PreviewDueRequest:
		return &entitlementsv1.PreviewDueResponse{Clocks: lateCase.GetClocks()[:1], ScheduleVersion: "schedule/versions/2"}, nil
	case *entitlementsv1.FindPrecedentsRequest:
		return lateCase.GetPrecedents(), nil
	case *entitlementsv1.GetEscalationPathRequest, *entitlementsv1.UpdateEscalationPathRequest:
		return &entitlementsv1.EscalationPath{Accountable: "principals/mara", Within: durationpb.New(2 * time.Hour)}, nil
	case *entitlementsv1.ListProgrammesRequest:
		return &entitlementsv1.ListProgrammesResponse{Programmes: []*entitlementsv1.Programme{beta}}, nil
	case *entitlementsv1.ListEnrolmentsRequest:
		return &entitlementsv1.ListEnrolmentsResponse{Enrolments: []*entitlementsv1.Enrolment{place}}, nil
	case *entitlementsv1.GetEnrolmentRequest, *entitlementsv1.ApplyToProgrammeRequest, *entitlementsv1.WithdrawEnrolmentRequest:
		return place, nil
	}
	if strings.Contains(info.FullMethod, "ProgrammesService") {
		return beta, nil
	}
	return lateCase, nil
}

func startDeskFake(t *testing.T) (*deskFake, string) {
	t.Helper()
	f := &deskFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	entitlementsv1.RegisterCasesServiceServer(server, f)
	entitlementsv1.RegisterProgrammesServiceServer(server, f)
	return f, listen(t, server)
}

// asked is what a command line sends, and what it prints, spaces squeezed.
type asked struct {
	sent proto.Message
	told string
}

func (f *deskFake) require(t *testing.T, address string, lines map[string]asked) {
	t.Helper()
	for line, want := range lines {
		got := execute(t, address, "", strings.Fields(line)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		require.Contains(t, strings.Join(strings.Fields(got.stdout), " "), want.told, line)
		require.Empty(t, cmp.Diff(want.sent, f.last, protocmp.Transform()), line)
	}
}

func TestCasesOnTheCommandLine(t *testing.T) {
	f, address := startDeskFake(t)
	const name = "accounts/acme/cases/c1"
	f.require(t, address, map[string]asked{
		"case list": {&entitlementsv1.ListCasesRequest{Parent: "accounts/-", PageSize: 1000}, name + " late email waiting-on-customer principals/sam"},
		"case list acme --filter x --order-by due_time --limit 3 --output csv": {&entitlementsv1.ListCasesRequest{Parent: "accounts/acme", PageSize: 3,
			Filter: "x", OrderBy: "due_time"}, "2026-03-09T15:00:00Z,yes,flowers,"},
		"case get acme/c1": {&entitlementsv1.GetCaseRequest{Name: name, View: entitlementsv1.CaseView_CASE_VIEW_WITH_PRECEDENTS},
			"parcel: 2 times, last 2026-03-09T15:00:00Z points to parcel (precedent)"},
		"case get acme/cases/c1": {&entitlementsv1.GetCaseRequest{Name: name, View: entitlementsv1.CaseView_CASE_VIEW_WITH_PRECEDENTS},
			"first-reply: opened to first_reply within 4h0m, breached, due 2026-03-09T15:00:00Z escalation: escalated to escalation_answered within 1h0m, paused"},
		"case get accounts/acme/cases/c1 --output json": {&entitlementsv1.GetCaseRequest{Name: name, View: entitlementsv1.CaseView_CASE_VIEW_WITH_PRECEDENTS},
			`"departureReason": "A birthday."`},
		"case open acme late --channel email --fact days=3 --fact a=b --subject S --assignee sam --id c1 --validate-only": {&entitlementsv1.OpenCaseRequest{
			Parent: "accounts/acme", CaseId: "c1", ValidateOnly: true, Case: &entitlementsv1.Case{Issue: "late", Channel: "email", Subject: "S",
				Facts: map[string]string{"days": "3", "a": "b"}, Assignee: "principals/sam"}}, "To attest courtesy"},
		"case update acme/c1 --issue lost --fact days=4 --fact a= --etag e": {&entitlementsv1.UpdateCaseRequest{
			Case:       &entitlementsv1.Case{Name: name, Etag: "e", Issue: "lost", Facts: map[string]string{"days": "4"}},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"issue", "facts.a", "facts.days"}}}, "Attested courtesy: no, In a hurry."},
		"case assign acme/c1 sam --etag e": {&entitlementsv1.AssignCaseRequest{Name: name, Assignee: "principals/sam", Etag: "e"}, "Assignee principals/sam"},
		"case assign acme/c1":              {&entitlementsv1.AssignCaseRequest{Name: name}, ""},
		"case reply acme/c1 --note N":      {&entitlementsv1.ReplyToCaseRequest{Name: name, Note: "N"}, ""},
		"case wait acme/c1 --note N":       {&entitlementsv1.WaitOnCustomerRequest{Name: name, Note: "N"}, "State waiting-on-customer"},
		"case answered acme/c1":            {&entitlementsv1.CustomerAnsweredRequest{Name: name}, ""},
		"case escalate acme/c1 --reason R": {&entitlementsv1.EscalateCaseRequest{Name: name, Reason: "R"}, "escalated by principals/sam: Twice."},
		"case resolve acme/c1 --remedy flowers --value 12.50 --departure-reason R --kept a,b --not-kept c=W": {&entitlementsv1.ResolveCaseRequest{Name: name,
			Remedy: "flowers", DepartureReason: "R", RemedyValue: &money.Money{CurrencyCode: "EUR", Units: 12, Nanos: 500_000_000},
			Attestations: []*entitlementsv1.Attestation{{What: "a", Kept: true}, {What: "b", Kept: true}, {What: "c", Note: "W"}}},
			"Departs from parcel, because: A birthday."},
		"case resolve acme/c1 --value 3 --currency JPY --remedy x": {&entitlementsv1.ResolveCaseRequest{Name: name, Remedy: "x",
			RemedyValue: &money.Money{CurrencyCode: "JPY", Units: 3}}, "Remedy value EUR 12.50"},
		"case reopen acme/c1 --reason R":            {&entitlementsv1.ReopenCaseRequest{Name: name, Reason: "R"}, ""},
		"case survey acme/c1 --score 4 --comment C": {&entitlementsv1.RecordCaseSurveyRequest{Name: name, Score: 4, Comment: "C"}, "Survey 4 of 5 Well done."},
		"case precedents late --fact days=3":        {&entitlementsv1.FindPrecedentsRequest{Issue: "late", Facts: map[string]string{"days": "3"}}, "Like cases 2, the latest"},
		"case due --at 2026-03-09T15:00:00Z":        {&entitlementsv1.PreviewDueRequest{OpenTime: due}, "Version schedule/versions/2 Clocks first-reply"},
		"case path get":                             {&entitlementsv1.GetEscalationPathRequest{Name: "escalationPath"}, "Accountable principals/mara"},
		"case path set --accountable mara --within 2h": {&entitlementsv1.UpdateEscalationPathRequest{
			EscalationPath: &entitlementsv1.EscalationPath{Accountable: "principals/mara", Within: durationpb.New(2 * time.Hour)}}, "Within 2h0m"},
	})
}

func TestProgrammesOnTheCommandLine(t *testing.T) {
	f, address := startDeskFake(t)
	day := &date.Date{Year: 2026, Month: 11, Day: 22}
	f.require(t, address, map[string]asked{
		"programmes list --filter x": {&entitlementsv1.ListProgrammesRequest{PageSize: 1000, Filter: "x"}, "programmes/beta Beta open 3 2 1 {tenure: months, at_least: 12}"},
		"programmes get beta":        {&entitlementsv1.GetProgrammeRequest{Name: "programmes/beta"}, "Ends because Released."},
		"programmes create Beta --summary S --criteria {tenure:months} --capacity 3 --id beta --opens 2026-11-22 --validate-only": {
			&entitlementsv1.CreateProgrammeRequest{ProgrammeId: "beta", CriteriaText: "{tenure:months}", ValidateOnly: true,
				Programme: &entitlementsv1.Programme{Title: "Beta", Summary: "S", Capacity: 3, OpenDate: day,
					Admission: entitlementsv1.Programme_ADMISSION_FIRST_COME}}, "Places 3"},
		"programmes update beta --title T --capacity 4 --closes 2026-11-22 --etag e": {&entitlementsv1.UpdateProgrammeRequest{
			Programme:  &entitlementsv1.Programme{Name: "programmes/beta", Title: "T", Capacity: 4, CloseDate: day, Etag: "e"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title", "capacity", "close_date"}}}, ""},
		"programmes update beta --no-last-day": {&entitlementsv1.UpdateProgrammeRequest{Programme: &entitlementsv1.Programme{Name: "programmes/beta"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"close_date"}}}, ""},
		"programmes publish programmes/beta --etag e":       {&entitlementsv1.PublishProgrammeRequest{Name: "programmes/beta", Etag: "e"}, "State open"},
		"programmes end beta --on 2026-11-22 --reason R":    {&entitlementsv1.EndProgrammeRequest{Name: "programmes/beta", EndDate: day, Reason: "R"}, ""},
		"programmes enrolments beta --limit 2 --output csv": {&entitlementsv1.ListEnrolmentsRequest{Parent: "programmes/beta", PageSize: 2}, "accounts/acme,waiting,7,"},
		"programmes enrolment beta acme":                    {&entitlementsv1.GetEnrolmentRequest{Name: "programmes/beta/enrolments/acme"}, "Earlier places 2025-01-02 up to 2025-03-04"},
		"programmes apply beta acme --validate-only": {&entitlementsv1.ApplyToProgrammeRequest{Parent: "programmes/beta", Account: "accounts/acme",
			ValidateOnly: true}, "Position 7"},
		"programmes withdraw beta acme": {&entitlementsv1.WithdrawEnrolmentRequest{Name: "programmes/beta/enrolments/acme"}, ""},
	})
}

func TestWhatCasesAndProgrammesCannotBeAskedFor(t *testing.T) {
	_, address := startDeskFake(t)
	for line, told := range map[string]string{
		"case update acme/c1":            "nothing to change",
		"case open acme late":            "--channel",
		"case resolve acme/c1 --value x": "--value",
		"case reopen acme/c1":            "--reason",
		"case survey acme/c1":            "--score",
		"case import f.csv":              "whose cases are these?",
		"programmes update beta":         "nothing to change",
		"programmes update beta --closes 2026-11-22 --no-last-day":   "exclude each other",
		"programmes create Beta --summary S --criteria {} --opens x": "--opens",
	} {
		got := execute(t, address, "", strings.Fields(line)...)
		require.Equal(t, ExitUsage, got.code, line)
		require.Contains(t, got.stderr, told, line)
	}
}

// Whoever asks a command about cases for help is shown how it is used.
func TestEveryCommandAboutCasesHasAnExample(t *testing.T) {
	app, err := kong.New(&Client{}, kong.Vars{"version": "test"}, kong.Name("evenhand"))
	require.NoError(t, err)
	found := 0
	for _, leaf := range app.Model.Leaves(true) {
		if words := leaf.FullPath(); strings.HasPrefix(words, "evenhand case ") {
			found++
			require.Regexp(t, "Examples?:\n\n  "+words+"( |\n|$)", leaf.Detail, words)
		}
	}
	require.Positive(t, found)
}
