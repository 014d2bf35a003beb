package command

import (
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// MeetingsInvite is `evenhand board meetings invite`.
type MeetingsInvite struct {
	MeetingChange
	ValidateOnly bool `help:"Only say who would be invited."`
}

// Help implements kong.HelpProvider.
func (*MeetingsInvite) Help() string {
	return `Again, it invites who has become a member since; nobody is sent the same twice.

Example:

  evenhand board meetings invite advisory/2026-03-12`
}

// Run invites and prints the meeting.
func (c *MeetingsInvite) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		return client.InviteMembers(ctx, &boardv1.InviteMembersRequest{Name: name, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
	})
}

// MeetingsAnswer is `evenhand board meetings answer`.
type MeetingsAnswer struct {
	MeetingChange
	Account string `arg:"" help:"The member."`
	Answer  string `arg:"" enum:"accepted,declined,tentative" help:"accepted, declined or tentative."`
	Contact string `placeholder:"CONTACT" help:"Who answered and comes, as accounts/ID/contacts/ID; the member's contact, where it is not given."`
	Comment string `help:"What was said to it."`
}

// Run records and prints the meeting.
func (c *MeetingsAnswer) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		return client.AnswerInvitation(ctx, &boardv1.AnswerInvitationRequest{Name: name, Account: plainAccount(c.Account), Contact: c.Contact,
			Answer:  boardv1.MeetingInvitation_Answer(boardv1.MeetingInvitation_Answer_value["ANSWER_"+strings.ToUpper(c.Answer)]),
			Comment: c.Comment, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// There says who is at a meeting.
type There struct {
	Present []string `placeholder:"ACCOUNT,..." help:"Members who are there."`
	Remote  []string `placeholder:"ACCOUNT,..." help:"Members who take part from elsewhere, which counts as well."`
	Excused []string `placeholder:"ACCOUNT,..." help:"Members who asked to be excused."`
}

func (t There) attendance() []*boardv1.Attendance {
	var list []*boardv1.Attendance
	for _, account := range t.Present {
		list = append(list, &boardv1.Attendance{Account: plainAccount(account), Stays: []*boardv1.Stay{{}}})
	}
	for _, account := range t.Remote {
		list = append(list, &boardv1.Attendance{Account: plainAccount(account), Stays: []*boardv1.Stay{{Remote: true}}})
	}
	for _, account := range t.Excused {
		list = append(list, &boardv1.Attendance{Account: plainAccount(account), Excused: true})
	}
	return list
}

// instants are what flags say, by their names; nil for those that were not given.
type instants map[string]*timestamppb.Timestamp

// at reads instants, local in the zone of a meeting.
func at(ctx context.Context, client boardv1.MeetingsServiceClient, name string, flags map[string]string) (instants, error) {
	zone := ""
	for _, text := range flags {
		if text != "" {
			m, err := client.GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: name})
			if err != nil {
				return nil, err
			}
			zone = m.GetTimeZone()
			break
		}
	}
	read := instants{}
	for flag, text := range flags {
		var err error
		if read[flag], err = when(flag, text, zone); err != nil {
			return nil, err
		}
	}
	return read, nil
}

// MeetingsHold is `evenhand board meetings hold`.
type MeetingsHold struct {
	MeetingChange
	Opened string `placeholder:"TIME" help:"When it began: local, as 2026-03-12T16:02, or RFC 3339; now, where it is not given."`
	There
}

// Help implements kong.HelpProvider.
func (*MeetingsHold) Help() string {
	return `From here on, who are members and the quorum they need are fixed.

Example:

  evenhand board meetings hold advisory/2026-03-12 --opened 2026-03-12T16:02 --present brook-and-sons,north-mills --excused hill-traders`
}

// Run says so and prints the meeting.
func (c *MeetingsHold) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		times, err := at(ctx, client, name, map[string]string{"--opened": c.Opened})
		if err != nil {
			return nil, err
		}
		return client.HoldMeeting(ctx, &boardv1.HoldMeetingRequest{Name: name, OpenTime: times["--opened"], Attendance: c.attendance(),
			Etag: c.Etag, RequestId: newRequestID()})
	})
}

// MeetingsAttendance is `evenhand board meetings attendance`.
type MeetingsAttendance struct {
	MeetingChange
	There
	Absent []string `placeholder:"ACCOUNT,..." help:"Members who are not there after all."`
	From   string   `placeholder:"TIME" help:"Since when those present or remote were there; since the beginning, where it is not given."`
	To     string   `placeholder:"TIME" help:"Until when; to the end, where it is not given."`
}

