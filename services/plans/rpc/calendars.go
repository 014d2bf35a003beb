package rpc

import (
	"cmp"
	"context"
	"crypto/rand"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/calendars"
)

// calendarsHandler serves PlanCalendarsService.
type calendarsHandler struct {
	plansv1.UnimplementedPlanCalendarsServiceServer
	domain *calendars.Service
}

// RegisterCalendars serves PlanCalendarsService on a server, and the reading of the
// calendars behind secret addresses.
func RegisterCalendars(r grpc.ServiceRegistrar, domain *calendars.Service) {
	plansv1.RegisterPlanCalendarsServiceServer(r, &calendarsHandler{domain: domain})
	plansv1.RegisterPlanCalendarFeedServiceServer(r, &calendarReader{domain: domain})
}

func calendarFeedOut(f calendarfeed.Listed) *plansv1.PlanCalendarFeed {
	return &plansv1.PlanCalendarFeed{
		Name: calendars.Kind.Name(f.ID), DisplayName: f.State.DisplayName, Owner: f.State.Subject, Etag: f.Etag(),
		CreateTime: wire.Timestamp(f.Created), RevokeTime: wire.Timestamp(f.State.Revoked), LastReadTime: wire.Timestamp(f.LastRead),
	}
}

// GetPlanCalendarFeed implements PlanCalendarsService.
func (h *calendarsHandler) GetPlanCalendarFeed(ctx context.Context, r *plansv1.GetPlanCalendarFeedRequest) (*plansv1.PlanCalendarFeed, error) {
	f, err := h.domain.Get(ctx, names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return calendarFeedOut(f), nil
}

// ListPlanCalendarFeeds implements PlanCalendarsService.
func (h *calendarsHandler) ListPlanCalendarFeeds(ctx context.Context, r *plansv1.ListPlanCalendarFeedsRequest) (*plansv1.ListPlanCalendarFeedsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, next, err := h.domain.List(ctx, r.GetOwner(), p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListPlanCalendarFeedsResponse{}
	for _, f := range list {
		out.PlanCalendarFeeds = append(out.PlanCalendarFeeds, calendarFeedOut(f))
	}
	out.NextPageToken, err = p.Next(next)
	return out, err
}

// CreatePlanCalendarFeed implements PlanCalendarsService.
func (h *calendarsHandler) CreatePlanCalendarFeed(ctx context.Context, r *plansv1.CreatePlanCalendarFeedRequest) (*plansv1.PlanCalendarFeed, error) {
	in := r.GetPlanCalendarFeed()
	owner := cmp.Or(names.First(in.GetOwner(), "principals"), callerID(ctx))
	if owner == "" {
		return nil, fault.Invalid("plan_calendar_feed.owner", "is missing: say whose touchpoints, as principals/anna")
	}
	if err := checkOwnCalendar(ctx, nameIn("principals", owner)); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	secret, err := auth.NewToken(rand.Reader)
	if err != nil {
		return nil, err
	}
	created, err := h.domain.Create(ctx, call, in.GetDisplayName(), owner, auth.HashOf(secret))
	if err != nil {
		return nil, err
	}
	out := calendarFeedOut(created)
	out.Path = "/calendars/plans/" + secret + ".ics"
	return out, nil
}

// RevokePlanCalendarFeed implements PlanCalendarsService.
func (h *calendarsHandler) RevokePlanCalendarFeed(ctx context.Context, r *plansv1.RevokePlanCalendarFeedRequest) (*plansv1.PlanCalendarFeed, error) {
	id := names.Last(r.GetName())
	f, err := h.domain.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := checkOwnCalendar(ctx, f.State.Subject); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	if f, err = h.domain.Revoke(ctx, call, id, r.GetEtag()); err != nil {
		return nil, err
	}
	return calendarFeedOut(f), nil
}

// checkOwnCalendar returns PERMISSION_DENIED with NOT_ASSIGNED where the caller may only have
// feeds of their own touchpoints, and it is about another's.
func checkOwnCalendar(ctx context.Context, owner string) error {
	const permission = "plancalendars.update"
	p := auth.FromContext(ctx)
	if p.Can(permission) == auth.All || owner == p.Name() {
		return nil
	}
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "%s holds %s for calendars of their own only, and this is one of %s.",
		p.Name(), permission, owner).
		With("permission", permission).With("principal", p.Name())
}

// calendarReader serves PlanCalendarFeedService.
type calendarReader struct {
	plansv1.UnimplementedPlanCalendarFeedServiceServer
	domain *calendars.Service
}

// ReadPlanCalendar implements PlanCalendarFeedService.
func (h *calendarReader) ReadPlanCalendar(ctx context.Context, r *plansv1.ReadPlanCalendarRequest) (*plansv1.ReadPlanCalendarResponse, error) {
	c, err := h.domain.Read(ctx, auth.HashOf(r.GetSecret()))
	if err != nil {
		return nil, err
	}
	return &plansv1.ReadPlanCalendarResponse{Calendar: c.Text, Etag: c.Etag}, nil
}
