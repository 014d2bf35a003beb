package serve

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/calendars"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/engagements"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/innovation"
	"github.com/evenhand/evenhand/services/plans/rewards"
	plansrpc "github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/sessions"
	"github.com/evenhand/evenhand/services/plans/signals"
	"github.com/evenhand/evenhand/services/plans/statements"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// plansParts is what the plans service is made of.
type plansParts struct {
	process  *process
	store    *docstore.Store
	requests *resource.Requests
	// accounts, entitlements and board are the services that it asks and follows.
	accounts            *plansrpc.AccountsSource
	entitlements, board grpc.ClientConnInterface
	domain              plansrpc.Domain
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
	s := &plansParts{process: p, store: store, accounts: plansrpc.NewAccountsSource(p.ownConn(partPlans))}
	if s.entitlements, err = p.peerOf(partPlans, partEntitlements); err != nil {
		return nil, err
	}
	if s.board, err = p.peerOf(partPlans, partBoard); err != nil {
		return nil, err
	}
	if s.requests, err = resource.OpenRequests(ctx, store, now); err != nil {
		return nil, err
	}
	s.domain = plansrpc.Domain{Assignments: s.accounts, Changes: changes.Open(store)}
	if s.domain.Plans, err = plans.Open(ctx, store, s.requests, plans.Options{Directory: s.accounts}); err != nil {
		return nil, err
	}
	for _, open := range []func(context.Context) error{s.openTouchpoints, s.openSignals, s.openWork, s.openRewards, s.openSessions, s.openStatements, s.follow} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *plansParts) openTouchpoints(ctx context.Context) error {
	digest, err := plans.OpenDigest(ctx, s.store, nil)
	if err != nil {
		return err
	}
	s.domain.Touchpoints, err = touchpoints.Open(ctx, s.store, s.requests, touchpoints.Options{
		Plans: s.domain.Plans, People: s.accounts, Calendars: plansrpc.NewScheduleCalendars(s.entitlements),
		Accounts: s.domain.Plans.Accounts, Team: s.accounts.Team, Zone: s.domain.Plans.Accounts.Zone, Digest: digest, Log: s.process.log.With("service", partPlans)})
	if err != nil {
		return err
	}
	s.domain.Duties = append(s.domain.Duties, plansrpc.TouchpointDuties(s.domain.Touchpoints))
	s.domain.Calendars, err = calendars.Open(ctx, s.store, s.requests, calendars.Options{
		Touchpoints: s.domain.Touchpoints, Accounts: s.domain.Plans.Accounts, People: s.accounts, Zone: s.domain.Plans.Accounts.Zone})
	return err
}

func (s *plansParts) openSignals(ctx context.Context) (err error) {
	s.domain.Signals, err = signals.Open(ctx, s.store, s.requests, signals.Options{
		Accounts: s.domain.Plans.Accounts, Plans: s.domain.Plans, Entitlements: plansrpc.NewSignalEntitlements(s.entitlements),
		Touchpoints: plansrpc.SuggestedTouchpoints{Touchpoints: s.domain.Touchpoints}, People: s.accounts,
		Zone: s.domain.Plans.Accounts.Zone, Log: s.process.log.With("service", partPlans)})
	return err
}

// openWork opens what our own people do for customers, and with them.
func (s *plansParts) openWork(ctx context.Context) (err error) {
	directory := plansrpc.NewWorkDirectory(s.process.ownConn(partPlans))
	s.domain.Engagements, err = engagements.Open(ctx, s.store, s.requests, engagements.Options{
		Directory: directory, Benefits: plansrpc.NewBenefits(s.entitlements), Zone: s.domain.Plans.Accounts.Zone,
		Log: s.process.log.With("service", partPlans)})
	if err != nil {
		return err
	}
	s.domain.Innovation, err = innovation.Open(ctx, s.requests, innovation.Options{Directory: directory, Zone: s.domain.Plans.Accounts.Zone})
	return err
}

