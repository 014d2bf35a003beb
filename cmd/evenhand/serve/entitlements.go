package serve

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/bands"
	"github.com/evenhand/evenhand/services/entitlements/changes"
	"github.com/evenhand/evenhand/services/entitlements/cost"
	"github.com/evenhand/evenhand/services/entitlements/loyalty"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
	"github.com/evenhand/evenhand/services/entitlements/reversals"
	entitlementsrpc "github.com/evenhand/evenhand/services/entitlements/rpc"
	"github.com/evenhand/evenhand/services/entitlements/tally"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

// addEntitlements makes the entitlements service, which follows accounts and, where there
// are such, board and plans.
func (p *process) addEntitlements(ctx context.Context) error {
	store, err := p.addStore(ctx, partEntitlements)
	if err != nil {
		return err
	}
	boards, err := p.readByEntitlements(partBoard)
	if err != nil {
		return err
	}
	plans, err := p.readByEntitlements(partPlans)
	if err != nil {
		return err
	}
	options := entitlements.Options{CacheAccounts: p.options.DecisionCacheAccounts, Now: p.env.Now, Log: p.log.With("service", partEntitlements)}
	if boards != nil {
		options.Board = entitlementsrpc.NewBoardSource(boards)
	}
	if plans != nil {
		options.Plans = entitlementsrpc.NewPlansSource(plans)
	}
	source := entitlementsrpc.NewSource(p.ownConn(partEntitlements))
	service, err := entitlements.Open(ctx, store, source, options)
	if err != nil {
		return err
	}
	parts := entitlementsrpc.Parts{Decisions: service, Assignments: source, Feed: changes.Open(store)}
	if parts.Bands, err = bands.Open(ctx, service.Requests(), service, source); err != nil {
		return err
	}
	zone := func(context.Context) (civil.Zone, error) { return service.Zone(), nil }
	directory := entitlementsrpc.NewReviewDirectory(service, p.ownConn(partEntitlements))
	if parts.Judgements, err = entitlementsrpc.OpenJudgements(ctx, service.Requests(), directory, zone); err != nil {
		return err
	}
	if parts.Cases, err = p.openCases(ctx, store, service, parts.Judgements); err != nil {
		return err
	}
	directory.FindCase = func(ctx context.Context, name string) error {
		_, err := parts.Cases.Get(ctx, strings.TrimPrefix(name, "accounts/"))
		return err
	}
	if err := p.openParity(ctx, store, &parts, source); err != nil {
		return err
	}
	if parts.Usage, err = usage.New(ctx, store, service, p.env.Now, nil); err != nil {
		return err
	}
	parts.Costs, err = cost.New(ctx, store, service.Requests(), entitlementsrpc.CostLedger{Usage: parts.Usage}, service, p.log.With("service", partEntitlements))
	if err != nil {
		return err
	}
	parts.Reversals = reversals.New(service, entitlements.Parts, source, parts.Usage, p.env.Now)
	if parts.Programmes, err = programmes.New(ctx, store, service.Requests(), service, p.log.With("service", partEntitlements)); err != nil {
		return err
	}
	if boards != nil {
		parts.Programmes.DrawBy(entitlementsrpc.NewBoardLotteries(boards))
	}
	service.ReadProgrammes(parts.Programmes)
	parts.Loyalty = loyalty.New(service, entitlementsrpc.LoyaltyProgrammes{Service: parts.Programmes})
	if parts.Requests, err = p.addDrafts(ctx, store, service, directory, source); err != nil {
		return err
	}
	directory.InDraft = parts.Requests.Waiving
	p.faults = append(p.faults, entitlementsrpc.Faults...)
	p.serve(entitlementsrpc.Service(parts), store)
	p.parts = append(p.parts, lifecycle.Part{Name: "relay of entitlements", Run: untilStopped(store.RunRelay)},
		lifecycle.Part{Name: "usage", Run: untilStopped(parts.Usage.Run)},
		lifecycle.Part{Name: "costs", Run: untilStopped(parts.Costs.Run)},
		lifecycle.Part{Name: "tally", Run: untilStopped(func(ctx context.Context) error {
			return tally.Follow(ctx, store, parts.Judgements.Judged()...)
		})})
	p.following = append(p.following, lifecycle.Part{Name: "entitlements", Run: service.Run},
		lifecycle.Part{Name: "cases", Run: untilStopped(parts.Cases.Run)},
		lifecycle.Part{Name: "programmes", Run: parts.Programmes.Run})
	return nil
}

// readByEntitlements connects to a part that entitlements follows so that rules can read
// what it tells: that of this process, or the one whose address is given; none where that
// is not given.
func (p *process) readByEntitlements(part string) (grpc.ClientConnInterface, error) {
	c := p.options
	of := c.peers()[part]
	switch {
	case c.runs(part):
		return p.ownConn(partEntitlements), nil
	case of.address == "":
		return nil, nil
	}
	token, err := c.serviceToken(p.env.Getenv)
	if err != nil {
		return nil, command.UsageError(err)
	}
	conn, err := p.dial(of.flag, of.address, auth.Bearer(token))
	if err != nil {
		return nil, err
	}
	return conn, nil
}
