package command

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// spring is the meeting of the tests: 12 March 2026, 16:00 to 18:00 in New York.
var spring = &boardv1.Meeting{
	Name: "boards/advisory/meetings/2026-03-12", Title: "Spring meeting", State: boardv1.Meeting_STATE_HELD, TimeZone: "America/New_York",
	StartTime: timestamppb.New(time.Date(2026, 3, 12, 20, 0, 0, 0, time.UTC)), Duration: durationpb.New(2 * time.Hour), MinutesCount: 2, Etag: "e7",
	Agenda: []*boardv1.AgendaItem{{Id: "prices", Title: "Prices", Kind: boardv1.AgendaItem_KIND_DECISION,
		Quorum:   &boardv1.QuorumCount{Needed: 3, Counted: 2, Present: 3, Recused: 1},
		Recusals: []*boardv1.Recusal{{Account: "accounts/birch", Reason: "They compete."}}}},
	Invitations: []*boardv1.MeetingInvitation{{Account: "accounts/ash", Answer: boardv1.MeetingInvitation_ANSWER_ACCEPTED}, {Account: "accounts/elm"}},
	Quorum:      &boardv1.QuorumCount{Met: true, Needed: 3, Counted: 3},
	Attendance:  []*boardv1.Attendance{{Account: "accounts/ash", Stays: []*boardv1.Stay{{}}}, {Account: "accounts/elm", Excused: true}},
}

var priced = &boardv1.Decision{Name: "boards/advisory/meetings/2026-03-12/decisions/1", AgendaItem: "prices", Text: "A quarter ahead.",
	Outcome: boardv1.Decision_OUTCOME_ADOPTED, Owner: "principals/sam", DueDate: &date.Date{Year: 2026, Month: 6, Day: 30},
	Status: boardv1.Decision_STATUS_OPEN, Overdue: true, Tally: &boardv1.Tally{VotesFor: 3}}

// meetingsFake answers every call with spring or priced, and keeps what it was asked.
type meetingsFake struct {
	boardv1.UnimplementedMeetingsServiceServer
	boardv1.UnimplementedBoardsServiceServer

	mu    sync.Mutex
	asked []proto.Message
}

// last returns what was asked last.
func (f *meetingsFake) last() proto.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[len(f.asked)-1]
}

func (f *meetingsFake) GetBoard(context.Context, *boardv1.GetBoardRequest) (*boardv1.Board, error) {
	return &boardv1.Board{Name: "boards/advisory", TimeZone: "America/New_York"}, nil
}

func (f *meetingsFake) answer(_ context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	f.asked = append(f.asked, request.(proto.Message))
	f.mu.Unlock()
	switch request.(type) {
	case *boardv1.GetBoardRequest:
		return handle(context.Background(), request)
	case *boardv1.ListMeetingsRequest:
		return &boardv1.ListMeetingsResponse{Meetings: []*boardv1.Meeting{spring}}, nil
	case *boardv1.ListDecisionsRequest:
		return &boardv1.ListDecisionsResponse{Decisions: []*boardv1.Decision{priced}}, nil
	case *boardv1.ListMinutesRequest:
		return &boardv1.ListMinutesResponse{Minutes: []*boardv1.Minutes{{Name: spring.GetName() + "/minutes/1", Recorder: "principals/ines"}}}, nil
	case *boardv1.GetMinutesRequest, *boardv1.CreateMinutesRequest:
		return &boardv1.Minutes{Name: spring.GetName() + "/minutes/2", Text: "# Minutes\n", Digest: "abc"}, nil
	case *boardv1.SuggestRecusalsRequest:
		return &boardv1.SuggestRecusalsResponse{Suggestions: []*boardv1.RecusalSuggestion{{AgendaItem: "prices", Account: "accounts/birch", Reason: "declared competitors"}}}, nil
	case *boardv1.ScheduleMeetingsRequest:
		return &boardv1.ScheduleMeetingsResponse{Created: []*boardv1.Meeting{spring}, ExistingCount: 11, Obsolete: []string{"boards/advisory/meetings/old"}}, nil
	}
	if info.FullMethod[len(info.FullMethod)-len("Decision"):] == "Decision" {
		return priced, nil
	}
	return spring, nil
}

