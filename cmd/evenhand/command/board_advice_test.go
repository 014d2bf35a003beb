package command

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

var freight = &boardv1.Solicitation{Name: "solicitations/freight", Question: "What of freight?", State: boardv1.Solicitation_STATE_OPEN,
	Owner: "principals/sam", Audience: &boardv1.Audience{Who: &boardv1.Audience_Board{Board: "boards/advisory"}},
	DecisionDate: &date.Date{Year: 2026, Month: 3, Day: 31}, UndecidedIdeas: 2, Overdue: true,
	Changes: []*boardv1.Solicitation_Change{{Principal: "principals/sam", Field: "decision_date", OldValue: "2026-03-31", NewValue: "2026-05-01", Reason: "More time."}}}

var weekly = &boardv1.Idea{Name: "ideas/w1", Title: "One delivery a week", Account: "accounts/acme", Votes: 7, State: boardv1.Idea_STATE_DECIDED,
	History: []*boardv1.Disposition{adopted}, Disposition: adopted}

var adopted = &boardv1.Disposition{Outcome: boardv1.Disposition_OUTCOME_ADOPT, Reason: "It pays.", Owner: "principals/sam", Overdue: true,
	DueDate: &date.Date{Year: 2026, Month: 6, Day: 30}, Steps: []*boardv1.Disposition_Step{{Note: "Signed.", Evidence: "contract 7"}}}

// adviceFake answers every call with freight or weekly, and keeps what it was asked.
type adviceFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	boardv1.UnimplementedSolicitationsServiceServer
	boardv1.UnimplementedIdeasServiceServer

	mu   sync.Mutex
	last proto.Message
}

func (f *adviceFake) answer(_ context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
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
	case *boardv1.ListSolicitationsRequest:
		return &boardv1.ListSolicitationsResponse{Solicitations: []*boardv1.Solicitation{freight}}, nil
	case *boardv1.ListIdeasRequest:
		return &boardv1.ListIdeasResponse{Ideas: []*boardv1.Idea{weekly}}, nil
	case *boardv1.SubmitIdeaRequest:
		return &boardv1.SubmitIdeaResponse{Idea: weekly, SuggestedDuplicates: []*boardv1.SimilarIdea{{Idea: "ideas/w2", Title: "Fewer deliveries"}}}, nil
	case *boardv1.FindSimilarIdeasRequest:
		return &boardv1.FindSimilarIdeasResponse{SuggestedDuplicates: []*boardv1.SimilarIdea{{Idea: "ideas/w2", Title: "Fewer deliveries", Likeness: 0.7142}}}, nil
	case *boardv1.ListVotesRequest:
		return &boardv1.ListVotesResponse{Votes: []*boardv1.Vote{{Account: "accounts/acme", Principal: "principals/ines"}}}, nil
	case *boardv1.CreateIdeaCommentRequest:
		return &boardv1.IdeaComment{Name: "ideas/w1/comments/1", Text: "Yes.", Account: "accounts/acme"}, nil
	case *boardv1.ListIdeaCommentsRequest:
		return &boardv1.ListIdeaCommentsResponse{Comments: []*boardv1.IdeaComment{{Name: "ideas/w1/comments/1", Text: "Yes.", Principal: "principals/ines"}}}, nil
	case *boardv1.GetIdeaReportRequest:
		return &boardv1.GetIdeaReportResponse{Content: "# You said, we did\n"}, nil
	}
	if strings.Contains(info.FullMethod, "Solicitation") {
		return freight, nil
	}
	return weekly, nil
}

func startAdviceFake(t *testing.T) (*adviceFake, string) {
	t.Helper()
	f := &adviceFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	boardv1.RegisterSolicitationsServiceServer(server, f)
	boardv1.RegisterIdeasServiceServer(server, f)
	return f, listen(t, server)
}

