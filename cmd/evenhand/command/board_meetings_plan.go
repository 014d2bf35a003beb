package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// MeetingsSchedule is `evenhand board meetings schedule`.
type MeetingsSchedule struct {
	BoardArg
	Years          int32         `default:"1" help:"How many years ahead, at most 20 (${default})."`
	Place          string        `help:"Where the new ones take place."`
	Link           string        `placeholder:"URL" help:"The address at which to join the new ones from elsewhere."`
	Duration       time.Duration `placeholder:"DURATION" help:"How long the new ones last; two hours, where it is not given."`
	CancelObsolete bool          `help:"Cancel what an earlier recurrence foresaw, and nobody has moved or invited to."`
	ValidateOnly   bool          `help:"Only say what would be entered."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*MeetingsSchedule) Help() string {
	return `The same occurrence is the same meeting: repeat it at will, and what was moved or cancelled by hand stays so.

Example:

  evenhand board meetings schedule advisory --years 3 --place "Oak room"`
}

// Run schedules, and prints what was entered.
func (c *MeetingsSchedule) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		done, err := boardv1.NewMeetingsServiceClient(s).ScheduleMeetings(ctx, &boardv1.ScheduleMeetingsRequest{
			Parent: c.name(), Years: c.Years, Place: c.Place, Link: c.Link, Duration: length(c.Duration),
			CancelObsolete: c.CancelObsolete, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, done)
		}
		l := c.newList(env.Stdout, "meetings", "Meeting", "When", "What")
		for _, part := range []struct {
			what     string
			meetings []*boardv1.Meeting
		}{{"entered", done.GetCreated()}, {"at another hour", done.GetRetimed()}, {"foreseen again", done.GetRestored()}} {
			for _, m := range part.meetings {
				if err := l.add(m, m.GetName(), showWhen(m), part.what); err != nil {
					return err
				}
			}
		}
		if err := l.end(); err != nil {
			return err
		}
		env.note("%d were there already", done.GetExistingCount())
		for _, name := range done.GetOutdated() {
			env.note("%s was invited to and is not when the charter now says: move it by hand", name)
		}
		for _, name := range done.GetObsolete() {
			env.note("%s is not foreseen any more", name)
		}
		return nil
	})
}

// length is a duration of a request; nil for none.
func length(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// when reads an instant: RFC 3339, or the local time in a zone, as recurrences have it
// where clocks jump.
func when(flag, text, zone string) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text)); err == nil {
		return timestamppb.New(at), nil
	}
	in, err := civil.LoadZone(zone)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("%q is no IANA time zone such as America/New_York", zone)}
	}
	local, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("%s: %q is neither a local time such as 2026-03-12T16:00 nor an instant such as 2026-03-12T16:00:00-04:00", flag, text)}
	}
	since := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	return timestamppb.New(calendar.Place(civil.UTC.DayOf(local), since, in)), nil
}

// MeetingsCall is `evenhand board meetings call`.
type MeetingsCall struct {
	BoardArg
	Start    string        `arg:"" placeholder:"TIME" help:"When it begins: local, as 2026-03-12T16:00, or RFC 3339."`
	Duration time.Duration `default:"2h" help:"How long it is planned to last (${default})."`
	TimeZone string        `placeholder:"ZONE" help:"The zone in which its hour is meant; the board's, where it is not given."`
	ID       string        `placeholder:"ID" help:"Its id; otherwise its local date and time."`
	Title    string        `help:"What it is called in calendars."`
	Place    string        `help:"Where it takes place."`
	Link     string        `placeholder:"URL" help:"The address at which to join it from elsewhere."`

	ShortNoticeReason string `placeholder:"TEXT" help:"Why it is called at shorter notice than the charter has; members are told."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*MeetingsCall) Help() string {
	return `A meeting sooner than the charter's notice needs --short-notice-reason.

Example:

  evenhand board meetings call advisory 2026-03-12T16:00 --title "Spring meeting" --place "Oak room"`
}

