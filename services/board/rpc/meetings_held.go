package rpc

import (
	"context"
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/meetings"
)

func (s *meetingsServer) InviteMembers(ctx context.Context, r *boardv1.InviteMembersRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.InviteMembers(ctx, c, meetingID(r.GetName()), r.GetEtag(), r.GetValidateOnly()))
}

func (s *meetingsServer) AnswerInvitation(ctx context.Context, r *boardv1.AnswerInvitationRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	account := id(r.GetAccount(), "accounts")
	contact, err := contactAt("contact", account, r.GetContact())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.RecordAnswer(ctx, c, meetingID(r.GetName()), r.GetEtag(), meetings.Reply{
		Account: account, Contact: contact, Answer: answerKinds.domain(r.GetAnswer()), Comment: r.GetComment()}))
}

// contactAt returns the id of a contact, which has to be of an account.
func contactAt(field, account, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	contact, ok := strings.CutPrefix(name, names.Join("accounts", account, "contacts")+"/")
	if !ok {
		return "", fault.Invalid(field, "%s is no contact of accounts/%s", name, account)
	}
	return contact, nil
}

func (s *meetingsServer) HoldMeeting(ctx context.Context, r *boardv1.HoldMeetingRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	opened, err := wire.Time("open_time", r.GetOpenTime())
	if err != nil {
		return nil, err
	}
	there, err := attendanceFrom(r.GetAttendance())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.Hold(ctx, c, meetingID(r.GetName()), r.GetEtag(), opened, there))
}

func (s *meetingsServer) RecordAttendance(ctx context.Context, r *boardv1.RecordAttendanceRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	there, err := attendanceFrom(r.GetAttendance())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.RecordAttendance(ctx, c, meetingID(r.GetName()), r.GetEtag(), there))
}

func attendanceFrom(in []*boardv1.Attendance) ([]meetings.Attendance, error) {
	var out []meetings.Attendance
	for i, a := range in {
		at := fmt.Sprintf("attendance[%d]", i)
		account := id(a.GetAccount(), "accounts")
		contact, err := contactAt(at+".contact", account, a.GetContact())
		if err != nil {
			return nil, err
		}
		entry := meetings.Attendance{Account: account, Contact: contact, Excused: a.GetExcused(), Comment: a.GetComment()}
		for j, stay := range a.GetStays() {
			field := fmt.Sprintf("%s.stays[%d]", at, j)
			from, err := wire.Time(field+".from_time", stay.GetFromTime())
			if err != nil {
				return nil, err
			}
			to, err := wire.Time(field+".to_time", stay.GetToTime())
			if err != nil {
				return nil, err
			}
			entry.Stays = append(entry.Stays, meetings.Stay{From: from, To: to, Remote: stay.GetRemote()})
		}
		out = append(out, entry)
	}
	return out, nil
}

func (s *meetingsServer) TakeUpItem(ctx context.Context, r *boardv1.TakeUpItemRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	at, err := wire.Time("take_up_time", r.GetTakeUpTime())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.TakeUp(ctx, c, meetingID(r.GetName()), r.GetEtag(), r.GetAgendaItem(), at))
}

func (s *meetingsServer) SuggestRecusals(ctx context.Context, r *boardv1.SuggestRecusalsRequest) (*boardv1.SuggestRecusalsResponse, error) {
	list, err := s.meetings.SuggestRecusals(ctx, meetingID(r.GetName()))
	if err != nil {
		return nil, err
	}
	out := &boardv1.SuggestRecusalsResponse{}
	for _, g := range list {
		out.Suggestions = append(out.Suggestions, &boardv1.RecusalSuggestion{
			AgendaItem: g.Item, Account: names.Join("accounts", g.Member), Concerned: names.Join("accounts", g.Concerned),
			Reason: g.Reason, Finding: findingName(id(r.GetName(), "boards"), g.Finding), Recorded: g.Recorded})
	}
	return out, nil
}

// findingName is the name of a finding of a board; empty for none.
func findingName(board, finding string) string {
	if finding == "" {
		return ""
	}
	return names.Join("boards", board, "findings", finding)
}

func (s *meetingsServer) RecuseMember(ctx context.Context, r *boardv1.RecuseMemberRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	if r.GetFinding() != "" && id(r.GetFinding(), "boards") != id(r.GetName(), "boards") {
		return nil, fault.Invalid("finding", "%s is of another board", r.GetFinding())
	}
	return s.answer(s.meetings.Recuse(ctx, c, meetingID(r.GetName()), r.GetEtag(), r.GetAgendaItem(), meetings.Recusal{
		Account: id(r.GetAccount(), "accounts"), Reason: r.GetReason(), Finding: below(r.GetFinding(), "findings")}))
}

func (s *meetingsServer) WithdrawRecusal(ctx context.Context, r *boardv1.WithdrawRecusalRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.WithdrawRecusal(ctx, c, meetingID(r.GetName()), r.GetEtag(), r.GetAgendaItem(),
		id(r.GetAccount(), "accounts"), r.GetReason()))
}

func (s *meetingsServer) CloseMeeting(ctx context.Context, r *boardv1.CloseMeetingRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	ended, err := wire.Time("end_time", r.GetEndTime())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.Close(ctx, c, meetingID(r.GetName()), r.GetEtag(), ended))
}
