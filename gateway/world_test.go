package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/etag"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	"github.com/evenhand/evenhand/internal/platform/transcript"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const account = "accounts/acme"

// How long to wait for what comes for sure.
const (
	waitLong = 30 * time.Second
	waitStep = time.Millisecond
)

// requests keeps what reached the services.
type requests struct {
	mu   sync.Mutex
	list []proto.Message
}

func (r *requests) add(m proto.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, proto.Clone(m))
}

// take returns them, and forgets them.
func (r *requests) take() []proto.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.list
	r.list = nil
	return list
}

// accounts is a service with one account, acme, whose etag is "7".
type accounts struct {
	accountsv1.UnimplementedAccountsServiceServer
	accountsv1.UnimplementedRevenueServiceServer
	accountsv1.UnimplementedAccessServiceServer
	*requests
	// fails, where it is set, is the error of every call that has no other.
	fails func(context.Context) error
	// reused, where it is set, is the error of an activation with an etag.
	reused func(etag string) error
}

func (a *accounts) state() *accountsv1.Account {
	return &accountsv1.Account{Name: account, DisplayName: "Acme", Etag: "7", Attributes: map[string]string{"sector": "retail"}}
}

func (a *accounts) GetAccount(ctx context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	a.add(r)
	if a.fails != nil {
		return nil, a.fails(ctx)
	}
	return a.state(), nil
}

func (a *accounts) ListAccounts(_ context.Context, r *accountsv1.ListAccountsRequest) (*accountsv1.ListAccountsResponse, error) {
	a.add(r)
	page := &accountsv1.ListAccountsResponse{}
	for range r.GetPageSize() {
		page.Accounts = append(page.Accounts, a.state())
	}
	return page, nil
}

func (a *accounts) CreateAccount(_ context.Context, r *accountsv1.CreateAccountRequest) (*accountsv1.Account, error) {
	a.add(r)
	return a.state(), nil
}

func (a *accounts) UpdateAccount(_ context.Context, r *accountsv1.UpdateAccountRequest) (*accountsv1.Account, error) {
	a.add(r)
	if err := etag.Check(r.GetAccount().GetEtag(), "7", "evenhand/Account", account); err != nil {
		return nil, err
	}
	changed := a.state()
	changed.Etag = "8"
	return changed, nil
}

func (a *accounts) ActivateAccount(_ context.Context, r *accountsv1.ActivateAccountRequest) (*accountsv1.Account, error) {
	a.add(r)
	if a.reused != nil {
		if err := a.reused(r.GetEtag()); err != nil {
			return nil, err
		}
	}
	if err := etag.Check(r.GetEtag(), "7", "evenhand/Account", account); err != nil {
		return nil, err
	}
	return a.state(), nil
}

func (a *accounts) DeleteContact(_ context.Context, r *accountsv1.DeleteContactRequest) (*emptypb.Empty, error) {
	a.add(r)
	return &emptypb.Empty{}, etag.Check(r.GetEtag(), "7", "evenhand/Contact", r.GetName())
}

func (a *accounts) UpdateReach(_ context.Context, r *accountsv1.UpdateReachRequest) (*accountsv1.Reach, error) {
	a.add(r)
	return r.GetReach(), nil
}

func (a *accounts) BatchCreateRevenueEntries(_ context.Context, r *accountsv1.BatchCreateRevenueEntriesRequest) (*accountsv1.BatchCreateRevenueEntriesResponse, error) {
	a.add(r)
	return &accountsv1.BatchCreateRevenueEntriesResponse{}, nil
}

// entitlements is a service in which everybody is entitled to everything.
type entitlements struct {
	entitlementsv1.UnimplementedEntitlementsServiceServer
	entitlementsv1.UnimplementedScheduleServiceServer
	*requests
	check func(context.Context) error
}

func (e *entitlements) CheckEntitlement(ctx context.Context, r *entitlementsv1.CheckEntitlementRequest) (*entitlementsv1.CheckEntitlementResponse, error) {
	e.add(r)
	if e.check != nil {
		return nil, e.check(ctx)
	}
	return &entitlementsv1.CheckEntitlementResponse{Entitled: true, Rule: "partner-500", ScheduleVersion: "schedule/versions/2"}, nil
}

func (e *entitlements) BatchCheckEntitlements(_ context.Context, r *entitlementsv1.BatchCheckEntitlementsRequest) (*entitlementsv1.BatchCheckEntitlementsResponse, error) {
	e.add(r)
	return &entitlementsv1.BatchCheckEntitlementsResponse{}, nil
}

func (e *entitlements) PublishSchedule(_ context.Context, r *entitlementsv1.PublishScheduleRequest) (*entitlementsv1.PublishScheduleResponse, error) {
	e.add(r)
	return &entitlementsv1.PublishScheduleResponse{}, etag.Check(r.GetEtag(), "7", "evenhand/ScheduleVersion", "schedule/versions/1")
}

// world is a gateway on a port of this machine, and the services behind it.
type world struct {
	url          string
	server       *gateway.Server
	got          *requests
	accounts     *accounts
	entitlements *entitlements
	log          *transcript.Transcript
	client       *http.Client
	stop         map[string]func()       // of each service
	away         map[string]*atomic.Bool // the database of each service
	conns        map[string]*grpc.ClientConn
	end          context.CancelFunc // begins the gateway's shutdown
}

func tokenOf(role auth.Role) string { return "token-of-" + string(role) + "-that-is-long-enough" }

