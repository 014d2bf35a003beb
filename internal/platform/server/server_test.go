package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// accounts is a service whose methods do what the test says.
type accounts struct {
	accountsv1.UnimplementedAccountsServiceServer
	get    func(context.Context, *accountsv1.GetAccountRequest) (*accountsv1.Account, error)
	update func(context.Context, *accountsv1.UpdateAccountRequest) (*accountsv1.Account, error)
}

func (a *accounts) GetAccount(ctx context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	return a.get(ctx, r)
}

func (a *accounts) UpdateAccount(ctx context.Context, r *accountsv1.UpdateAccountRequest) (*accountsv1.Account, error) {
	return a.update(ctx, r)
}

type feed struct {
	accountsv1.UnimplementedFeedServiceServer
	began chan struct{}
}

func (f *feed) WatchChanges(_ *accountsv1.WatchChangesRequest, stream accountsv1.FeedService_WatchChangesServer) error {
	close(f.began)
	<-stream.Context().Done()
	return stream.Context().Err()
}

// running is a server with tokens for some roles, and a way to call it.
type running struct {
	*Server
	tokens map[auth.Role]string
	log    *bytes.Buffer
	done   chan error
	cancel context.CancelFunc
}

func start(t *testing.T, o Options, services ...Service) *running {
	t.Helper()
	keys := &auth.Keyring{}
	r := &running{tokens: map[auth.Role]string{}, log: &bytes.Buffer{}, done: make(chan error, 1)}
	for _, role := range auth.Roles() {
		r.tokens[role] = "token-of-" + string(role) + "-that-is-long-enough"
		keys.Add(r.tokens[role], auth.NewPrincipal("principals/"+string(role), string(role), true, role))
	}
	if o.Authenticator == nil {
		o.Authenticator = auth.NewCache(keys, time.Now)
	}
	o.Logger = slog.New(slog.NewTextHandler(r.log, nil))
	var err error
	r.Server, err = New(t.Context(), o, services...)
	require.NoError(t, err)
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	go func() { r.done <- r.Run(ctx) }()
	t.Cleanup(func() {
		r.cancel()
		require.NoError(t, <-r.done)
	})
	return r
}

