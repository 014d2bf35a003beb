package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardMeetings is `evenhand board meetings`.
type BoardMeetings struct {
	List       MeetingsList       `cmd:"" help:"List meetings."`
	Get        MeetingsGet        `cmd:"" help:"Show a meeting."`
	Schedule   MeetingsSchedule   `cmd:"" help:"Enter the meetings that the charter foresees, years ahead."`
	Call       MeetingsCall       `cmd:"" help:"Call a meeting by hand."`
	Update     MeetingsUpdate     `cmd:"" help:"Change title, place or link."`
	Agenda     MeetingsAgenda     `cmd:"" help:"Change the agenda."`
	Move       MeetingsMove       `cmd:"" help:"Move a meeting to another time."`
	Cancel     MeetingsCancel     `cmd:"" help:"Cancel a meeting for good."`
	Invite     MeetingsInvite     `cmd:"" help:"Invite the members."`
	Answer     MeetingsAnswer     `cmd:"" help:"Record what a member answered."`
	Hold       MeetingsHold       `cmd:"" help:"Say that a meeting began, and who is there."`
	Attendance MeetingsAttendance `cmd:"" help:"Record who was there, and when."`
	TakeUp     MeetingsTakeUp     `cmd:"" help:"Record that an item of the agenda was taken up."`
	Recusals   MeetingsRecusals   `cmd:"" help:"Who should stand aside from which item."`
	Recuse     MeetingsRecuse     `cmd:"" help:"Record that a member stands aside from an item."`
	Unrecuse   MeetingsUnrecuse   `cmd:"" help:"Take the recording of a recusal back."`
	Decide     MeetingsDecide     `cmd:"" help:"Record a decision."`
	Decisions  MeetingsDecisions  `cmd:"" help:"Follow decisions up."`
	Minutes    MeetingsMinutes    `cmd:"" help:"Record, show and approve minutes."`
	Close      MeetingsClose      `cmd:"" help:"Close a meeting whose minutes are written."`
}

// MeetingArg is the argument that names a meeting.
type MeetingArg struct {
	Meeting string `arg:"" placeholder:"BOARD/MEETING" help:"The meeting, as advisory/2026-03-12 or boards/advisory/meetings/2026-03-12."`
}

// meetingName is the resource name of the meeting that a person means.
func meetingName(arg string) string {
	if strings.HasPrefix(arg, "boards/") {
		return arg
	}
	board, meeting, _ := strings.Cut(arg, "/")
	return "boards/" + board + "/meetings/" + meeting
}

// MeetingChange is what all commands that change a meeting have.
type MeetingChange struct {
	MeetingArg
	Etag string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// run makes a change and prints the meeting.
func (c *MeetingChange) run(env *Env, change func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error)) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := change(ctx, boardv1.NewMeetingsServiceClient(s), meetingName(c.Meeting))
		return c.printMeeting(env, m, err)
	})
}

func (o Output) printMeeting(env *Env, m *boardv1.Meeting, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, m, meetingPairs(m))
}

func meetingPairs(m *boardv1.Meeting) []pair {
	return []pair{
		{"Meeting", m.GetName()}, {"Title", m.GetTitle()}, {"State", showEnum(m.GetState(), "STATE_")},
		{"When", showWhen(m)}, {"Duration", showDuration(m.GetDuration())}, {"Place", m.GetPlace()}, {"Link", m.GetLink()},
		{"Short notice", m.GetShortNoticeReason()}, {"Reason", m.GetReason()}, {"Agenda", agendaLines(m)}, {"Invited", invitationLines(m)},
		{"Quorum", showQuorum(m.GetQuorum())}, {"Present", attendanceLines(m)}, {"Decisions", decisionLines(m)},
		{"Minutes", minutesLine(m)}, {"Etag", m.GetEtag()},
	}
}

// planned is what begins at an instant, planned by the clocks of a zone.
type planned interface {
	GetStartTime() *timestamppb.Timestamp
	GetTimeZone() string
}

// showWhen is when something begins, by the clocks of its zone.
func showWhen(m planned) string {
	zone, err := time.LoadLocation(m.GetTimeZone())
	if err != nil {
		return showTime(m.GetStartTime())
	}
	return m.GetStartTime().AsTime().In(zone).Format("Mon 2006-01-02 15:04 MST")
}

func showDuration(d *durationpb.Duration) string {
	if d == nil {
		return ""
	}
	return strings.TrimSuffix(d.AsDuration().String(), "0s")
}

