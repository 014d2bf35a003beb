package rpc_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/calendars"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

// diaries are what calendars are made of, in these tests: everybody has one call, and all
// but service-agent may read plans, unless nobody may.
type diaries struct{ closed atomic.Bool }

func (*diaries) Events(_ context.Context, owner string, _, _ civil.Day, _ int) ([]calendar.Event, civil.Day, error) {
	at := time.Date(2027, 3, 9, 9, 0, 0, 0, time.UTC)
	return []calendar.Event{{UID: "plans/acme/touchpoints/" + owner, Kind: "touchpoint", Accounts: []string{"accounts/acme"}, Start: at, End: at,
		Zone: "UTC", Summary: "Call of " + owner}}, 0, nil
}

func (*diaries) GetMany(context.Context, []string) (map[string]feeds.Account, error) { return nil, nil }

func (d *diaries) MayReadPlans(_ context.Context, id string) (bool, error) {
	if id == "nobody" {
		return false, resource.ErrNotFound
	}
	return id != "service-agent" && !d.closed.Load(), nil
}

// serveCalendars serves the calendars of principals/<role>, one for each role, and returns
// what connects as one of them; as nobody, without a token, for the empty role.
func serveCalendars(t *testing.T, d *diaries) func(role auth.Role) *grpc.ClientConn {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	domain, err := calendars.Open(t.Context(), store, requests, calendars.Options{Touchpoints: d, Accounts: d, People: d})
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(touchpointsToken(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	s, err := server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{
		Name: "plans", Register: func(r grpc.ServiceRegistrar) { rpc.RegisterCalendars(r, domain) }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(s.Run(ctx), ctx.Err()) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, store.Close())
	})
	return func(role auth.Role) *grpc.ClientConn {
		var options []grpc.DialOption
		if role != "" {
			options = append(options, auth.Bearer(touchpointsToken(role)))
		}
		conn, err := s.Dial(options...)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, conn.Close()) })
		return conn
	}
}

func TestR9WhoMayHaveWhoseCalendar(t *testing.T) {
	as := serveCalendars(t, &diaries{})
	client := func(role auth.Role) plansv1.PlanCalendarsServiceClient {
		return plansv1.NewPlanCalendarsServiceClient(as(role))
	}
	create := func(role auth.Role, owner string) (*plansv1.PlanCalendarFeed, error) {
		return client(role).CreatePlanCalendarFeed(t.Context(), &plansv1.CreatePlanCalendarFeedRequest{
			PlanCalendarFeed: &plansv1.PlanCalendarFeed{DisplayName: "A phone", Owner: owner}})
	}
	for _, role := range auth.Roles() {
		own, err := create(role, "")
		if role == auth.ServiceAgent || role == auth.Service {
			wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
			continue
		}
		require.NoError(t, err, role)
		require.Equal(t, "principals/"+string(role), own.GetOwner())
		_, err = create(role, "principals/account-manager")
		if role != auth.Admin && role != auth.AccountManager {
			wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
			continue
		}
		require.NoError(t, err, role)
	}
	list, err := client(auth.Viewer).ListPlanCalendarFeeds(t.Context(), &plansv1.ListPlanCalendarFeedsRequest{Owner: "principals/account-manager"})
	require.NoError(t, err)
	require.Len(t, list.GetPlanCalendarFeeds(), 3)
	feed := list.GetPlanCalendarFeeds()[0]
	require.Empty(t, feed.GetPath(), "it is shown once")
	_, err = client(auth.PolicyAuthor).RevokePlanCalendarFeed(t.Context(), &plansv1.RevokePlanCalendarFeedRequest{Name: feed.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = client(auth.AccountManager).RevokePlanCalendarFeed(t.Context(), &plansv1.RevokePlanCalendarFeedRequest{Name: feed.GetName(), Etag: "stale"})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	_, err = client(auth.Admin).RevokePlanCalendarFeed(t.Context(), &plansv1.RevokePlanCalendarFeedRequest{Name: feed.GetName(), Etag: feed.GetEtag()})
	require.NoError(t, err)

	_, err = create(auth.Admin, "principals/nobody")
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = create(auth.Admin, "principals/service-agent")
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = client(auth.Admin).RevokePlanCalendarFeed(t.Context(), &plansv1.RevokePlanCalendarFeedRequest{Name: "planCalendarFeeds/none"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestACalendarIsReadWithoutAToken(t *testing.T) {
	d := &diaries{}
	as := serveCalendars(t, d)
	manager := plansv1.NewPlanCalendarsServiceClient(as(auth.AccountManager))
	request := &plansv1.CreatePlanCalendarFeedRequest{PlanCalendarFeed: &plansv1.PlanCalendarFeed{DisplayName: "A phone"},
		RequestId: "7b0f8f4e-3c1e-4b5e-9d7a-3f1f3a0f8f4e"}
	feed, err := manager.CreatePlanCalendarFeed(t.Context(), request)
	require.NoError(t, err)
	require.Regexp(t, `^/calendars/plans/evh_[A-Za-z0-9_-]{43}\.ics$`, feed.GetPath())
	_, err = manager.CreatePlanCalendarFeed(t.Context(), request)
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")
	secret := strings.TrimSuffix(strings.TrimPrefix(feed.GetPath(), "/calendars/plans/"), ".ics")

	reader := plansv1.NewPlanCalendarFeedServiceClient(as(""))
	read, err := reader.ReadPlanCalendar(t.Context(), &plansv1.ReadPlanCalendarRequest{Secret: secret})
	require.NoError(t, err)
	require.Contains(t, string(read.GetCalendar()), "SUMMARY:acme: Call of account-manager")
	require.NotEmpty(t, read.GetEtag())
	got, err := manager.GetPlanCalendarFeed(t.Context(), &plansv1.GetPlanCalendarFeedRequest{Name: feed.GetName()})
	require.NoError(t, err)
	require.NotNil(t, got.GetLastReadTime())

	refused := func(secret string) proto.Message {
		_, err := reader.ReadPlanCalendar(t.Context(), &plansv1.ReadPlanCalendarRequest{Secret: secret})
		return wantStatus(t, err, codes.NotFound, "NOT_FOUND").Proto()
	}
	unknown := refused("evh_nobody")
	d.closed.Store(true)
	require.True(t, proto.Equal(unknown, refused(secret)), "its owner may not read plans any more")
	d.closed.Store(false)
	_, err = manager.RevokePlanCalendarFeed(t.Context(), &plansv1.RevokePlanCalendarFeedRequest{Name: feed.GetName()})
	require.NoError(t, err)
	require.True(t, proto.Equal(unknown, refused(secret)), "it was revoked")
	_, err = reader.ReadPlanCalendar(t.Context(), &plansv1.ReadPlanCalendarRequest{Secret: strings.Repeat("x", 201)})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}
