package command

import (
	"context"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// calendarFake answers with two pages of events and one feed, and keeps what it was
// asked.
type calendarFake struct {
	boardv1.UnimplementedBoardsServiceServer
	boardv1.UnimplementedCalendarServiceServer
	asked proto.Message
}

func (f *calendarFake) GetBoard(context.Context, *boardv1.GetBoardRequest) (*boardv1.Board, error) {
	return &boardv1.Board{Name: "boards/advisory", DisplayName: "Advisory board", TimeZone: "America/New_York"}, nil
}

func (f *calendarFake) ListCalendarEvents(_ context.Context, r *boardv1.ListCalendarEventsRequest) (*boardv1.ListCalendarEventsResponse, error) {
	f.asked = proto.Clone(r)
	if r.GetPageToken() == "" {
		return &boardv1.ListCalendarEventsResponse{NextPageToken: "more", CalendarEvents: []*boardv1.CalendarEvent{{
			Uid: "boards/advisory/meetings/1@x", Kind: boardv1.CalendarEvent_KIND_MEETING, StartTime: ts("2026-06-02T14:00:00Z"),
			EndTime: ts("2026-06-02T16:00:00Z"), TimeZone: "America/New_York", Summary: "Summer meeting", State: boardv1.CalendarEvent_STATE_CONFIRMED,
			Sequence: 3, UpdateTime: ts("2026-05-01T10:00:00Z"), Accounts: []string{"accounts/ash"}}}}, nil
	}
	return &boardv1.ListCalendarEventsResponse{CalendarEvents: []*boardv1.CalendarEvent{{
		Uid: "boards/advisory/terms/7#end@x", Kind: boardv1.CalendarEvent_KIND_TERM_END, StartTime: ts("2026-06-30T04:00:00Z"),
		EndTime: ts("2026-07-01T04:00:00Z"), WholeDay: &date.Date{Year: 2026, Month: 6, Day: 30}, TimeZone: "America/New_York",
		Summary: "A term ends", State: boardv1.CalendarEvent_STATE_CANCELLED}}}, nil
}

var someFeed = &boardv1.CalendarFeed{Name: "calendarFeeds/3tq8", Subject: "accounts/ash", DisplayName: "A phone"}

func (f *calendarFake) ListCalendarFeeds(_ context.Context, r *boardv1.ListCalendarFeedsRequest) (*boardv1.ListCalendarFeedsResponse, error) {
	f.asked = proto.Clone(r)
	return &boardv1.ListCalendarFeedsResponse{CalendarFeeds: []*boardv1.CalendarFeed{someFeed}}, nil
}

func (f *calendarFake) CreateCalendarFeed(_ context.Context, r *boardv1.CreateCalendarFeedRequest) (*boardv1.CalendarFeed, error) {
	f.asked = proto.Clone(r)
	created := proto.Clone(someFeed).(*boardv1.CalendarFeed)
	created.Path = "/calendars/evh_secret.ics"
	return created, nil
}

func (f *calendarFake) RevokeCalendarFeed(_ context.Context, r *boardv1.RevokeCalendarFeedRequest) (*boardv1.CalendarFeed, error) {
	f.asked = proto.Clone(r)
	return someFeed, nil
}

func startCalendar(t *testing.T, f *calendarFake) string {
	t.Helper()
	server := grpc.NewServer()
	boardv1.RegisterBoardsServiceServer(server, f)
	boardv1.RegisterCalendarServiceServer(server, f)
	return listen(t, server)
}

func TestCalendarCommandsAsk(t *testing.T) {
	f := &calendarFake{}
	server := startCalendar(t, f)
	tests := []struct {
		args []string
		want proto.Message
		says string
	}{
		{[]string{"calendar", "advisory", "--from", "2026-06-01", "--to", "2026-06-30"},
			&boardv1.ListCalendarEventsRequest{Parent: "boards/advisory", PageSize: 1000, PageToken: "more",
				FromTime: ts("2026-06-01T04:00:00Z"), ToTime: ts("2026-07-01T04:00:00Z")}, "Tue 2026-06-02 10:00 EDT"},
		{[]string{"calendar", "boards/advisory", "--from", "2026-12-01", "--format", "json"},
			&boardv1.ListCalendarEventsRequest{Parent: "boards/advisory", PageSize: 1000, PageToken: "more", FromTime: ts("2026-12-01T05:00:00Z")},
			`"wholeDay"`},
		{[]string{"feeds", "list", "--account", "ash"}, &boardv1.ListCalendarFeedsRequest{Subject: "accounts/ash", PageSize: 1000}, "calendarFeeds/3tq8"},
		{[]string{"feeds", "list"}, &boardv1.ListCalendarFeedsRequest{PageSize: 1000}, "A phone"},
		{[]string{"feeds", "create", "--manager", "mara", "--display-name", "Hers"},
			&boardv1.CreateCalendarFeedRequest{CalendarFeed: &boardv1.CalendarFeed{Subject: "principals/mara", DisplayName: "Hers"}}, "/calendars/evh_secret.ics"},
		{[]string{"feeds", "create", "--board", "boards/advisory"},
			&boardv1.CreateCalendarFeedRequest{CalendarFeed: &boardv1.CalendarFeed{Subject: "boards/advisory"}}, "/calendars/evh_secret.ics"},
		{[]string{"feeds", "revoke", "3tq8"}, &boardv1.RevokeCalendarFeedRequest{Name: "calendarFeeds/3tq8"}, "is revoked"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			got := execute(t, server, "", append([]string{"board"}, tt.args...)...)
			require.Zero(t, got.code, got.stderr)
			require.Empty(t, cmp.Diff(tt.want, f.asked, protocmp.Transform(),
				protocmp.IgnoreFields(&boardv1.CreateCalendarFeedRequest{}, "request_id"), protocmp.IgnoreFields(&boardv1.RevokeCalendarFeedRequest{}, "request_id")))
			require.Contains(t, got.stdout, tt.says)
		})
	}
	for _, wrong := range [][]string{{"feeds", "create"}, {"feeds", "create", "--board", "a", "--account", "b"},
		{"calendar", "advisory", "--from", "2026-06-02", "--to", "2026-06-01"}, {"calendar", "advisory", "--format", "csv"}} {
		got := execute(t, server, "", append([]string{"board"}, wrong...)...)
		require.Equal(t, ExitUsage, got.code, "%v: %s", wrong, got.stderr)
		require.Empty(t, got.stdout)
	}
}

func TestCalendarForCalendarPrograms(t *testing.T) {
	server := startCalendar(t, &calendarFake{})
	got := execute(t, server, "", "board", "calendar", "advisory", "--format", "ics")
	require.Zero(t, got.code, got.stderr)
	read, err := ics.ParseCalendar(strings.NewReader(got.stdout))
	require.NoError(t, err)
	require.Len(t, read.Events(), 2)
	for _, line := range []string{"X-WR-CALNAME:Advisory board", "UID:boards/advisory/meetings/1@x", "SEQUENCE:3", "STATUS:CONFIRMED",
		"DTSTART:20260602T140000Z", "CATEGORIES:meeting", "DTSTART;VALUE=DATE:20260630", "DTEND;VALUE=DATE:20260701", "STATUS:CANCELLED"} {
		require.Contains(t, got.stdout, line+"\r\n")
	}
}
