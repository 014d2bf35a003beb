package rpc_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/engagements"
	"github.com/evenhand/evenhand/services/plans/innovation"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

// others are the accounts and entitlements services. They know everything but what is
// called nobody. The account manager owns accounts/acme, and no other account.
type others struct {
	accountsv1.UnimplementedAccountsServiceServer
	accountsv1.UnimplementedAccessServiceServer
	entitlementsv1.UnimplementedUsageServiceServer

	mu sync.Mutex
	// left is what is left of every benefit; used and released are the requests that were
	// carried out, by request id.
	left           int64
	used, released map[string]int64
	// away says that benefits cannot be used now.
	away bool
	// single says that nobody may confirm projects but the account manager.
	single bool
}

func fail(f *fault.Error) error { return rpcstatus.From(f, nil).Err() }

func known(resourceType, name string) error {
	if strings.Contains(name, "nobody") {
		return fail(fault.Missing(resourceType, name))
	}
	return nil
}

func (*others) GetAccount(_ context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	a := &accountsv1.Account{Name: r.GetName()}
	if a.GetName() == "accounts/acme" {
		a.Owner = "principals/account-manager"
	}
	return a, known("evenhand/Account", r.GetName())
}

func (*others) GetContact(_ context.Context, r *accountsv1.GetContactRequest) (*accountsv1.Contact, error) {
	return &accountsv1.Contact{Name: r.GetName()}, known("evenhand/Contact", r.GetName())
}

func (*others) GetPrincipal(_ context.Context, r *accountsv1.GetPrincipalRequest) (*accountsv1.Principal, error) {
	return &accountsv1.Principal{Name: r.GetName(), Person: true}, known("evenhand/Principal", r.GetName())
}

func (o *others) ListPrincipals(context.Context, *accountsv1.ListPrincipalsRequest) (*accountsv1.ListPrincipalsResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return &accountsv1.ListPrincipalsResponse{Principals: []*accountsv1.Principal{
		{Name: "principals/account-manager", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ACCOUNT_MANAGER}},
		{Name: "principals/viewer", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_VIEWER}},
		{Name: "principals/robot", Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}},
		{Name: "principals/admin", Person: true, Disabled: o.single, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}},
	}}, nil
}

func (o *others) ConsumeBenefit(_ context.Context, r *entitlementsv1.ConsumeBenefitRequest) (*entitlementsv1.ConsumeBenefitResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away {
		return nil, fail(fault.New(fault.Unavailable, fault.ReasonUnavailable, "Try again."))
	}
	if _, done := o.used[r.GetRequestId()]; !done {
		if r.GetUnits() > o.left {
			return nil, fail(fault.Precondition("USAGE_LIMIT", r.GetName(), "%d units are left.", o.left))
		}
		o.left -= r.GetUnits()
		o.used[r.GetRequestId()] = r.GetUnits()
	}
	account := strings.Split(r.GetName(), "/")[1]
	return &entitlementsv1.ConsumeBenefitResponse{Entry: &entitlementsv1.UsageEntry{
		Name: fmt.Sprintf("accounts/%s/usageEntries/%s", account, r.GetRequestId()), Origin: r.GetOrigin()}}, nil
}

func (o *others) ReleaseUsage(_ context.Context, r *entitlementsv1.ReleaseUsageRequest) (*entitlementsv1.ReleaseUsageResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, done := o.released[r.GetRequestId()]; !done {
		o.left += r.GetUnits()
		o.released[r.GetRequestId()] = r.GetUnits()
	}
	return &entitlementsv1.ReleaseUsageResponse{}, nil
}

// dial serves the others, and returns a connection to them.
func (o *others) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	s := grpc.NewServer()
	accountsv1.RegisterAccountsServiceServer(s, o)
	accountsv1.RegisterAccessServiceServer(s, o)
	entitlementsv1.RegisterUsageServiceServer(s, o)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:others", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		s.Stop()
		require.NoError(t, <-ended)
	})
	return conn
}

// workplace is engagements and innovation projects behind a real server.
type workplace struct {
	others      *others
	engagements *engagements.Service
	server      *server.Server
}

// workers call as one principal.
type workers struct {
	plansv1.EngagementsServiceClient
	plansv1.InnovationProjectsServiceClient
}

func openWorkplace(t *testing.T) *workplace {
	t.Helper()
	ctx := t.Context()
	store, err := docstore.OpenStore(ctx, teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(ctx, store, func() time.Time { return time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	o := &others{left: 10, used: map[string]int64{}, released: map[string]int64{}}
	conn := o.dial(t)
	directory, assignments := rpc.NewWorkDirectory(conn), rpc.NewAccountsSource(conn)
	work, err := engagements.Open(ctx, store, requests, engagements.Options{Directory: directory, Benefits: rpc.NewBenefits(conn)})
	require.NoError(t, err)
	projects, err := innovation.Open(ctx, requests, innovation.Options{Directory: directory})
	require.NoError(t, err)

	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(tokenOf(role), auth.NewPrincipal("principals/"+string(role), "", role != auth.Service, role))
	}
	keys.Add(tokenOf(managerAndApprover), auth.NewPrincipal("principals/ada", "", true, auth.AccountManager, auth.PolicyApprover))
	s, err := server.New(ctx, server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{Name: "plans",
		Register: func(r grpc.ServiceRegistrar) {
			rpc.RegisterEngagements(r, work, assignments)
			rpc.RegisterInnovation(r, projects, assignments)
		}})
	require.NoError(t, err)
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return &workplace{o, work, s}
}

func tokenOf(role auth.Role) string { return "the-token-of-" + string(role) + "-in-this-test" }

// as returns clients that call as the principal with a role.
func (w *workplace) as(t *testing.T, role auth.Role) workers {
	t.Helper()
	conn, err := w.server.Dial(auth.Bearer(tokenOf(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return workers{plansv1.NewEngagementsServiceClient(conn), plansv1.NewInnovationProjectsServiceClient(conn)}
}

// managerAndApprover is who has both roles, as in small companies.
const managerAndApprover auth.Role = "manager-and-approver"

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