func agendaLines(m *boardv1.Meeting) string {
	var lines []string
	for _, item := range m.GetAgenda() {
		line := fmt.Sprintf("%s  %s (%s)", item.GetId(), item.GetTitle(), showEnum(item.GetKind(), "KIND_"))
		if q := item.GetQuorum(); q != nil {
			line += ", " + showQuorum(q)
		}
		for _, r := range item.GetRecusals() {
			if r.GetWithdrawTime() == nil {
				line += fmt.Sprintf("\n   without %s: %s", r.GetAccount(), r.GetReason())
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func invitationLines(m *boardv1.Meeting) string {
	var lines []string
	for _, i := range m.GetInvitations() {
		answer := showEnum(i.GetAnswer(), "ANSWER_")
		switch {
		case i.GetWithdrawn():
			answer = "withdrawn"
		case answer == "":
			answer = "no answer yet"
		case i.GetAnsweredBy() != i.GetContact():
			answer += " by " + i.GetAnsweredBy()
		}
		lines = append(lines, i.GetAccount()+": "+answer)
	}
	return strings.Join(lines, "\n")
}

func showQuorum(q *boardv1.QuorumCount) string {
	if q == nil {
		return ""
	}
	word := "quorum"
	if !q.GetMet() {
		word = "no quorum"
	}
	return fmt.Sprintf("%s: %d of %d needed", word, q.GetCounted(), q.GetNeeded())
}

func attendanceLines(m *boardv1.Meeting) string {
	var lines []string
	for _, a := range m.GetAttendance() {
		line := a.GetAccount()
		switch {
		case a.GetExcused():
			line += " (excused)"
		case len(a.GetStays()) == 0:
			line += " (absent)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func decisionLines(m *boardv1.Meeting) string {
	var lines []string
	for _, d := range m.GetDecisions() {
		id := d.GetName()[strings.LastIndexByte(d.GetName(), '/')+1:]
		lines = append(lines, fmt.Sprintf("%s  %s (%s)", id, d.GetText(), showEnum(d.GetOutcome(), "OUTCOME_")))
	}
	return strings.Join(lines, "\n")
}

func minutesLine(m *boardv1.Meeting) string {
	switch {
	case m.GetMinutesApproval() != nil:
		return fmt.Sprintf("approved by %s", m.GetMinutesApproval().GetMeeting())
	case m.GetMinutesCount() > 0:
		return fmt.Sprintf("version %d", m.GetMinutesCount())
	}
	return ""
}

// MeetingsList is `evenhand board meetings list`.
type MeetingsList struct {
	Board  string `arg:"" optional:"" placeholder:"BOARD" help:"The board; all, where it is not given."`
	From   moment `placeholder:"DATE" help:"Only meetings from this day (UTC) or RFC 3339 instant on."`
	To     moment `placeholder:"DATE" help:"Only meetings before this day (UTC) or RFC 3339 instant."`
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, title, place, occurrence, moved, start_time."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*MeetingsList) Help() string {
	return `Examples:

  evenhand board meetings list advisory --from 2026-01-01 --to 2027-01-01
  evenhand board meetings list --filter 'state = "INVITED"'`
}

// Run asks and prints.
func (c *MeetingsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewMeetingsServiceClient(s)
		parent := "boards/-"
		if c.Board != "" {
			parent = boardName(c.Board)
		}
		l := c.newList(env.Stdout, "meetings", "Meeting", "When", "State", "Title", "Place")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Meeting], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListMeetings(ctx, &boardv1.ListMeetingsRequest{Parent: parent, PageSize: size, PageToken: token,
				Filter: c.Filter, FromTime: c.From.begin(), ToTime: c.To.begin()})
			return page[*boardv1.Meeting]{answer.GetMeetings(), answer.GetNextPageToken()}, err
		}, func(m *boardv1.Meeting) error {
			return l.add(m, m.GetName(), showWhen(m), showEnum(m.GetState(), "STATE_"), m.GetTitle(), m.GetPlace())
		})
	})
}

// begin is the instant, or the beginning of the day in UTC; nil where neither is given.
func (m moment) begin() *timestamppb.Timestamp {
	if m.day == nil {
		return m.instant
	}
	return timestamppb.New(time.Date(int(m.day.GetYear()), time.Month(m.day.GetMonth()), int(m.day.GetDay()), 0, 0, 0, 0, time.UTC))
}

// MeetingsGet is `evenhand board meetings get`.
type MeetingsGet struct {
	MeetingArg
	Output
	Connection
}

// Run asks and prints.
func (c *MeetingsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := boardv1.NewMeetingsServiceClient(s).GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: meetingName(c.Meeting)})
		return c.printMeeting(env, m, err)
	})
}
