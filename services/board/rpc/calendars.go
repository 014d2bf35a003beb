package rpc

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/feeds"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// calendarServer implements CalendarService.
type calendarServer struct {
	boardv1.UnimplementedCalendarServiceServer
	feeds *feeds.Service
	now   func() time.Time
}

// RegisterCalendars registers the service of calendars, and the reading of those behind
// secret addresses. Now is the clock of ListCalendarEvents.
func RegisterCalendars(r grpc.ServiceRegistrar, f *feeds.Service, now func() time.Time) {
	boardv1.RegisterCalendarServiceServer(r, &calendarServer{feeds: f, now: now})
	boardv1.RegisterCalendarFeedServiceServer(r, &calendarFeedServer{feeds: f})
}

// calendarYears is how long the time of ListCalendarEvents is where no end is given.
const calendarYears = 5

func (s *calendarServer) ListCalendarEvents(ctx context.Context, r *boardv1.ListCalendarEventsRequest) (*boardv1.ListCalendarEventsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	from := s.now()
	if r.GetFromTime() != nil {
		from = r.GetFromTime().AsTime()
	}
	to := from.AddDate(calendarYears, 0, 0)
	if r.GetToTime() != nil {
		to = r.GetToTime().AsTime()
	}
	list, err := s.feeds.Events(ctx, id(r.GetParent(), "boards"), from, to)
	if err != nil {
		return nil, err
	}
	list = behind(list, p.After)
	out := &boardv1.ListCalendarEventsResponse{}
	for _, e := range list[:min(p.Size, len(list))] {
		out.CalendarEvents = append(out.CalendarEvents, eventOf(e))
	}
	if len(list) > p.Size {
		last := list[p.Size-1]
		out.NextPageToken, err = p.Next(resource.Place{last.Start, last.UID})
	}
	return out, err
}

// behind returns the events behind a place: a start and a UID.
func behind(list []calendar.Event, place resource.Place) []calendar.Event {
	if len(place) != 2 {
		return list
	}
	start, _ := place[0].(time.Time)
	uid, _ := place[1].(string)
	i := slices.IndexFunc(list, func(e calendar.Event) bool {
		return e.Start.After(start) || e.Start.Equal(start) && e.UID > uid
	})
	if i < 0 {
		return nil
	}
	return list[i:]
}

var (
	eventKinds = map[calendar.Kind]boardv1.CalendarEvent_Kind{
		occasion.Rotation: boardv1.CalendarEvent_KIND_ROTATION, occasion.Meeting: boardv1.CalendarEvent_KIND_MEETING,
		occasion.TermStart: boardv1.CalendarEvent_KIND_TERM_START, occasion.TermEnd: boardv1.CalendarEvent_KIND_TERM_END,
		occasion.AnswerDue: boardv1.CalendarEvent_KIND_ANSWER_DUE, occasion.IdeasDue: boardv1.CalendarEvent_KIND_IDEAS_DUE,
		occasion.DecisionDue: boardv1.CalendarEvent_KIND_DECISION_DUE, occasion.FollowUpDue: boardv1.CalendarEvent_KIND_FOLLOW_UP_DUE,
	}
	eventStates = map[calendar.Status]boardv1.CalendarEvent_State{
		calendar.Tentative: boardv1.CalendarEvent_STATE_TENTATIVE, calendar.Confirmed: boardv1.CalendarEvent_STATE_CONFIRMED,
		calendar.Cancelled: boardv1.CalendarEvent_STATE_CANCELLED,
	}
)

func eventOf(e calendar.Event) *boardv1.CalendarEvent {
	out := &boardv1.CalendarEvent{
		Uid: e.UID, Kind: eventKinds[e.Kind], Resource: e.Resource, Accounts: e.Accounts,
		StartTime: timestamppb.New(e.Start), EndTime: timestamppb.New(e.End), TimeZone: e.Zone,
		Summary: e.Summary, Description: e.Description, Location: e.Location,
		State: eventStates[e.Status], Sequence: int32(e.Sequence), UpdateTime: wire.Timestamp(e.Updated),
	}
	if zone, err := civil.LoadZone(e.Zone); e.AllDay && err == nil {
		out.WholeDay = wire.Date(int32(zone.DayOf(e.Start)))
	}
	return out
}

