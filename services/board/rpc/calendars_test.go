package rpc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// happenings is what happens on boards in a test.
type happenings struct{ events []calendar.Event }

func (h *happenings) Events(_ context.Context, board string, from, to time.Time) ([]calendar.Event, error) {
	var list []calendar.Event
	for _, e := range h.events {
		if e.Calendar == board && e.During(from, to) {
			list = append(list, e)
		}
	}
	return list, nil
}

// withBoard makes a board that is assigned to the account manager.
func (s *served) withBoard(t *testing.T, id string, managers ...string) {
	t.Helper()
	_, err := s.as(t, auth.BoardSecretary).boards.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{BoardId: id,
		Board: &boardv1.Board{DisplayName: "Board " + id, TimeZone: "America/New_York", Managers: managers}})
	require.NoError(t, err)
}

func (s *served) meets(board string, n int) {
	start := clock.Add(time.Duration(n) * 24 * time.Hour)
	name := fmt.Sprintf("boards/%s/meetings/%d", board, n)
	s.happening.events = append(s.happening.events, calendar.Event{UID: name, Resource: name, Kind: occasion.Meeting, Calendar: "boards/" + board,
		Accounts: []string{"accounts/acme"}, Start: start, End: start.Add(time.Hour), Zone: "America/New_York",
		Summary: fmt.Sprintf("Meeting %d", n), Description: "Agenda"})
}