// Run calls the meeting and prints it.
func (c *MeetingsCall) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		zone := c.TimeZone
		if zone == "" {
			board, err := boardv1.NewBoardsServiceClient(s).GetBoard(ctx, &boardv1.GetBoardRequest{Name: c.name()})
			if err != nil {
				return err
			}
			zone = board.GetTimeZone()
		}
		start, err := when("TIME", c.Start, zone)
		if err != nil {
			return err
		}
		m, err := boardv1.NewMeetingsServiceClient(s).CreateMeeting(ctx, &boardv1.CreateMeetingRequest{Parent: c.name(), MeetingId: c.ID,
			RequestId: newRequestID(), Meeting: &boardv1.Meeting{StartTime: start, Duration: length(c.Duration), TimeZone: zone,
				Title: c.Title, Place: c.Place, Link: c.Link, ShortNoticeReason: c.ShortNoticeReason}})
		return c.printMeeting(env, m, err)
	})
}

// MeetingsUpdate is `evenhand board meetings update`.
type MeetingsUpdate struct {
	MeetingChange
	Title *string `help:"What it is called in calendars; empty for the board's name."`
	Place *string `help:"Where it takes place."`
	Link  *string `placeholder:"URL" help:"The address at which to join it from elsewhere."`
}

// Run changes and prints it.
func (c *MeetingsUpdate) Run(env *Env) error {
	m := &boardv1.Meeting{Name: meetingName(c.Meeting), Etag: c.Etag}
	mask := &fieldmaskpb.FieldMask{}
	for _, f := range []struct {
		path string
		from *string
		to   *string
	}{{"title", c.Title, &m.Title}, {"place", c.Place, &m.Place}, {"link", c.Link, &m.Link}} {
		if f.from != nil {
			*f.to = *f.from
			mask.Paths = append(mask.Paths, f.path)
		}
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --place PLACE"}
	}
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, _ string) (*boardv1.Meeting, error) {
		return client.UpdateMeeting(ctx, &boardv1.UpdateMeetingRequest{Meeting: m, UpdateMask: mask, RequestId: newRequestID()})
	})
}

// MeetingsAgenda is `evenhand board meetings agenda`.
type MeetingsAgenda struct {
	Add    AgendaAdd    `cmd:"" help:"Add an item, or change one."`
	Remove AgendaRemove `cmd:"" help:"Take an item away of which nothing was recorded."`
}

// AgendaAdd is `evenhand board meetings agenda add`.
type AgendaAdd struct {
	MeetingChange
	Title       string            `arg:"" help:"What it is about, in a line."`
	ID          string            `placeholder:"ID" help:"Its id; the item that has it is changed. Otherwise the next number."`
	Kind        string            `enum:"discussion,decision,information" default:"discussion" help:"What it is for: discussion, decision or information (${default})."`
	Presenter   string            `help:"Who presents it."`
	Description string            `help:"More about it."`
	Duration    time.Duration     `placeholder:"DURATION" help:"How long it is planned to take."`
	Concerns    []string          `placeholder:"ACCOUNT,..." help:"The accounts that it concerns: who competes with one is proposed for recusal."`
	Attach      map[string]string `mapsep:"none" placeholder:"TITLE=URL" help:"A paper; may be repeated."`
}

// Help implements kong.HelpProvider.
func (*AgendaAdd) Help() string {
	return `Example:

  evenhand board meetings agenda add advisory/2026-03-12 "How prices are told" --id prices --kind decision --concerns hill-traders`
}

// Run reads the agenda, adds the item and prints the meeting.
func (c *AgendaAdd) Run(env *Env) error {
	item := &boardv1.AgendaItem{Id: c.ID, Title: c.Title, Presenter: c.Presenter, Description: c.Description, Duration: length(c.Duration),
		Kind: boardv1.AgendaItem_Kind(boardv1.AgendaItem_Kind_value["KIND_"+strings.ToUpper(c.Kind)])}
	for _, account := range c.Concerns {
		item.Concerns = append(item.Concerns, plainAccount(account))
	}
	for title, uri := range c.Attach {
		item.Attachments = append(item.Attachments, &boardv1.Attachment{Title: title, Uri: uri})
	}
	slices.SortFunc(item.GetAttachments(), func(a, b *boardv1.Attachment) int { return strings.Compare(a.GetTitle(), b.GetTitle()) })
	return c.edit(env, func(agenda []*boardv1.AgendaItem) ([]*boardv1.AgendaItem, error) {
		for i, old := range agenda {
			if c.ID != "" && old.GetId() == c.ID {
				agenda[i] = item
				return agenda, nil
			}
		}
		return append(agenda, item), nil
	})
}

