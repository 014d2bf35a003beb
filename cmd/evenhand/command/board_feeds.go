package command

import (
	"fmt"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardFeeds is `evenhand board feeds`.
type BoardFeeds struct {
	List   FeedsList   `cmd:"" help:"List calendar feeds, without their addresses."`
	Create FeedsCreate `cmd:"" help:"Create a calendar feed: its address is shown this once."`
	Revoke FeedsRevoke `cmd:"" help:"Revoke a calendar feed: its address never answers again."`
}

// FeedSubject says whose calendar a feed has.
type FeedSubject struct {
	Board   string `placeholder:"BOARD" xor:"subject" help:"All of this board."`
	Account string `placeholder:"ACCOUNT" xor:"subject" help:"The own matters of this member alone."`
	Manager string `placeholder:"PRINCIPAL" xor:"subject" help:"All of the boards assigned to this account manager."`
}

// name is the subject's resource name; empty where none is given.
func (f FeedSubject) name() string {
	switch {
	case f.Board != "":
		return boardName(f.Board)
	case f.Account != "":
		return "accounts/" + strings.TrimPrefix(f.Account, "accounts/")
	case f.Manager != "":
		return principalName(f.Manager)
	}
	return ""
}

// FeedsList is `evenhand board feeds list`.
type FeedsList struct {
	FeedSubject
	Output
	Connection
}

// Run asks and prints.
func (c *FeedsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewCalendarServiceClient(s)
		l := c.newList(env.Stdout, "calendarFeeds", "Feed", "Of", "For", "Created", "Last read", "Revoked")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.CalendarFeed], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListCalendarFeeds(ctx, &boardv1.ListCalendarFeedsRequest{
				Subject: c.name(), PageSize: size, PageToken: token,
			})
			return page[*boardv1.CalendarFeed]{answer.GetCalendarFeeds(), answer.GetNextPageToken()}, err
		}, func(f *boardv1.CalendarFeed) error {
			return l.add(f, f.GetName(), f.GetSubject(), f.GetDisplayName(), showTime(f.GetCreateTime()), showTime(f.GetLastReadTime()),
				showTime(f.GetRevokeTime()))
		})
	})
}

// FeedsCreate is `evenhand board feeds create`.
type FeedsCreate struct {
	FeedSubject
	DisplayName string `placeholder:"TEXT" help:"What it is for, as \"Sam's phone\"."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*FeedsCreate) Help() string {
	return `Calendar programs subscribe to the address of the gateway, followed by the path that is shown. Whoever has it can read the calendar; only a hash of it is stored.

Examples:

  evenhand board feeds create --board advisory --display-name "Board's shared calendar"
  evenhand board feeds create --account brook-and-sons
  evenhand board feeds create --manager sam`
}

// Run creates and shows it.
func (c *FeedsCreate) Run(env *Env) error {
	if c.name() == "" {
		return &usageError{"whose calendar? Give --board, --account or --manager"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		f, err := boardv1.NewCalendarServiceClient(s).CreateCalendarFeed(ctx, &boardv1.CreateCalendarFeedRequest{
			CalendarFeed: &boardv1.CalendarFeed{Subject: c.name(), DisplayName: c.DisplayName}, RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, f, []pair{
			{"Feed", f.GetName()}, {"Of", f.GetSubject()}, {"For", f.GetDisplayName()}, {"Path", f.GetPath()},
		})
	})
}

// FeedsRevoke is `evenhand board feeds revoke`.
type FeedsRevoke struct {
	Feed string `arg:"" help:"The feed's id, or its name, as calendarFeeds/ID."`
	Connection
}

// Run revokes.
func (c *FeedsRevoke) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		f, err := boardv1.NewCalendarServiceClient(s).RevokeCalendarFeed(ctx, &boardv1.RevokeCalendarFeedRequest{
			Name: "calendarFeeds/" + strings.TrimPrefix(c.Feed, "calendarFeeds/"), RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "%s is revoked\n", f.GetName())
		return err
	})
}
