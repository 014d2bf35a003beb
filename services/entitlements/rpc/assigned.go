package rpc

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Assignments says whose accounts are whose.
type Assignments interface {
	// AssignedTo says whether a principal, by its resource name, owns an account, by its id,
	// or is of its service team. NOT_FOUND.
	AssignedTo(ctx context.Context, account, principal string) (bool, error)
}

// AssignedTo implements Assignments.
func (s *Source) AssignedTo(ctx context.Context, account, principal string) (bool, error) {
	a, err := s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: accountPrefix + account})
	if err != nil {
		return false, err
	}
	return a.GetOwner() == principal || slices.Contains(a.GetServiceTeam(), principal), nil
}

// checkAssigned returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for assigned accounts only, and the account with this id is not one.
func checkAssigned(ctx context.Context, assignments Assignments, permission, account string) error {
	p := auth.FromContext(ctx)
	if p.Can(permission) == auth.All {
		return nil
	}
	assigned, err := assignments.AssignedTo(ctx, account, p.Name())
	if err != nil || assigned {
		return err
	}
	name := accountPrefix + account
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s holds %s for accounts assigned to it only, and neither owns nor serves %s.", p.Name(), permission, name).
		With("permission", permission).With("principal", p.Name()).WithResource("evenhand/Account", name)
}
