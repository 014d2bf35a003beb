package serve

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/feeds"
	plansrpc "github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/statements"
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
	s.domain = plansrpc.Domain{Plans: domain, Assignments: s.accounts, Changes: changes.Open(store)}
	return s, p.followForPlans(ctx, s, now)
}

// followForPlans follows the feeds that plans keeps copies of.
func (p *process) followForPlans(ctx context.Context, s *plansParts, now func() time.Time) error {
	entitlementsConn, err := p.readByPlans(partEntitlements)
	if err != nil {
		return err
	}
	boardConn, err := p.readByPlans(partBoard)
	if err != nil {
		return err
	}
	copies, entitlements := s.domain.Plans.Accounts, plansrpc.NewEntitlementsSource(entitlementsConn)
	s.domain.Statements, err = statements.Open(ctx, s.store, s.requests, statements.Options{
		Accounts: copies, Published: entitlements, Ledgers: entitlements, Prospects: []statements.Prospects{statements.Goals{Plans: s.domain.Plans}}})
	if err != nil {
		return err
	}
	own := feeds.NewOwnSource(s.store, map[string]feeds.WorkReader{plans.Kind.Spec.Name: plans.GoalWork})
	values := s.domain.Statements.Takers()
	var followers []statements.Follower
	for _, follow := range []struct {
		service feeds.Service
		source  feeds.Source
		takers  []feeds.Taker
	}{
		{feeds.Accounts, s.accounts, append([]feeds.Taker{copies}, values...)},
		{feeds.Entitlements, entitlements, values},
		{feeds.Board, plansrpc.NewBoardSource(boardConn), values},
		{feeds.Own, own, values},
	} {
		follower, err := feeds.Open(ctx, s.store, follow.service, feeds.Options{
			Source: follow.source, Takers: follow.takers, Now: now, Log: p.log.With("service", partPlans)})
		if err != nil {
			return err
		}
		s.domain.Followers, followers = append(s.domain.Followers, follower), append(followers, follower)
	}
	s.domain.Statements.Follow(followers...)
	return nil
}

// readByPlans connects to a part that plans follows: that of this process, or the one whose
// address is given.
func (p *process) readByPlans(part string) (grpc.ClientConnInterface, error) {
	c := p.options
	if c.runs(part) {
		return p.ownConn(partPlans), nil
	}
	token, err := c.serviceToken(p.env.Getenv)
	if err != nil {
		return nil, command.UsageError(err)
	}
	of := c.peers()[part]
	return p.dial(of.flag, of.address, auth.Bearer(token))
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
