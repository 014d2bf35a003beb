package serve

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/feeds"
	plansrpc "github.com/evenhand/evenhand/services/plans/rpc"
)

// plansParts is what the plans service is made of.
type plansParts struct {
	store    *docstore.Store
	requests *resource.Requests
	accounts *plansrpc.AccountsSource
	domain   plansrpc.Domain
}

// addPlans makes the plans service, which follows the other services.
func (p *process) addPlans(ctx context.Context) error {
	store, err := p.addStore(ctx, partPlans)
	if err != nil {
		return err
	}
	parts, err := p.openPlans(ctx, store)
	if err != nil {
		return err
	}
	p.faults = append(p.faults, plansrpc.Faults...)
	p.serve(plansrpc.Service(parts.domain), store)
	p.parts = append(p.parts, lifecycle.Part{Name: "relay of plans", Run: untilStopped(store.RunRelay)})
	p.following = append(p.following, lifecycle.Part{Name: "plans", Run: untilStopped(parts.run)})
	return nil
}

func (p *process) openPlans(ctx context.Context, store *docstore.Store) (*plansParts, error) {
	now, err := p.historyTime()
	if err != nil {
		return nil, err
	}
	s := &plansParts{store: store, accounts: plansrpc.NewAccountsSource(p.ownConn(partPlans))}
	if s.requests, err = resource.OpenRequests(ctx, store, now); err != nil {
		return nil, err
	}
	domain, err := plans.Open(ctx, store, s.requests, plans.Options{Directory: s.accounts})
	if err != nil {
		return nil, err
	}
	accounts, err := feeds.Open(ctx, store, feeds.Accounts, feeds.Options{
		Source: s.accounts, Takers: []feeds.Taker{domain.Accounts}, Now: now, Log: p.log.With("service", partPlans)})
	if err != nil {
		return nil, err
	}
	s.domain = plansrpc.Domain{Plans: domain, Assignments: s.accounts, Changes: changes.Open(store), Followers: []*feeds.Follower{accounts}}
	return s, nil
}

// run follows the other services and does what falls due, until ctx ends.
func (s *plansParts) run(ctx context.Context) error {
	works, running := errgroup.WithContext(ctx)
	works.Go(func() error { return s.requests.Run(running) })
	for _, follower := range s.domain.Followers {
		works.Go(func() error { return follower.Run(running) })
	}
	return works.Wait()
}
