package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/worktime"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

var (
	_ touchpoints.People    = (*AccountsSource)(nil)
	_ touchpoints.Calendars = (*ScheduleCalendars)(nil)
)

// pageOfContacts is how many contacts are asked for at once.
const pageOfContacts = 1000

// Contacts implements touchpoints.People.
func (s *AccountsSource) Contacts(ctx context.Context, account string) ([]touchpoints.Contact, error) {
	var list []touchpoints.Contact
	for token := ""; ; {
		page, err := s.accounts.ListContacts(ctx, &accountsv1.ListContactsRequest{Parent: accountPrefix + account, PageSize: pageOfContacts, PageToken: token})
		if err != nil {
			return nil, missing(err, "evenhand/Account", plans.AccountName(account))
		}
		for _, c := range page.GetContacts() {
			list = append(list, touchpoints.Contact{ID: names.Last(c.GetName()), Roles: c.GetRoles(), Zone: c.GetTimeZone()})
		}
		if token = page.GetNextPageToken(); token == "" {
			return list, nil
		}
	}
}

// Team returns the ids of those who own an account or serve it, at this moment; NOT_FOUND
// where there is none of that id.
func (s *AccountsSource) Team(ctx context.Context, account string) ([]string, error) {
	a, err := s.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	if a.Owner == "" {
		return a.Team, nil
	}
	return append(a.Team, a.Owner), nil
}

// ScheduleCalendars are the calendars of the schedule in force. It implements
// touchpoints.Calendars.
type ScheduleCalendars struct {
	schedule entitlementsv1.ScheduleServiceClient
}

// NewScheduleCalendars returns the calendars on a connection to the entitlements service,
// whose calls carry a token that may read the schedule: one of a principal with the role
// service.
func NewScheduleCalendars(conn grpc.ClientConnInterface) *ScheduleCalendars {
	return &ScheduleCalendars{entitlementsv1.NewScheduleServiceClient(conn)}
}

// Workdays implements touchpoints.Calendars: people work on the days of the week on which the
// calendar has hours, but for its holidays.
func (s *ScheduleCalendars) Workdays(ctx context.Context, id string) (calendar.Workdays, error) {
	none := calendar.Workdays{}
	if id == "" {
		return none, nil
	}
	version, err := s.schedule.GetSchedule(ctx, &entitlementsv1.GetScheduleRequest{})
	if code := status.Code(err); code == codes.NotFound || code == codes.FailedPrecondition {
		return none, nil // no schedule is in force yet
	}
	if err != nil {
		return none, fmt.Errorf("read the schedule in force: %w", err)
	}
	c, there := version.GetSchedule().GetCalendars()[id]
	if !there {
		return none, nil
	}
	week, err := worktime.ParseWeek(c.GetHours())
	if err != nil {
		return none, fmt.Errorf("the calendar %s: %w", id, err)
	}
	days := calendar.Workdays{Weekend: weekend(week)}
	for _, d := range c.GetHolidays() {
		day, err := wire.Day("holidays", d)
		if err != nil {
			return none, fmt.Errorf("the calendar %s: %w", id, err)
		}
		days.Holidays = append(days.Holidays, civil.Day(day))
	}
	slices.Sort(days.Holidays)
	return days, nil
}

// weekdays are the days of the week as recurrences name them, by time.Weekday.
var weekdays = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// weekend names the days of a week without hours, as calendar.Workdays has them.
func weekend(week worktime.Week) string {
	var off []string
	for day, hours := range week {
		if len(hours) == 0 {
			off = append(off, weekdays[day])
		}
	}
	if len(off) == 0 {
		return calendar.NoWeekend
	}
	return strings.Join(off, ",")
}
