package rpc

import (
	"context"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Assignments says whose accounts are whose.
type Assignments interface {
	// AssignedTo says whether a principal owns or serves an account, both given by their
	// names. NOT_FOUND for the account.
	AssignedTo(ctx context.Context, account, principal string) (bool, error)
}

// AssignedTo implements Assignments by the accounts service.
func (s *Source) AssignedTo(ctx context.Context, account, principal string) (bool, error) {
	a, err := s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: account})
	if err != nil {
		return false, fmt.Errorf("ask whose account %s is: %w", account, err)
	}
	return a.GetOwner() == principal || slices.Contains(a.GetServiceTeam(), principal), nil
}

// checkAssigned returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for assigned accounts only, and this is not one.
func checkAssigned(ctx context.Context, accounts Assignments, permission, account string) error {
	p := auth.FromContext(ctx)
	if p.Can(permission) == auth.All {
		return nil
	}
	mine, err := accounts.AssignedTo(ctx, account, p.Name())
	if mine || err != nil {
		return err
	}
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s holds %s for accounts assigned to it only, and neither owns nor serves %s.", p.Name(), permission, account).
		With("permission", permission).With("principal", p.Name()).WithResource("evenhand/Account", account)
}
