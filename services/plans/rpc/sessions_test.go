package rpc_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/sessions"
)

// asking is the accounts and board services as sessions need them. It knows everything but
// what is called nobody.
type asking struct {
	accountsv1.UnimplementedAccountsServiceServer
	accountsv1.UnimplementedAccessServiceServer
	boardv1.UnimplementedSolicitationsServiceServer
	boardv1.UnimplementedIdeasServiceServer

	mu      sync.Mutex
	created []*boardv1.CreateSolicitationRequest
	state   boardv1.Solicitation_State
	ideas   []*boardv1.Idea
	answer  string
	// fails is what every change of a solicitation fails with; nil where none does.
	fails *fault.Error
}

func found(resourceType, name string) error {
	if strings.Contains(name, "nobody") {
		return rpcstatus.Of(fault.Missing(resourceType, name)).Err()
	}
	return nil
}

func (*asking) GetAccount(_ context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	return &accountsv1.Account{Name: r.GetName(), State: accountsv1.Account_STATE_ACTIVE}, found("evenhand/Account", r.GetName())
}

func (*asking) GetContact(_ context.Context, r *accountsv1.GetContactRequest) (*accountsv1.Contact, error) {
	return &accountsv1.Contact{Name: r.GetName()}, found("evenhand/Contact", r.GetName())
}

func (*asking) GetPrincipal(_ context.Context, r *accountsv1.GetPrincipalRequest) (*accountsv1.Principal, error) {
	return &accountsv1.Principal{Name: r.GetName()}, found("evenhand/Principal", r.GetName())
}

// change changes the one solicitation.
func (a *asking) change(do func()) (*boardv1.Solicitation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fails != nil {
		return nil, rpcstatus.Of(a.fails).Err()
	}
	do()
	return &boardv1.Solicitation{State: a.state}, nil
}

func (a *asking) CreateSolicitation(_ context.Context, r *boardv1.CreateSolicitationRequest) (*boardv1.Solicitation, error) {
	return a.change(func() {
		if !r.GetValidateOnly() {
			a.created, a.state = append(a.created, r), boardv1.Solicitation_STATE_OPEN
		}
	})
}

func (a *asking) GetSolicitation(context.Context, *boardv1.GetSolicitationRequest) (*boardv1.Solicitation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &boardv1.Solicitation{State: a.state}, nil
}

func (a *asking) CloseSolicitation(context.Context, *boardv1.CloseSolicitationRequest) (*boardv1.Solicitation, error) {
	return a.change(func() { a.state = boardv1.Solicitation_STATE_DECIDING })
}

func (a *asking) AnswerSolicitation(_ context.Context, r *boardv1.AnswerSolicitationRequest) (*boardv1.Solicitation, error) {
	return a.change(func() { a.state, a.answer = boardv1.Solicitation_STATE_ANSWERED, r.GetAnswer() })
}

func (a *asking) WithdrawSolicitation(context.Context, *boardv1.WithdrawSolicitationRequest) (*boardv1.Solicitation, error) {
	return a.change(func() { a.state = boardv1.Solicitation_STATE_WITHDRAWN })
}

// ListIdeas gives one idea a page.
func (a *asking) ListIdeas(_ context.Context, r *boardv1.ListIdeasRequest) (*boardv1.ListIdeasResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := len(r.GetPageToken())
	if at >= len(a.ideas) {
		return &boardv1.ListIdeasResponse{}, nil
	}
	return &boardv1.ListIdeasResponse{Ideas: a.ideas[at : at+1], NextPageToken: strings.Repeat("x", at+1)}, nil
}

func (*asking) GetIdea(_ context.Context, r *boardv1.GetIdeaRequest) (*boardv1.Idea, error) {
	return &boardv1.Idea{Name: r.GetName(), Title: "Elsewhere"}, nil
}

