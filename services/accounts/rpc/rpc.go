package rpc

import (
	"context"
	"crypto/rand"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
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
		if accounts.IsNotFound(err) {
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

// request is a message that changes something.
type request interface {
	proto.Message
	GetRequestId() string
}

// call says on whose behalf a request is made, and what it is recognised by.
func call(ctx context.Context, r request) (accounts.Call, error) {
	c := caller(ctx)
	if r.GetRequestId() == "" {
		return c, nil
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	c.Method, c.RequestID, c.Payload = string(r.ProtoReflect().Descriptor().FullName()), r.GetRequestId(), payload
	return c, err
}

// caller is a call by the caller that is not recognised when it comes again.
func caller(ctx context.Context) accounts.Call {
	return accounts.Call{Principal: auth.FromContext(ctx).Name()}
}

// checkAssigned returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for assigned accounts only, and this is not one.
func checkAssigned(ctx context.Context, permission string, account accounts.Stored[accounts.Account]) error {
	p := auth.FromContext(ctx)
	if p.Can(permission) == auth.All || account.State.AssignedTo(id(p.Name(), "principals")) {
		return nil
	}
	name := accounts.AccountName(account.ID)
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s holds %s for accounts assigned to it only, and neither owns nor serves %s.", p.Name(), permission, name).
		With("permission", permission).With("principal", p.Name()).WithResource("evenhand/Account", name)
}
