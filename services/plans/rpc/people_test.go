package rpc_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

// principals lists these, one a page.
type principals struct {
	accountsv1.UnimplementedAccessServiceServer
	all []*accountsv1.Principal
}

func (p *principals) ListPrincipals(_ context.Context, r *accountsv1.ListPrincipalsRequest) (*accountsv1.ListPrincipalsResponse, error) {
	at := len(r.GetPageToken())
	out := &accountsv1.ListPrincipalsResponse{}
	if at < len(p.all) {
		out.Principals = p.all[at : at+1]
		out.NextPageToken = r.GetPageToken() + "x"
	}
	return out, nil
}

func (p *principals) GetPrincipal(_ context.Context, r *accountsv1.GetPrincipalRequest) (*accountsv1.Principal, error) {
	for _, one := range p.all {
		if one.GetName() == r.GetName() {
			return one, nil
		}
	}
	return nil, status.Error(codes.NotFound, "there is none")
}

// source is what asks a server for these.
func (p *principals) source(t *testing.T) *rpc.AccountsSource {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	accountsv1.RegisterAccessServiceServer(server, p)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-ended)
	})
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return rpc.NewAccountsSource(conn)
}

func TestWhoMayReadPlans(t *testing.T) {
	known := &principals{all: []*accountsv1.Principal{
		{Name: "principals/anna", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ACCOUNT_MANAGER}},
		{Name: "principals/gone", Person: true, Disabled: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ACCOUNT_MANAGER}},
		{Name: "principals/agent", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_SERVICE_AGENT}},
		{Name: "principals/both", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_SERVICE_AGENT, accountsv1.Role_ROLE_VIEWER}},
		{Name: "principals/new", Person: true},
	}}
	source := known.source(t)
	for id, want := range map[string]bool{"anna": true, "gone": false, "agent": false, "both": true, "new": false} {
		may, err := source.MayReadPlans(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, may, id)
	}
	_, err := source.MayReadPlans(t.Context(), "nobody")
	require.ErrorIs(t, err, resource.ErrNotFound)
}

func TestWhoElseMayApprove(t *testing.T) {
	known := &principals{}
	source := known.source(t)

	approver := []accountsv1.Role{accountsv1.Role_ROLE_POLICY_APPROVER}
	known.all = []*accountsv1.Principal{
		{Name: "principals/anna", Person: true, Roles: approver},
		{Name: "principals/robot", Roles: approver},
		{Name: "principals/gone", Person: true, Disabled: true, Roles: approver},
		{Name: "principals/carol", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ACCOUNT_MANAGER}},
	}
	others, err := source.Others(t.Context(), "principals/anna", "rewards.approve")
	require.NoError(t, err)
	require.False(t, others)
	others, err = source.Others(t.Context(), "principals/carol", "rewards.approve")
	require.NoError(t, err)
	require.True(t, others)
	others, err = source.Others(t.Context(), "principals/anna", "rewards.read")
	require.NoError(t, err)
	require.False(t, others, "carol reads points of her own only")
	known.all = append(known.all, &accountsv1.Principal{Name: "principals/ben", Person: true, Roles: approver})
	others, err = source.Others(t.Context(), "principals/anna", "rewards.approve")
	require.NoError(t, err)
	require.True(t, others)
}