// as returns a connection with the token of a role; "" for one without a token.
func (r *running) as(t *testing.T, role auth.Role) *grpc.ClientConn {
	t.Helper()
	var opts []grpc.DialOption
	if role != "" {
		opts = append(opts, auth.Bearer(r.tokens[role]))
	}
	conn, err := r.Dial(opts...)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func accountsService(a *accounts) Service {
	return Service{Name: "accounts", Register: func(r grpc.ServiceRegistrar) { accountsv1.RegisterAccountsServiceServer(r, a) }}
}

func get(conn *grpc.ClientConn, name string) error {
	_, err := accountsv1.NewAccountsServiceClient(conn).GetAccount(context.Background(), &accountsv1.GetAccountRequest{Name: name})
	return err
}

func detail[T any](t *testing.T, err error) T {
	t.Helper()
	for _, d := range status.Convert(err).Details() {
		if found, ok := d.(T); ok {
			return found
		}
	}
	var none T
	require.Failf(t, "detail is missing", "%T in %v", none, err)
	return none
}

func requireStatus(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v", err)
	info := rpcstatus.Info(status.Convert(err))
	require.NotNil(t, info, "%v has no ErrorInfo", err)
	require.Equal(t, reason, info.GetReason())
}

func TestAServiceWithoutAccessOptionsIsRefused(t *testing.T) {
	_, err := New(t.Context(), Options{Authenticator: &auth.Keyring{}}, Service{Name: "open", Register: func(r grpc.ServiceRegistrar) {
		r.RegisterService(&grpc.ServiceDesc{ServiceName: "evenhand.open.v1.Open", HandlerType: (*any)(nil),
			Methods: []grpc.MethodDesc{{MethodName: "Do"}}}, struct{}{})
	}})
	require.ErrorContains(t, err, "evenhand.open.v1.Open.Do")
}

func TestWhoCallsIsKnownBeforeTheBodyIsRead(t *testing.T) {
	r := start(t, Options{}, accountsService(&accounts{}))
	call := func(role auth.Role) error {
		conn := r.as(t, role)
		return conn.Invoke(t.Context(), accountsv1.AccountsService_GetAccount_FullMethodName,
			[]byte{0xff, 0xff, 0xff}, &emptypb.Empty{}, grpc.ForceCodecV2(raw{}))
	}
	requireStatus(t, call(""), codes.Unauthenticated, "UNAUTHENTICATED")
	requireStatus(t, call(auth.Admin), codes.InvalidArgument, "INVALID_ARGUMENT")
	require.NotContains(t, call(auth.Admin).Error(), "proto:")
}

func TestCallsWithoutRightAreRefused(t *testing.T) {
	a := &accounts{get: func(ctx context.Context, _ *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
		return &accountsv1.Account{Owner: auth.FromContext(ctx).Name()}, nil
	}, update: func(ctx context.Context, _ *accountsv1.UpdateAccountRequest) (*accountsv1.Account, error) {
		return &accountsv1.Account{DisplayName: map[auth.Scope]string{auth.Assigned: "assigned", auth.All: "all"}[auth.FromContext(ctx).Can("accounts.update")]}, nil
	}}
	r := start(t, Options{}, accountsService(a))

	account, err := accountsv1.NewAccountsServiceClient(r.as(t, auth.Viewer)).GetAccount(t.Context(), &accountsv1.GetAccountRequest{Name: "accounts/acme"})
	require.NoError(t, err)
	require.Equal(t, "principals/viewer", account.GetOwner())

	update := func(role auth.Role) (*accountsv1.Account, error) {
		return accountsv1.NewAccountsServiceClient(r.as(t, role)).UpdateAccount(t.Context(),
			&accountsv1.UpdateAccountRequest{Account: &accountsv1.Account{Name: "accounts/acme"}})
	}
	_, err = update(auth.Viewer)
	requireStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	require.Equal(t, "accounts.update", detail[*errdetails.ErrorInfo](t, err).GetMetadata()["permission"])
	account, err = update(auth.AccountManager)
	require.NoError(t, err)
	require.Equal(t, "assigned", account.GetDisplayName())
	account, err = update(auth.Admin)
	require.NoError(t, err)
	require.Equal(t, "all", account.GetDisplayName())
}

func TestErrorsLeaveInOneShape(t *testing.T) {
	domainErr := errors.New("no such account")
	driverText := "mongo: connection(10.0.0.7:27017) handshake failed for user root"
	table := fault.Table{
		fault.Is(domainErr, fault.New(fault.NotFound, fault.ReasonNotFound, "There is no such account.")),
		fault.Is(io.ErrNoProgress, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The database cannot be reached now.")),
	}
	for name, test := range map[string]struct {
		fail   func(context.Context) error
		code   codes.Code
		reason string
	}{
		"a fault":              {func(context.Context) error { return fault.Invalid("filter", "is bad") }, codes.InvalidArgument, "INVALID_ARGUMENT"},
		"an error of a domain": {func(context.Context) error { return errors.Join(domainErr, errors.New(driverText)) }, codes.NotFound, "NOT_FOUND"},
		"a store that is away": {func(context.Context) error { return io.ErrNoProgress }, codes.Unavailable, "UNAVAILABLE"},
		"an unknown error":     {func(context.Context) error { return errors.New(driverText) }, codes.Internal, "INTERNAL"},
		"a panic":              {func(context.Context) error { panic(driverText) }, codes.Internal, "INTERNAL"},
		"a deadline":           {func(context.Context) error { return context.DeadlineExceeded }, codes.DeadlineExceeded, "DEADLINE"},
		"a caller gone":        {func(context.Context) error { return context.Canceled }, codes.Canceled, "DEADLINE"},
		"another's status":     {func(context.Context) error { return status.Error(codes.Internal, driverText) }, codes.Internal, "INTERNAL"},
		"a bare status":        {func(context.Context) error { return status.Error(codes.AlreadyExists, "it is there") }, codes.AlreadyExists, "ALREADY_EXISTS"},
		"not UTF-8":            {func(context.Context) error { return fault.Invalid("name", "is \xff") }, codes.InvalidArgument, "INVALID_ARGUMENT"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, Options{Faults: table}, accountsService(&accounts{
				get: func(ctx context.Context, _ *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
					return nil, test.fail(ctx)
				}}))
			err := get(r.as(t, auth.Admin), "accounts/acme")
			requireStatus(t, err, test.code, test.reason)
			require.NotContains(t, err.Error(), "27017")
			if test.code == codes.Unavailable {
				require.Positive(t, detail[*errdetails.RetryInfo](t, err).GetRetryDelay().AsDuration())
			}
			if test.code == codes.Internal {
				require.Contains(t, r.log.String(), "27017", "the log has to say why")
				require.Contains(t, r.log.String(), "AccountsService/GetAccount")
			}
		})
	}
}

