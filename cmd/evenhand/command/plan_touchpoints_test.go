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
	"google.golang.org/protobuf/types/known/emptypb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// Answers of the fake.
var (
	someTouchpoint = &plansv1.Touchpoint{Name: "plans/acme/touchpoints/review-2026-04-14", Purpose: "Review", Channel: plansv1.Channel_CHANNEL_VISIT,
		State: plansv1.Touchpoint_STATE_PLANNED, DueDate: &date.Date{Year: 2026, Month: 4, Day: 15}, Overdue: true, Owner: "principals/sam",
		Adjustments: []*plansv1.Touchpoint_Adjustment{{Description: "Tuesday 14 April 2026 is a holiday"}, {Description: "they asked", Principal: "principals/sam"}}}
	someContact = &plansv1.Touchpoint{Name: "plans/acme/touchpoints/c", State: plansv1.Touchpoint_STATE_DONE, Origin: plansv1.Touchpoint_ORIGIN_UNPLANNED,
		Outcome: &plansv1.ContactOutcome{Text: "Sent again.", Initiator: plansv1.ContactOutcome_INITIATOR_CUSTOMER, ContactDate: &date.Date{Year: 2026, Month: 4, Day: 3}, Minutes: 5}}
	someAbsence = &plansv1.Absence{Name: "absences/x", Principal: "principals/sam", FirstDate: &date.Date{Year: 2026, Month: 7, Day: 1},
		LastDate: &date.Date{Year: 2026, Month: 7, Day: 14}, StandIn: "principals/ines", Reason: "leave"}
)

// touchpointsFake answers every call with one of these, and keeps what it was asked.
type touchpointsFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	plansv1.UnimplementedTouchpointsServiceServer

	mu   sync.Mutex
	last proto.Message
}

func (f *touchpointsFake) answer(_ context.Context, request any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	if r, ok := request.(*accountsv1.GetAccountRequest); ok {
		return &accountsv1.Account{Name: r.GetName()}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = proto.Clone(request.(proto.Message))
	if id := f.last.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
		f.last.ProtoReflect().Clear(id)
	}
	switch r := request.(type) {
	case *plansv1.ListDueTouchpointsRequest:
		if r.GetOwner() == "principals/idle" {
			return &plansv1.ListDueTouchpointsResponse{ThroughDate: &date.Date{Year: 2026, Month: 4, Day: 19}}, nil
		}
		return &plansv1.ListDueTouchpointsResponse{Touchpoints: []*plansv1.Touchpoint{someTouchpoint}}, nil
	case *plansv1.ListTouchpointsRequest:
		return &plansv1.ListTouchpointsResponse{Touchpoints: []*plansv1.Touchpoint{someTouchpoint, someContact}}, nil
	case *plansv1.RecordContactRequest:
		return someContact, nil
	case *plansv1.ListAbsencesRequest:
		return &plansv1.ListAbsencesResponse{Absences: []*plansv1.Absence{someAbsence}}, nil
	case *plansv1.CreateAbsenceRequest:
		return someAbsence, nil
	case *plansv1.DeleteAbsenceRequest:
		return &emptypb.Empty{}, nil
	}
	return someTouchpoint, nil
}

// touchpointCommands are the commands of touchpoints, as they stand below `evenhand plan`.
type touchpointCommands struct {
	Due         PlanDue         `cmd:"" help:"What is due?"`
	Touchpoints PlanTouchpoints `cmd:"" help:"Contacts."`
	Absences    PlanAbsences    `cmd:"" help:"Who is away?"`
}

func runTouchpoints(t *testing.T, address string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &Env{Context: t.Context(), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Version: "test",
		Getenv: func(string) string { return "" }}
	token := filepath.Join(t.TempDir(), tokenFileName)
	require.NoError(t, os.WriteFile(token, []byte("secret-token\n"), 0o600))
	code := Run(env, &touchpointCommands{}, append(args, "--server", address, "--token-file", token))
	return result{stdout.String(), stderr.String(), code}
}

