package rpc

import (
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/changes"
	"github.com/evenhand/evenhand/services/entitlements/cost"
)

// costWriter writes costs in a currency.
type costWriter struct{ currency string }

// shareAnswer is a share as answers have it: nil where there was no revenue.
func shareAnswer(minor, revenue int64) *float64 {
	share, pays := cost.Share(minor, revenue)
	if !pays {
		return nil
	}
	return &share
}

func (w costWriter) row(r *cost.Row) *entitlementsv1.CostRow {
	return &entitlementsv1.CostRow{
		Key: r.Key, Cost: wire.Money(r.Minor, w.currency), Units: r.Units, UnknownUnits: r.Unknown,
		Revenue: wire.Money(r.Revenue, w.currency), Share: shareAnswer(r.Minor, r.Revenue),
	}
}

func (w costWriter) rows(list []cost.Row) []*entitlementsv1.CostRow {
	out := make([]*entitlementsv1.CostRow, len(list))
	for i := range list {
		out[i] = w.row(&list[i])
	}
	return out
}

// rowsBy writes rows with the names of what they are by.
func (w costWriter) rowsBy(by cost.By, list []cost.Row) []*entitlementsv1.CostRow {
	out := w.rows(list)
	for _, r := range out {
		r.Key = costKey(by, r.GetKey())
	}
	return out
}

// costKey is what a row or a finding is about: accounts by name.
func costKey(by cost.By, id string) string {
	switch by {
	case cost.Account:
		return accountPrefix + id
	case cost.All:
		return string(cost.All)
	case cost.Benefit, cost.Rule, cost.Origin:
	}
	return id
}

func (w costWriter) quarter(q *cost.Quarter) *entitlementsv1.CostTrend_Quarter {
	return &entitlementsv1.CostTrend_Quarter{
		FromDate: wire.Date(int32(q.From)), ToDate: wire.Date(int32(q.To - 1)), Cost: wire.Money(q.Minor, w.currency), Units: q.Units,
		UnknownUnits: q.Unknown, Revenue: wire.Money(q.Revenue, w.currency), Share: shareAnswer(q.Minor, q.Revenue), Complete: q.Complete,
		Change: q.Change, YearChange: q.YearChange,
	}
}

// boundOut is a limit without what tells of its writing.
func boundOut(id string, l *cost.Limit) *entitlementsv1.CostLimit {
	out := &entitlementsv1.CostLimit{Name: cost.LimitName(id), Subject: l.Subject, Reason: l.Reason, Declarer: l.By}
	for grouping, by := range costGroupings {
		if by == l.Of && grouping != entitlementsv1.CostGrouping_COST_GROUPING_UNSPECIFIED {
			out.Grouping = grouping
		}
	}
	switch {
	case l.Amount > 0:
		out.Bound = &entitlementsv1.CostLimit_Amount{Amount: wire.Money(l.Amount, l.Currency)}
	case l.Share > 0:
		out.Bound = &entitlementsv1.CostLimit_Share{Share: l.Share}
	case l.Growth > 0:
		out.Bound = &entitlementsv1.CostLimit_Growth{Growth: l.Growth}
	}
	if l.From > 0 {
		out.FromAmount = wire.Money(l.From, l.Currency)
	}
	return out
}

func costLimitOut(s resource.Stored[cost.Limit]) *entitlementsv1.CostLimit {
	out := boundOut(s.ID, &s.State)
	out.Etag, out.CreateTime, out.UpdateTime = s.Etag(), wire.Timestamp(s.State.Created), wire.Timestamp(s.State.Updated)
	return out
}

var costFindingStates = map[cost.State]entitlementsv1.CostFinding_State{
	cost.Open:         entitlementsv1.CostFinding_STATE_OPEN,
	cost.Acknowledged: entitlementsv1.CostFinding_STATE_ACKNOWLEDGED,
	cost.Closed:       entitlementsv1.CostFinding_STATE_CLOSED,
}

func costFindingOut(s resource.Stored[cost.Finding]) *entitlementsv1.CostFinding {
	f, w := &s.State, costWriter{s.State.Currency}
	measured := cost.Row{Key: costKey(f.Bound.Of, f.Subject), Figures: f.Cost, Revenue: f.Revenue}
	out := &entitlementsv1.CostFinding{
		Name: cost.FindingName(s.ID), CostLimit: cost.LimitName(f.Limit), Bound: boundOut(f.Limit, &f.Bound), Measured: w.row(&measured),
		FromDate: wire.Date(int32(f.From)), ToDate: wire.Date(int32(f.To - 1)), State: costFindingStates[f.State], OpenTime: wire.Timestamp(f.Opened),
		AcknowledgeTime: wire.Timestamp(f.At), Acknowledger: f.By, Note: f.Note, CloseTime: wire.Timestamp(f.Closed), Etag: s.Etag(),
	}
	if f.Bound.Growth > 0 {
		out.CostBefore = wire.Money(f.Before, f.Currency)
	}
	return out
}

// tellCost gives a change the limit or the finding that it led to.
func tellCost(out *entitlementsv1.Change, told *changes.Told) {
	if l := told.CostLimit; l != nil {
		out.State = &entitlementsv1.Change_CostLimit{CostLimit: costLimitOut(*l)}
	}
	if f := told.CostFinding; f != nil {
		out.State = &entitlementsv1.Change_CostFinding{CostFinding: costFindingOut(*f)}
	}
}
