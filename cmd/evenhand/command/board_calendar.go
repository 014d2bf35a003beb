package command

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// formatICS is iCalendar, which calendar programs read.
const formatICS = "ics"

// BoardCalendar is `evenhand board calendar`.
type BoardCalendar struct {
	BoardArg
	From   *Day   `placeholder:"DATE" help:"The first day, in the board's time zone; today, where it is not given."`
	To     *Day   `placeholder:"DATE" help:"The last day; five years after the first, where it is not given."`
	Format string `short:"f" default:"table" enum:"table,ics,json" help:"How to print: table, ics (iCalendar, RFC 5545) or json (as the REST API has it) (${default})."`
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardCalendar) Help() string {
	return `Rotations, meetings, ends of terms and days by which something is due, cancelled ones among them.

Examples:

  evenhand board calendar advisory --to 2030-12-31
  evenhand board calendar advisory --format ics > advisory.ics`
}

// Run asks and prints.
func (c *BoardCalendar) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		board, err := c.board(env, s)
		if err != nil {
			return err
		}
		r, err := c.span(env, board)
		if err != nil {
			return err
		}
		if c.Format == formatICS {
			return c.printICS(env, s, board, r)
		}
		l := Output{Format(c.Format)}.newList(env.Stdout, "calendarEvents", "When", "What", "State", "Title", "Place", "Accounts")
		return c.each(env, s, l, r, func(e *boardv1.CalendarEvent) error {
			return l.add(e, showEventTime(e), showEnum(e.GetKind(), "KIND_"), showEnum(e.GetState(), "STATE_"), e.GetSummary(), e.GetLocation(),
				strings.Join(e.GetAccounts(), ", "))
		})
	})
}

func (c *BoardCalendar) board(env *Env, s *session) (*boardv1.Board, error) {
	ctx, cancel := s.call(env)
	defer cancel()
	return boardv1.NewBoardsServiceClient(s).GetBoard(ctx, &boardv1.GetBoardRequest{Name: c.name()})
}

// span is the request for the days that were asked for.
func (c *BoardCalendar) span(env *Env, board *boardv1.Board) (*boardv1.ListCalendarEventsRequest, error) {
	zone, err := civil.LoadZone(board.GetTimeZone())
	if err != nil {
		return nil, fmt.Errorf("the time zone of %s: %w", board.GetName(), err)
	}
	first := zone.DayOf(env.Now())
	if c.From != nil {
		first = c.From.civil()
	}
	r := &boardv1.ListCalendarEventsRequest{Parent: board.GetName(), FromTime: timestamppb.New(zone.Start(first))}
	if c.To == nil {
		return r, nil
	}
	last := c.To.civil()
	if last < first {
		return nil, &usageError{fmt.Sprintf("--to %s is before the first day, %s", last, first)}
	}
	r.ToTime = timestamppb.New(zone.Start(last + 1))
	return r, nil
}

// civil is the day as calendars count it.
func (d Day) civil() civil.Day {
	return civil.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay()))
}

// each calls add with every event.
func (c *BoardCalendar) each(env *Env, s *session, l *list, r *boardv1.ListCalendarEventsRequest, add func(*boardv1.CalendarEvent) error) error {
	client := boardv1.NewCalendarServiceClient(s)
	return eachPage(l, 0, func(size int32, token string) (page[*boardv1.CalendarEvent], error) {
		ctx, cancel := s.call(env)
		defer cancel()
		r.PageSize, r.PageToken = size, token
		answer, err := client.ListCalendarEvents(ctx, r)
		return page[*boardv1.CalendarEvent]{answer.GetCalendarEvents(), answer.GetNextPageToken()}, err
	}, add)
}

// showEventTime is when an event begins, or the day of one that takes it whole.
func showEventTime(e *boardv1.CalendarEvent) string {
	if e.GetWholeDay() == nil {
		return showWhen(e)
	}
	day := e.GetWholeDay()
	return time.Date(int(day.GetYear()), time.Month(day.GetMonth()), int(day.GetDay()), 0, 0, 0, 0, time.UTC).Format("Mon 2006-01-02")
}

// printICS prints the calendar as its feed has it.
func (c *BoardCalendar) printICS(env *Env, s *session, board *boardv1.Board, r *boardv1.ListCalendarEventsRequest) error {
	d := calendar.Document{Product: occasion.Product, Name: board.GetDisplayName(), Zone: board.GetTimeZone()}
	none := &list{out: env.Stdout} // without a format: nothing is printed page by page
	err := c.each(env, s, none, r, func(e *boardv1.CalendarEvent) error {
		d.Events = append(d.Events, eventOf(e))
		return nil
	})
	if err != nil {
		return err
	}
	text, err := d.ICalendar()
	if err != nil {
		return err
	}
	_, err = env.Stdout.Write(text)
	return err
}

func eventOf(e *boardv1.CalendarEvent) calendar.Event {
	return calendar.Event{
		UID: e.GetUid(), Kind: calendar.Kind(showEnum(e.GetKind(), "KIND_")), Start: e.GetStartTime().AsTime(), End: e.GetEndTime().AsTime(),
		AllDay: e.GetWholeDay() != nil, Zone: e.GetTimeZone(), Summary: e.GetSummary(), Description: e.GetDescription(), Location: e.GetLocation(),
		Status: calendar.Status(showEnum(e.GetState(), "STATE_")), Sequence: int(e.GetSequence()), Updated: e.GetUpdateTime().AsTime(),
	}
}
