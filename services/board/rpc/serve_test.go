package rpc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/server"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/advice"
	"github.com/evenhand/evenhand/services/board/feeds"
	"github.com/evenhand/evenhand/services/board/rpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// served is the service behind a real server.
type served struct {
	domain *board.Service
	server *server.Server
	// happening is what is in the calendars.
	happening *happenings
}

// clients call as one principal.
type clients struct {
	boards        boardv1.BoardsServiceClient
	rotations     boardv1.RotationsServiceClient
	feed          boardv1.FeedServiceClient
	calendars     boardv1.CalendarServiceClient
	calendarFeeds boardv1.CalendarFeedServiceClient
	meetings      boardv1.MeetingsServiceClient
	solicitations boardv1.SolicitationsServiceClient
	ideas         boardv1.IdeasServiceClient
	lotteries     boardv1.LotteriesServiceClient
}

// people are the callers of the tests, by the role each has; their names are
// principals/<role>.
var people = auth.Roles()

// clock is the time of the service in tests; it stands still.
var clock = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// serve starts the service with a copy of these accounts.
func serve(t *testing.T, accounts ...board.AccountChange) *served {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	domain, err := board.New(t.Context(), store, fakeAccounts(accounts), board.Options{Now: func() time.Time { return clock }})
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range people {
		keys.Add(tokenOf(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	happening := &happenings{}
	calendars, err := feeds.New(t.Context(), store, domain.Requests(), feeds.Options{Boards: feeds.Of(domain), Source: happening})
	require.NoError(t, err)
	advised, err := advice.New(t.Context(), store, domain.Requests(), advice.Options{Directory: everybody{}, Delivery: &mailbox{}})
	require.NoError(t, err)
	service := rpc.Service(domain)
	boards := service.Register
	service.Register = func(r grpc.ServiceRegistrar) {
		boards(r)
		rpc.RegisterAdvice(r, advised)
		rpc.RegisterCalendars(r, calendars, domain.Requests().Now)
	}
	s, err := server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, service)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- s.Run(ctx) }()
	relay, stopRelay := context.WithCancel(context.Background())
	relayed := make(chan error, 2)
	go func() { relayed <- store.RunRelay(relay) }()
	go func() { relayed <- errors.Join(domain.Run(relay), relay.Err()) }()
	require.Eventually(t, func() bool { return domain.Accounts.Following(t.Context()) == nil }, time.Minute, time.Millisecond)
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		stopRelay()
		for range 2 {
			if err := <-relayed; !errors.Is(err, context.Canceled) {
				t.Errorf("the relay or the service ended with %v", err)
			}
		}
		require.NoError(t, store.Close())
	})
	return &served{domain, s, happening}
}

func tokenOf(role auth.Role) string { return "the-token-of-" + string(role) + "-in-this-test" }

// as returns clients that call as the person with a role.
func (s *served) as(t *testing.T, role auth.Role) clients {
	t.Helper()
	conn, err := s.server.Dial(auth.Bearer(tokenOf(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return clientsOn(conn)
}

func clientsOn(conn grpc.ClientConnInterface) clients {
	return clients{boards: boardv1.NewBoardsServiceClient(conn), rotations: boardv1.NewRotationsServiceClient(conn), feed: boardv1.NewFeedServiceClient(conn),
		calendars: boardv1.NewCalendarServiceClient(conn), calendarFeeds: boardv1.NewCalendarFeedServiceClient(conn),
		meetings: boardv1.NewMeetingsServiceClient(conn), solicitations: boardv1.NewSolicitationsServiceClient(conn), ideas: boardv1.NewIdeasServiceClient(conn),
		lotteries: boardv1.NewLotteriesServiceClient(conn)}
}

// wantStatus fails the test unless err has the code and the reason.
func wantStatus(t *testing.T, err error, code codes.Code, reason string) *status.Status {
	t.Helper()
	s := status.Convert(err)
	require.Equal(t, code, s.Code(), "%v", err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason(), "%v", err)
			return s
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
	return nil
}

func at(t *testing.T, text string) *timestamppb.Timestamp {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return timestamppb.New(instant)
}
