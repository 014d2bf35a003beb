package rpc_test

import (
	"context"
	"errors"
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
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/advice"
	"github.com/evenhand/evenhand/services/board/rpc"
)

// everybody is a directory in which all are there but nobody.
type everybody struct{}

func (everybody) called(id string) (string, error) {
	if id == "nobody" {
		return "", resource.ErrNotFound
	}
	return "The " + id, nil
}

func (e everybody) Account(_ context.Context, id string) (string, error)    { return e.called(id) }
func (e everybody) Contact(_ context.Context, _, id string) (string, error) { return e.called(id) }
func (e everybody) Board(_ context.Context, id string) (string, error)      { return e.called(id) }
func (e everybody) Principal(_ context.Context, id string) (string, error)  { return e.called(id) }

// mailbox takes messages.
type mailbox struct {
	mu   sync.Mutex
	sent []advice.Message
}

func (m *mailbox) Put(_ context.Context, message advice.Message) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, message)
	return true, nil
}

// advised is the service of solicitations and ideas behind a real server.
type advised struct {
	server *server.Server
	mail   *mailbox

	mu sync.Mutex
	at time.Time
}

func (s *advised) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *advised) day(d *date.Date) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay()), 12, 0, 0, 0, time.UTC)
}

func serveAdvice(t *testing.T) *advised {
	t.Helper()
	return serveAdviceOn(t, teststore.SQLite(t))
}