func TestSolicitationsAndIdeasOnTheCommandLine(t *testing.T) {
	f, address := startAdviceFake(t)
	due := &date.Date{Year: 2026, Month: 6, Day: 30}
	board := &boardv1.Audience{Who: &boardv1.Audience_Board{Board: "boards/advisory"}}
	for line, tt := range map[string]struct {
		asked proto.Message
		told  string
	}{
		"solicit list --filter x": {&boardv1.ListSolicitationsRequest{Filter: "x", PageSize: 1000}, "solicitations/freight What of freight? open principals/sam boards/advisory"},
		"solicit get freight":     {&boardv1.GetSolicitationRequest{Name: "solicitations/freight"}, "decision_date from 2026-03-31 to 2026-05-01, because: More time."},
		"solicit create Why? --board advisory --decision 2026-06-30 --owner ben": {&boardv1.CreateSolicitationRequest{Solicitation: &boardv1.Solicitation{
			Question: "Why?", Owner: "principals/ben", Audience: board, DecisionDate: due}}, "Overdue yes"},
		"solicit create Why? --account acme,brook": {&boardv1.CreateSolicitationRequest{Solicitation: &boardv1.Solicitation{Question: "Why?",
			Audience: &boardv1.Audience{Who: &boardv1.Audience_Accounts_{Accounts: &boardv1.Audience_Accounts{Accounts: []string{"accounts/acme", "accounts/brook"}}}}}}, ""},
		"solicit create Why? --attribute sector=Energy": {&boardv1.CreateSolicitationRequest{Solicitation: &boardv1.Solicitation{Question: "Why?",
			Audience: &boardv1.Audience{Who: &boardv1.Audience_Attributes_{Attributes: &boardv1.Audience_Attributes{Values: map[string]string{"sector": "Energy"}}}}}}, ""},
		"solicit open freight --validate-only":   {&boardv1.OpenSolicitationRequest{Name: "solicitations/freight", ValidateOnly: true}, ""},
		"solicit close solicitations/freight":    {&boardv1.CloseSolicitationRequest{Name: "solicitations/freight"}, ""},
		"solicit answer freight --answer Done":   {&boardv1.AnswerSolicitationRequest{Name: "solicitations/freight", Answer: "Done"}, ""},
		"solicit withdraw freight --reason Oops": {&boardv1.WithdrawSolicitationRequest{Name: "solicitations/freight", Reason: "Oops"}, ""},

		"ideas list --order-by votes": {&boardv1.ListIdeasRequest{OrderBy: "votes", PageSize: 1000}, "ideas/w1 One delivery a week accounts/acme"},
		"ideas get w1":                {&boardv1.GetIdeaRequest{Name: "ideas/w1"}, "principals/sam, due 2026-06-30, overdue"},
		"ideas submit T --account acme --contact jo --solicitation freight --link A=https://x": {&boardv1.SubmitIdeaRequest{Idea: &boardv1.Idea{Title: "T",
			Account: "accounts/acme", Contact: "accounts/acme/contacts/jo", Solicitation: "solicitations/freight", Links: []*boardv1.Idea_Link{{Title: "A", Url: "https://x"}}}},
			"One delivery a week"},
		"ideas similar w1":                    {&boardv1.FindSimilarIdeasRequest{Name: "ideas/w1"}, "0.71"},
		"ideas vote w1 --account acme":        {&boardv1.VoteForIdeaRequest{Name: "ideas/w1", Account: "accounts/acme"}, "Votes 7"},
		"ideas take-back w1 --account acme":   {&boardv1.TakeBackVoteRequest{Name: "ideas/w1", Account: "accounts/acme"}, ""},
		"ideas votes w1":                      {&boardv1.ListVotesRequest{Parent: "ideas/w1", PageSize: 1000}, "principals/ines"},
		"ideas comment w1 Yes --account acme": {&boardv1.CreateIdeaCommentRequest{Parent: "ideas/w1", Comment: &boardv1.IdeaComment{Text: "Yes", Account: "accounts/acme"}}, "By accounts/acme"},
		"ideas comments w1":                   {&boardv1.ListIdeaCommentsRequest{Parent: "ideas/w1", PageSize: 1000}, "principals/ines"},
		"ideas merge w1 w2":                   {&boardv1.MergeIdeaRequest{Name: "ideas/w1", Into: "ideas/w2"}, ""},
		"ideas unmerge w1 --etag e":           {&boardv1.UnmergeIdeaRequest{Name: "ideas/w1", Etag: "e"}, ""},
		"ideas decide w1 adopt --reason Pays --owner sam --due 2026-06-30": {&boardv1.DecideIdeaRequest{Name: "ideas/w1", Disposition: &boardv1.Disposition{
			Outcome: boardv1.Disposition_OUTCOME_ADOPT, Reason: "Pays", Owner: "principals/sam", DueDate: due}}, "Signed. (contract 7)"},
		"ideas revise w1 already-there --reason Is --because Was": {&boardv1.ReviseDispositionRequest{Name: "ideas/w1", RevisionReason: "Was",
			Disposition: &boardv1.Disposition{Outcome: boardv1.Disposition_OUTCOME_ALREADY_THERE, Reason: "Is"}}, ""},
		"ideas follow-up w1 Signed --evidence c --done": {&boardv1.RecordFollowUpRequest{Name: "ideas/w1", Note: "Signed", Evidence: "c", Done: true}, ""},
		"said-and-did --board advisory --account acme --contact jo --format html --to 2026-06-30": {&boardv1.GetIdeaReportRequest{Board: "boards/advisory",
			Account: "accounts/acme", Contact: "accounts/acme/contacts/jo", ToDate: due, Format: boardv1.GetIdeaReportRequest_FORMAT_HTML}, "# You said, we did\n"},
	} {
		got := execute(t, address, "", append([]string{"board"}, strings.Fields(line)...)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		require.Contains(t, squeeze(got.stdout), tt.told, line)
		require.Empty(t, cmp.Diff(tt.asked, f.last, protocmp.Transform()), line)
	}
}

func TestUpdatesNameWhatTheyChange(t *testing.T) {
	f, address := startAdviceFake(t)
	got := execute(t, address, "", "board", "solicit", "update", "freight", "--decision", "2026-05-01", "--owner", "ben", "--reason", "More time.")
	require.Zero(t, got.code, got.stderr)
	r := f.last.(*boardv1.UpdateSolicitationRequest)
	require.Equal(t, []string{"owner", "decision_date"}, r.GetUpdateMask().GetPaths())
	require.Equal(t, "More time.", r.GetReason())
	got = execute(t, address, "", "board", "ideas", "update", "w1", "--title", "T", "--text", "")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, []string{"title", "text"}, f.last.(*boardv1.UpdateIdeaRequest).GetUpdateMask().GetPaths())
}

func TestAdviceCommandsThatAreWrong(t *testing.T) {
	_, address := startAdviceFake(t)
	for line, told := range map[string]string{
		"solicit create Why?":                          "nobody is asked",
		"solicit create Why? --board a --all-accounts": "can't be used together",
		"solicit update freight":                       "nothing to change",
		"ideas update w1":                              "nothing to change",
		"ideas decide w1 maybe --reason x":             "is no outcome",
		"ideas decide w1 decline":                      "--reason",
		"said-and-did --contact jo":                    "name that with --account",
	} {
		got := execute(t, address, "", append([]string{"board"}, strings.Fields(line)...)...)
		require.Equal(t, ExitUsage, got.code, line)
		require.Contains(t, got.stderr, told, line)
	}
	got := execute(t, address, "", "board", "ideas", "submit", "T", "--account", "acme", "--validate-only")
	require.Contains(t, got.stderr, "ideas/w2 may say the same: Fewer deliveries")
}
