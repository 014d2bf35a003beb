package serve

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
	"github.com/evenhand/evenhand/services/entitlements/parity/audits"
	"github.com/evenhand/evenhand/services/entitlements/parity/rows"
	entitlementsrpc "github.com/evenhand/evenhand/services/entitlements/rpc"
)

// openParity opens the imports of cases, and the audits over all cases, of the parts that
// are open already.
func (p *process) openParity(ctx context.Context, store *docstore.Store, parts *entitlementsrpc.Parts, source *entitlementsrpc.Source) error {
	var err error
	decisions := parts.Decisions
	if parts.CaseImports, err = imports.Open(ctx, decisions.Requests(), parts.Cases, source, decisions); err != nil {
		return err
	}
	compared := rows.New(parts.Cases, parts.Bands, source, decisions)
	parts.Parity, err = audits.Open(ctx, store, decisions.Requests(), compared, decisions, nil)
	return err
}
