package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/accounts"
)

// checkAssigned returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for assigned accounts only, and this is not one.
func checkAssigned(ctx context.Context, permission string, account resource.Stored[accounts.Account]) error {
	p := auth.FromContext(ctx)
	if p.Can(permission) == auth.All || account.State.AssignedTo(names.First(p.Name(), "principals")) {
		return nil
	}
	name := accounts.AccountName(account.ID)
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s holds %s for accounts assigned to it only, and neither owns nor serves %s.", p.Name(), permission, name).
		With("permission", permission).With("principal", p.Name()).WithResource("evenhand/Account", name)
}

// keepReadByRules leaves to those who may change all accounts what rules read of one: the
// day it joined and its parent. Who looks after an account could otherwise win it a benefit
// that the rules do not give it, alone and unnoticed. PERMISSION_DENIED with READ_BY_RULES
// where the patch changes them; where it says what is so already they are taken out of it,
// so that a change made meanwhile is not undone.
func keepReadByRules(ctx context.Context, before resource.Stored[accounts.Account], patch *accounts.AccountPatch) error {
	if auth.FromContext(ctx).Can(updateAccounts) == auth.All {
		return nil
	}
	if patch.Joined != nil && !sameDay(*patch.Joined, before.State.Joined) {
		return readByRules(ctx, before.ID, "joined_date")
	}
	if patch.Parent != nil && *patch.Parent != before.State.Parent {
		return readByRules(ctx, before.ID, "parent")
	}
	patch.Joined, patch.Parent = nil, nil
	return nil
}

// keepDayJoined leaves it to those who may change all accounts to say that a prospect has
// been a customer since before today; today comes from the company's zone.
func (s *accountsServer) keepDayJoined(ctx context.Context, before resource.Stored[accounts.Account], on *accounts.Day) error {
	joins := before.State.State == accounts.Prospect || before.State.Unjoined
	if on == nil || !joins || auth.FromContext(ctx).Can(updateAccounts) == auth.All {
		return nil
	}
	today, err := s.domain.Company.Today(ctx)
	if err != nil || *on >= today {
		return err
	}
	return readByRules(ctx, before.ID, "joined_date")
}

func readByRules(ctx context.Context, account, field string) error {
	p, name := auth.FromContext(ctx), accounts.AccountName(account)
	return fault.New(fault.PermissionDenied, "READ_BY_RULES",
		"Rules read %s of %s, so it is changed by an import or by somebody who holds %s for all accounts; %s holds it for assigned accounts only.",
		field, name, updateAccounts, p.Name()).
		With("permission", updateAccounts).With("principal", p.Name()).With("field", field).WithResource("evenhand/Account", name)
}

func sameDay(a, b *accounts.Day) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