func (s *plansParts) openRewards(ctx context.Context) (err error) {
	s.domain.Rewards, err = rewards.Open(ctx, s.store, s.requests, rewards.Options{People: s.accounts, Zone: s.domain.Plans.Accounts.Zone})
	return err
}

func (s *plansParts) openSessions(ctx context.Context) (err error) {
	s.domain.Sessions, err = sessions.New(ctx, s.store, s.requests, sessions.Options{
		Directory: s.accounts, Board: plansrpc.NewBoardQuestions(s.board),
		Touchpoints: plansrpc.InvitingTouchpoints{Touchpoints: s.domain.Touchpoints},
		Zone:        s.domain.Plans.Accounts.Zone, Log: s.process.log.With("service", partPlans)})
	return err
}

func (s *plansParts) openStatements(ctx context.Context) (err error) {
	ledgers := plansrpc.NewEntitlementsSource(s.entitlements)
	s.domain.Statements, err = statements.Open(ctx, s.store, s.requests, statements.Options{
		Accounts: s.domain.Plans.Accounts, Published: ledgers, Ledgers: ledgers,
		Prospects: []statements.Prospects{statements.Goals{Plans: s.domain.Plans}, plansrpc.PlannedContacts{Touchpoints: s.domain.Touchpoints}}})
	return err
}

// follow has those who keep copies follow the services that they copy, and this one's work.
func (s *plansParts) follow(ctx context.Context) error {
	own := feeds.NewOwnSource(s.store, map[string]feeds.WorkReader{
		plans.Kind.Spec.Name:       plans.Work,
		touchpoints.Kind.Spec.Name: feeds.OneWork(touchpoints.Work),
		engagements.Kind.Spec.Name: engagements.Work,
		innovation.Kind.Spec.Name:  innovation.Work,
		sessions.Kind.Spec.Name:    feeds.OneWork(sessions.Work),
	}, plans.Kind.Spec.Name)
	values := s.domain.Statements.Takers()
	var followed []statements.Follower
	for _, of := range []struct {
		service feeds.Service
		source  feeds.Source
		takers  []feeds.Taker
	}{
		{feeds.Accounts, s.accounts, []feeds.Taker{s.domain.Plans.Accounts, s.domain.Touchpoints, s.domain.Signals}},
		{feeds.Entitlements, plansrpc.NewEntitlementsSource(s.entitlements), []feeds.Taker{s.domain.Touchpoints, s.domain.Signals}},
		{feeds.Board, plansrpc.NewBoardSource(s.board), []feeds.Taker{s.domain.Signals, s.domain.Sessions}},
		{feeds.Own, own, []feeds.Taker{plansrpc.RewardedWork(s.domain.Rewards), s.domain.Signals}},
	} {
		follower, err := feeds.Open(ctx, s.store, of.service, feeds.Options{
			Source: of.source, Takers: slices.Concat(of.takers, values), Log: s.process.log.With("service", partPlans)})
		if err != nil {
			return err
		}
		s.domain.Followers, followed = append(s.domain.Followers, follower), append(followed, follower)
	}
	s.domain.Statements.Follow(followed...)
	return nil
}

// run follows the other services and does what falls due, until ctx ends.
func (s *plansParts) run(ctx context.Context) error {
	works, running := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{
		s.requests.Run, s.domain.Touchpoints.Run, s.domain.Signals.Run, s.domain.Engagements.Run, s.domain.Rewards.Run,
		s.domain.Sessions.Run,
	} {
		works.Go(func() error { return run(running) })
	}
	for _, follower := range s.domain.Followers {
		works.Go(func() error { return follower.Run(running) })
	}
	return works.Wait()
}

// peerOf is the connection by which a part calls another in its own name: within this
// process, or at the address that was given.
func (p *process) peerOf(part, other string) (grpc.ClientConnInterface, error) {
	c := p.options
	if c.runs(other) {
		return p.ownConn(part), nil
	}
	token, err := c.serviceToken(p.env.Getenv)
	if err != nil {
		return nil, command.UsageError(err)
	}
	peer := c.peers()[other]
	return p.dial(peer.flag, peer.address, auth.Bearer(token))
}