// Help implements kong.HelpProvider.
func (*MeetingsAttendance) Help() string {
	return `What was recorded of these members before is replaced.

Example:

  evenhand board meetings attendance advisory/2026-03-12 --present hill-traders --from 2026-03-12T16:30`
}

// Run records and prints the meeting.
func (c *MeetingsAttendance) Run(env *Env) error {
	list := c.attendance()
	for _, account := range c.Absent {
		list = append(list, &boardv1.Attendance{Account: plainAccount(account)})
	}
	if len(list) == 0 {
		return &usageError{"nothing to record: name members, as --present ACCOUNT"}
	}
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		times, err := at(ctx, client, name, map[string]string{"--from": c.From, "--to": c.To})
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			for _, stay := range a.GetStays() {
				stay.FromTime, stay.ToTime = times["--from"], times["--to"]
			}
		}
		return client.RecordAttendance(ctx, &boardv1.RecordAttendanceRequest{Name: name, Attendance: list, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// MeetingsTakeUp is `evenhand board meetings take-up`.
type MeetingsTakeUp struct {
	MeetingChange
	Item string `arg:"" help:"The item's id."`
	At   string `placeholder:"TIME" help:"When: local, as 2026-03-12T16:30, or RFC 3339; now, where it is not given."`
}

// Run records and prints the meeting.
func (c *MeetingsTakeUp) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		times, err := at(ctx, client, name, map[string]string{"--at": c.At})
		if err != nil {
			return nil, err
		}
		return client.TakeUpItem(ctx, &boardv1.TakeUpItemRequest{Name: name, AgendaItem: c.Item, TakeUpTime: times["--at"], Etag: c.Etag, RequestId: newRequestID()})
	})
}

// MeetingsRecusals is `evenhand board meetings recusals`.
type MeetingsRecusals struct {
	MeetingArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*MeetingsRecusals) Help() string {
	return `Proposes which members should stand aside from which item, and records nothing.`
}

// Run asks and prints.
func (c *MeetingsRecusals) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewMeetingsServiceClient(s).SuggestRecusals(ctx, &boardv1.SuggestRecusalsRequest{Name: meetingName(c.Meeting)})
		if err != nil {
			return err
		}
		l := c.newList(env.Stdout, "suggestions", "Item", "Account", "Concerned", "Reason", "Recorded")
		for _, g := range answer.GetSuggestions() {
			if err := l.add(g, g.GetAgendaItem(), g.GetAccount(), g.GetConcerned(), g.GetReason(), yesNo(g.GetRecorded())); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// MeetingsRecuse is `evenhand board meetings recuse`.
type MeetingsRecuse struct {
	MeetingChange
	Item    string `arg:"" help:"The item's id."`
	Account string `arg:"" help:"The member."`
	Reason  string `required:"" help:"Why the member stands aside."`
	Finding string `placeholder:"NAME" help:"The finding that it follows from, as boards/ID/findings/ID."`
}

// Run records and prints the meeting.
func (c *MeetingsRecuse) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		return client.RecuseMember(ctx, &boardv1.RecuseMemberRequest{Name: name, AgendaItem: c.Item, Account: plainAccount(c.Account),
			Reason: c.Reason, Finding: c.Finding, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// MeetingsUnrecuse is `evenhand board meetings unrecuse`.
type MeetingsUnrecuse struct {
	MeetingChange
	Item    string `arg:"" help:"The item's id."`
	Account string `arg:"" help:"The member."`
	Reason  string `required:"" help:"Why it does not stand."`
}

// Run takes it back and prints the meeting.
func (c *MeetingsUnrecuse) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		return client.WithdrawRecusal(ctx, &boardv1.WithdrawRecusalRequest{Name: name, AgendaItem: c.Item, Account: plainAccount(c.Account),
			Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// MeetingsClose is `evenhand board meetings close`.
type MeetingsClose struct {
	MeetingChange
	Ended string `placeholder:"TIME" help:"When it ended: local, as 2026-03-12T18:05, or RFC 3339; where it is not given, when the last who came left, if that was recorded."`
}

// Run closes and prints it.
func (c *MeetingsClose) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		times, err := at(ctx, client, name, map[string]string{"--ended": c.Ended})
		if err != nil {
			return nil, err
		}
		return client.CloseMeeting(ctx, &boardv1.CloseMeetingRequest{Name: name, EndTime: times["--ended"], Etag: c.Etag, RequestId: newRequestID()})
	})
}
