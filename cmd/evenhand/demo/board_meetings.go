package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// scheduleMeetings enters the meetings of the years ahead.
func (c *clerk) scheduleMeetings(ctx context.Context) error {
	c.at(c.plan.first.AddDate(0, 0, -20))
	_, err := c.meetings.ScheduleMeetings(ctx, &boardv1.ScheduleMeetingsRequest{
		Parent: boardName, Years: boardYears + 1, Place: "Larkspur Instruments, the long room", Link: "https://meet.larkspur.example/board",
	})
	return err
}

// meet holds one of the first meetings, from where it is to its minutes.
func (c *clerk) meet(ctx context.Context, number int) error {
	list, err := c.meetings.ListMeetings(ctx, &boardv1.ListMeetingsRequest{Parent: boardName, PageSize: int32(len(meetingScripts))})
	if err != nil {
		return err
	}
	if len(list.GetMeetings()) <= number {
		return fmt.Errorf("%s has %d meetings, and needs %d", boardName, len(list.GetMeetings()), len(meetingScripts))
	}
	m, script := list.GetMeetings()[number], meetingScripts[number]
	for err == nil && m.GetState() != boardv1.Meeting_STATE_MINUTED {
		switch m.GetState() {
		case boardv1.Meeting_STATE_PLANNED:
			m, err = c.invite(ctx, m, script)
		case boardv1.Meeting_STATE_INVITED:
			m, err = c.hold(ctx, m, number)
		case boardv1.Meeting_STATE_HELD:
			m, err = c.conclude(ctx, m, script)
		default:
			return fmt.Errorf("%s is %s, which the demo does not make of it", m.GetName(), m.GetState())
		}
	}
	if err != nil {
		return err
	}
	if err := c.complete(ctx, m, script); err != nil {
		return err
	}
	return c.approve(ctx, list.GetMeetings(), number)
}

// invite sets the agenda and invites, three weeks ahead.
func (c *clerk) invite(ctx context.Context, m *boardv1.Meeting, script meetingScript) (*boardv1.Meeting, error) {
	c.clock.turn(m.GetStartTime().AsTime().AddDate(0, 0, -21))
	changed := &boardv1.Meeting{Name: m.GetName(), Title: script.title}
	for _, item := range script.agenda {
		changed.Agenda = append(changed.Agenda, &boardv1.AgendaItem{Id: item.id, Title: item.title, Kind: item.kind})
	}
	_, err := c.meetings.UpdateMeeting(ctx, &boardv1.UpdateMeetingRequest{
		Meeting: changed, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title", "agenda"}},
	})
	if err != nil {
		return nil, err
	}
	c.clock.turn(m.GetStartTime().AsTime().AddDate(0, 0, -20))
	return c.meetings.InviteMembers(ctx, &boardv1.InviteMembersRequest{Name: m.GetName()})
}

// hold records the answers and who came: each time another two do not.
func (c *clerk) hold(ctx context.Context, m *boardv1.Meeting, number int) (*boardv1.Meeting, error) {
	var there []*boardv1.Attendance
	for i, member := range m.GetInvitations() {
		c.clock.turn(m.GetStartTime().AsTime().AddDate(0, 0, -14))
		answer := &boardv1.AnswerInvitationRequest{Name: m.GetName(), Account: member.GetAccount(), Answer: boardv1.MeetingInvitation_ANSWER_ACCEPTED}
		attendance := &boardv1.Attendance{Account: member.GetAccount()}
		if away := (i+2*number)%7 == 3; away {
			answer.Answer, answer.Comment, attendance.Excused = boardv1.MeetingInvitation_ANSWER_DECLINED, "At a fair that week.", true
		} else {
			attendance.Stays = []*boardv1.Stay{{Remote: i%3 == 1}}
		}
		if _, err := c.meetings.AnswerInvitation(ctx, answer); err != nil {
			return nil, fmt.Errorf("%s: %w", member.GetAccount(), err)
		}
		there = append(there, attendance)
	}
	c.clock.turn(m.GetStartTime().AsTime().Add(5 * time.Minute))
	return c.meetings.HoldMeeting(ctx, &boardv1.HoldMeetingRequest{Name: m.GetName(), OpenTime: m.GetStartTime(), Attendance: there})
}

// conclude records what was decided, writes the minutes, and closes the meeting.
func (c *clerk) conclude(ctx context.Context, m *boardv1.Meeting, script meetingScript) (*boardv1.Meeting, error) {
	end := m.GetStartTime().AsTime().Add(m.GetDuration().AsDuration())
	c.clock.turn(end)
	recorded := map[string]bool{}
	for _, d := range m.GetDecisions() {
		recorded[d.GetAgendaItem()] = true
	}
	for _, item := range script.agenda {
		if item.decision == "" || recorded[item.id] {
			continue
		}
		_, err := c.meetings.CreateDecision(ctx, &boardv1.CreateDecisionRequest{Parent: m.GetName(), Decision: &boardv1.Decision{
			AgendaItem: item.id, Text: item.decision, Outcome: boardv1.Decision_OUTCOME_ADOPTED,
			Tally: &boardv1.Tally{VotesFor: m.GetQuorum().GetCounted()},
			Owner: "principals/" + item.owner, DueDate: toDate(end.AddDate(0, 0, item.dueDays)),
		}})
		if err != nil {
			return nil, fmt.Errorf("decision on %s: %w", item.id, err)
		}
	}
	if m.GetMinutesCount() == 0 {
		c.clock.turn(end.AddDate(0, 0, 3))
		_, err := c.meetings.CreateMinutes(ctx, &boardv1.CreateMinutesRequest{Parent: m.GetName(), Minutes: &boardv1.Minutes{Text: script.minutes}})
		if err != nil {
			return nil, fmt.Errorf("minutes: %w", err)
		}
	}
	c.clock.turn(end.AddDate(0, 0, 4))
	return c.meetings.CloseMeeting(ctx, &boardv1.CloseMeetingRequest{Name: m.GetName(), EndTime: stamp(end)})
}

// complete says what was done of what the meeting decided.
func (c *clerk) complete(ctx context.Context, m *boardv1.Meeting, script meetingScript) error {
	for _, d := range m.GetDecisions() {
		for _, item := range script.agenda {
			if item.id != d.GetAgendaItem() || item.evidence == "" || d.GetStatus() != boardv1.Decision_STATUS_OPEN {
				continue
			}
			c.clock.turn(m.GetStartTime().AsTime().AddDate(0, 0, item.dueDays-10))
			if _, err := c.meetings.CompleteDecision(ctx, &boardv1.CompleteDecisionRequest{Name: d.GetName(), Evidence: item.evidence}); err != nil {
				return fmt.Errorf("%s: %w", d.GetName(), err)
			}
		}
	}
	return nil
}

// approve has a meeting approve the minutes of the one before.
func (c *clerk) approve(ctx context.Context, list []*boardv1.Meeting, number int) error {
	if number == 0 {
		return nil
	}
	before, err := c.meetings.GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: list[number-1].GetName()})
	if err != nil || before.GetMinutesApproval() != nil {
		return err
	}
	c.clock.turn(list[number].GetStartTime().AsTime().AddDate(0, 0, 4))
	_, err = c.meetings.ApproveMinutes(ctx, &boardv1.ApproveMinutesRequest{
		Name: fmt.Sprintf("%s/minutes/%d", before.GetName(), before.GetMinutesCount()), Meeting: list[number].GetName(),
	})
	return err
}
