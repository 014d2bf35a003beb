package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// Options are what the handlers take from outside. The zero value serves.
type Options struct {
	// Random is the source of tokens; crypto/rand by default.
	Random io.Reader
}

// Service returns the accounts service for a server.
func Service(domain *accounts.Service, o Options) server.Service {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return server.Service{
		Name: "accounts",
		Register: func(r grpc.ServiceRegistrar) {
			accountsv1.RegisterAccountsServiceServer(r, &accountsServer{domain: domain})
			accountsv1.RegisterRevenueServiceServer(r, &revenueServer{ledger: domain.Ledger, imports: domain.Imports})
			accountsv1.RegisterAccessServiceServer(r, &accessServer{access: domain.Access, random: o.Random})
			accountsv1.RegisterFeedServiceServer(r, &feedServer{feed: domain.Feed})
		},
	}
}

// Authenticator says whose tokens the service keeps; put an auth.Cache in front of it.
func Authenticator(access *accounts.Access) auth.Authenticator {
	return auth.AuthenticatorFunc(func(ctx context.Context, hash auth.Hash) (*auth.Principal, error) {
		p, err := access.Authenticate(ctx, hash[:])
		if errors.Is(err, resource.ErrNotFound) {
			return nil, auth.ErrUnknownToken
		}
		if err != nil {
			return nil, err
		}
		roles := make([]auth.Role, len(p.State.Roles))
		for i, role := range p.State.Roles {
			roles[i] = auth.Role(role)
		}
		return auth.NewPrincipal(accounts.PrincipalName(p.ID), p.State.DisplayName, p.State.Person, roles...), nil
	})
}