func serveAdviceOn(t *testing.T, backend docstore.Backend) *advised {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	s := &advised{mail: &mailbox{}}
	s.day(ymd(2026, 3, 6))
	requests, err := resource.OpenRequests(t.Context(), store, s.now)
	require.NoError(t, err)
	domain, err := advice.New(t.Context(), store, requests, advice.Options{Directory: everybody{}, Delivery: s.mail, Now: s.now})
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range people {
		keys.Add(tokenOf(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	s.server, err = server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{
		Name: "board", Register: func(r grpc.ServiceRegistrar) { rpc.RegisterAdvice(r, domain) }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 3)
	go func() { ended <- s.server.Run(ctx) }()
	go func() { ended <- store.RunRelay(ctx) }()
	go func() { ended <- domain.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 3 {
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("the server ended with %v", err)
			}
		}
		require.NoError(t, store.Close())
	})
	return s
}

// asking are clients that call as the person with a role.
type asking struct {
	boardv1.SolicitationsServiceClient
	boardv1.IdeasServiceClient
}

func (s *advised) as(t *testing.T, role auth.Role) asking {
	t.Helper()
	conn, err := s.server.Dial(auth.Bearer(tokenOf(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return asking{boardv1.NewSolicitationsServiceClient(conn), boardv1.NewIdeasServiceClient(conn)}
}

func ymd(y, m, d int32) *date.Date { return &date.Date{Year: y, Month: m, Day: d} }

const oneUUID, otherUUID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "6ba7b811-9dad-41d1-80b4-00c04fd430c8"

func toBoard(id string) *boardv1.Audience {
	return &boardv1.Audience{Who: &boardv1.Audience_Board{Board: "boards/" + id}}
}

// ask creates and opens a solicitation, from 6 to 20 March, to be decided by the 31st.
func (c asking) ask(t *testing.T, id string) *boardv1.Solicitation {
	t.Helper()
	_, err := c.CreateSolicitation(t.Context(), &boardv1.CreateSolicitationRequest{SolicitationId: id, Solicitation: &boardv1.Solicitation{
		Question: "What of it?", Audience: toBoard("advisory"), CloseDate: ymd(2026, 3, 20), DecisionDate: ymd(2026, 3, 31)}})
	require.NoError(t, err)
	s, err := c.OpenSolicitation(t.Context(), &boardv1.OpenSolicitationRequest{Name: "solicitations/" + id})
	require.NoError(t, err)
	return s
}

func (c asking) submit(t *testing.T, title, account, solicitation string) string {
	t.Helper()
	r, err := c.SubmitIdea(t.Context(), &boardv1.SubmitIdeaRequest{Idea: &boardv1.Idea{Title: title, Account: "accounts/" + account, Solicitation: solicitation}})
	require.NoError(t, err)
	return r.GetIdea().GetName()
}

func TestR11OverRPC(t *testing.T) {
	s := serveAdvice(t)
	secretary, author := s.as(t, auth.BoardSecretary), s.as(t, auth.PolicyAuthor)
	first := secretary.ask(t, "first")
	require.Equal(t, boardv1.Solicitation_STATE_OPEN, first.GetState())
	require.Equal(t, "principals/board-secretary", first.GetOwner())
	require.Empty(t, cmp.Diff(ymd(2026, 3, 31), first.GetLockDate(), protocmp.Transform()))
	secretary.submit(t, "Cheaper freight", "acme", "solicitations/first")

	s.day(ymd(2026, 4, 1))
	next, err := author.CreateSolicitation(t.Context(), &boardv1.CreateSolicitationRequest{Solicitation: &boardv1.Solicitation{
		Question: "And now?", Audience: toBoard("advisory"), CloseDate: ymd(2026, 4, 20), DecisionDate: ymd(2026, 4, 30)}, RequestId: oneUUID})
	require.NoError(t, err)
	require.Equal(t, "solicitations/and-now", next.GetName())
	require.Equal(t, "principals/policy-author", next.GetOwner())
	_, err = author.OpenSolicitation(t.Context(), &boardv1.OpenSolicitationRequest{Name: next.GetName(), ValidateOnly: true})
	st := wantStatus(t, err, codes.FailedPrecondition, "UNANSWERED_SOLICITATION")
	require.Contains(t, st.Message(), "solicitations/first (to boards/advisory; decision due 2026-03-31) has 1 idea undecided")
	require.Equal(t, "solicitations/first", unmet(st).GetViolations()[0].GetSubject())

	late, err := author.ListSolicitations(t.Context(), &boardv1.ListSolicitationsRequest{Filter: "overdue = true"})
	require.NoError(t, err)
	require.Len(t, late.GetSolicitations(), 1)
	require.EqualValues(t, 1, late.GetSolicitations()[0].GetUndecidedIdeas())
	ideas, err := author.ListIdeas(t.Context(), &boardv1.ListIdeasRequest{Filter: "late = true"})
	require.NoError(t, err)
	require.Len(t, ideas.GetIdeas(), 1)
	put, err := secretary.UpdateSolicitation(t.Context(), &boardv1.UpdateSolicitationRequest{Reason: "More time.",
		Solicitation: &boardv1.Solicitation{Name: "solicitations/first", DecisionDate: ymd(2026, 5, 1)},
		UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"decision_date"}}})
	require.NoError(t, err)
	require.True(t, put.GetOverdue(), "putting it off does not put the lock off")
	require.Equal(t, "2026-05-01", put.GetChanges()[0].GetNewValue())

	_, err = secretary.DecideIdea(t.Context(), &boardv1.DecideIdeaRequest{Name: ideas.GetIdeas()[0].GetName(), Disposition: &boardv1.Disposition{
		Outcome: boardv1.Disposition_OUTCOME_DECLINE, Reason: "Too dear."}})
	require.NoError(t, err)
	opened, err := author.OpenSolicitation(t.Context(), &boardv1.OpenSolicitationRequest{Name: next.GetName()})
	require.NoError(t, err)
	require.Equal(t, boardv1.Solicitation_STATE_OPEN, opened.GetState())
	_, err = author.OpenSolicitation(t.Context(), &boardv1.OpenSolicitationRequest{Name: next.GetName(), Etag: next.GetEtag()})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	answered, err := secretary.AnswerSolicitation(t.Context(), &boardv1.AnswerSolicitationRequest{Name: "solicitations/first", Answer: "Thank you."})
	require.NoError(t, err)
	require.Equal(t, boardv1.Solicitation_STATE_ANSWERED, answered.GetState())
	closed, err := author.CloseSolicitation(t.Context(), &boardv1.CloseSolicitationRequest{Name: next.GetName()})
	require.NoError(t, err)
	require.Equal(t, boardv1.Solicitation_STATE_DECIDING, closed.GetState())
	withdrawn, err := author.WithdrawSolicitation(t.Context(), &boardv1.WithdrawSolicitationRequest{Name: next.GetName(), Reason: "Asked elsewhere."})
	require.NoError(t, err)
	require.Equal(t, "Asked elsewhere.", withdrawn.GetWithdrawalReason())
}

// unmet are the conditions that a status says are not met.
func unmet(s *status.Status) *errdetails.PreconditionFailure {
	for _, d := range s.Details() {
		if failure, ok := d.(*errdetails.PreconditionFailure); ok {
			return failure
		}
	}
	return nil
}

func TestIdeasOverRPC(t *testing.T) {
	s := serveAdvice(t)
	secretary, agent := s.as(t, auth.BoardSecretary), s.as(t, auth.ServiceAgent)
	secretary.ask(t, "first")
	in := &boardv1.SubmitIdeaRequest{RequestId: oneUUID, Idea: &boardv1.Idea{
		Title: "One delivery a week", Text: "Three are too many.", Account: "accounts/acme", Contact: "accounts/acme/contacts/jo",
		Solicitation: "solicitations/first", Links: []*boardv1.Idea_Link{{Title: "Figures", Url: "https://example.com/x"}}}}
	first, err := agent.SubmitIdea(t.Context(), in)
	require.NoError(t, err)
	again, err := agent.SubmitIdea(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()), "a retry gets the first answer")
	a := first.GetIdea()
	require.Equal(t, "principals/service-agent", a.GetSubmitter())
	require.Equal(t, "boards/advisory", a.GetBoard())
	require.Empty(t, cmp.Diff(ymd(2026, 3, 6), a.GetSubmitDate(), protocmp.Transform()))

	second, err := agent.SubmitIdea(t.Context(), &boardv1.SubmitIdeaRequest{Idea: &boardv1.Idea{
		Title: "A delivery a week", Account: "accounts/brook", Solicitation: "solicitations/first"}})
	require.NoError(t, err)
	b := second.GetIdea()
	require.Equal(t, a.GetName(), second.GetSuggestedDuplicates()[0].GetIdea())
	similar, err := agent.FindSimilarIdeas(t.Context(), &boardv1.FindSimilarIdeasRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.Equal(t, b.GetName(), similar.GetSuggestedDuplicates()[0].GetIdea())

	for _, account := range []string{"acme", "brook", "brook"} {
		_, err := agent.VoteForIdea(t.Context(), &boardv1.VoteForIdeaRequest{Name: a.GetName(), Account: "accounts/" + account})
		require.NoError(t, err)
	}
	_, err = agent.VoteForIdea(t.Context(), &boardv1.VoteForIdeaRequest{Name: b.GetName(), Account: "accounts/cole", Contact: "accounts/cole/contacts/jo"})
	require.NoError(t, err)
	_, err = agent.VoteForIdea(t.Context(), &boardv1.VoteForIdeaRequest{Name: b.GetName(), Account: "accounts/cole", Contact: "accounts/acme/contacts/jo"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	merged, err := secretary.MergeIdea(t.Context(), &boardv1.MergeIdeaRequest{Name: a.GetName(), Into: b.GetName()})
	require.NoError(t, err)
	require.Equal(t, boardv1.Idea_STATE_MERGED, merged.GetState())
	require.Equal(t, b.GetName(), merged.GetMergedInto())
	var voters []string
	r := &boardv1.ListVotesRequest{Parent: b.GetName(), PageSize: 2}
	for {
		votes, err := agent.ListVotes(t.Context(), r)
		require.NoError(t, err)
		for _, v := range votes.GetVotes() {
			voters = append(voters, v.GetAccount())
		}
		if r.PageToken = votes.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	require.Equal(t, []string{"accounts/acme", "accounts/brook", "accounts/cole"}, voters)
	got, err := agent.GetIdea(t.Context(), &boardv1.GetIdeaRequest{Name: b.GetName()})
	require.NoError(t, err)
	require.EqualValues(t, 3, got.GetVotes())
	require.Equal(t, "accounts/acme/contacts/jo", got.GetMergedIdeas()[0].GetContact())
	back, err := agent.TakeBackVote(t.Context(), &boardv1.TakeBackVoteRequest{Name: a.GetName(), Account: "accounts/acme"})
	require.NoError(t, err)
	require.EqualValues(t, 2, back.GetVotes())
	comment, err := agent.CreateIdeaComment(t.Context(), &boardv1.CreateIdeaCommentRequest{Parent: b.GetName(),
		Comment: &boardv1.IdeaComment{Text: "Tuesdays would do.", Account: "accounts/acme", Contact: "accounts/acme/contacts/jo"}})
	require.NoError(t, err)
	talk, err := agent.ListIdeaComments(t.Context(), &boardv1.ListIdeaCommentsRequest{Parent: b.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*boardv1.IdeaComment{comment}, talk.GetComments(), protocmp.Transform()))

	decided, err := secretary.DecideIdea(t.Context(), &boardv1.DecideIdeaRequest{Name: b.GetName(), RequestId: otherUUID, Disposition: &boardv1.Disposition{
		Outcome: boardv1.Disposition_OUTCOME_ADOPT, Reason: "It pays.", Owner: "principals/policy-approver", DueDate: ymd(2026, 6, 30)}})
	require.NoError(t, err)
	require.Equal(t, "principals/board-secretary", decided.GetDisposition().GetPrincipal())
	require.Len(t, decided.GetTellings(), 2)
	require.Len(t, s.mail.sent, 2)
	got, err = agent.GetIdea(t.Context(), &boardv1.GetIdeaRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(decided.GetHistory(), got.GetHistory(), protocmp.Transform()), "a merged idea has the answer of the other")
	_, err = agent.UpdateIdea(t.Context(), &boardv1.UpdateIdeaRequest{Idea: &boardv1.Idea{Name: b.GetName(), Title: "x", Account: "accounts/brook"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title"}}})
	wantStatus(t, err, codes.FailedPrecondition, "IDEA_STATE")

	s.day(ymd(2026, 7, 1))
	for filter, want := range map[string]int{
		"": 2, "overdue = true": 1, "state = MERGED": 1, "state = STATE_DECIDED": 1, "outcome = OUTCOME_ADOPT AND state = DECIDED": 1,
		`owner = "principals/policy-approver" AND state != MERGED`: 1, `solicitation = "solicitations/first"`: 2, `board = "boards/other"`: 0,
		`contact = "accounts/acme/contacts/jo"`: 1, `account = "accounts/brook"`: 1, "votes > 1 AND state = DECIDED": 1, `text:"three"`: 1, "late = true": 0,
	} {
		list, err := agent.ListIdeas(t.Context(), &boardv1.ListIdeasRequest{Filter: filter, OrderBy: "votes desc"})
		require.NoError(t, err, filter)
		require.Len(t, list.GetIdeas(), want, filter)
		list, err = agent.ListIdeas(t.Context(), &boardv1.ListIdeasRequest{Filter: filter})
		require.NoError(t, err, filter)
		require.Len(t, list.GetIdeas(), want, filter)
	}
	follower := s.as(t, auth.PolicyApprover)
	done, err := follower.RecordFollowUp(t.Context(), &boardv1.RecordFollowUpRequest{Name: b.GetName(), Note: "In force.", Evidence: "https://example.com/y", Done: true})
	require.NoError(t, err)
	require.NotNil(t, done.GetDisposition().GetDoneTime())
	revised, err := secretary.ReviseDisposition(t.Context(), &boardv1.ReviseDispositionRequest{Name: b.GetName(), RevisionReason: "The carrier is gone.",
		Disposition: &boardv1.Disposition{Outcome: boardv1.Disposition_OUTCOME_DECLINE, Reason: "Nobody delivers."}})
	require.NoError(t, err)
	require.Len(t, revised.GetHistory(), 2)
	out, err := secretary.UnmergeIdea(t.Context(), &boardv1.UnmergeIdeaRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.Equal(t, boardv1.Idea_STATE_DECIDED, out.GetState())
	require.EqualValues(t, 1, out.GetVotes(), "acme took its vote back")
}

func TestR40TheReportOverRPC(t *testing.T) {
	s := serveAdvice(t)
	secretary, viewer := s.as(t, auth.BoardSecretary), s.as(t, auth.Viewer)
	secretary.ask(t, "first")
	secretary.submit(t, "Cheaper <freight>", "acme", "solicitations/first")
	secretary.submit(t, "Open on Saturdays", "brook", "")
	for format, want := range map[boardv1.GetIdeaReportRequest_Format][2]string{
		boardv1.GetIdeaReportRequest_FORMAT_UNSPECIFIED: {"text/markdown; charset=utf-8", `### Cheaper \<freight\>`},
		boardv1.GetIdeaReportRequest_FORMAT_HTML:        {"text/html; charset=utf-8", "<h3>Cheaper &lt;freight&gt;</h3>"},
		boardv1.GetIdeaReportRequest_FORMAT_JSON:        {"application/json", `"title": "Cheaper \u003cfreight\u003e"`},
	} {
		report, err := viewer.GetIdeaReport(t.Context(), &boardv1.GetIdeaReportRequest{Format: format, FromDate: ymd(2026, 3, 1), ToDate: ymd(2026, 3, 31)})
		require.NoError(t, err)
		require.Equal(t, want[0], report.GetContentType())
		require.Contains(t, report.GetContent(), want[1])
		require.EqualValues(t, 2, report.GetIdeas())
	}
	for query, ideas := range map[*boardv1.GetIdeaReportRequest]int32{
		{Board: "boards/advisory"}:             1,
		{Solicitation: "solicitations/first"}:  1,
		{Account: "accounts/brook"}:            1,
		{Contact: "accounts/brook/contacts/x"}: 0,
		{FromDate: ymd(2026, 3, 7)}:            0,
	} {
		report, err := viewer.GetIdeaReport(t.Context(), query)
		require.NoError(t, err)
		require.Equal(t, ideas, report.GetIdeas(), query)
	}
	_, err := viewer.GetIdeaReport(t.Context(), &boardv1.GetIdeaReportRequest{Account: "accounts/nobody"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

func TestWhoMayAskAndAnswer(t *testing.T) {
	s := serveAdvice(t)
	secretary, manager, approver := s.as(t, auth.BoardSecretary), s.as(t, auth.AccountManager), s.as(t, auth.PolicyApprover)
	_, err := s.as(t, auth.Viewer).SubmitIdea(t.Context(), &boardv1.SubmitIdeaRequest{Idea: &boardv1.Idea{Title: "x", Account: "accounts/acme"}})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = s.as(t, auth.ServiceAgent).SubmitIdea(t.Context(), &boardv1.SubmitIdeaRequest{Idea: &boardv1.Idea{
		Title: "x", Account: "accounts/acme", SubmitDate: ymd(2026, 3, 1)}})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")

	_, err = approver.CreateSolicitation(t.Context(), &boardv1.CreateSolicitationRequest{SolicitationId: "not-mine", Solicitation: &boardv1.Solicitation{
		Question: "?", Owner: "principals/admin", Audience: toBoard("advisory")}})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	approver.ask(t, "mine")
	idea := secretary.submit(t, "Cheaper freight", "acme", "solicitations/mine")
	unasked := secretary.submit(t, "Open on Saturdays", "acme", "")
	decline := &boardv1.Disposition{Outcome: boardv1.Disposition_OUTCOME_DECLINE, Reason: "No."}
	_, err = manager.DecideIdea(t.Context(), &boardv1.DecideIdeaRequest{Name: idea, Disposition: decline})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.MergeIdea(t.Context(), &boardv1.MergeIdeaRequest{Name: idea, Into: unasked})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = approver.DecideIdea(t.Context(), &boardv1.DecideIdeaRequest{Name: unasked, Disposition: decline})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = approver.DecideIdea(t.Context(), &boardv1.DecideIdeaRequest{Name: idea, Disposition: decline})
	require.NoError(t, err, "whoever asked decides")
	_, err = s.as(t, auth.ServiceAgent).CloseSolicitation(t.Context(), &boardv1.CloseSolicitationRequest{Name: "solicitations/mine"})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.CloseSolicitation(t.Context(), &boardv1.CloseSolicitationRequest{Name: "solicitations/mine"})
	require.NoError(t, err)
	_, err = manager.RecordFollowUp(t.Context(), &boardv1.RecordFollowUpRequest{Name: idea, Note: "x"})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	for _, wrong := range []*boardv1.CreateSolicitationRequest{
		{Solicitation: &boardv1.Solicitation{Question: "?"}},
		{Solicitation: &boardv1.Solicitation{Audience: toBoard("advisory")}},
		{Solicitation: &boardv1.Solicitation{Question: "What?", Audience: toBoard("nobody")}},
		{Solicitation: &boardv1.Solicitation{Question: "What?", Audience: toBoard("advisory"), DecisionDate: ymd(2026, 2, 30)}},
	} {
		_, err := secretary.CreateSolicitation(t.Context(), wrong)
		wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	}
}
