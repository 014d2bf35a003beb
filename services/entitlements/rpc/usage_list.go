package rpc

import (
	"context"
	"regexp"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

// ListReservations implements UsageService.
func (h *usageHandler) ListReservations(ctx context.Context, r *entitlementsv1.ListReservationsRequest) (*entitlementsv1.ListReservationsResponse, error) {
	account := accountIn(r.GetParent())
	if err := h.decisions.Exists(ctx, account); err != nil {
		return nil, err
	}
	list, err := h.usage.Reservations(ctx, account)
	if err != nil {
		return nil, err
	}
	w, out := h.writer(ctx), &entitlementsv1.ListReservationsResponse{}
	for i := range list {
		out.Reservations = append(out.Reservations, w.reservation(&list[i]))
	}
	return out, nil
}

// GetUsageEntry implements UsageService.
func (h *usageHandler) GetUsageEntry(ctx context.Context, r *entitlementsv1.GetUsageEntryRequest) (*entitlementsv1.UsageEntry, error) {
	e, err := h.usage.Entry(ctx, accountIn(r.GetName()), names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return h.writer(ctx).entry(&e), nil
}

// longEnum finds values written as JSON has them, TYPE_USED.
var longEnum = regexp.MustCompile(`(\b(?:type|origin)\s*(?:!=|=)\s*"?)(?:TYPE_|USAGE_ORIGIN_)`)

var entryFields = []filter.Field{
	{Name: "benefit"}, {Name: "principal"}, {Name: "units", Kind: filter.Int}, {Name: "count_date", Kind: filter.Day},
	{Name: "type", Kind: filter.Enum, Values: []string{"USED", "RESERVED", "COMMITTED", "CANCELLED", "EXPIRED", "RELEASED"}},
	{Name: "origin", Kind: filter.Enum, Values: []string{"ASKED_FOR", "OFFERED", "AUTOMATIC"}},
}

// ListUsageEntries implements UsageService.
func (h *usageHandler) ListUsageEntries(ctx context.Context, r *entitlementsv1.ListUsageEntriesRequest) (*entitlementsv1.ListUsageEntriesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	q, err := entryQuery(r)
	if err != nil {
		return nil, err
	}
	if err := h.decisions.Exists(ctx, q.Account); err != nil {
		return nil, err
	}
	q.Size, q.After = p.Size, p.After
	page, err := h.usage.History(ctx, q)
	if err != nil {
		return nil, err
	}
	w, out := h.writer(ctx), &entitlementsv1.ListUsageEntriesResponse{}
	for i := range page.Entries {
		out.UsageEntries = append(out.UsageEntries, w.entry(&page.Entries[i]))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

func entryQuery(r *entitlementsv1.ListUsageEntriesRequest) (usage.Query, error) {
	q := usage.Query{Account: accountIn(r.GetParent())}
	var err error
	if q.From, err = wire.Time("from_time", r.GetFromTime()); err != nil {
		return q, err
	}
	if q.To, err = wire.Time("to_time", r.GetToTime()); err != nil {
		return q, err
	}
	order, err := filter.ParseOrder(r.GetOrderBy(), "record_time")
	if err != nil {
		return q, err
	}
	q.Ascending = len(order) > 0 && !order[0].Descending
	f, err := filter.Parse(longEnum.ReplaceAllString(r.GetFilter(), "$1"), entryFields...)
	if err != nil || r.GetFilter() == "" {
		return q, err
	}
	q.Keep = func(e *usage.Entry) bool { return f.Match(func(field string) any { return entryField(e, field) }) }
	return q, nil
}

// entryField is a field's value as filters see it.
func entryField(e *usage.Entry, field string) any {
	switch field {
	case "benefit":
		return e.Benefit
	case "principal":
		return e.Who
	case "units":
		return e.Units
	case "count_date":
		return e.Day.String()
	case "type":
		return strings.TrimPrefix(entryTypes[e.Type].String(), "TYPE_")
	case "origin":
		return strings.TrimPrefix(originOut(e.Origin).String(), "USAGE_ORIGIN_")
	}
	return nil
}

// ListUsageNotices implements UsageService.
func (h *usageHandler) ListUsageNotices(ctx context.Context, r *entitlementsv1.ListUsageNoticesRequest) (*entitlementsv1.ListUsageNoticesResponse, error) {
	if auth.FromContext(ctx).SpendBlind() {
		return nil, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
			"How much may be used tells what a customer spends: notices need the permission spend.read.").With("permission", "spend.read")
	}
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	account := accountIn(r.GetParent())
	if r.GetParent() == accountPrefix+"-" {
		account = ""
	} else if err := h.decisions.Exists(ctx, account); err != nil {
		return nil, err
	}
	page, err := h.usage.Noticed(ctx, account, p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListUsageNoticesResponse{}
	for _, n := range page.Balances {
		out.UsageNotices = append(out.UsageNotices, noticesOut(n.Account, n.Benefit, n.Notices)...)
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}