func TestR9TouchpointsOnTheCommandLine(t *testing.T) {
	f := &touchpointsFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	plansv1.RegisterTouchpointsServiceServer(server, f)
	address := listen(t, server)
	const review = "plans/acme/touchpoints/review-2026-04-14"
	april := func(day int32) *date.Date { return &date.Date{Year: 2026, Month: 4, Day: day} }
	for line, tt := range map[string]struct {
		asked proto.Message
		told  string
	}{
		"due": {&plansv1.ListDueTouchpointsRequest{PageSize: 1000},
			review + " 2026-04-15 planned yes Review visit principals/sam Tuesday 14 April 2026 is a holiday; they asked (principals/sam)"},
		"due --owner ines --week 2026-04-13 --limit 3": {&plansv1.ListDueTouchpointsRequest{Owner: "principals/ines", Date: april(13), PageSize: 3}, review},
		"touchpoints list":                                                     {&plansv1.ListTouchpointsRequest{Parent: "plans/-", PageSize: 1000}, "plans/acme/touchpoints/c 2026-04-03 done"},
		"touchpoints list acme --filter x":                                     {&plansv1.ListTouchpointsRequest{Parent: "plans/acme", PageSize: 1000, Filter: "x"}, review},
		"touchpoints list plans/acme --output json":                            {&plansv1.ListTouchpointsRequest{Parent: "plans/acme", PageSize: 1000}, `"purpose": "Review"`},
		"touchpoints get acme/review-2026-04-14":                               {&plansv1.GetTouchpointRequest{Name: review}, "Late yes\n"},
		"touchpoints get " + review + " --output csv":                          {&plansv1.GetTouchpointRequest{Name: review}, "2026-04-15"},
		"touchpoints skip " + review + " --reason R":                           {&plansv1.SkipTouchpointRequest{Name: review, Reason: "R"}, ""},
		"touchpoints reassign acme/review-2026-04-14 ines --reason R --etag e": {&plansv1.ReassignTouchpointRequest{Name: review, Owner: "principals/ines", Reason: "R", Etag: "e"}, ""},
		"touchpoints reschedule acme/review-2026-04-14 2026-04-16 --reason R --validate-only": {&plansv1.RescheduleTouchpointRequest{
			Name: review, DueDate: april(16), Reason: "R", ValidateOnly: true}, ""},
		"touchpoints complete acme/review-2026-04-14 Well. --day 2026-04-14 --contact maya --evidence E --minutes 9 --holder ines --etag e": {&plansv1.CompleteTouchpointRequest{
			Name: review, Etag: "e", Outcome: &plansv1.ContactOutcome{Text: "Well.", ContactDate: april(14), Contacts: []string{"accounts/acme/contacts/maya"}, Evidence: "E", Minutes: 9, Holder: "principals/ines"}}, ""},
		"touchpoints add acme Hello --channel email --due 2026-04-20 --role finance --contact accounts/acme/contacts/maya --owner ines --validate-only": {&plansv1.CreateTouchpointRequest{
			Parent: "plans/acme", ValidateOnly: true, Touchpoint: &plansv1.Touchpoint{Purpose: "Hello", Channel: plansv1.Channel_CHANNEL_EMAIL, DueDate: april(20),
				Audience: []string{"finance"}, Contacts: []string{"accounts/acme/contacts/maya"}, Owner: "principals/ines"}}, ""},
		"touchpoints record acme Spokes Sent --channel call --begun-by customer --owner sam": {&plansv1.RecordContactRequest{Parent: "plans/acme", Purpose: "Spokes",
			Channel: plansv1.Channel_CHANNEL_CALL, Owner: "principals/sam", Outcome: &plansv1.ContactOutcome{Text: "Sent", Initiator: plansv1.ContactOutcome_INITIATOR_CUSTOMER}}, "Begun by customer\n"},
		"absences list --filter x": {&plansv1.ListAbsencesRequest{PageSize: 1000, Filter: "x"}, "absences/x principals/sam 2026-07-01 2026-07-14 principals/ines leave"},
		"absences create 2026-04-13 2026-04-14 --of sam --stand-in ines --reason leave": {&plansv1.CreateAbsenceRequest{Absence: &plansv1.Absence{
			Principal: "principals/sam", FirstDate: april(13), LastDate: april(14), StandIn: "principals/ines", Reason: "leave"}}, "Stand-in principals/ines"},
		"absences create 2026-04-13 --validate-only": {&plansv1.CreateAbsenceRequest{ValidateOnly: true, Absence: &plansv1.Absence{FirstDate: april(13), LastDate: april(13)}}, ""},
		"absences delete x --etag e":                 {&plansv1.DeleteAbsenceRequest{Name: "absences/x", Etag: "e"}, ""},
	} {
		got := runTouchpoints(t, address, strings.Fields(line)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		require.Contains(t, squeeze(got.stdout), tt.told, line)
		require.Empty(t, cmp.Diff(tt.asked, f.last, protocmp.Transform()), line)
	}
	got := runTouchpoints(t, address, "due", "--owner", "idle")
	require.Zero(t, got.code)
	require.Equal(t, "Nothing is due for principals/idle up to 2026-04-19.\n", got.stderr)
	for line, told := range map[string]string{
		"touchpoints skip acme/x":                       "--reason",
		"touchpoints add acme Hello --due 2026-04-20":   "--channel",
		"touchpoints record acme A B --channel call":    "--begun-by",
		"touchpoints reschedule acme/x tomorrow":        "tomorrow",
		"touchpoints add acme H --channel pigeon --due": "due",
	} {
		got := runTouchpoints(t, address, strings.Fields(line)...)
		require.Equal(t, ExitUsage, got.code, line)
		require.Contains(t, got.stderr, told, line)
	}
}