// sessionsWorld is sessions behind a real server, on 1 July 2026.
type sessionsWorld struct {
	others *asking
	domain *sessions.Service
	server *server.Server
}

func openSessions(t *testing.T) *sessionsWorld {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return noon })
	require.NoError(t, err)
	w := &sessionsWorld{others: &asking{}}
	conn := connect(t, func(r grpc.ServiceRegistrar) {
		accountsv1.RegisterAccountsServiceServer(r, w.others)
		accountsv1.RegisterAccessServiceServer(r, w.others)
		boardv1.RegisterSolicitationsServiceServer(r, w.others)
		boardv1.RegisterIdeasServiceServer(r, w.others)
	})
	w.domain, err = sessions.New(t.Context(), store, requests, sessions.Options{
		Directory: rpc.NewAccountsSource(conn), Board: rpc.NewBoardQuestions(conn)})
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(sessionToken(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	w.server, err = server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{Name: "plans",
		Register: func(r grpc.ServiceRegistrar) { rpc.RegisterSessions(r, w.domain) }})
	require.NoError(t, err)
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(running) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return w
}

func sessionToken(role auth.Role) string { return "a-token-of-" + string(role) + "-for-sessions" }

// as returns a client that calls as the principal with a role.
func (w *sessionsWorld) as(t *testing.T, role auth.Role) plansv1.SessionsServiceClient {
	t.Helper()
	conn, err := w.server.Dial(auth.Bearer(sessionToken(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return plansv1.NewSessionsServiceClient(conn)
}

// refusedAs fails the test unless err has the code and the reason.
func refusedAs(t *testing.T, err error, code codes.Code, reason string) *status.Status {
	t.Helper()
	s := status.Convert(err)
	require.Equal(t, code, s.Code(), "%v", err)
	require.Equal(t, reason, rpcstatus.Info(s).GetReason(), "%v", err)
	return s
}

func ownVans() *plansv1.StrategySession {
	return &plansv1.StrategySession{
		Title: "Own vans", Question: "Should we deliver with our own vans?", Leaning: "Yes.", LeaningReason: "Carriers are late.", Facts: "It costs 4% more.",
		Invited: []*plansv1.StrategySession_Invited{{Account: "accounts/acme", Contacts: []string{"accounts/acme/contacts/jo"}}, {Account: "accounts/brook"}},
		Agenda:  []*plansv1.StrategySession_AgendaItem{{Topic: "What it costs you", DurationMinutes: 45}}, StartTime: stamp(noon.Add(time.Hour)),
		DurationMinutes: 120, Channel: plansv1.Channel_CHANNEL_VISIT, Place: "Dock Road 4", InvitationChannel: plansv1.Channel_CHANNEL_CALL,
		CloseDate: &date.Date{Year: 2026, Month: 7, Day: 8}, DecisionDate: &date.Date{Year: 2026, Month: 7, Day: 15},
	}
}

const vans = "strategySessions/own-vans"

func TestR11ASessionIsWrittenOpenedHeldAndAnswered(t *testing.T) {
	w := openSessions(t)
	c, ctx := w.as(t, auth.AccountManager), t.Context()
	made, err := c.CreateStrategySession(ctx, &plansv1.CreateStrategySessionRequest{StrategySession: ownVans()})
	require.NoError(t, err)
	want := ownVans()
	want.Name, want.Owner, want.State, want.Etag = vans, "principals/account-manager", plansv1.StrategySession_STATE_DRAFT, made.GetEtag()
	want.CreateTime, want.UpdateTime = stamp(noon), stamp(noon)
	require.Empty(t, cmp.Diff(want, made, protocmp.Transform()))

	made, err = c.UpdateStrategySession(ctx, &plansv1.UpdateStrategySessionRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"place"}},
		StrategySession: &plansv1.StrategySession{Name: vans, Place: "Town hall", Title: "Not this", Etag: made.GetEtag()}})
	require.NoError(t, err)
	require.Equal(t, "Town hall", made.GetPlace())
	require.Equal(t, "Own vans", made.GetTitle())

	_, err = c.OpenStrategySession(ctx, &plansv1.OpenStrategySessionRequest{Name: vans, ValidateOnly: true})
	require.NoError(t, err)
	require.Empty(t, w.others.created)
	opened, err := c.OpenStrategySession(ctx, &plansv1.OpenStrategySessionRequest{Name: vans, Etag: made.GetEtag(), RequestId: "5d0b4e1c-7d0e-4f5a-9c1e-2f3a4b5c6d7e"})
	require.NoError(t, err)
	require.Equal(t, plansv1.StrategySession_STATE_OPEN, opened.GetState())
	require.Equal(t, "Contacts are not planned here.", opened.GetInvited()[0].GetProblem())
	require.Len(t, w.others.created, 1)
	asked := w.others.created[0]
	require.Equal(t, "solicitations/"+asked.GetSolicitationId(), opened.GetSolicitation())
	require.NotEmpty(t, asked.GetRequestId())
	require.Empty(t, cmp.Diff(&boardv1.Solicitation{
		Question: "Should we deliver with our own vans?", Owner: "principals/account-manager",
		Background: "What we lean to:\nYes.\n\nWhy:\nCarriers are late.\n\nWhat we know:\nIt costs 4% more.",
		Audience: &boardv1.Audience{Who: &boardv1.Audience_Accounts_{Accounts: &boardv1.Audience_Accounts{
			Accounts: []string{"accounts/acme", "accounts/brook"}}}},
		CloseDate: &date.Date{Year: 2026, Month: 7, Day: 8}, DecisionDate: &date.Date{Year: 2026, Month: 7, Day: 15},
	}, asked.GetSolicitation(), protocmp.Transform()))
	require.True(t, asked.GetOpen())

	require.NoError(t, w.domain.Take(ctx, []feeds.Change{{Position: 1, Idea: &feeds.Idea{Name: "ideas/hour", Account: "acme", Title: "The hour",
		Solicitation: opened.GetSolicitation(), Outcome: feeds.Adopted, Decided: noon}}}))
	w.others.ideas = []*boardv1.Idea{
		{Name: "ideas/hour", Title: "The hour", Text: "Tell us the hour.", Account: "accounts/acme", State: boardv1.Idea_STATE_DECIDED, Disposition: &boardv1.Disposition{
			Outcome: boardv1.Disposition_OUTCOME_ADOPT, Reason: "It is worth more.", DueDate: &date.Date{Year: 2026, Month: 9, Day: 1}, DoneTime: stamp(noon),
			Steps: []*boardv1.Disposition_Step{{Evidence: "none"}, {Evidence: "release 4", Completes: true}}}},
		{Name: "ideas/when", Title: "When", Account: "accounts/brook", State: boardv1.Idea_STATE_MERGED, MergedInto: "ideas/other",
			Disposition: &boardv1.Disposition{Outcome: boardv1.Disposition_OUTCOME_DECLINE, Reason: "No."}},
	}
	held, err := c.HoldStrategySession(ctx, &plansv1.HoldStrategySessionRequest{Name: vans, Notes: "They want the hour.",
		Attendance: []*plansv1.StrategySession_Attendee{{Account: "accounts/acme", Contact: "accounts/acme/contacts/jo"}}})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(firstDay, held.GetHoldDate(), protocmp.Transform()))
	held, err = c.RecordSessionAttendance(ctx, &plansv1.RecordSessionAttendanceRequest{Name: vans,
		Attendance: []*plansv1.StrategySession_Attendee{{Account: "accounts/acme", Contact: "accounts/acme/contacts/jo"}, {Account: "accounts/brook"}}})
	require.NoError(t, err)
	require.Len(t, held.GetAttendance(), 2)

	_, err = c.AnswerStrategySession(ctx, &plansv1.AnswerStrategySessionRequest{Name: vans, Decision: &plansv1.StrategySession_Decision{
		Text: "Yes, at a fixed hour.", Reason: "You asked for it.", ChangedBy: []string{"ideas/hour"}}})
	require.NoError(t, err)
	got, err := c.GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: vans})
	require.NoError(t, err)
	require.Equal(t, plansv1.StrategySession_STATE_ANSWERED, got.GetState())
	require.Empty(t, cmp.Diff(&plansv1.StrategySession_Decision{Text: "Yes, at a fixed hour.", Reason: "You asked for it.", DecideDate: firstDay,
		Decider: "principals/account-manager", ChangedBy: []string{"ideas/hour"}, Recorder: "principals/account-manager"}, got.GetDecision(), protocmp.Transform()))
	require.Len(t, got.GetHistory(), 3)
	require.Empty(t, cmp.Diff([]*plansv1.StrategySession_Idea{{Name: "ideas/hour", Title: "The hour", Account: "accounts/acme",
		Outcome: plansv1.StrategySession_Idea_OUTCOME_ADOPT, DecideTime: stamp(noon)}}, got.GetIdeas(), protocmp.Transform()))
	require.Equal(t, "Yes, at a fixed hour.\n\nYou asked for it.", w.others.answer)
	require.Equal(t, boardv1.Solicitation_STATE_ANSWERED, w.others.state)

	report, err := c.GetSessionReport(ctx, &plansv1.GetSessionReportRequest{Name: vans, Account: "accounts/acme"})
	require.NoError(t, err)
	for _, text := range []string{"# You said, we did: Own vans", "> Tell us the hour.", "It is done: release 4", "**Why:** It is worth more.",
		`It has the same answer as "Elsewhere".`, "## What others said", `Changed by "The hour".`} {
		require.Contains(t, report.GetMarkdown(), text)
	}
	require.Contains(t, report.GetText(), "YOU SAID, WE DID: OWN VANS")
}

