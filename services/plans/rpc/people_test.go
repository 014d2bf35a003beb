package rpc_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

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

func TestWhoElseMayApprove(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	known := &principals{}
	server := grpc.NewServer()
	accountsv1.RegisterAccessServiceServer(server, known)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-ended)
	})
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	source := rpc.NewAccountsSource(conn)

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
