package rpc_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// changes are those that are in the feed now, by type; of several the last.
func (s *served) changes(t *testing.T) map[string]*boardv1.Change {
	t.Helper()
	follower := s.as(t, auth.Service).feed
	head, err := follower.GetFeed(t.Context(), &boardv1.GetFeedRequest{})
	require.NoError(t, err)
	stream, err := follower.WatchChanges(t.Context(), &boardv1.WatchChangesRequest{})
	require.NoError(t, err)
	word := regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)
	all := map[string]*boardv1.Change{}
	for position := int64(0); position < head.GetPosition(); {
		answer, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range answer.GetChanges() {
			position = c.GetPosition()
			all[c.GetType()] = c
			require.Regexp(t, word, c.GetType())
			require.True(t, strings.HasPrefix(c.GetPrincipal(), "principals/"), "%s on behalf of %q", c.GetType(), c.GetPrincipal())
			bare := c.GetState() == nil
			require.Equal(t, strings.HasPrefix(c.GetType(), "roster."), bare, "%v", c)
		}
	}
	return all
}

func TestChangesSayWhoDidWhat(t *testing.T) {
	s := prepared(t)
	ctx := t.Context()
	secretary := s.as(t, auth.BoardSecretary)
	const rotation = "boards/a/rotations/2027-03-09"
	for _, day := range []int32{10, 11} {
		_, err := secretary.rotations.MoveRotation(ctx, &boardv1.MoveRotationRequest{Name: rotation, Date: &date.Date{Year: 2027, Month: 3, Day: day}, Reason: "The hall is taken."})
		require.NoError(t, err)
	}
	moved, err := secretary.rotations.GetRotation(ctx, &boardv1.GetRotationRequest{Name: rotation})
	require.NoError(t, err)
	withdrawn, err := secretary.boards.WithdrawCandidate(ctx, &boardv1.WithdrawCandidateRequest{Name: "boards/a/candidates/c03", Reason: "No time."})
	require.NoError(t, err)
	charter, err := secretary.boards.GetCharter(ctx, &boardv1.GetCharterRequest{Name: "boards/a/charters/1"})
	require.NoError(t, err)
	in := soon()
	in.ShortNoticeReason, in.Agenda[1].Concerns = "It is urgent.", nil
	meeting, err := secretary.meetings.CreateMeeting(ctx, &boardv1.CreateMeetingRequest{Parent: "boards/a", MeetingId: "spring", Meeting: in})
	require.NoError(t, err)
	cancelled, err := secretary.meetings.CancelMeeting(ctx, &boardv1.CancelMeetingRequest{Name: meeting.GetName(), Reason: "The hall burnt down."})
	require.NoError(t, err)
	asked, err := secretary.solicitations.CreateSolicitation(ctx, &boardv1.CreateSolicitationRequest{SolicitationId: "freight",
		Solicitation: &boardv1.Solicitation{Question: "What of freight?", Audience: toBoard("a")}})
	require.NoError(t, err)
	idea, err := secretary.ideas.SubmitIdea(ctx, &boardv1.SubmitIdeaRequest{Idea: &boardv1.Idea{Title: "Cheaper freight", Text: "By rail.",
		Account: "accounts/c01", Contact: "accounts/c01/contacts/ann"}})
	require.NoError(t, err)
	_, err = secretary.ideas.DecideIdea(ctx, &boardv1.DecideIdeaRequest{Name: idea.GetIdea().GetName(), Disposition: &boardv1.Disposition{
		Outcome: boardv1.Disposition_OUTCOME_DECLINE, Reason: "Too slow."}})
	require.NoError(t, err)

	all := s.changes(t)
	same := func(want, got proto.Message, but ...protoreflect.Name) {
		t.Helper()
		require.Empty(t, cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(want, but...)))
	}
	require.Equal(t, rotation, all["rotation.moved"].GetName())
	require.Equal(t, "principals/board-secretary", all["rotation.moved"].GetPrincipal())
	same(moved, all["rotation.moved"].GetRotation())
	require.Equal(t, "The hall is taken.", moved.GetReason())
	require.Len(t, moved.GetFormerDates(), 2)
	require.EqualValues(t, 10, moved.GetFormerDates()[1].GetDay(), "the last move was from there")
	require.Equal(t, charter.GetName(), all["charter.published"].GetName())
	same(charter, all["charter.published"].GetCharter())
	require.Equal(t, withdrawn.GetName(), all["candidate.withdrawn"].GetName())
	same(withdrawn, all["candidate.withdrawn"].GetCandidate(), "account_display_name", "eligible", "ineligible_reasons")
	require.Equal(t, meeting.GetName(), all["meeting.called"].GetName())
	same(cancelled, all["meeting.cancelled"].GetMeeting(), "agenda", "reason", "short_notice_reason")
	require.Equal(t, "prices", all["meeting.called"].GetMeeting().GetAgenda()[1].GetId())
	require.Empty(t, all["meeting.called"].GetMeeting().GetAgenda()[1].GetAttachments(), "no papers")
	require.Equal(t, asked.GetName(), all["solicitation.created"].GetName())
	same(asked, all["solicitation.created"].GetSolicitation())
	require.Equal(t, idea.GetIdea().GetName(), all["idea.decided"].GetName())
	same(idea.GetIdea(), all["idea.submitted"].GetIdea())
	require.Equal(t, "Too slow.", all["idea.decided"].GetIdea().GetDisposition().GetReason())
	require.Equal(t, "principals/board-service", all["idea.told"].GetPrincipal())
	require.NotEmpty(t, all["idea.told"].GetDescription())
}
