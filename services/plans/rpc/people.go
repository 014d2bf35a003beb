package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/paging"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/calendars"
	"github.com/evenhand/evenhand/services/plans/rewards"
)

var (
	_ rewards.People   = (*AccountsSource)(nil)
	_ calendars.People = (*AccountsSource)(nil)
)

// Others says whether an enabled person other than a principal, given by its resource name,
// holds a permission for all.
func (s *AccountsSource) Others(ctx context.Context, principal, permission string) (bool, error) {
	return anyPerson(ctx, s.access, func(p *accountsv1.Principal) bool { return p.GetName() != principal && may(p, permission) })
}

// anyPerson says whether there is an enabled person like that.
func anyPerson(ctx context.Context, access accountsv1.AccessServiceClient, like func(*accountsv1.Principal) bool) (bool, error) {
	request := &accountsv1.ListPrincipalsRequest{PageSize: paging.MaxSize}
	for {
		page, err := access.ListPrincipals(ctx, request)
		if err != nil {
			return false, err
		}
		for _, p := range page.GetPrincipals() {
			if p.GetPerson() && !p.GetDisabled() && like(p) {
				return true, nil
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return false, nil
		}
	}
}

// may says whether the roles of a principal give a permission for all.
func may(p *accountsv1.Principal, permission string) bool { return scopeOf(p, permission) == auth.All }

// scopeOf says for what the roles of a principal give a permission.
func scopeOf(p *accountsv1.Principal, permission string) auth.Scope {
	roles := make([]auth.Role, 0, len(p.GetRoles()))
	for _, role := range p.GetRoles() {
		roles = append(roles, auth.Role(strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(role.String(), "ROLE_"), "_", "-"))))
	}
	return auth.NewPrincipal(p.GetName(), "", true, roles...).Can(permission)
}

// MayReadPlans implements calendars.People.
func (s *AccountsSource) MayReadPlans(ctx context.Context, id string) (bool, error) {
	p, err := s.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: principalPrefix + id})
	if err != nil {
		return false, missing(err, "evenhand/Principal", plans.PrincipalName(id))
	}
	return !p.GetDisabled() && scopeOf(p, "plans.read") != auth.None, nil
}