func TestValidationNamesEachField(t *testing.T) {
	r := start(t, Options{}, accountsService(&accounts{}))
	_, err := accountsv1.NewAccountsServiceClient(r.as(t, auth.Admin)).UpdateAccount(t.Context(), &accountsv1.UpdateAccountRequest{
		RequestId: "not-a-uuid",
		Account: &accountsv1.Account{Parent: "Accounts/ACME", Goals: []*accountsv1.Goal{{Statement: "grow"}, {}},
			Attributes: map[string]string{"sector": ""}},
	})
	requireStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	fields := map[string]string{}
	for _, v := range detail[*errdetails.BadRequest](t, err).GetFieldViolations() {
		fields[v.GetField()] = v.GetDescription()
	}
	require.Contains(t, fields["request_id"], "must be a UUID")
	require.Contains(t, fields["account.parent"], "as `accounts/acme`")
	require.Contains(t, fields, "account.goals[1].statement")
	require.Contains(t, fields, `account.attributes["sector"]`)
	require.Len(t, fields, 4)

	require.ErrorContains(t, get(r.as(t, auth.Admin), ""), "is required: an account's name")
}

func TestMethodsThatThereAreNot(t *testing.T) {
	r := start(t, Options{}, accountsService(&accounts{}))
	call := func(role auth.Role) error {
		return r.as(t, role).Invoke(t.Context(), "/evenhand.accounts.v1.AccountsService/Promote", &emptypb.Empty{}, &emptypb.Empty{})
	}
	requireStatus(t, call(""), codes.Unauthenticated, "UNAUTHENTICATED")
	requireStatus(t, call(auth.Admin), codes.Unimplemented, "UNIMPLEMENTED")
}

func TestReflectionNeedsNoToken(t *testing.T) {
	r := start(t, Options{Reflection: true}, accountsService(&accounts{}))
	stream, err := reflectionv1.NewServerReflectionClient(r.as(t, "")).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}))
	answer, err := stream.Recv()
	require.NoError(t, err)
	require.Contains(t, answer.String(), "evenhand.accounts.v1.AccountsService")
	require.NoError(t, stream.CloseSend())
}

func TestAShutdownLetsCallsFinishAndTellsStreamsToEnd(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	a := &accounts{get: func(context.Context, *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
		close(began)
		<-release
		return &accountsv1.Account{}, nil
	}}
	f := &feed{began: make(chan struct{})}
	s := accountsService(a)
	register := s.Register
	s.Register = func(r grpc.ServiceRegistrar) { register(r); accountsv1.RegisterFeedServiceServer(r, f) }
	r := start(t, Options{Drain: time.Minute}, s)
	conn := r.as(t, auth.Service)

	stream, err := accountsv1.NewFeedServiceClient(conn).WatchChanges(t.Context(), &accountsv1.WatchChangesRequest{})
	require.NoError(t, err)
	called := make(chan error, 1)
	go func() { called <- get(conn, "accounts/acme") }()
	<-began
	<-f.began
	r.cancel()
	_, err = stream.Recv()
	requireStatus(t, err, codes.Unavailable, "UNAVAILABLE")
	require.ErrorContains(t, err, "shutting down")
	close(release)
	require.NoError(t, <-called)
}

func TestAStreamEndsWhenItsTokenIsRevoked(t *testing.T) {
	var revoked atomic.Bool
	f := &feed{began: make(chan struct{})}
	r := start(t, Options{Authenticator: auth.AuthenticatorFunc(func(context.Context, auth.Hash) (*auth.Principal, error) {
		if revoked.Load() {
			return nil, auth.ErrUnknownToken
		}
		return auth.NewPrincipal("principals/follower", "", false, auth.Service), nil
	})}, Service{Name: "feed", Register: func(r grpc.ServiceRegistrar) { accountsv1.RegisterFeedServiceServer(r, f) }})
	r.recheck = time.Millisecond
	stream, err := accountsv1.NewFeedServiceClient(r.as(t, auth.Service)).WatchChanges(t.Context(), &accountsv1.WatchChangesRequest{})
	require.NoError(t, err)
	<-f.began
	revoked.Store(true)
	_, err = stream.Recv()
	requireStatus(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
}

func TestTheSocketSpeaksToo(t *testing.T) {
	r := start(t, Options{Address: "127.0.0.1:0"}, accountsService(&accounts{
		get: func(context.Context, *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
			return &accountsv1.Account{}, nil
		}}))
	conn, err := grpc.NewClient(r.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()), auth.Bearer(r.tokens[auth.Viewer]))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, get(conn, "accounts/acme"))
}

func TestBeyondLoopbackOnlyWithTLS(t *testing.T) {
	_, err := New(t.Context(), Options{Address: "0.0.0.0:0", Authenticator: &auth.Keyring{}})
	require.ErrorContains(t, err, "--insecure")
	require.ErrorContains(t, err, "--tls-cert")
	s, err := New(t.Context(), Options{Address: "0.0.0.0:0", Insecure: true, Authenticator: &auth.Keyring{}})
	require.NoError(t, err)
	s.Close()
}
