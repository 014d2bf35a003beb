package rpc

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/meetings"
)

// words is how the values of an enum are called in the domain.
type words[D ~string, M comparable] map[D]M

// message is the enum's value; the zero one for a word that there is not.
func (w words[D, M]) message(d D) M { return w[d] }

// domain is the word for a value; empty for the zero one.
func (w words[D, M]) domain(m M) D {
	for d, value := range w {
		if value == m {
			return d
		}
	}
	return ""
}

var (
	meetingStates = words[meetings.State, boardv1.Meeting_State]{
		meetings.Planned: boardv1.Meeting_STATE_PLANNED, meetings.Invited: boardv1.Meeting_STATE_INVITED,
		meetings.Held: boardv1.Meeting_STATE_HELD, meetings.Minuted: boardv1.Meeting_STATE_MINUTED,
		meetings.Cancelled: boardv1.Meeting_STATE_CANCELLED,
	}
	itemKinds = words[meetings.ItemKind, boardv1.AgendaItem_Kind]{
		meetings.Discussion: boardv1.AgendaItem_KIND_DISCUSSION, meetings.ForDecision: boardv1.AgendaItem_KIND_DECISION,
		meetings.Information: boardv1.AgendaItem_KIND_INFORMATION,
	}
	answerKinds = words[meetings.Answer, boardv1.MeetingInvitation_Answer]{
		meetings.Accepted: boardv1.MeetingInvitation_ANSWER_ACCEPTED, meetings.Declined: boardv1.MeetingInvitation_ANSWER_DECLINED,
		meetings.Tentative: boardv1.MeetingInvitation_ANSWER_TENTATIVE,
	}
	noticeKinds = words[meetings.NoticeKind, boardv1.Notice_Kind]{
		meetings.Invite: boardv1.Notice_KIND_INVITATION, meetings.Change: boardv1.Notice_KIND_CHANGE,
		meetings.Cancel: boardv1.Notice_KIND_CANCELLATION,
	}
	decisionOutcomes = words[meetings.Outcome, boardv1.Decision_Outcome]{
		meetings.Adopted: boardv1.Decision_OUTCOME_ADOPTED, meetings.Rejected: boardv1.Decision_OUTCOME_REJECTED,
		meetings.Postponed: boardv1.Decision_OUTCOME_POSTPONED, meetings.Noted: boardv1.Decision_OUTCOME_NOTED,
	}
	decisionStatuses = words[meetings.Status, boardv1.Decision_Status]{
		meetings.Open: boardv1.Decision_STATUS_OPEN, meetings.Done: boardv1.Decision_STATUS_DONE,
		meetings.Dropped: boardv1.Decision_STATUS_DROPPED,
	}
	voteChoices = words[meetings.Choice, boardv1.MemberVote_Choice]{
		meetings.For: boardv1.MemberVote_CHOICE_FOR, meetings.Against: boardv1.MemberVote_CHOICE_AGAINST, meetings.Abstain: boardv1.MemberVote_CHOICE_ABSTAIN,
	}
)

// lengthOf reads a duration of the request; 0 for none.
func lengthOf(field string, d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return 0, nil
	}
	if err := d.CheckValid(); err != nil || d.GetSeconds() > int64(maxLength/time.Second) || d.GetSeconds() < 0 {
		return 0, fault.Invalid(field, "is no duration from 0 to %d days", maxLength/(24*time.Hour))
	}
	return d.AsDuration(), nil
}

// maxLength is more than any meeting takes.
const maxLength = 366 * 24 * time.Hour