func TestR11TheBoardsRefusalComesThroughWithItsConditions(t *testing.T) {
	w := openSessions(t)
	c, ctx := w.as(t, auth.PolicyAuthor), t.Context()
	_, err := c.CreateStrategySession(ctx, &plansv1.CreateStrategySessionRequest{StrategySession: ownVans()})
	require.NoError(t, err)
	w.others.fails = fault.New(fault.FailedPrecondition, "UNANSWERED_SOLICITATION", "It cannot open before earlier advice is answered.").
		WithCondition("UNANSWERED_SOLICITATION", "solicitations/first", "2 ideas undecided")
	for _, check := range []bool{true, false} {
		_, err = c.OpenStrategySession(ctx, &plansv1.OpenStrategySessionRequest{Name: vans, ValidateOnly: check})
		s := refusedAs(t, err, codes.FailedPrecondition, "UNANSWERED_SOLICITATION")
		require.Equal(t, "It cannot open before earlier advice is answered.", s.Message())
		var failure *errdetails.PreconditionFailure
		for _, d := range s.Details() {
			if f, ok := d.(*errdetails.PreconditionFailure); ok {
				failure = f
			}
		}
		require.Len(t, failure.GetViolations(), 1)
		require.Equal(t, "solicitations/first", failure.GetViolations()[0].GetSubject())
	}
	got, err := c.GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: vans})
	require.NoError(t, err)
	require.Equal(t, plansv1.StrategySession_STATE_DRAFT, got.GetState())
	require.False(t, got.GetReconciling())

	w.others.fails = fault.New(fault.Unavailable, fault.ReasonUnavailable, "Try again.")
	_, err = c.OpenStrategySession(ctx, &plansv1.OpenStrategySessionRequest{Name: vans})
	refusedAs(t, err, codes.Unavailable, fault.ReasonUnavailable)
	got, err = c.GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: vans})
	require.NoError(t, err)
	require.True(t, got.GetReconciling(), "it goes on by itself")
	_, err = c.CancelStrategySession(ctx, &plansv1.CancelStrategySessionRequest{Name: vans, Reason: "No time."})
	refusedAs(t, err, codes.FailedPrecondition, "STRATEGY_SESSION_STATE")
}

