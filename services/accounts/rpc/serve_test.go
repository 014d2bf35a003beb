package rpc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/server"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
	"github.com/evenhand/evenhand/services/accounts/rpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// served is the service behind a real server, called as one principal.
type served struct {
	domain   *accounts.Service
	server   *server.Server
	accounts accountsv1.AccountsServiceClient
	revenue  accountsv1.RevenueServiceClient
	access   accountsv1.AccessServiceClient
	feed     accountsv1.FeedServiceClient
}

const adminToken = "the-token-in-the-data-folder-of-this-test"

// serve starts the service; its clients call as the local administrator.
func serve(t *testing.T) *served {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	domain, err := accounts.New(t.Context(), store, accounts.Options{})
	require.NoError(t, err)
	hash := auth.HashOf(adminToken)
	require.NoError(t, domain.Access.SetLocalToken(t.Context(), hash[:]))

	s, err := server.New(t.Context(), server.Options{
		Authenticator: rpc.Authenticator(domain.Access)}, rpc.Service(domain, rpc.Options{}))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- s.Run(ctx) }()
	relay, stopRelay := context.WithCancel(context.Background())
	relayed := make(chan error, 1)
	go func() { relayed <- store.RunRelay(relay) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		stopRelay()
		if err := <-relayed; !errors.Is(err, context.Canceled) {
			t.Errorf("the relay ended with %v", err)
		}
		require.NoError(t, store.Close())
	})
	return (&served{domain: domain, server: s}).as(t, adminToken)
}

// as returns clients that call with a token.
func (s *served) as(t *testing.T, token string) *served {
	t.Helper()
	conn, err := s.server.Dial(auth.Bearer(token))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return &served{s.domain, s.server, accountsv1.NewAccountsServiceClient(conn), accountsv1.NewRevenueServiceClient(conn),
		accountsv1.NewAccessServiceClient(conn), accountsv1.NewFeedServiceClient(conn)}
}

// person makes a principal with roles and returns clients that call as it.
func (s *served) person(t *testing.T, id string, roles ...accountsv1.Role) *served {
	t.Helper()
	_, err := s.access.CreatePrincipal(t.Context(), &accountsv1.CreatePrincipalRequest{
		PrincipalId: id, Principal: &accountsv1.Principal{Person: true, Roles: roles}})
	require.NoError(t, err)
	token, err := s.access.CreateApiToken(t.Context(), &accountsv1.CreateApiTokenRequest{
		Parent: "principals/" + id, ApiToken: &accountsv1.ApiToken{DisplayName: "test"}})
	require.NoError(t, err)
	require.NotEmpty(t, token.GetSecret())
	return s.as(t, token.GetSecret())
}

// wantStatus fails the test unless err has the code and the reason.
func wantStatus(t *testing.T, err error, code codes.Code, reason accountsReason) *status.Status {
	t.Helper()
	s := status.Convert(err)
	require.Equal(t, code, s.Code(), "%v", err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			require.Equal(t, string(reason), info.GetReason(), "%v", err)
			return s
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
	return nil
}

type accountsReason string

// fieldsOf are the fields that a status calls wrong.
func fieldsOf(s *status.Status) (fields []string) {
	for _, d := range s.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

func ymd(y, m, d int32) *date.Date { return &date.Date{Year: y, Month: m, Day: d} }

func usd(units int64, nanos int32) *money.Money {
	return &money.Money{CurrencyCode: "USD", Units: units, Nanos: nanos}
}

const aUUID, anotherUUID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "6ba7b811-9dad-41d1-80b4-00c04fd430c8"

// deadline bounds what a broken test would wait for.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
