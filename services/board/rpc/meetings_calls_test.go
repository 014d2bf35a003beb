package rpc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

const aUUID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

// fieldsOf are the fields that a status calls wrong.
func fieldsOf(s *status.Status) (fields []string) {
	for _, d := range s.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

// soon is a meeting that begins within the hour, so that it can be held now.
func soon() *boardv1.Meeting {
	return &boardv1.Meeting{StartTime: timestamppb.New(time.Now().Add(30 * time.Minute)), Duration: durationpb.New(time.Hour), Title: "Spring meeting",
		Agenda: []*boardv1.AgendaItem{
			{Title: "Welcome", Kind: boardv1.AgendaItem_KIND_INFORMATION, Duration: durationpb.New(10 * time.Minute)},
			{Id: "prices", Title: "Prices", Kind: boardv1.AgendaItem_KIND_DECISION, Concerns: []string{"accounts/fir"}, Presenter: "principals/sam",
				Attachments: []*boardv1.Attachment{{Title: "Paper", Uri: "https://papers.example/1"}}},
		}}
}

func there(accounts ...string) (list []*boardv1.Attendance) {
	for _, a := range accounts {
		list = append(list, &boardv1.Attendance{Account: "accounts/" + a, Stays: []*boardv1.Stay{{Remote: true}}})
	}
	return list
}

func TestAMeetingThroughTheAPI(t *testing.T) {
	as, sent := meet(t)
	ctx := t.Context()
	c := as(auth.BoardSecretary)
	in := &boardv1.CreateMeetingRequest{Parent: "boards/advisory", MeetingId: "spring", Meeting: soon(), RequestId: aUUID}
	created, err := c.CreateMeeting(ctx, in)
	require.NoError(t, err)
	name := created.GetName()
	require.Equal(t, "boards/advisory/meetings/spring", name)
	require.Equal(t, "America/New_York", created.GetTimeZone())
	require.Equal(t, "1", created.GetAgenda()[0].GetId())
	again, err := c.CreateMeeting(ctx, in)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(created, again, protocmp.Transform()))
	in.RequestId = ""
	_, err = c.CreateMeeting(ctx, in)
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")

	updated, err := c.UpdateMeeting(ctx, &boardv1.UpdateMeetingRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"place", "link"}},
		Meeting: &boardv1.Meeting{Name: name, Place: "Oak room", Link: "https://meet.example/1", Etag: created.GetEtag()}})
	require.NoError(t, err)
	require.Equal(t, "Spring meeting", updated.GetTitle(), "the mask leaves it alone")
	_, err = c.UpdateMeeting(ctx, &boardv1.UpdateMeetingRequest{Meeting: &boardv1.Meeting{Name: name, Title: "x", Etag: created.GetEtag()}})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	_, err = c.UpdateMeeting(ctx, &boardv1.UpdateMeetingRequest{Meeting: &boardv1.Meeting{Name: name, StartTime: timestamppb.Now(), Title: "x"}})
	require.Equal(t, []string{"meeting.start_time"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")), "that is for move")

	moved, err := c.MoveMeeting(ctx, &boardv1.MoveMeetingRequest{Name: name, StartTime: timestamppb.New(time.Now().Add(time.Hour)), Reason: "The room."})
	require.NoError(t, err)
	require.True(t, moved.GetMoved())
	require.EqualValues(t, 2, moved.GetSequence())
	invited, err := c.InviteMembers(ctx, &boardv1.InviteMembersRequest{Name: name})
	require.NoError(t, err)
	require.Equal(t, boardv1.Meeting_STATE_INVITED, invited.GetState())
	require.Len(t, sent.messages, 5)
	require.Equal(t, boardv1.Notice_KIND_INVITATION, invited.GetInvitations()[0].GetNotices()[0].GetKind())
	require.NotNil(t, invited.GetInvitations()[0].GetNotices()[0].GetSendTime())
	answered, err := c.AnswerInvitation(ctx, &boardv1.AnswerInvitationRequest{Name: name, Account: "accounts/ash", Answer: boardv1.MeetingInvitation_ANSWER_TENTATIVE})
	require.NoError(t, err)
	require.Equal(t, "accounts/ash/contacts/jo", answered.GetInvitations()[0].GetAnsweredBy())
	_, err = c.AnswerInvitation(ctx, &boardv1.AnswerInvitationRequest{Name: name, Account: "accounts/ash", Contact: "accounts/elm/contacts/jo", Answer: boardv1.MeetingInvitation_ANSWER_ACCEPTED})
	require.Equal(t, []string{"contact"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	_, err = c.AnswerInvitation(ctx, &boardv1.AnswerInvitationRequest{Name: name, Account: "accounts/ash", Contact: "accounts/ash/contacts/kim", Answer: boardv1.MeetingInvitation_ANSWER_ACCEPTED})
	wantStatus(t, err, codes.FailedPrecondition, "SUBSTITUTE")

	suggested, err := as(auth.Viewer).SuggestRecusals(ctx, &boardv1.SuggestRecusalsRequest{Name: name})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*boardv1.RecusalSuggestion{{AgendaItem: "prices", Account: "accounts/birch", Concerned: "accounts/fir",
		Reason: "declared competitors", Finding: "boards/advisory/findings/f1"}}, suggested.GetSuggestions(), protocmp.Transform()))
	_, err = c.RecuseMember(ctx, &boardv1.RecuseMemberRequest{Name: name, AgendaItem: "prices", Account: "accounts/birch", Reason: "They compete.",
		Finding: "boards/other/findings/f1"})
	require.Equal(t, []string{"finding"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	_, err = c.RecuseMember(ctx, &boardv1.RecuseMemberRequest{Name: name, AgendaItem: "prices", Account: "accounts/birch", Reason: "They compete.",
		Finding: "boards/advisory/findings/nope"})
	require.Equal(t, []string{"finding"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	_, err = c.RecuseMember(ctx, &boardv1.RecuseMemberRequest{Name: name, AgendaItem: "prices", Account: "accounts/birch", Reason: "They compete.",
		Finding: suggested.GetSuggestions()[0].GetFinding()})
	require.NoError(t, err)
	holdAndDecide(t, c, name)
}

func holdAndDecide(t *testing.T, c boardv1.MeetingsServiceClient, name string) {
	t.Helper()
	ctx := t.Context()
	held, err := c.HoldMeeting(ctx, &boardv1.HoldMeetingRequest{Name: name, Attendance: there("ash", "birch", "cedar")})
	require.NoError(t, err)
	require.Equal(t, "boards/advisory/charters/2", held.GetRoll().GetCharter())
	require.True(t, held.GetQuorum().GetMet())
	require.Empty(t, cmp.Diff(&boardv1.QuorumCount{Needed: 3, Counted: 2, Present: 3, Recused: 1, CountTime: held.GetRoll().GetOpenTime()},
		held.GetAgenda()[1].GetQuorum(), protocmp.Transform()))
	_, err = c.MoveMeeting(ctx, &boardv1.MoveMeetingRequest{Name: name, StartTime: timestamppb.New(time.Now().Add(time.Hour)), Reason: "x"})
	wantStatus(t, err, codes.FailedPrecondition, "MEETING_STATE")
	decision := &boardv1.Decision{AgendaItem: "prices", Text: "A quarter ahead.", Outcome: boardv1.Decision_OUTCOME_ADOPTED,
		Owner: "principals/sam", DueDate: &date.Date{Year: 2099, Month: 6, Day: 30}, Votes: []*boardv1.MemberVote{
			{Account: "accounts/ash", Choice: boardv1.MemberVote_CHOICE_FOR}, {Account: "accounts/elm", Choice: boardv1.MemberVote_CHOICE_FOR}}}
	_, err = c.CreateDecision(ctx, &boardv1.CreateDecisionRequest{Parent: name, Decision: decision})
	wantStatus(t, err, codes.FailedPrecondition, "NO_QUORUM")
	_, err = c.RecordAttendance(ctx, &boardv1.RecordAttendanceRequest{Name: name, Attendance: there("elm")})
	require.NoError(t, err)
	_, err = c.TakeUpItem(ctx, &boardv1.TakeUpItemRequest{Name: name, AgendaItem: "prices"})
	require.NoError(t, err)
	decided, err := c.CreateDecision(ctx, &boardv1.CreateDecisionRequest{Parent: name, Decision: decision})
	require.NoError(t, err)
	require.Equal(t, name+"/decisions/1", decided.GetName())
	require.EqualValues(t, 2, decided.GetTally().GetVotesFor())
	changed, err := c.UpdateDecision(ctx, &boardv1.UpdateDecisionRequest{Decision: &boardv1.Decision{Name: decided.GetName(), Owner: "principals/ines", Etag: decided.GetEtag()}})
	require.NoError(t, err)
	require.Equal(t, "A quarter ahead.", changed.GetText())

	_, err = c.CloseMeeting(ctx, &boardv1.CloseMeetingRequest{Name: name})
	wantStatus(t, err, codes.FailedPrecondition, "MINUTES")
	for _, text := range []string{"First.", "Second."} {
		_, err = c.CreateMinutes(ctx, &boardv1.CreateMinutesRequest{Parent: name, Minutes: &boardv1.Minutes{Text: text}})
		require.NoError(t, err)
	}
	first, err := c.ListMinutes(ctx, &boardv1.ListMinutesRequest{Parent: name, PageSize: 1})
	require.NoError(t, err)
	second, err := c.ListMinutes(ctx, &boardv1.ListMinutesRequest{Parent: name, PageSize: 1, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Empty(t, second.GetNextPageToken())
	got, err := c.GetMinutes(ctx, &boardv1.GetMinutesRequest{Name: second.GetMinutes()[0].GetName()})
	require.NoError(t, err)
	require.Equal(t, "Second.", got.GetText())
	require.Equal(t, "principals/board-secretary", got.GetRecorder())
	_, err = c.GetMinutes(ctx, &boardv1.GetMinutesRequest{Name: name + "/minutes/3"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	closed, err := c.CloseMeeting(ctx, &boardv1.CloseMeetingRequest{Name: name})
	require.NoError(t, err)
	require.Equal(t, boardv1.Meeting_STATE_MINUTED, closed.GetState())
	require.EqualValues(t, 2, closed.GetMinutesCount())
	_, err = c.ApproveMinutes(ctx, &boardv1.ApproveMinutesRequest{Name: got.GetName(), Meeting: name})
	require.Equal(t, []string{"meeting"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	followUp(t, c, changed)
}

func followUp(t *testing.T, c boardv1.MeetingsServiceClient, d *boardv1.Decision) {
	t.Helper()
	ctx := t.Context()
	list := func(filter string) string {
		answer, err := c.ListDecisions(ctx, &boardv1.ListDecisionsRequest{Parent: "boards/-/meetings/-", Filter: filter})
		require.NoError(t, err)
		var names []string
		for _, d := range answer.GetDecisions() {
			names = append(names, d.GetName())
		}
		return strings.Join(names, " ")
	}
	for filter, found := range map[string]bool{"": true, `owner = "principals/ines"`: true, `owner = "principals/sam"`: false, "overdue = true": false,
		"status = STATUS_OPEN": true, "status = DONE": false, "outcome = ADOPTED AND agenda_item = \"prices\"": true, `due_date < "2099-07-01"`: true,
		`due_date < "2099-06-30"`: false} {
		require.Equal(t, found, list(filter) == d.GetName(), filter)
	}
	_, err := c.ListDecisions(ctx, &boardv1.ListDecisionsRequest{Parent: "boards/advisory/meetings/-", Filter: "colour = 1"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	done, err := c.CompleteDecision(ctx, &boardv1.CompleteDecisionRequest{Name: d.GetName(), Evidence: "Letters went out."})
	require.NoError(t, err)
	require.Equal(t, boardv1.Decision_STATUS_DONE, done.GetStatus())
	_, err = c.DropDecision(ctx, &boardv1.DropDecisionRequest{Name: d.GetName(), Reason: "x"})
	wantStatus(t, err, codes.FailedPrecondition, "DECISION_STATE")
	_, err = c.ReopenDecision(ctx, &boardv1.ReopenDecisionRequest{Name: d.GetName(), Reason: "Not to all."})
	require.NoError(t, err)
	_, err = c.DropDecision(ctx, &boardv1.DropDecisionRequest{Name: d.GetName(), Reason: "Too dear."})
	require.NoError(t, err)
	got, err := c.GetDecision(ctx, &boardv1.GetDecisionRequest{Name: d.GetName()})
	require.NoError(t, err)
	require.Equal(t, "Too dear.", got.GetStatusReason())
}

func TestMeetingsAreScheduledAndListedThroughTheAPI(t *testing.T) {
	as, _ := meet(t)
	ctx := t.Context()
	c := as(auth.AccountManager)
	done, err := c.ScheduleMeetings(ctx, &boardv1.ScheduleMeetingsRequest{Parent: "boards/advisory", Years: 2, Place: "Oak room"})
	require.NoError(t, err)
	require.Len(t, done.GetCreated(), 24)
	again, err := c.ScheduleMeetings(ctx, &boardv1.ScheduleMeetingsRequest{Parent: "boards/advisory", Years: 2})
	require.NoError(t, err)
	require.EqualValues(t, 24, again.GetExistingCount())
	_, err = c.ScheduleMeetings(ctx, &boardv1.ScheduleMeetingsRequest{Parent: "boards/advisory", Years: 21})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	last := done.GetCreated()[23]
	_, err = c.CancelMeeting(ctx, &boardv1.CancelMeetingRequest{Name: last.GetName(), Reason: "Fair."})
	require.NoError(t, err)

	list := func(r *boardv1.ListMeetingsRequest) (names []string) {
		for {
			page, err := c.ListMeetings(ctx, r)
			require.NoError(t, err)
			for _, m := range page.GetMeetings() {
				names = append(names, m.GetName())
			}
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				return names
			}
		}
	}
	require.Len(t, list(&boardv1.ListMeetingsRequest{Parent: "boards/advisory", PageSize: 7}), 24)
	require.Equal(t, []string{last.GetName()}, list(&boardv1.ListMeetingsRequest{Parent: "boards/-", Filter: "state = STATE_CANCELLED", PageSize: 7}))
	require.Len(t, list(&boardv1.ListMeetingsRequest{Parent: "boards/-", Filter: `place = "Oak*" AND NOT state = CANCELLED`}), 23)
	require.Equal(t, last.GetName(), list(&boardv1.ListMeetingsRequest{Parent: "boards/advisory", OrderBy: "start_time desc"})[0])
	require.Len(t, list(&boardv1.ListMeetingsRequest{Parent: "boards/advisory", FromTime: done.GetCreated()[3].GetStartTime(), ToTime: done.GetCreated()[5].GetStartTime()}), 2)
	require.Empty(t, list(&boardv1.ListMeetingsRequest{Parent: "boards/other"}))
	_, err = c.ListMeetings(ctx, &boardv1.ListMeetingsRequest{Parent: "boards/nowhere"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = c.ListMeetings(ctx, &boardv1.ListMeetingsRequest{Parent: "boards/advisory", OrderBy: "title"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = c.GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: "boards/advisory/meetings/none"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestAccountManagersChangeMeetingsOfTheirBoardsOnly(t *testing.T) {
	as, _ := meet(t)
	ctx := t.Context()
	call := func(role auth.Role, board string) error {
		_, err := as(role).CreateMeeting(ctx, &boardv1.CreateMeetingRequest{Parent: "boards/" + board, MeetingId: "of-" + string(role), Meeting: soon()})
		return err
	}
	require.NoError(t, call(auth.AccountManager, "advisory"))
	wantStatus(t, call(auth.AccountManager, "other"), codes.PermissionDenied, "NOT_ASSIGNED")
	wantStatus(t, call(auth.AccountManager, "nowhere"), codes.NotFound, "NOT_FOUND")
	require.NoError(t, call(auth.BoardSecretary, "other"))
	require.NoError(t, call(auth.Admin, "other"))
	for _, role := range []auth.Role{auth.Viewer, auth.ServiceAgent, auth.PolicyAuthor, auth.Auditor, auth.Service} {
		wantStatus(t, call(role, "advisory"), codes.PermissionDenied, "PERMISSION_DENIED")
		_, err := as(role).GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: "boards/other/meetings/of-admin"})
		require.NoError(t, err, role)
	}
	manager := as(auth.AccountManager)
	for what, err := range map[string]error{
		"invite": second(manager.InviteMembers(ctx, &boardv1.InviteMembersRequest{Name: "boards/other/meetings/of-admin"})),
		"cancel": second(manager.CancelMeeting(ctx, &boardv1.CancelMeetingRequest{Name: "boards/other/meetings/of-admin", Reason: "x"})),
		"drop":   second(manager.DropDecision(ctx, &boardv1.DropDecisionRequest{Name: "boards/other/meetings/of-admin/decisions/1", Reason: "x"})),
		"approve": second(manager.ApproveMinutes(ctx, &boardv1.ApproveMinutesRequest{Name: "boards/other/meetings/of-admin/minutes/1",
			Meeting: "boards/other/meetings/of-admin"})),
	} {
		require.NotNil(t, wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED"), what)
	}
}

func second[T any](_ T, err error) error { return err }

func TestShortNoticeThroughTheAPI(t *testing.T) {
	as, _ := meet(t)
	c := as(auth.BoardSecretary)
	in := &boardv1.CreateMeetingRequest{Parent: "boards/noticed", MeetingId: "recall", Meeting: soon()}
	_, err := c.CreateMeeting(t.Context(), in)
	s := wantStatus(t, err, codes.FailedPrecondition, "SHORT_NOTICE")
	require.Contains(t, s.Message(), "or say in short_notice_reason why")
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			day, err := time.Parse(time.DateOnly, info.GetMetadata()["earliest_date"])
			require.NoError(t, err)
			require.InDelta(t, 7*24, time.Until(day).Hours(), 48, "a week from now, in the zone of the meeting")
		}
	}
	in.Meeting.ShortNoticeReason = "The recall is announced tomorrow."
	m, err := c.CreateMeeting(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "The recall is announced tomorrow.", m.GetShortNoticeReason())
	_, err = c.UpdateMeeting(t.Context(), &boardv1.UpdateMeetingRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"short_notice_reason"}},
		Meeting: &boardv1.Meeting{Name: m.GetName(), ShortNoticeReason: "Another."}})
	require.Equal(t, []string{"update_mask"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")), "it was told")
}
