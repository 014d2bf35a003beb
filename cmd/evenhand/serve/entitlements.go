package serve

import (
	"context"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/changes"
	entitlementsrpc "github.com/evenhand/evenhand/services/entitlements/rpc"
)

// addEntitlements makes the entitlements service, which follows accounts and, where there
// is one, board.
func (p *process) addEntitlements(ctx context.Context) error {
	store, err := p.addStore(ctx, partEntitlements)
	if err != nil {
		return err
	}
	boards, err := p.boardOfEntitlements()
	if err != nil {
		return err
	}
	service, err := entitlements.Open(ctx, store, entitlementsrpc.NewSource(p.ownConn(partEntitlements)), entitlements.Options{
		Board: boards, CacheAccounts: p.options.DecisionCacheAccounts, Now: p.env.Now, Log: p.log.With("service", partEntitlements),
	})
	if err != nil {
		return err
	}
	p.faults = append(p.faults, entitlementsrpc.Faults...)
	requests, err := resource.OpenRequests(ctx, store, p.env.Now)
	if err != nil {
		return err
	}
	customersCases, err := p.openCases(ctx, store, requests, service)
	if err != nil {
		return err
	}
	p.serve(entitlementsrpc.Service(entitlementsrpc.Parts{Decisions: service, Feed: changes.Open(store), Cases: customersCases}), store)
	p.parts = append(p.parts, lifecycle.Part{Name: "relay of entitlements", Run: untilStopped(store.RunRelay)},
		lifecycle.Part{Name: "requests of entitlements", Run: untilStopped(requests.Run)})
	p.following = append(p.following, lifecycle.Part{Name: "entitlements", Run: service.Run},
		lifecycle.Part{Name: "cases", Run: untilStopped(customersCases.Run)})
	return nil
}

// openCases opens customers' cases, which are measured by the versions of the schedule.
func (p *process) openCases(ctx context.Context, store *docstore.Store, requests *resource.Requests, service *entitlements.Service) (*cases.Cases, error) {
	directory := entitlementsrpc.NewDirectory(p.ownConn(partEntitlements))
	return cases.New(ctx, store, requests, cases.Options{
		Promises: promises{service}, Accounts: directory, Staff: directory, Log: p.log.With("service", partEntitlements)})
}

// promises are the versions of the schedule as cases see them.
type promises struct{ service *entitlements.Service }

// Versions implements cases.Promises.
func (p promises) Versions() []cases.Version {
	var list []cases.Version
	for _, v := range p.service.Versions() {
		list = append(list, cases.Version{Number: v.Number, InForce: v.InForce, Schedule: v.Schedule})
	}
	return list
}

// boardOfEntitlements is the board service that entitlements follows: that of this process,
// or the one of --board-addr; none where that is not given.
func (p *process) boardOfEntitlements() (entitlements.BoardSource, error) {
	c := p.options
	switch {
	case c.runs(partBoard):
		return entitlementsrpc.NewBoardSource(p.ownConn(partEntitlements)), nil
	case c.BoardAddr == "":
		return nil, nil
	}
	token, err := c.serviceToken(p.env.Getenv)
	if err != nil {
		return nil, command.UsageError(err)
	}
	conn, err := p.dial("--board-addr", c.BoardAddr, auth.Bearer(token))
	if err != nil {
		return nil, err
	}
	return entitlementsrpc.NewBoardSource(conn), nil
}