func TestCalendarEventsOverTheAPI(t *testing.T) {
	s := serve(t)
	s.withBoard(t, "east")
	for n := range 5 {
		s.meets("east", n+1)
	}
	zone := time.FixedZone("", 0)
	first := time.Date(2030, 6, 30, 4, 0, 0, 0, zone)
	s.happening.events = append(s.happening.events, calendar.Event{UID: "whole", Kind: occasion.TermEnd, Calendar: "boards/east", AllDay: true,
		Start: first, End: first.Add(24 * time.Hour), Zone: "America/New_York", Summary: "A term ends", Status: calendar.Tentative})
	viewer := s.as(t, auth.Viewer).calendars
	var got []string
	r := &boardv1.ListCalendarEventsRequest{Parent: "boards/east", PageSize: 2}
	for page := 0; ; page++ {
		answer, err := viewer.ListCalendarEvents(t.Context(), r)
		require.NoError(t, err)
		require.LessOrEqual(t, len(answer.GetCalendarEvents()), 2)
		for _, e := range answer.GetCalendarEvents() {
			got = append(got, e.GetSummary())
			if e.GetKind() == boardv1.CalendarEvent_KIND_TERM_END {
				require.Equal(t, "2030-06-30", fmt.Sprintf("%d-%02d-%02d", e.GetWholeDay().GetYear(), e.GetWholeDay().GetMonth(), e.GetWholeDay().GetDay()))
				require.Equal(t, boardv1.CalendarEvent_STATE_TENTATIVE, e.GetState())
				continue
			}
			require.Nil(t, e.GetWholeDay())
			require.Equal(t, boardv1.CalendarEvent_STATE_CONFIRMED, e.GetState())
			require.Equal(t, []string{"accounts/acme"}, e.GetAccounts())
		}
		if r.PageToken = answer.GetNextPageToken(); r.PageToken == "" {
			require.Equal(t, 2, page)
			break
		}
	}
	require.Equal(t, []string{"Meeting 1", "Meeting 2", "Meeting 3", "Meeting 4", "Meeting 5", "A term ends"}, got)

	some, err := viewer.ListCalendarEvents(t.Context(), &boardv1.ListCalendarEventsRequest{Parent: "boards/east",
		FromTime: timestamppb.New(clock.Add(36 * time.Hour)), ToTime: timestamppb.New(clock.Add(84 * time.Hour))})
	require.NoError(t, err)
	require.Len(t, some.GetCalendarEvents(), 2)
	_, err = viewer.ListCalendarEvents(t.Context(), &boardv1.ListCalendarEventsRequest{Parent: "boards/nowhere"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = viewer.ListCalendarEvents(t.Context(), &boardv1.ListCalendarEventsRequest{Parent: "boards/east",
		FromTime: timestamppb.New(clock), ToTime: timestamppb.New(clock)})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

func TestCalendarFeedsOverTheAPI(t *testing.T) {
	s := serve(t)
	s.withBoard(t, "east", "principals/account-manager")
	s.withBoard(t, "west")
	s.meets("east", 1)
	secretary := s.as(t, auth.BoardSecretary).calendars
	create := func(c boardv1.CalendarServiceClient, subject string) (*boardv1.CalendarFeed, error) {
		return c.CreateCalendarFeed(t.Context(), &boardv1.CreateCalendarFeedRequest{
			CalendarFeed: &boardv1.CalendarFeed{DisplayName: "A phone", Subject: subject}})
	}
	feed, err := create(secretary, "boards/east")
	require.NoError(t, err)
	require.Regexp(t, `^/calendars/evh_[A-Za-z0-9_-]{43}\.ics$`, feed.GetPath())
	secret := strings.TrimSuffix(strings.TrimPrefix(feed.GetPath(), "/calendars/"), ".ics")

	conn, err := s.server.Dial()
	require.NoError(t, err)
	defer conn.Close()
	nobody := clientsOn(conn).calendarFeeds
	read, err := nobody.ReadCalendar(t.Context(), &boardv1.ReadCalendarRequest{Secret: secret})
	require.NoError(t, err, "without a token")
	require.Contains(t, string(read.GetCalendar()), "SUMMARY:Meeting 1")
	require.NotEmpty(t, read.GetEtag())

	got, err := secretary.GetCalendarFeed(t.Context(), &boardv1.GetCalendarFeedRequest{Name: feed.GetName()})
	require.NoError(t, err)
	require.Empty(t, got.GetPath(), "it is shown once")
	require.NotNil(t, got.GetLastReadTime())
	list, err := secretary.ListCalendarFeeds(t.Context(), &boardv1.ListCalendarFeedsRequest{Subject: "boards/east"})
	require.NoError(t, err)
	require.Len(t, list.GetCalendarFeeds(), 1)
	require.Empty(t, list.GetCalendarFeeds()[0].GetPath())

	manager := s.as(t, auth.AccountManager).calendars
	for subject, allowed := range map[string]bool{"boards/east": true, "boards/west": false,
		"principals/account-manager": true, "principals/admin": false} {
		own, err := create(manager, subject)
		if allowed {
			require.NoError(t, err, subject)
			_, err = manager.RevokeCalendarFeed(t.Context(), &boardv1.RevokeCalendarFeedRequest{Name: own.GetName(), Etag: own.GetEtag()})
			require.NoError(t, err)
			continue
		}
		wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	}
	foreign, err := create(secretary, "boards/west")
	require.NoError(t, err)
	_, err = manager.RevokeCalendarFeed(t.Context(), &boardv1.RevokeCalendarFeedRequest{Name: foreign.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")

	revoked, err := secretary.RevokeCalendarFeed(t.Context(), &boardv1.RevokeCalendarFeedRequest{Name: feed.GetName()})
	require.NoError(t, err)
	require.NotNil(t, revoked.GetRevokeTime())
	_, gone := nobody.ReadCalendar(t.Context(), &boardv1.ReadCalendarRequest{Secret: secret})
	_, unknown := nobody.ReadCalendar(t.Context(), &boardv1.ReadCalendarRequest{Secret: "evh_nobody"})
	require.Equal(t, wantStatus(t, unknown, codes.NotFound, "NOT_FOUND").Proto(), wantStatus(t, gone, codes.NotFound, "NOT_FOUND").Proto())
	_, err = nobody.ReadCalendar(t.Context(), &boardv1.ReadCalendarRequest{Secret: strings.Repeat("x", 201)})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}
