package rpc_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// fakeBoard is a board service in memory, behind the generated server.
type fakeBoard struct {
	boardv1.UnimplementedFeedServiceServer

	mu      sync.Mutex
	changes []*boardv1.Change
	grown   chan struct{}
	trimmed bool
}

func newFakeBoard() *fakeBoard { return &fakeBoard{grown: make(chan struct{})} }

// tell appends to the feed a change of a board, and one of terms.
func (f *fakeBoard) tell(terms ...*boardv1.Term) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range []*boardv1.Change{
		{State: &boardv1.Change_Board{Board: &boardv1.Board{Name: "boards/advisory"}}},
		{State: &boardv1.Change_Terms{Terms: &boardv1.TermsChanged{Terms: terms}}},
	} {
		c.Position = int64(len(f.changes)) + 1
		f.changes = append(f.changes, c)
	}
	close(f.grown)
	f.grown = make(chan struct{})
}

// trim makes the feed forget everything.
func (f *fakeBoard) trim() {
	f.mu.Lock()
	f.trimmed = true
	f.mu.Unlock()
	f.tell()
}

func (f *fakeBoard) WatchChanges(r *boardv1.WatchChangesRequest, stream grpc.ServerStreamingServer[boardv1.WatchChangesResponse]) error {
	at, _ := strconv.Atoi(r.GetResumeToken())
	for {
		f.mu.Lock()
		some, grown, trimmed := f.changes[at:], f.grown, f.trimmed
		f.mu.Unlock()
		if trimmed {
			return fault.New(fault.OutOfRange, "FEED_OUT_OF_RANGE", "The feed does not reach back so far.")
		}
		at += len(some)
		if err := stream.Send(&boardv1.WatchChangesResponse{Changes: some, ResumeToken: strconv.Itoa(at), CaughtUp: true}); err != nil {
			return err
		}
		select {
		case <-grown:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

var year = func(y int32) *date.Date { return &date.Date{Year: y, Month: 1, Day: 1} }

// term is one from 1995 to 1997, or as it ended: in 1996.
func term(account string, end boardv1.Term_End) *boardv1.Term {
	t := &boardv1.Term{
		Name: "boards/advisory/terms/" + account, Account: "accounts/" + account, End: end,
		StartDate: year(1995), PlannedEndDate: year(1997),
	}
	if end != boardv1.Term_END_UNSPECIFIED {
		t.EndDate = year(1996)
	}
	return t
}

// advised is a served schedule with a rule on terms, for accounts named after how their
// terms ended.
func advised(t *testing.T) *served {
	s := serve(t, entitlements.Options{})
	_, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: strings.Replace(promise, "{tenure: months, at_least: 120}", "{board: terms-served, at_least: 1}", 1)},
	})
	require.NoError(t, err)
	undone := term("undone", boardv1.Term_END_DISSOLVED)
	undone.EndDate = undone.GetStartDate()
	serves := term("serves", boardv1.Term_END_UNSPECIFIED)
	serves.PlannedEndDate = year(1998)
	terms := []*boardv1.Term{
		serves, term("planned", boardv1.Term_END_UNSPECIFIED), term("served", boardv1.Term_END_SERVED), term("resigned", boardv1.Term_END_RESIGNED),
		term("left", boardv1.Term_END_LEFT), term("dissolved", boardv1.Term_END_DISSOLVED), undone, term("odd", boardv1.Term_End(99)),
	}
	token := ""
	for _, m := range terms {
		id := strings.TrimPrefix(m.GetAccount(), "accounts/")
		token = s.accounts.add(account(id, ""), revenue(id, paidOn-4000, 1))
	}
	s.board.tell(terms...)
	require.Eventually(t, func() bool { return s.holds(t, "served", token) }, time.Minute, time.Millisecond)
	return s
}

func (s *served) holds(t *testing.T, account, token string) bool {
	t.Helper()
	got, err := s.CheckEntitlement(t.Context(), check(account, "no-fee", token))
	require.NoError(t, err)
	return got.GetEntitled()
}