// startMeetings serves f on loopback and returns its address.
func startMeetings(t *testing.T, f *meetingsFake) string {
	t.Helper()
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	boardv1.RegisterMeetingsServiceServer(server, f)
	boardv1.RegisterBoardsServiceServer(server, f)
	return listen(t, server)
}

func ts(text string) *timestamppb.Timestamp {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return timestamppb.New(at)
}

// Each command asks for what was said, and for nothing else.
func TestMeetingCommandsAsk(t *testing.T) {
	f := &meetingsFake{}
	server := startMeetings(t, f)
	file := filepath.Join(t.TempDir(), "minutes.md")
	require.NoError(t, os.WriteFile(file, []byte("# Minutes\n"), 0o600))
	const m, name = "advisory/2026-03-12", "boards/advisory/meetings/2026-03-12"
	for _, c := range []struct {
		args []string
		want proto.Message
		told string
	}{
		{[]string{"list"}, &boardv1.ListMeetingsRequest{Parent: "boards/-", PageSize: 1000}, "Thu 2026-03-12 16:00 EDT"},
		{[]string{"list", "advisory", "--from", "2026-01-01", "--to", "2026-02-01T10:00:00Z", "--filter", "moved = true"},
			&boardv1.ListMeetingsRequest{Parent: "boards/advisory", PageSize: 1000, Filter: "moved = true", FromTime: ts("2026-01-01T00:00:00Z"), ToTime: ts("2026-02-01T10:00:00Z")}, "held"},
		{[]string{"get", m}, &boardv1.GetMeetingRequest{Name: name}, "no quorum: 2 of 3 needed"},
		{[]string{"schedule", "advisory", "--years", "3", "--place", "Oak room", "--duration", "1h", "--validate-only"},
			&boardv1.ScheduleMeetingsRequest{Parent: "boards/advisory", Years: 3, Place: "Oak room", Duration: durationpb.New(time.Hour), ValidateOnly: true}, "entered"},
		{[]string{"call", "advisory", "2026-03-12T16:00", "--title", "Spring"},
			&boardv1.CreateMeetingRequest{Parent: "boards/advisory", Meeting: &boardv1.Meeting{Title: "Spring", StartTime: ts("2026-03-12T20:00:00Z"),
				Duration: durationpb.New(2 * time.Hour), TimeZone: "America/New_York"}}, "Spring meeting"},
		{[]string{"call", "advisory", "2026-03-12T16:00", "--short-notice-reason", "A recall."},
			&boardv1.CreateMeetingRequest{Parent: "boards/advisory", Meeting: &boardv1.Meeting{ShortNoticeReason: "A recall.", StartTime: ts("2026-03-12T20:00:00Z"),
				Duration: durationpb.New(2 * time.Hour), TimeZone: "America/New_York"}}, "Spring meeting"},
		{[]string{"update", m, "--link", ""}, &boardv1.UpdateMeetingRequest{Meeting: &boardv1.Meeting{Name: name}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"link"}}}, ""},
		{[]string{"agenda", "add", m, "More", "--kind", "information", "--concerns", "fir", "--attach", "Paper=https://x.example/1"},
			&boardv1.UpdateMeetingRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"agenda"}}, Meeting: &boardv1.Meeting{Name: name, Etag: "e7",
				Agenda: []*boardv1.AgendaItem{spring.GetAgenda()[0], {Title: "More", Kind: boardv1.AgendaItem_KIND_INFORMATION, Concerns: []string{"accounts/fir"},
					Attachments: []*boardv1.Attachment{{Title: "Paper", Uri: "https://x.example/1"}}}}}}, ""},
		{[]string{"agenda", "remove", m, "prices"}, &boardv1.UpdateMeetingRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"agenda"}},
			Meeting: &boardv1.Meeting{Name: name, Etag: "e7"}}, ""},
		{[]string{"move", m, "2026-11-05T16:00", "--reason", "Fair.", "--despite-charter"},
			&boardv1.MoveMeetingRequest{Name: name, StartTime: ts("2026-11-05T21:00:00Z"), Reason: "Fair.", DespiteCharter: true}, ""},
		{[]string{"cancel", name, "--reason", "Flood.", "--validate-only"}, &boardv1.CancelMeetingRequest{Name: name, Reason: "Flood.", ValidateOnly: true}, ""},
		{[]string{"invite", m, "--etag", "e7"}, &boardv1.InviteMembersRequest{Name: name, Etag: "e7"}, "accounts/elm: no answer yet"},
		{[]string{"answer", m, "ash", "declined", "--comment", "Away."}, &boardv1.AnswerInvitationRequest{Name: name, Account: "accounts/ash",
			Answer: boardv1.MeetingInvitation_ANSWER_DECLINED, Comment: "Away."}, ""},
		{[]string{"hold", m, "--opened", "2026-03-12T16:02", "--present", "ash", "--remote", "birch", "--excused", "elm"},
			&boardv1.HoldMeetingRequest{Name: name, OpenTime: ts("2026-03-12T20:02:00Z"), Attendance: []*boardv1.Attendance{
				{Account: "accounts/ash", Stays: []*boardv1.Stay{{}}}, {Account: "accounts/birch", Stays: []*boardv1.Stay{{Remote: true}}},
				{Account: "accounts/elm", Excused: true}}}, "accounts/elm (excused)"},
		{[]string{"attendance", m, "--present", "ash", "--absent", "elm", "--from", "2026-03-12T16:30"},
			&boardv1.RecordAttendanceRequest{Name: name, Attendance: []*boardv1.Attendance{
				{Account: "accounts/ash", Stays: []*boardv1.Stay{{FromTime: ts("2026-03-12T20:30:00Z")}}}, {Account: "accounts/elm"}}}, ""},
		{[]string{"take-up", m, "prices"}, &boardv1.TakeUpItemRequest{Name: name, AgendaItem: "prices"}, ""},
		{[]string{"recusals", m}, &boardv1.SuggestRecusalsRequest{Name: name}, "declared competitors"},
		{[]string{"recuse", m, "prices", "birch", "--reason", "They compete."},
			&boardv1.RecuseMemberRequest{Name: name, AgendaItem: "prices", Account: "accounts/birch", Reason: "They compete."}, "without accounts/birch"},
		{[]string{"unrecuse", m, "prices", "birch", "--reason", "No more."},
			&boardv1.WithdrawRecusalRequest{Name: name, AgendaItem: "prices", Account: "accounts/birch", Reason: "No more."}, ""},
		{[]string{"decide", m, "prices", "A quarter ahead.", "--owner", "sam", "--due", "2026-06-30", "--for", "3", "--against", "0"},
			&boardv1.CreateDecisionRequest{Parent: name, Decision: &boardv1.Decision{AgendaItem: "prices", Text: "A quarter ahead.", Outcome: boardv1.Decision_OUTCOME_ADOPTED,
				Owner: "principals/sam", DueDate: priced.GetDueDate(), Tally: &boardv1.Tally{VotesFor: 3}}}, "3 for, 0 against, 0 abstained"},
		{[]string{"decide", m, "prices", "No.", "--outcome", "rejected", "--vote", "elm=against", "--vote", "ash=abstain"},
			&boardv1.CreateDecisionRequest{Parent: name, Decision: &boardv1.Decision{AgendaItem: "prices", Text: "No.", Outcome: boardv1.Decision_OUTCOME_REJECTED,
				Votes: []*boardv1.MemberVote{{Account: "accounts/ash", Choice: boardv1.MemberVote_CHOICE_ABSTAIN}, {Account: "accounts/elm", Choice: boardv1.MemberVote_CHOICE_AGAINST}}}}, ""},
		{[]string{"decisions", "list", "--owner", "sam", "--overdue", "--filter", `due_date < "2026-07-01" OR outcome = NOTED`},
			&boardv1.ListDecisionsRequest{Parent: "boards/-/meetings/-", PageSize: 1000,
				Filter: `owner = "principals/sam" AND overdue = true AND (due_date < "2026-07-01" OR outcome = NOTED)`}, "overdue"},
		{[]string{"decisions", "list", "advisory"}, &boardv1.ListDecisionsRequest{Parent: "boards/advisory/meetings/-", PageSize: 1000}, ""},
		{[]string{"decisions", "list", m}, &boardv1.ListDecisionsRequest{Parent: name, PageSize: 1000}, ""},
		{[]string{"decisions", "update", m + "/1", "--due", "2026-06-30"}, &boardv1.UpdateDecisionRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"due_date"}},
			Decision: &boardv1.Decision{Name: priced.GetName(), DueDate: priced.GetDueDate()}}, ""},
		{[]string{"decisions", "complete", m + "/1", "Letters."}, &boardv1.CompleteDecisionRequest{Name: priced.GetName(), Evidence: "Letters."}, ""},
		{[]string{"decisions", "drop", priced.GetName(), "Dear."}, &boardv1.DropDecisionRequest{Name: priced.GetName(), Reason: "Dear."}, ""},
		{[]string{"decisions", "reopen", m + "/1", "Again."}, &boardv1.ReopenDecisionRequest{Name: priced.GetName(), Reason: "Again."}, ""},
		{[]string{"minutes", "record", m, file}, &boardv1.CreateMinutesRequest{Parent: name, Minutes: &boardv1.Minutes{Text: "# Minutes\n"}}, "minutes/2"},
		{[]string{"minutes", "get", m}, &boardv1.GetMinutesRequest{Name: name + "/minutes/2"}, "# Minutes"},
		{[]string{"minutes", "list", m}, &boardv1.ListMinutesRequest{Parent: name, PageSize: 1000}, "principals/ines"},
		{[]string{"minutes", "approve", m, "--version", "1", "--at", "advisory/2026-04-09"},
			&boardv1.ApproveMinutesRequest{Name: name + "/minutes/1", Meeting: "boards/advisory/meetings/2026-04-09"}, ""},
		{[]string{"close", m, "--ended", "2026-03-12T18:05:00-04:00"}, &boardv1.CloseMeetingRequest{Name: name, EndTime: ts("2026-03-12T22:05:00Z")}, ""},
	} {
		got := execute(t, server, "", append([]string{"board", "meetings"}, c.args...)...)
		require.Zero(t, got.code, "%v: %s", c.args, got.stderr)
		require.Contains(t, got.stdout, c.told, "%v", c.args)
		last := f.last()
		if id := last.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil {
			require.NotEmpty(t, last.ProtoReflect().Get(id).String(), "%v: the connection could not repeat it", c.args)
			last.ProtoReflect().Clear(id)
		}
		require.Empty(t, cmp.Diff(c.want, last, protocmp.Transform()), "%v", c.args)
	}
}

