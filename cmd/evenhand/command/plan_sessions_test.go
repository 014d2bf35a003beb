package command

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

var vansAsked = &plansv1.StrategySession{
	Name: "strategySessions/vans", Title: "Own vans", Owner: "principals/anna", State: plansv1.StrategySession_STATE_ANSWERED,
	Channel: plansv1.Channel_CHANNEL_VISIT, DecisionDate: workDay, HoldDate: workDay,
	Invited:    []*plansv1.StrategySession_Invited{{Account: "accounts/acme", Contacts: []string{"accounts/acme/contacts/jo"}, Problem: "There is no plan."}},
	Ideas:      []*plansv1.StrategySession_Idea{{Name: "ideas/hour", Account: "accounts/acme", Title: "The hour"}},
	Attendance: []*plansv1.StrategySession_Attendee{{Account: "accounts/acme", Contact: "accounts/acme/contacts/jo"}},
	Decision:   &plansv1.StrategySession_Decision{Text: "Yes.", Reason: "You asked.", DecideDate: workDay, Decider: "principals/anna", ChangedBy: []string{"ideas/hour"}},
}

// sessionsFake answers every call with the session above, and keeps what it was asked.
type sessionsFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	plansv1.UnimplementedSessionsServiceServer

	mu   sync.Mutex
	last proto.Message
}

func (f *sessionsFake) answer(_ context.Context, request any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r := request.(type) {
	case *accountsv1.GetAccountRequest:
		return &accountsv1.Account{Name: r.GetName()}, nil
	case *plansv1.ListStrategySessionsRequest:
		return &plansv1.ListStrategySessionsResponse{StrategySessions: []*plansv1.StrategySession{vansAsked}}, nil
	case *plansv1.GetSessionReportRequest:
		f.last = proto.Clone(r)
		return &plansv1.GetSessionReportResponse{Markdown: "# You said\n", Text: "YOU SAID\n"}, nil
	case proto.Message:
		f.last = proto.Clone(r)
	}
	return vansAsked, nil
}