// plainAccount is the resource name of an account by its id.
func plainAccount(arg string) string { return "accounts/" + strings.TrimPrefix(arg, "accounts/") }

// edit changes the agenda as it is, if nobody changes it meanwhile.
func (c *MeetingChange) edit(env *Env, change func([]*boardv1.AgendaItem) ([]*boardv1.AgendaItem, error)) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		m, err := client.GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: name})
		if err != nil {
			return nil, err
		}
		agenda, err := change(m.GetAgenda())
		if err != nil {
			return nil, err
		}
		etag := c.Etag
		if etag == "" {
			etag = m.GetEtag()
		}
		return client.UpdateMeeting(ctx, &boardv1.UpdateMeetingRequest{Meeting: &boardv1.Meeting{Name: name, Agenda: agenda, Etag: etag},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"agenda"}}, RequestId: newRequestID()})
	})
}

// AgendaRemove is `evenhand board meetings agenda remove`.
type AgendaRemove struct {
	MeetingChange
	Item string `arg:"" help:"The item's id."`
}

// Run reads the agenda, takes the item away and prints the meeting.
func (c *AgendaRemove) Run(env *Env) error {
	return c.edit(env, func(agenda []*boardv1.AgendaItem) ([]*boardv1.AgendaItem, error) {
		kept := slices.DeleteFunc(slices.Clone(agenda), func(item *boardv1.AgendaItem) bool { return item.GetId() == c.Item })
		if len(kept) == len(agenda) {
			return nil, &failure{message: fmt.Sprintf("%s has no item %q on its agenda", meetingName(c.Meeting), c.Item)}
		}
		return kept, nil
	})
}

// MeetingsMove is `evenhand board meetings move`.
type MeetingsMove struct {
	MeetingChange
	Start          string        `arg:"" placeholder:"TIME" help:"When it begins from now on: local, as 2026-03-12T16:00, or RFC 3339."`
	Reason         string        `required:"" help:"Why; members are told."`
	Duration       time.Duration `placeholder:"DURATION" help:"How long it is planned to last; as before, where it is not given."`
	DespiteCharter bool          `help:"Move it although that breaks the charter's rules on meetings."`
	ValidateOnly   bool          `help:"Only say what it would break."`
}

// Help implements kong.HelpProvider.
func (*MeetingsMove) Help() string {
	return `Who was invited is told, and asked again.

Example:

  evenhand board meetings move advisory/2026-03-12 2026-03-19T16:00 --reason "The room is taken."`
}

// Run moves and prints it.
func (c *MeetingsMove) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		m, err := client.GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: name})
		if err != nil {
			return nil, err
		}
		start, err := when("TIME", c.Start, m.GetTimeZone())
		if err != nil {
			return nil, err
		}
		return client.MoveMeeting(ctx, &boardv1.MoveMeetingRequest{Name: name, StartTime: start, Duration: length(c.Duration), Reason: c.Reason,
			Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly, DespiteCharter: c.DespiteCharter})
	})
}

// MeetingsCancel is `evenhand board meetings cancel`.
type MeetingsCancel struct {
	MeetingChange
	Reason         string `required:"" help:"Why; members are told."`
	DespiteCharter bool   `help:"Cancel it although that breaks the charter's rules on meetings."`
	ValidateOnly   bool   `help:"Only say what it would break."`
}

// Run cancels and prints it.
func (c *MeetingsCancel) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		return client.CancelMeeting(ctx, &boardv1.CancelMeetingRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID(),
			ValidateOnly: c.ValidateOnly, DespiteCharter: c.DespiteCharter})
	})
}
