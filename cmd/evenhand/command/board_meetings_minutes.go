package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// MeetingsMinutes is `evenhand board meetings minutes`.
type MeetingsMinutes struct {
	Record  MinutesRecord  `cmd:"" help:"Record a version of the minutes."`
	Get     MinutesGet     `cmd:"" aliases:"show" help:"Print a version of the minutes."`
	List    MinutesList    `cmd:"" help:"List the versions."`
	Approve MinutesApprove `cmd:"" help:"Record that a later meeting approved them."`
}

// MinutesRecord is `evenhand board meetings minutes record`.
type MinutesRecord struct {
	MeetingArg
	File    string `arg:"" placeholder:"FILE" help:"The text, as Markdown; - reads from standard input."`
	Comment string `help:"What changed in this version, and why."`
	Output
	Connection
}

// maxMinutes is more than the text of any minutes has, in bytes.
const maxMinutes = 1 << 20

// Run records and prints the version.
func (c *MinutesRecord) Run(env *Env) error {
	text, err := c.read(env)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := boardv1.NewMeetingsServiceClient(s).CreateMinutes(ctx, &boardv1.CreateMinutesRequest{Parent: meetingName(c.Meeting),
			Minutes: &boardv1.Minutes{Text: text, Comment: c.Comment}, RequestId: newRequestID()})
		if err != nil {
			return err
		}
		m.Text = ""
		return c.printOne(env.Stdout, m, []pair{{"Minutes", m.GetName()}, {"Recorded by", m.GetRecorder()}, {"SHA-256", m.GetDigest()}})
	})
}

func (c *MinutesRecord) read(env *Env) (text string, err error) {
	in := env.Stdin
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return "", fmt.Errorf("read the minutes in %s: %w", c.File, bare(err))
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, maxMinutes+1))
	if err != nil {
		return "", fmt.Errorf("read the minutes in %s: %w", c.File, bare(err))
	}
	if len(content) > maxMinutes {
		return "", &failure{message: fmt.Sprintf("%s is larger than any minutes may be, 200,000 characters", c.File)}
	}
	return string(content), nil
}

// MinutesGet is `evenhand board meetings minutes get`.
type MinutesGet struct {
	MeetingArg
	Version int32 `placeholder:"N" help:"The version; the last, where it is not given."`
	Connection
}

// Run prints the text, and nothing else.
func (c *MinutesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		client := boardv1.NewMeetingsServiceClient(s)
		name, err := lastMinutes(ctx, client, meetingName(c.Meeting), c.Version)
		if err != nil {
			return err
		}
		m, err := client.GetMinutes(ctx, &boardv1.GetMinutesRequest{Name: name})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.Stdout, strings.TrimSuffix(m.GetText(), "\n"))
		return err
	})
}

// lastMinutes is the name of a version of the minutes; of the last, where it is 0.
func lastMinutes(ctx context.Context, client boardv1.MeetingsServiceClient, meeting string, version int32) (string, error) {
	if version == 0 {
		m, err := client.GetMeeting(ctx, &boardv1.GetMeetingRequest{Name: meeting})
		if err != nil {
			return "", err
		}
		if version = m.GetMinutesCount(); version == 0 {
			return "", &failure{message: meeting + " has no minutes yet"}
		}
	}
	return fmt.Sprintf("%s/minutes/%d", meeting, version), nil
}

// MinutesList is `evenhand board meetings minutes list`.
type MinutesList struct {
	MeetingArg
	Output
	Connection
}

// Run asks and prints.
func (c *MinutesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewMeetingsServiceClient(s)
		l := c.newList(env.Stdout, "minutes", "Minutes", "Recorded", "By", "Approved", "Comment")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.Minutes], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListMinutes(ctx, &boardv1.ListMinutesRequest{Parent: meetingName(c.Meeting), PageSize: size, PageToken: token})
			return page[*boardv1.Minutes]{answer.GetMinutes(), answer.GetNextPageToken()}, err
		}, func(m *boardv1.Minutes) error {
			return l.add(m, m.GetName(), showTime(m.GetCreateTime()), m.GetRecorder(), yesNo(m.GetApproved()), m.GetComment())
		})
	})
}

// MinutesApprove is `evenhand board meetings minutes approve`.
type MinutesApprove struct {
	MeetingChange
	At      string `required:"" placeholder:"BOARD/MEETING" help:"The later meeting at which they were."`
	Version int32  `placeholder:"N" help:"The version; the last, where it is not given."`
}

// Run records and prints the meeting.
func (c *MinutesApprove) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Meeting, error) {
		minutes, err := lastMinutes(ctx, client, name, c.Version)
		if err != nil {
			return nil, err
		}
		return client.ApproveMinutes(ctx, &boardv1.ApproveMinutesRequest{Name: minutes, Meeting: meetingName(c.At), Etag: c.Etag, RequestId: newRequestID()})
	})
}