func feedOf(f calendarfeed.Listed) *boardv1.CalendarFeed {
	return &boardv1.CalendarFeed{
		Name: feeds.Kind.Name(f.ID), DisplayName: f.State.DisplayName, Subject: f.State.Subject, Etag: f.Etag(),
		CreateTime: wire.Timestamp(f.Created), RevokeTime: wire.Timestamp(f.State.Revoked), LastReadTime: wire.Timestamp(f.LastRead),
	}
}

func (s *calendarServer) GetCalendarFeed(ctx context.Context, r *boardv1.GetCalendarFeedRequest) (*boardv1.CalendarFeed, error) {
	f, err := s.feeds.Get(ctx, id(r.GetName(), "calendarFeeds"))
	if err != nil {
		return nil, err
	}
	return feedOf(f), nil
}

func (s *calendarServer) ListCalendarFeeds(ctx context.Context, r *boardv1.ListCalendarFeedsRequest) (*boardv1.ListCalendarFeedsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, next, err := s.feeds.List(ctx, r.GetSubject(), p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListCalendarFeedsResponse{}
	for _, f := range list {
		out.CalendarFeeds = append(out.CalendarFeeds, feedOf(f))
	}
	out.NextPageToken, err = p.Next(next)
	return out, err
}

func (s *calendarServer) CreateCalendarFeed(ctx context.Context, r *boardv1.CreateCalendarFeedRequest) (*boardv1.CalendarFeed, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	subject := r.GetCalendarFeed().GetSubject()
	if err := s.mayUpdate(ctx, subject); err != nil {
		return nil, err
	}
	secret, err := auth.NewToken(rand.Reader)
	if err != nil {
		return nil, err
	}
	created, err := s.feeds.Create(ctx, call, r.GetCalendarFeed().GetDisplayName(), subject, auth.HashOf(secret))
	if err != nil {
		return nil, err
	}
	out := feedOf(created)
	out.Path = "/calendars/" + secret + ".ics"
	return out, nil
}

func (s *calendarServer) RevokeCalendarFeed(ctx context.Context, r *boardv1.RevokeCalendarFeedRequest) (*boardv1.CalendarFeed, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	feed := id(r.GetName(), "calendarFeeds")
	f, err := s.feeds.Get(ctx, feed)
	if err != nil {
		return nil, err
	}
	if err := s.mayUpdate(ctx, f.State.Subject); err != nil {
		return nil, err
	}
	if f, err = s.feeds.Revoke(ctx, call, feed, r.GetEtag()); err != nil {
		return nil, err
	}
	return feedOf(f), nil
}

// mayUpdate checks the assignment of callers who hold the permission for what is
// assigned to them only.
func (s *calendarServer) mayUpdate(ctx context.Context, subject string) error {
	const permission = "calendars.update"
	caller := auth.FromContext(ctx)
	if caller.Can(permission) == auth.All {
		return nil
	}
	who, _ := names.ID(caller.Name(), "principals")
	assigned, err := s.feeds.AssignedTo(ctx, subject, who)
	if err != nil || assigned {
		return err
	}
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s is not assigned to %s: account managers have feeds of their own calendar and of the boards and accounts assigned to them.",
		subject, caller.Name()).With("permission", permission)
}

// calendarFeedServer implements CalendarFeedService.
type calendarFeedServer struct {
	boardv1.UnimplementedCalendarFeedServiceServer
	feeds *feeds.Service
}

func (s *calendarFeedServer) ReadCalendar(ctx context.Context, r *boardv1.ReadCalendarRequest) (*boardv1.ReadCalendarResponse, error) {
	c, err := s.feeds.Read(ctx, auth.HashOf(r.GetSecret()))
	if err != nil {
		return nil, err
	}
	return &boardv1.ReadCalendarResponse{Calendar: c.Text, Etag: c.Etag}, nil
}