// aSession runs a command of sessions, and returns what it printed and what it asked.
func aSession(t *testing.T, args ...string) (string, proto.Message) {
	t.Helper()
	f := &sessionsFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	plansv1.RegisterSessionsServiceServer(server, f)
	var cli struct {
		Sessions PlanSessions `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	env := &Env{Context: t.Context(), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Version: "test",
		Getenv: func(string) string { return "" }}
	args = append(append([]string{"sessions"}, args...), "--server", listen(t, server), "--token-file", file(t, tokenFileName, "secret-token\n"))
	require.Zero(t, Run(env, &cli, args), stderr.String())
	return stdout.String(), f.last
}

func TestR11SessionsOnTheCommandLine(t *testing.T) {
	jo := &plansv1.StrategySession_Attendee{Account: "accounts/acme", Contact: "accounts/acme/contacts/jo"}
	for name, tt := range map[string]struct {
		args string
		want proto.Message
	}{
		"create": {"create Vans --id vans --question Vans? --leaning Yes. --because Late. --facts 4% --owner anna --invite acme/contacts/jo --invite acme/contacts/al " +
			"--invite brook --start 2026-03-20T13:00:00Z --duration 2h --channel visit --place Here --agenda Costs --ideas-until 2026-03-06 --decision-date 2026-03-06",
			&plansv1.CreateStrategySessionRequest{StrategySessionId: "vans", StrategySession: &plansv1.StrategySession{
				Title: "Vans", Question: "Vans?", Leaning: "Yes.", LeaningReason: "Late.", Facts: "4%", Owner: "principals/anna",
				Invited: []*plansv1.StrategySession_Invited{
					{Account: "accounts/acme", Contacts: []string{"accounts/acme/contacts/jo", "accounts/acme/contacts/al"}}, {Account: "accounts/brook"}},
				StartTime: timestamppb.New(time.Date(2026, 3, 20, 13, 0, 0, 0, time.UTC)), DurationMinutes: 120, Channel: plansv1.Channel_CHANNEL_VISIT,
				Place: "Here", Agenda: []*plansv1.StrategySession_AgendaItem{{Topic: "Costs"}}, CloseDate: workDay, DecisionDate: workDay}}},
		"update": {"update vans --notes Said. --etag e", &plansv1.UpdateStrategySessionRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"notes"}},
			StrategySession: &plansv1.StrategySession{Name: "strategySessions/vans", Notes: "Said.", Etag: "e"}}},
		"move": {"update vans --owner ben --decision-date 2026-03-06 --reason Later.", &plansv1.UpdateStrategySessionRequest{
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"owner", "decision_date"}}, Reason: "Later.",
			StrategySession: &plansv1.StrategySession{Name: "strategySessions/vans", Owner: "principals/ben", DecisionDate: workDay}}},
		"get":  {"get strategySessions/vans", &plansv1.GetStrategySessionRequest{Name: "strategySessions/vans"}},
		"open": {"open vans --validate-only", &plansv1.OpenStrategySessionRequest{Name: "strategySessions/vans", ValidateOnly: true}},
		"hold": {"hold vans --on 2026-03-06 --came acme/contacts/jo --notes Said.", &plansv1.HoldStrategySessionRequest{Name: "strategySessions/vans",
			HoldDate: workDay, Attendance: []*plansv1.StrategySession_Attendee{jo}, Notes: "Said."}},
		"attend": {"attend vans acme/contacts/jo brook", &plansv1.RecordSessionAttendanceRequest{Name: "strategySessions/vans",
			Attendance: []*plansv1.StrategySession_Attendee{jo, {Account: "accounts/brook"}}}},
		"answer": {"answer vans --decision Yes. --reason Asked. --on 2026-03-06 --by ben --changed-by hour", &plansv1.AnswerStrategySessionRequest{
			Name: "strategySessions/vans", Decision: &plansv1.StrategySession_Decision{Text: "Yes.", Reason: "Asked.", DecideDate: workDay,
				Decider: "principals/ben", ChangedBy: []string{"ideas/hour"}}}},
		"cancel": {"cancel vans --reason Nobody.", &plansv1.CancelStrategySessionRequest{Name: "strategySessions/vans", Reason: "Nobody."}},
		"report": {"report vans --account acme", &plansv1.GetSessionReportRequest{Name: "strategySessions/vans", Account: "accounts/acme"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, asked := aSession(t, strings.Fields(tt.args)...)
			require.Empty(t, cmp.Diff(tt.want, asked, protocmp.Transform(), protocmp.IgnoreFields(&plansv1.CreateStrategySessionRequest{}, "request_id"),
				protocmp.IgnoreFields(&plansv1.UpdateStrategySessionRequest{}, "request_id"), protocmp.IgnoreFields(&plansv1.OpenStrategySessionRequest{}, "request_id"),
				protocmp.IgnoreFields(&plansv1.HoldStrategySessionRequest{}, "request_id"), protocmp.IgnoreFields(&plansv1.RecordSessionAttendanceRequest{}, "request_id"),
				protocmp.IgnoreFields(&plansv1.AnswerStrategySessionRequest{}, "request_id"), protocmp.IgnoreFields(&plansv1.CancelStrategySessionRequest{}, "request_id")))
		})
	}
}

func TestR40SessionsArePrinted(t *testing.T) {
	text, _ := aSession(t, "get", "vans")
	for _, want := range []string{"strategySessions/vans", "answered", "visit", "accounts/acme accounts/acme/contacts/jo, to be invited by hand: There is no plan.",
		"ideas/hour, accounts/acme: The hour (undecided)", "2026-03-06 principals/anna", "You asked."} {
		require.Contains(t, text, want)
	}
	list, _ := aSession(t, "list")
	require.Equal(t, "SESSION TITLE STATE OWNER STARTS DECISION BY OVERDUE\nstrategySessions/vans Own vans answered principals/anna 2026-03-06 no\n", squeeze(list))
	markdown, _ := aSession(t, "report", "vans")
	require.Equal(t, "# You said\n", markdown)
	plain, _ := aSession(t, "report", "vans", "--format", "text")
	require.Equal(t, "YOU SAID\n", plain)
}
