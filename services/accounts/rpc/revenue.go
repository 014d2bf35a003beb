package rpc

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// revenueServer implements RevenueService.
type revenueServer struct {
	accountsv1.UnimplementedRevenueServiceServer
	ledger  *accounts.Ledger
	imports *accounts.Imports
}

func entryOf(e accounts.Entry) *accountsv1.RevenueEntry {
	out := &accountsv1.RevenueEntry{
		Name: accounts.EntryName(e.Account, e.ID), Date: dateOf(&e.Day), Amount: moneyOf(e.Amount), ReportingAmount: moneyOf(e.Reporting),
		ExternalId: e.ExternalID, Source: e.Source, Batch: e.Batch, Note: e.Note, CreateTime: wire.Timestamp(e.Recorded), Recorder: e.By,
		Chunk: accounts.ChunkName(e.Chunk),
	}
	if e.Corrects != "" {
		out.Corrects = accounts.EntryName(e.Account, e.Corrects)
	}
	return out
}

func entriesOf(list []accounts.Entry) []*accountsv1.RevenueEntry {
	out := make([]*accountsv1.RevenueEntry, len(list))
	for i, e := range list {
		out[i] = entryOf(e)
	}
	return out
}

// newEntry reads an entry below a path of the request, of the account with a name.
func newEntry(path, parent string, in *accountsv1.RevenueEntry) (accounts.NewEntry, error) {
	on, err := day(path+".date", in.GetDate())
	if err != nil {
		return accounts.NewEntry{}, err
	}
	if on == nil {
		return accounts.NewEntry{}, fault.Invalid(path+".date", "is required")
	}
	money, err := amount(path+".amount", in.GetAmount())
	return accounts.NewEntry{
		Account: names.First(parent, "accounts"), Day: *on, Amount: money,
		ExternalID: in.GetExternalId(), Source: in.GetSource(), Note: in.GetNote(),
	}, err
}

func (s *revenueServer) CreateRevenueEntry(ctx context.Context, r *accountsv1.CreateRevenueEntryRequest) (*accountsv1.CreateRevenueEntryResponse, error) {
	entry, err := newEntry("revenue_entry", r.GetParent(), r.GetRevenueEntry())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	recorded, err := s.ledger.Record(ctx, c, []accounts.NewEntry{entry})
	if err != nil {
		return nil, err
	}
	return &accountsv1.CreateRevenueEntryResponse{
		RevenueEntry: entryOf(recorded.Entries[0]), ConsistencyToken: tokenOf(recorded.Aggregate, recorded.Version)}, nil
}

func (s *revenueServer) BatchCreateRevenueEntries(ctx context.Context, r *accountsv1.BatchCreateRevenueEntriesRequest) (*accountsv1.BatchCreateRevenueEntriesResponse, error) {
	entries := make([]accounts.NewEntry, len(r.GetRequests()))
	for i, one := range r.GetRequests() {
		if r.GetParent() != "accounts/-" && one.GetParent() != r.GetParent() {
			return nil, fault.Invalid(fmt.Sprintf("requests[%d].parent", i), "is %s, but the batch is of %s: give the same, or accounts/- for the batch", one.GetParent(), r.GetParent())
		}
		var err error
		if entries[i], err = newEntry(fmt.Sprintf("requests[%d].revenue_entry", i), one.GetParent(), one.GetRevenueEntry()); err != nil {
			return nil, err
		}
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	recorded, err := s.ledger.Record(ctx, c, entries)
	if err != nil {
		return nil, err
	}
	return &accountsv1.BatchCreateRevenueEntriesResponse{
		RevenueEntries: entriesOf(recorded.Entries), ConsistencyToken: tokenOf(recorded.Aggregate, recorded.Version)}, nil
}

func (s *revenueServer) ReverseRevenueEntry(ctx context.Context, r *accountsv1.ReverseRevenueEntryRequest) (*accountsv1.ReverseRevenueEntryResponse, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	recorded, err := s.ledger.Reverse(ctx, c, names.First(r.GetName(), "accounts"), names.Last(r.GetName()), r.GetNote())
	if err != nil {
		return nil, err
	}
	return &accountsv1.ReverseRevenueEntryResponse{
		RevenueEntry: entryOf(recorded.Entries[0]), ConsistencyToken: tokenOf(recorded.Aggregate, recorded.Version)}, nil
}

func (s *revenueServer) GetRevenueEntry(ctx context.Context, r *accountsv1.GetRevenueEntryRequest) (*accountsv1.RevenueEntry, error) {
	e, err := s.ledger.Get(ctx, names.First(r.GetName(), "accounts"), names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return entryOf(e), nil
}

// entryFields are the fields that entries are filtered by.
var entryFields = []filter.Field{
	{Name: "date", Kind: filter.Day}, {Name: "source"}, {Name: "batch"}, {Name: "external_id"}, {Name: "currency_code"}, {Name: "corrects"},
	{Name: "recorder"}, {Name: "create_time", Kind: filter.Time}, {Name: "chunk"},
}

func (s *revenueServer) ListRevenueEntries(ctx context.Context, r *accountsv1.ListRevenueEntriesRequest) (*accountsv1.ListRevenueEntriesResponse, error) {
	p, err := paging.Read[accounts.EntryPlace](r)
	if err != nil {
		return nil, err
	}
	query := accounts.EntryQuery{Account: names.First(r.GetParent(), "accounts"), Size: p.Size, After: p.After}
	f, err := filter.Parse(r.GetFilter(), entryFields...)
	if err != nil {
		return nil, err
	}
	if r.GetFilter() != "" {
		query.Keep = func(e *accounts.Entry) bool { return f.Match(func(field string) any { return entryField(e, field) }) }
	}
	if chunk, ok := f.Equal("chunk"); ok {
		if id := names.Last(chunk.(string)); chunk == accounts.ChunkName(id) {
			query.Chunk = &id
		}
	}
	list, after, err := s.ledger.List(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListRevenueEntriesResponse{RevenueEntries: entriesOf(list)}
	if after != nil {
		out.NextPageToken, err = p.Next(*after)
	}
	return out, err
}

// entryField is a field's value as filters see it.
func entryField(e *accounts.Entry, field string) any {
	switch field {
	case "date":
		return e.Day.String()
	case "source":
		return e.Source
	case "batch":
		return e.Batch
	case "external_id":
		return e.ExternalID
	case "currency_code":
		return e.Amount.Currency.Code
	case "corrects":
		return optional(e.Corrects, func(id string) string { return accounts.EntryName(e.Account, id) })
	case "recorder":
		return e.By
	case "create_time":
		return e.Recorded
	}
	return accounts.ChunkName(e.Chunk)
}
