package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// accessServer implements AccessService.
type accessServer struct {
	accountsv1.UnimplementedAccessServiceServer
	access *accounts.Access
	random io.Reader
}

// rolesOf makes the API's roles of their names, as account-manager.
func rolesOf(names []string) []accountsv1.Role {
	var roles []accountsv1.Role
	for _, name := range names {
		number, known := accountsv1.Role_value["ROLE_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))]
		if known {
			roles = append(roles, accountsv1.Role(number))
		}
	}
	return roles
}

func roleNames(roles []accountsv1.Role) []string {
	var list []string
	for _, role := range roles {
		list = append(list, strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(role.String(), "ROLE_"), "_", "-")))
	}
	return list
}

func principalOf(s resource.Stored[accounts.Principal]) *accountsv1.Principal {
	p := s.State
	return &accountsv1.Principal{
		Name: accounts.PrincipalName(s.ID), DisplayName: p.DisplayName, Person: p.Person, Roles: rolesOf(p.Roles), Disabled: p.Disabled,
		Etag: s.Etag(), CreateTime: wire.Timestamp(p.Created), UpdateTime: wire.Timestamp(p.Updated),
	}
}

func principalAnswer(s resource.Stored[accounts.Principal], err error) (*accountsv1.Principal, error) {
	if err != nil {
		return nil, err
	}
	return principalOf(s), nil
}

func tokenMessage(s resource.Stored[accounts.Token]) *accountsv1.ApiToken {
	return &accountsv1.ApiToken{
		Name: accounts.PrincipalName(s.ID), DisplayName: s.State.DisplayName,
		ExpireTime: wire.Timestamp(s.State.Expires), CreateTime: wire.Timestamp(s.State.Created),
	}
}

func (s *accessServer) GetPrincipal(ctx context.Context, r *accountsv1.GetPrincipalRequest) (*accountsv1.Principal, error) {
	return principalAnswer(s.access.GetPrincipal(ctx, names.First(r.GetName(), "principals")))
}

func (s *accessServer) ListPrincipals(ctx context.Context, r *accountsv1.ListPrincipalsRequest) (*accountsv1.ListPrincipalsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.access.ListPrincipals(ctx, p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListPrincipalsResponse{}
	for _, principal := range list.Items {
		out.Principals = append(out.Principals, principalOf(principal))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func (s *accessServer) CreatePrincipal(ctx context.Context, r *accountsv1.CreatePrincipalRequest) (*accountsv1.Principal, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	in := r.GetPrincipal()
	return principalAnswer(s.access.CreatePrincipal(ctx, c, r.GetPrincipalId(), accounts.Principal{
		DisplayName: in.GetDisplayName(), Person: in.GetPerson(), Roles: roleNames(in.GetRoles()), Disabled: in.GetDisabled()}))
}

func (s *accessServer) UpdatePrincipal(ctx context.Context, r *accountsv1.UpdatePrincipalRequest) (*accountsv1.Principal, error) {
	in := r.GetPrincipal()
	found, err := request.Name("principal.name", in.GetName(), "principals")
	if err != nil {
		return nil, err
	}
	mask, err := fieldmask.Read("principal", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return principalAnswer(s.access.UpdatePrincipal(ctx, c, found[0], in.GetEtag(), accounts.PrincipalPatch{
		DisplayName: fieldmask.Given(mask, "display_name", in.GetDisplayName()),
		Person:      fieldmask.Given(mask, "person", in.GetPerson()),
		Disabled:    fieldmask.Given(mask, "disabled", in.GetDisabled()),
		Roles:       fieldmask.Given(mask, "roles", roleNames(in.GetRoles())),
	}))
}

func (s *accessServer) CreateApiToken(ctx context.Context, r *accountsv1.CreateApiTokenRequest) (*accountsv1.ApiToken, error) { //nolint:staticcheck // named by the generated interface
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	expires, err := wire.Time("api_token.expire_time", r.GetApiToken().GetExpireTime())
	if err != nil {
		return nil, err
	}
	secret, err := auth.NewToken(s.random)
	if err != nil {
		return nil, err
	}
	hash := auth.HashOf(secret)
	token, err := s.access.CreateToken(ctx, c, names.First(r.GetParent(), "principals"), accounts.Token{
		DisplayName: r.GetApiToken().GetDisplayName(), Expires: expires, Hash: hash[:]})
	if err != nil {
		return nil, err
	}
	out := tokenMessage(token)
	out.Secret = secret
	return out, nil
}

func (s *accessServer) ListApiTokens(ctx context.Context, r *accountsv1.ListApiTokensRequest) (*accountsv1.ListApiTokensResponse, error) { //nolint:staticcheck // named by the generated interface
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.access.ListTokens(ctx, names.First(r.GetParent(), "principals"), p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListApiTokensResponse{}
	for _, token := range list.Items {
		out.ApiTokens = append(out.ApiTokens, tokenMessage(token))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func (s *accessServer) DeleteApiToken(ctx context.Context, r *accountsv1.DeleteApiTokenRequest) (*emptypb.Empty, error) { //nolint:staticcheck // named by the generated interface
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.access.DeleteToken(ctx, c, names.First(r.GetName(), "principals"), names.Last(r.GetName()))
}

func (s *accessServer) GetCaller(ctx context.Context, _ *accountsv1.GetCallerRequest) (*accountsv1.GetCallerResponse, error) {
	p := auth.FromContext(ctx)
	out := &accountsv1.GetCallerResponse{Permissions: p.Permissions()}
	if principal := names.First(p.Name(), "principals"); principal != "" {
		stored, err := s.access.GetPrincipal(ctx, principal)
		if err == nil {
			out.Principal = principalOf(stored)
			return out, nil
		}
		if !errors.Is(err, resource.ErrNotFound) {
			return nil, fmt.Errorf("find the caller: %w", err)
		}
	}
	// One of this process, that is not kept.
	var roles []string
	for _, role := range p.Roles() {
		roles = append(roles, string(role))
	}
	out.Principal = &accountsv1.Principal{Name: p.Name(), DisplayName: p.DisplayName(), Person: p.Person(), Roles: rolesOf(roles)}
	return out, nil
}

func (s *accessServer) AuthenticateToken(ctx context.Context, r *accountsv1.AuthenticateTokenRequest) (*accountsv1.AuthenticateTokenResponse, error) {
	p, err := s.access.Authenticate(ctx, r.GetTokenHash())
	if err != nil {
		return nil, err
	}
	return &accountsv1.AuthenticateTokenResponse{Principal: principalOf(p)}, nil
}
