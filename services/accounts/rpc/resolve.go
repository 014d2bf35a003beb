package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// ResolveAccounts implements AccountsService.
func (s *accountsServer) ResolveAccounts(ctx context.Context, r *accountsv1.ResolveAccountsRequest) (*accountsv1.ResolveAccountsResponse, error) {
	found, err := s.domain.Imports.Resolve(ctx, request.Caller(ctx), accounts.Naming{
		Source: r.GetSource(), References: r.GetReferences(), Create: r.GetCreateAccounts(), Check: r.GetValidateOnly()})
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ResolveAccountsResponse{Accounts: make(map[string]string, len(found.IDs)), Problems: found.Problems, AccountsCreated: found.Created}
	for ref, id := range found.IDs {
		out.Accounts[ref] = names.Join("accounts", id)
	}
	return out, nil
}