func TestSessionsAreListedByFilter(t *testing.T) {
	w := openSessions(t)
	c, ctx := w.as(t, auth.Admin), t.Context()
	for title, owner := range map[string]string{"One": "principals/anna", "Two": "principals/ben"} {
		s := ownVans()
		s.Title, s.Owner = title, owner
		if title == "Two" {
			s.Invited = s.Invited[:1]
		}
		_, err := c.CreateStrategySession(ctx, &plansv1.CreateStrategySessionRequest{StrategySession: s})
		require.NoError(t, err)
	}
	_, err := c.CancelStrategySession(ctx, &plansv1.CancelStrategySessionRequest{Name: "strategySessions/two", Reason: "No time."})
	require.NoError(t, err)
	for filter, want := range map[string]string{
		`state = STATE_DRAFT`: "strategySessions/one", `state = CANCELLED`: "strategySessions/two", `owner = "principals/ben"`: "strategySessions/two",
		`account = "accounts/brook"`: "strategySessions/one", `account = "accounts/acme" AND title = "Two"`: "strategySessions/two",
		`account = "accounts/brook" OR account = "accounts/none"`: "strategySessions/one", `NOT account = "accounts/brook"`: "strategySessions/two",
		`account != "accounts/brook"`: "strategySessions/two", `account = "accounts/acme" AND NOT account = "accounts/brook"`: "strategySessions/two",
		`overdue = true`: "", `title = "One" AND overdue = false`: "strategySessions/one", `account = "accounts/none"`: "",
	} {
		page, err := c.ListStrategySessions(ctx, &plansv1.ListStrategySessionsRequest{Filter: filter})
		require.NoError(t, err, filter)
		var names []string
		for _, s := range page.GetStrategySessions() {
			names = append(names, s.GetName())
		}
		require.Equal(t, want, strings.Join(names, " "), filter)
	}
	first, err := c.ListStrategySessions(ctx, &plansv1.ListStrategySessionsRequest{PageSize: 1})
	require.NoError(t, err)
	second, err := c.ListStrategySessions(ctx, &plansv1.ListStrategySessionsRequest{PageSize: 1, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Empty(t, second.GetNextPageToken())
	require.False(t, proto.Equal(first.GetStrategySessions()[0], second.GetStrategySessions()[0]))
}

func TestSessionsRefuseWhatIsNotThere(t *testing.T) {
	w := openSessions(t)
	c, ctx := w.as(t, auth.BoardSecretary), t.Context()
	for field, change := range map[string]func(*plansv1.StrategySession){
		"strategy_session.owner":               func(s *plansv1.StrategySession) { s.Owner = "principals/nobody" },
		"strategy_session.invited[0].account":  func(s *plansv1.StrategySession) { s.Invited[0].Account, s.Invited[0].Contacts = "accounts/nobody", nil },
		"strategy_session.invited[0].contacts": func(s *plansv1.StrategySession) { s.Invited[0].Contacts[0] = "accounts/brook/contacts/jo" },
	} {
		s := ownVans()
		change(s)
		_, err := c.CreateStrategySession(ctx, &plansv1.CreateStrategySessionRequest{StrategySession: s})
		refusedAs(t, err, codes.InvalidArgument, fault.ReasonInvalidArgument)
		require.ErrorContains(t, err, field)
	}
	_, err := c.GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: vans})
	refusedAs(t, err, codes.NotFound, fault.ReasonNotFound)
	_, err = w.as(t, auth.ServiceAgent).GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: vans})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = w.as(t, auth.PolicyApprover).CreateStrategySession(ctx, &plansv1.CreateStrategySessionRequest{StrategySession: ownVans()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}
