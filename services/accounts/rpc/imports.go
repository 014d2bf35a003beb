package rpc

import (
	"context"
	"maps"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

func importOf(s resource.Stored[accounts.Import]) *accountsv1.Import {
	im := s.State
	out := &accountsv1.Import{
		Name: accounts.ImportName(s.ID), Kind: im.Kind, Source: im.Source, Batch: im.Batch, Digest: im.Digest,
		State: accountsv1.Import_STATE_STARTED, Counts: countsOf(im.Counts),
		CreateTime: wire.Timestamp(im.Created), FinishTime: wire.Timestamp(im.Finished),
	}
	if !im.Finished.IsZero() {
		out.State = accountsv1.Import_STATE_FINISHED
	}
	return out
}

func countsOf(c accounts.Counts) *accountsv1.ImportCounts {
	out := &accountsv1.ImportCounts{
		Read: c.Read, Written: c.Written, AlreadyThere: c.AlreadyThere, Refused: c.Refused,
		Accounts: c.Accounts, AccountsCreated: c.AccountsCreated, AttributeKeysDeclared: c.KeysDeclared,
	}
	for _, currency := range slices.Sorted(maps.Keys(c.Totals)) {
		out.Totals = append(out.Totals, wire.Money(c.Totals[currency], currency))
	}
	return out
}

// importStart reads what every import says.
func importStart(in *accountsv1.ImportStart) accounts.ImportStart {
	return accounts.ImportStart{
		Source: in.GetSource(), Batch: in.GetBatch(), Digest: in.GetDigest(), Resume: in.GetResume(), ValidateOnly: in.GetValidateOnly()}
}

// resultOf is how an import ended. One that was only checked is nowhere kept.
func resultOf(r accounts.ImportResult) *accountsv1.ImportResult {
	out := &accountsv1.ImportResult{Import: importOf(r.Import)}
	if r.CheckedOnly {
		out.Import.State = accountsv1.Import_STATE_UNSPECIFIED
		return out
	}
	out.ConsistencyToken = tokenOf(r.Import.Aggregate, r.Import.Version)
	return out
}

func refusedOf(r accounts.Refused) *accountsv1.RefusedRow {
	return &accountsv1.RefusedRow{Line: r.Line, Field: r.Field, Reason: r.Text}
}

func (s *accountsServer) GetImport(ctx context.Context, r *accountsv1.GetImportRequest) (*accountsv1.Import, error) {
	im, err := s.domain.Imports.Get(ctx, names.First(r.GetName(), "imports"))
	if err != nil {
		return nil, err
	}
	return importOf(im), nil
}

func (s *accountsServer) ListImports(ctx context.Context, r *accountsv1.ListImportsRequest) (*accountsv1.ListImportsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.domain.Imports.List(ctx, p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListImportsResponse{}
	for _, im := range list.Items {
		out.Imports = append(out.Imports, importOf(im))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}