// spanOf writes a duration; nil for 0.
func spanOf(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// meetingOf is a meeting as it is seen on a day of its zone, by which decisions are overdue.
func meetingOf(s resource.Stored[meetings.Meeting], today civil.Day) *boardv1.Meeting {
	m, name := &s.State, meetings.Name(s.ID)
	out := &boardv1.Meeting{
		Name: name, Title: m.Title, State: meetingStates.message(m.State), StartTime: wire.Timestamp(m.Start), Duration: spanOf(m.Duration),
		TimeZone: m.Zone, Place: m.Place, Link: m.Link, Occurrence: m.Occurrence, Moved: m.Moved, Reason: m.Reason, ShortNoticeReason: m.ShortNotice,
		Sequence: int32(m.Sequence), MinutesCount: int32(len(m.Minutes)), EndTime: wire.Timestamp(m.Ended),
		Etag: s.Etag(), CreateTime: wire.Timestamp(m.Created), UpdateTime: wire.Timestamp(m.Updated),
	}
	for _, item := range m.Agenda {
		out.Agenda = append(out.Agenda, itemOf(m, item))
	}
	for _, i := range m.Invitations {
		out.Invitations = append(out.Invitations, invitationOf(i))
	}
	for _, a := range m.Attendance {
		out.Attendance = append(out.Attendance, attendanceOf(a))
	}
	for _, d := range m.Decisions {
		decision := decisionOf(name, d)
		decision.Overdue, decision.Etag = d.Overdue(today), out.GetEtag()
		out.Decisions = append(out.Decisions, decision)
	}
	if m.Roll != nil {
		out.Roll, out.Quorum = rollOf(m), countOf(m.Quorum())
	}
	if a := m.Approval; a != nil {
		out.MinutesApproval = &boardv1.MinutesApproval{Minutes: meetings.MinutesName(s.ID, a.Version),
			Meeting: meetings.Name(meetings.ID(m.Board, a.Meeting)), ApproveTime: wire.Timestamp(a.At)}
	}
	return out
}

func itemOf(m *meetings.Meeting, item meetings.Item) *boardv1.AgendaItem {
	out := &boardv1.AgendaItem{Id: item.ID, Title: item.Title, Kind: itemKinds.message(item.Kind), Presenter: item.Presenter,
		Description: item.Description, Duration: spanOf(item.Duration), Concerns: named(item.Concerns, "accounts"),
		TakenUpTime: wire.Timestamp(item.TakenUp)}
	for _, a := range item.Attachments {
		out.Attachments = append(out.Attachments, &boardv1.Attachment{Title: a.Title, Uri: a.URI})
	}
	for _, r := range item.Recusals {
		recusal := &boardv1.Recusal{Account: names.Join("accounts", r.Account), Reason: r.Reason,
			Finding: findingName(m.Board, r.Finding), RecordTime: wire.Timestamp(r.At), Recorder: r.By}
		if w := r.Withdrawn; w != nil {
			recusal.WithdrawTime, recusal.WithdrawReason, recusal.Withdrawer = wire.Timestamp(w.At), w.Reason, w.By
		}
		out.Recusals = append(out.Recusals, recusal)
	}
	if m.Roll != nil {
		out.Quorum = countOf(m.ItemQuorum(item))
	}
	return out
}

// agendaFrom reads what callers may set of an agenda.
func agendaFrom(in []*boardv1.AgendaItem) ([]meetings.Item, error) {
	var out []meetings.Item
	for i, item := range in {
		duration, err := lengthOf(fmt.Sprintf("meeting.agenda[%d].duration", i), item.GetDuration())
		if err != nil {
			return nil, err
		}
		to := meetings.Item{ID: item.GetId(), Title: item.GetTitle(), Kind: itemKinds.domain(item.GetKind()), Presenter: item.GetPresenter(),
			Description: item.GetDescription(), Duration: duration, Concerns: ids(item.GetConcerns(), "accounts")}
		for _, a := range item.GetAttachments() {
			to.Attachments = append(to.Attachments, meetings.Attachment{Title: a.GetTitle(), URI: a.GetUri()})
		}
		out = append(out, to)
	}
	return out, nil
}

func invitationOf(i meetings.Invitation) *boardv1.MeetingInvitation {
	out := &boardv1.MeetingInvitation{Account: names.Join("accounts", i.Account), Contact: contactName(i.Account, i.Contact),
		Answer: answerKinds.message(i.Answer), AnsweredBy: contactName(i.Account, i.By), Comment: i.Comment,
		AnswerTime: wire.Timestamp(i.At), Withdrawn: i.Withdrawn}
	for _, n := range i.Notices {
		out.Notices = append(out.Notices, &boardv1.Notice{Kind: noticeKinds.message(n.Kind), Sequence: int32(n.Sequence), SendTime: wire.Timestamp(n.Sent)})
	}
	return out
}

// contactName is the name of a contact of an account; empty for none.
func contactName(account, contact string) string {
	if contact == "" {
		return ""
	}
	return names.Join("accounts", account, "contacts", contact)
}

func attendanceOf(a meetings.Attendance) *boardv1.Attendance {
	out := &boardv1.Attendance{Account: names.Join("accounts", a.Account), Contact: contactName(a.Account, a.Contact),
		Excused: a.Excused, Comment: a.Comment}
	for _, s := range a.Stays {
		out.Stays = append(out.Stays, &boardv1.Stay{FromTime: wire.Timestamp(s.From), ToTime: wire.Timestamp(s.To), Remote: s.Remote})
	}
	return out
}

func rollOf(m *meetings.Meeting) *boardv1.Roll {
	r := m.Roll
	out := &boardv1.Roll{OpenTime: wire.Timestamp(r.Opened), Charter: fmt.Sprintf("boards/%s/charters/%d", m.Board, r.Charter), Rule: r.Rule,
		FilledSeats: int32(r.Filled), Needed: int32(r.Needed), SubstitutesAllowed: r.Substitutes}
	for _, member := range r.Members {
		out.Members = append(out.Members, names.Join("accounts", member.Account))
	}
	return out
}

func countOf(c meetings.Count) *boardv1.QuorumCount {
	return &boardv1.QuorumCount{Met: c.Met(), Needed: int32(c.Needed), Counted: int32(c.Counted()), Present: int32(c.Present),
		Recused: int32(c.Recused), CountTime: wire.Timestamp(c.At)}
}

func decisionOf(meeting string, d meetings.Decision) *boardv1.Decision {
	out := &boardv1.Decision{Name: names.Join(meeting, "decisions", d.ID), AgendaItem: d.Item, Text: d.Text,
		Outcome: decisionOutcomes.message(d.Outcome), Owner: optional(d.Owner, "principals"), Status: decisionStatuses.message(d.Status),
		StatusReason: d.Note, StatusTime: wire.Timestamp(d.At)}
	if d.Due != nil {
		out.DueDate = wire.Date(int32(*d.Due))
	}
	if t := d.Tally; t != nil {
		out.Tally = &boardv1.Tally{VotesFor: int32(t.For), VotesAgainst: int32(t.Against), Abstained: int32(t.Abstained)}
	}
	for _, v := range d.Votes {
		out.Votes = append(out.Votes, &boardv1.MemberVote{Account: names.Join("accounts", v.Account), Choice: voteChoices.message(v.Choice)})
	}
	return out
}

// decisionFrom reads what callers may set of a decision.
func decisionFrom(in *boardv1.Decision) (meetings.Decision, error) {
	d := meetings.Decision{Item: in.GetAgendaItem(), Text: in.GetText(), Outcome: decisionOutcomes.domain(in.GetOutcome()),
		Owner: id(in.GetOwner(), "principals")}
	if in.GetDueDate() != nil {
		days, err := wire.Day("decision.due_date", in.GetDueDate())
		if err != nil {
			return d, err
		}
		day := civil.Day(days)
		d.Due = &day
	}
	if t := in.GetTally(); t != nil {
		d.Tally = &meetings.Tally{For: int(t.GetVotesFor()), Against: int(t.GetVotesAgainst()), Abstained: int(t.GetAbstained())}
	}
	for _, v := range in.GetVotes() {
		d.Votes = append(d.Votes, meetings.Vote{Account: id(v.GetAccount(), "accounts"), Choice: voteChoices.domain(v.GetChoice())})
	}
	return d, nil
}
