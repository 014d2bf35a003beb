package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// References are ids in the source, else ids here; those that name nothing are told why,
// or made where the caller may make accounts.
func TestResolveAccounts(t *testing.T) {
	s := serve(t)
	ctx := deadline(t)
	_, _, err := importAccounts(t, s, false, &accountsv1.AccountRow{Line: 2, ExternalId: "A 17", DisplayName: "Acme"})
	require.NoError(t, err)
	_, err = s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{Account: &accountsv1.Account{DisplayName: "Brook"}})
	require.NoError(t, err)

	ask := &accountsv1.ResolveAccountsRequest{Source: "crm", References: []string{"A 17", "brook", "new one", "A 17", ""}}
	found, err := s.accounts.ResolveAccounts(ctx, ask)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"A 17": "accounts/a-17", "brook": "accounts/brook"}, found.GetAccounts())
	require.Contains(t, found.GetProblems()["new one"], "create it first")
	require.NotEmpty(t, found.GetProblems()[""])
	require.Zero(t, found.GetAccountsCreated())

	ask.CreateAccounts, ask.ValidateOnly = true, true
	for range 2 { // checked only, the second time finds nothing more
		found, err = s.accounts.ResolveAccounts(ctx, ask)
		require.NoError(t, err)
		require.Equal(t, "accounts/new-one", found.GetAccounts()["new one"])
		require.EqualValues(t, 1, found.GetAccountsCreated())
	}
	ask.ValidateOnly = false
	for _, created := range []int64{1, 0} {
		found, err = s.accounts.ResolveAccounts(ctx, ask)
		require.NoError(t, err)
		require.Equal(t, "accounts/new-one", found.GetAccounts()["new one"])
		require.Equal(t, created, found.GetAccountsCreated())
	}
	made, err := s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: "accounts/new-one"})
	require.NoError(t, err)
	require.Equal(t, []string{"crm", "new one"}, []string{made.GetSource(), made.GetExternalId()})

	_, err = s.person(t, "vera", accountsv1.Role_ROLE_VIEWER).accounts.ResolveAccounts(ctx, ask)
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}
