package serve

import (
	"context"
	"crypto/rand"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/services/accounts"
	accountsrpc "github.com/evenhand/evenhand/services/accounts/rpc"
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
	path := tokenPath(p.options.DataDir)
	token, replaced, err := auth.LocalToken(ctx, path, rand.Reader, domain.Access)
	if err != nil {
		return err
	}
	if replaced {
		p.log.WarnContext(ctx, "the token in the file is not the local administrator's any more, "+
			"as after it was revoked: a new one took its place", "file", path)
	}
	p.adminToken = token
	p.authenticator = auth.FirstOf(&p.keys, accountsrpc.Authenticator(domain.Access))
	p.serve(accountsrpc.Service(domain, accountsrpc.Options{}), store)
	p.parts = append(p.parts, lifecycle.Part{Name: "relay of accounts", Run: untilStopped(store.RunRelay)},
		lifecycle.Part{Name: "accounts", Run: untilStopped(domain.Run)})
	return nil
}

// serve has the gRPC server serve a service, whose store is then needed.
func (p *process) serve(service server.Service, store *docstore.Store) {
	service.Needs = append(service.Needs, server.Need{Name: "database", Ready: store.Ping})
	p.services = append(p.services, service)
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

// ready says why this process cannot answer yet: a service lacks something or, where there
// is a gateway alone, one of those that it calls is not ready.
func (p *process) ready(ctx context.Context) error {
	if p.grpc != nil {
		return p.grpc.Ready(ctx)
	}
	return p.rest.Ready(ctx)
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
