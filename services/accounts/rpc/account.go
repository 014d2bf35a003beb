package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// The permission to change accounts, which a role may hold for assigned ones only.
const updateAccounts = "accounts.update"

func (s *accountsServer) GetAccount(ctx context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	return answer(s.domain.Accounts.Get(ctx, names.First(r.GetName(), "accounts")))
}

func answer(s resource.Stored[accounts.Account], err error) (*accountsv1.Account, error) {
	if err != nil {
		return nil, err
	}
	return accountOf(s), nil
}

func (s *accountsServer) CreateAccount(ctx context.Context, r *accountsv1.CreateAccountRequest) (*accountsv1.Account, error) {
	account, err := accountFrom(r.GetAccount())
	if err != nil {
		return nil, err
	}
	if r.GetProspect() {
		account.State = accounts.Prospect
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	created, err := s.domain.Accounts.Create(ctx, c, r.GetAccountId(), account, r.GetValidateOnly())
	if err == nil && r.GetValidateOnly() {
		return accountState(created.ID, &created.State), nil
	}
	return answer(created, err)
}

func (s *accountsServer) UpdateAccount(ctx context.Context, r *accountsv1.UpdateAccountRequest) (*accountsv1.Account, error) {
	in := r.GetAccount()
	mask, err := fieldmask.Read("account", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	found, err := request.Name("account.name", in.GetName(), "accounts")
	if err != nil {
		return nil, err
	}
	before, err := s.domain.Accounts.Get(ctx, found[0])
	if err != nil {
		return nil, err
	}
	if err := checkAssigned(ctx, updateAccounts, before); err != nil {
		return nil, err
	}
	// Immutable fields that differ are refused here; what is masked is changed by the
	// domain, on the account as it is then.
	if err := mask.Apply(accountOf(before), in); err != nil {
		return nil, err
	}
	patch, err := accountPatch(mask, in)
	if err != nil {
		return nil, err
	}
	if err := keepReadByRules(ctx, before, &patch); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return answer(s.domain.Accounts.Update(ctx, c, before.ID, in.GetEtag(), patch, r.GetValidateOnly()))
}

func accountPatch(mask fieldmask.Mask, in *accountsv1.Account) (accounts.AccountPatch, error) {
	to, err := accountFrom(in)
	if err != nil {
		return accounts.AccountPatch{}, err
	}
	patch := accounts.AccountPatch{
		DisplayName: fieldmask.Given(mask, "display_name", to.DisplayName),
		Joined:      fieldmask.Given(mask, "joined_date", to.Joined),
		Parent:      fieldmask.Given(mask, "parent", to.Parent),
		Owner:       fieldmask.Given(mask, "owner", to.Owner),
		Team:        fieldmask.Given(mask, "service_team", to.Team),
		Goals:       fieldmask.Given(mask, "goals", to.Goals),
		Competitors: fieldmask.Given(mask, "competitors", to.Competitors),
		Attributes:  fieldmask.Given(mask, "attributes", to.Attributes),
	}
	for _, path := range mask.Paths() {
		if key, ok := strings.CutPrefix(path, "attributes."); ok {
			if patch.SetAttributes == nil {
				patch.SetAttributes = map[string]string{}
			}
			patch.SetAttributes[key] = to.Attributes[key]
		}
		if strings.HasPrefix(path, "joined_date.") {
			patch.Joined = &to.Joined
		}
	}
	return patch, nil
}

func (s *accountsServer) ActivateAccount(ctx context.Context, r *accountsv1.ActivateAccountRequest) (*accountsv1.Account, error) {
	return s.turn(ctx, r, s.keepDayJoined, s.domain.Accounts.Activate)
}

func (s *accountsServer) CloseAccount(ctx context.Context, r *accountsv1.CloseAccountRequest) (*accountsv1.Account, error) {
	return s.turn(ctx, r, anyDay, s.domain.Accounts.Close)
}