func startWorld(t testing.TB, change func(*gateway.Options)) *world {
	t.Helper()
	got := &requests{}
	w := &world{got: got, log: &transcript.Transcript{}, stop: map[string]func(){}, away: map[string]*atomic.Bool{}, conns: map[string]*grpc.ClientConn{},
		accounts: &accounts{requests: got}, entitlements: &entitlements{requests: got}}
	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(tokenOf(role), auth.NewPrincipal("principals/"+string(role), string(role), true, role))
	}
	o := gateway.Options{
		Authenticator: auth.NewCache(keys, time.Now),
		Telemetry:     telemetry.Off(),
		Logger:        telemetry.NewLogger(w.log, slog.LevelDebug, false),
	}
	if change != nil {
		change(&o)
	}
	o.Backends.Accounts = w.startService(t, o, "accounts", func(s grpc.ServiceRegistrar) {
		accountsv1.RegisterAccountsServiceServer(s, w.accounts)
		accountsv1.RegisterRevenueServiceServer(s, w.accounts)
		accountsv1.RegisterAccessServiceServer(s, w.accounts)
	})
	o.Backends.Entitlements = w.startService(t, o, "entitlements", func(s grpc.ServiceRegistrar) {
		entitlementsv1.RegisterEntitlementsServiceServer(s, w.entitlements)
		entitlementsv1.RegisterScheduleServiceServer(s, w.entitlements)
	})
	o.Backends.Board = w.startService(t, o, "board", func(s grpc.ServiceRegistrar) {
		boardv1.RegisterBoardsServiceServer(s, boardv1.UnimplementedBoardsServiceServer{})
		boardv1.RegisterRotationsServiceServer(s, boardv1.UnimplementedRotationsServiceServer{})
		boardv1.RegisterCalendarServiceServer(s, boardv1.UnimplementedCalendarServiceServer{})
		boardv1.RegisterCalendarFeedServiceServer(s, calendars{})
		boardv1.RegisterMeetingsServiceServer(s, boardv1.UnimplementedMeetingsServiceServer{})
		boardv1.RegisterSolicitationsServiceServer(s, boardv1.UnimplementedSolicitationsServiceServer{})
		boardv1.RegisterIdeasServiceServer(s, boardv1.UnimplementedIdeasServiceServer{})
	})
	o.Backends.Plans = w.startService(t, o, "plans", func(s grpc.ServiceRegistrar) {
		plansv1.RegisterPlansServiceServer(s, plansv1.UnimplementedPlansServiceServer{})
		plansv1.RegisterPlanCalendarsServiceServer(s, plansv1.UnimplementedPlanCalendarsServiceServer{})
		plansv1.RegisterPlanCalendarFeedServiceServer(s, planCalendars{})
		plansv1.RegisterSignalsServiceServer(s, plansv1.UnimplementedSignalsServiceServer{})
		plansv1.RegisterStatementsServiceServer(s, plansv1.UnimplementedStatementsServiceServer{})
		plansv1.RegisterFeedServiceServer(s, plansv1.UnimplementedFeedServiceServer{})
	})
	s, err := gateway.NewServer(t.Context(), o, gateway.ListenOptions{Address: "127.0.0.1:0"})
	require.NoError(t, err)
	w.server = s
	ctx, cancel := context.WithCancel(context.Background())
	w.end = cancel
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	transport := &http.Transport{DisableCompression: true}
	w.url, w.client = "http://"+s.Addr().String(), &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		require.NoError(t, <-ended)
	})
	return w
}

func (w *world) startService(t testing.TB, o gateway.Options, name string, register func(grpc.ServiceRegistrar)) *grpc.ClientConn {
	away := &atomic.Bool{}
	w.away[name] = away
	database := func(context.Context) error {
		if away.Load() {
			return errors.New("dial mongodb://db1.internal:27017: connection refused")
		}
		return nil
	}
	s, err := server.New(t.Context(), server.Options{Authenticator: o.Authenticator, Telemetry: o.Telemetry, Logger: o.Logger},
		server.Service{Name: name, Register: register, Needs: []server.Need{{Name: "database", Ready: database}}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	conn, err := s.Dial(o.Telemetry.ClientOptions()...)
	require.NoError(t, err)
	var once sync.Once
	stop := func() {
		once.Do(func() {
			conn.Close()
			cancel()
			require.NoError(t, <-ended)
		})
	}
	w.stop[name], w.conns[name] = stop, conn
	t.Cleanup(stop)
	return conn
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// json decodes the body.
func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	m := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(a.body), &m), "body %q", a.body)
	return m
}

// do makes a call as an administrator; headers are in pairs, and an empty value takes
// one away.
func (w *world) do(t testing.TB, method, path, body string, headers ...string) answer {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, w.url+path, in)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+tokenOf(auth.Admin))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		} else {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	return w.send(t, r)
}

func (w *world) send(t testing.TB, r *http.Request) answer {
	t.Helper()
	resp, err := w.client.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp, string(read)}
}

// raw sends what is no request of net/http's.
func (w *world) raw(t testing.TB, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body) // the server may hang up
	return answer{resp, string(body)}
}

// one returns the only request that reached the services.
func one[M proto.Message](t testing.TB, w *world) M {
	t.Helper()
	got := w.got.take()
	require.Len(t, got, 1)
	m, ok := got[0].(M)
	require.True(t, ok, "%T", got[0])
	return m
}