func TestOnlyTermsServedAsLongAsTheCompanyLetThemCount(t *testing.T) {
	s := advised(t)
	for account, counts := range map[string]bool{
		"serves": false, "planned": true, "served": true, "resigned": false, "left": false, "dissolved": true, "undone": false, "odd": false,
	} {
		require.Equal(t, counts, s.holds(t, account, ""), account)
	}
}

func TestR34CheckTellsTheTermsThatAreMissing(t *testing.T) {
	s := advised(t)
	want := func(board *entitlementsv1.BoardRequirement) []*entitlementsv1.Requirement {
		return []*entitlementsv1.Requirement{{Requirement: &entitlementsv1.Requirement_Board{Board: board}}}
	}
	got, err := s.CheckEntitlement(t.Context(), check("serves", "no-fee", ""))
	require.NoError(t, err)
	require.Len(t, got.GetDistances(), 2)
	require.True(t, got.GetValidUntil().AsTime().Equal(time.Date(1998, 1, 1, 5, 0, 0, 0, time.UTC)), "as planned")
	require.Contains(t, got.GetReason(), "There is 1 other way.", "which money can buy")
	require.Empty(t, cmp.Diff(want(&entitlementsv1.BoardRequirement{MissingTerms: 1, NeedTerms: 1, CurrentTermEndDate: year(1998)}),
		got.GetDistances()[1].GetRequirements(), protocmp.Transform()))

	got, err = s.CheckEntitlement(t.Context(), check("resigned", "no-fee", ""))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want(&entitlementsv1.BoardRequirement{MissingTerms: 1, NeedTerms: 1}),
		got.GetDistances()[1].GetRequirements(), protocmp.Transform()))

	got, err = s.as(auth.ServiceAgent).CheckEntitlement(t.Context(), check("served", "no-fee", ""))
	require.NoError(t, err)
	require.True(t, got.GetEntitled())
	require.Empty(t, got.GetReason()+got.GetRule(), "who must not know spend learns nothing of the way")
}

// A rule on terms is read and written as a message too, and published by one.
func TestRulesOnTermsAsMessages(t *testing.T) {
	s := advised(t)
	version, err := s.schedules.GetSchedule(t.Context(), &entitlementsv1.GetScheduleRequest{})
	require.NoError(t, err)
	content := version.GetSchedule()
	board := content.GetRules()[1].GetWhen().GetAny().GetConditions()[1].GetBoard()
	require.EqualValues(t, 1, board.GetAtLeastTerms())

	publish := func() error {
		content.GetNotice().EffectiveDate = nil
		_, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
			Content: &entitlementsv1.PublishScheduleRequest_Schedule{Schedule: content}})
		return err
	}
	board.AtLeastTerms = 0
	refused := wantStatus(t, publish(), codes.InvalidArgument, "SCHEDULE_INVALID")
	require.Equal(t, []string{"schedule.rules[1].when.any[1].at_least"}, fieldsOf(refused))
	board.AtLeastTerms = 3
	require.NoError(t, publish())
	again, err := s.schedules.GetSchedule(t.Context(), &entitlementsv1.GetScheduleRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 3, again.GetSchedule().GetRules()[1].GetWhen().GetAny().GetConditions()[1].GetBoard().GetAtLeastTerms())
}

func TestABoardFeedThatIsGoneNeedsARebuild(t *testing.T) {
	s := advised(t)
	require.NoError(t, s.service.NeedsRebuild())
	s.board.trim()
	require.Eventually(t, func() bool { return s.service.NeedsRebuild() != nil }, time.Minute, time.Millisecond)
	require.ErrorContains(t, s.service.NeedsRebuild(), "board: ")
	require.True(t, s.holds(t, "served", ""), "what it has told counts")
	stream, err := s.RebuildProjections(t.Context(), &entitlementsv1.RebuildProjectionsRequest{})
	require.NoError(t, err)
	_, err = stream.Recv()
	wantStatus(t, err, codes.OutOfRange, "FEED_OUT_OF_RANGE")
}
