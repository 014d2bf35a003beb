package serve

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
	accountsrpc "github.com/evenhand/evenhand/services/accounts/rpc"
	"github.com/evenhand/evenhand/services/entitlements"
	entitlementsrpc "github.com/evenhand/evenhand/services/entitlements/rpc"
)

// addAccounts makes the accounts service, and the administrator's token.
func (p *process) addAccounts(ctx context.Context) error {
	store, err := p.addStore(ctx, partAccounts)
	if err != nil {
		return err
	}
	domain, err := accounts.New(ctx, store, accounts.Options{Now: p.env.Now})
	if err != nil {
		return err
	}
	p.adminToken, err = auth.LocalToken(tokenPath(p.options.DataDir), rand.Reader)
	if err != nil {
		return err
	}
	hash := auth.HashOf(p.adminToken)
	if err := domain.Access.EnsureLocalAdmin(ctx, hash[:]); err != nil {
		return err
	}
	p.authenticator = auth.FirstOf(&p.keys, accountsrpc.Authenticator(domain.Access))
	p.faults = append(p.faults, accountsrpc.Faults...)
	p.services = append(p.services, accountsrpc.Service(domain, accountsrpc.Options{Ready: store.Ping}))
	p.parts = append(p.parts, lifecycle.Part{Name: "relay of accounts", Run: untilStopped(store.RunRelay)},
		lifecycle.Part{Name: "accounts", Run: untilStopped(domain.Run)})
	return nil
}

// addEntitlements makes the entitlements service, which follows accounts.
func (p *process) addEntitlements(ctx context.Context) error {
	store, err := p.addStore(ctx, partEntitlements)
	if err != nil {
		return err
	}
	if p.asEntitlements == nil {
		p.asEntitlements = &lateConn{}
	}
	service, err := entitlements.Open(ctx, store, entitlementsrpc.NewSource(p.asEntitlements), entitlements.Options{
		CacheAccounts: p.options.DecisionCacheAccounts, Now: p.env.Now, Log: p.log.With("service", partEntitlements),
	})
	if err != nil {
		return err
	}
	p.faults = append(p.faults, entitlementsrpc.Faults...)
	p.services = append(p.services, entitlementsrpc.Service(service))
	p.parts = append(p.parts, lifecycle.Part{Name: "relay of entitlements", Run: untilStopped(store.RunRelay)})
	p.following = &lifecycle.Part{Name: "entitlements", Run: service.Run}
	return nil
}

// addStore opens the database of a service, and closes it at the end.
func (p *process) addStore(ctx context.Context, service string) (*docstore.Store, error) {
	store, err := p.openStore(ctx, service)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, store.Close)
	return store, nil
}

// untilStopped makes the end of its context an orderly end.
func untilStopped(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := run(ctx); ctx.Err() == nil {
			return err
		}
		return nil
	}
}

// remoteAuthenticator asks accounts in another process whose token it is.
func remoteAuthenticator(conn grpc.ClientConnInterface) auth.Authenticator {
	client := accountsv1.NewAccessServiceClient(conn)
	return auth.AuthenticatorFunc(func(ctx context.Context, hash auth.Hash) (*auth.Principal, error) {
		answer, err := client.AuthenticateToken(ctx, &accountsv1.AuthenticateTokenRequest{TokenHash: hash[:]})
		if status.Code(err) == codes.Unauthenticated {
			return nil, auth.ErrUnknownToken
		}
		if err != nil {
			return nil, fmt.Errorf("ask accounts whose token it is: %w", err)
		}
		p := answer.GetPrincipal()
		roles := make([]auth.Role, len(p.GetRoles()))
		for i, role := range p.GetRoles() {
			name := strings.TrimPrefix(role.String(), "ROLE_")
			roles[i] = auth.Role(strings.ToLower(strings.ReplaceAll(name, "_", "-"))) // an unknown one grants nothing
		}
		return auth.NewPrincipal(p.GetName(), p.GetDisplayName(), p.GetPerson(), roles...), nil
	})
}

// ready says why a part of this process should not be asked yet.
func (p *process) ready(ctx context.Context) error {
	for _, s := range p.services {
		if s.Ready == nil {
			continue
		}
		if err := s.Ready(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// announcement is what the start tells.
func (p *process) announcement() announcement {
	a := announcement{out: p.env.Stdout, tls: p.options.TLSCert != "", dataDir: p.options.DataDir}
	if p.grpc != nil {
		a.grpc = p.grpc.Addr()
	}
	if p.rest != nil {
		a.rest = p.rest.Addr()
	}
	if p.adminToken != "" {
		a.token = tokenPath(p.options.DataDir)
	}
	return a
}
