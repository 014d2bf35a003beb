package serve

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	entitlementsrpc "github.com/evenhand/evenhand/services/entitlements/rpc"
)

// openCases opens customers' cases, which are measured by the versions of the schedule and
// whose remedies the catalogue knows.
func (p *process) openCases(ctx context.Context, store *docstore.Store, service *entitlements.Service, catalogue cases.Catalogue) (*cases.Cases, error) {
	directory := entitlementsrpc.NewDirectory(p.ownConn(partEntitlements))
	return cases.New(ctx, store, service.Requests(), cases.Options{
		Promises: promises{service}, Accounts: directory, Staff: directory, Catalogue: catalogue, Currency: service.Currency,
		Log: p.log.With("service", partEntitlements)})
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