func TestALocalTimeThatClocksSkipIsTheOneAfter(t *testing.T) {
	for text, want := range map[string]string{
		"2027-03-14T01:30": "2027-03-14T07:30:00Z", "2027-03-14T02:30": "2027-03-14T08:30:00Z", "2027-03-14T03:30": "2027-03-14T08:30:00Z",
		"2027-11-07T01:30": "2027-11-07T06:30:00Z", "2027-07-01T16:00": "2027-07-01T21:00:00Z",
	} {
		got, err := when("TIME", text, "America/Chicago")
		require.NoError(t, err)
		require.Equal(t, ts(want).AsTime(), got.AsTime(), "as recurrences have %s", text)
	}
}

func TestMeetingCommandsAreRefused(t *testing.T) {
	server := startMeetings(t, &meetingsFake{})
	for _, c := range []struct {
		code int
		told string
		args []string
	}{
		{ExitUsage, "nothing to change", []string{"update", "advisory/m"}},
		{ExitUsage, "neither a local time", []string{"call", "advisory", "tomorrow"}},
		{ExitUsage, "no IANA time zone", []string{"call", "advisory", "2026-03-12T16:00", "--time-zone", "Mars/Base"}},
		{ExitUsage, "nothing to record", []string{"attendance", "advisory/m"}},
		{ExitUsage, "for, against or abstain", []string{"decide", "advisory/m", "1", "x", "--vote", "ash=yes"}},
		{ExitUsage, "names no decision", []string{"decisions", "drop", "1", "x"}},
		{ExitUsage, "nothing to change", []string{"decisions", "update", "advisory/m/1"}},
		{ExitFailed, `no item "none"`, []string{"agenda", "remove", "advisory/m", "none"}},
		{ExitFailed, "no such file", []string{"minutes", "record", "advisory/m", "nowhere.md"}},
		{ExitUsage, "answer", []string{"answer", "advisory/m", "ash", "perhaps"}},
	} {
		got := execute(t, server, "", append([]string{"board", "meetings"}, c.args...)...)
		require.Equal(t, c.code, got.code, "%v: %s", c.args, got.stderr)
		require.Contains(t, got.stderr, c.told, "%v", c.args)
	}
}
