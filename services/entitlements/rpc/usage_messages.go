package rpc

import (
	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

var originsIn = map[entitlementsv1.UsageOrigin]usage.Origin{
	entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR: usage.AskedFor,
	entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED:   usage.Offered,
	entitlementsv1.UsageOrigin_USAGE_ORIGIN_AUTOMATIC: usage.Automatic,
}

func originOut(o usage.Origin) entitlementsv1.UsageOrigin {
	for message, origin := range originsIn {
		if origin == o {
			return message
		}
	}
	return entitlementsv1.UsageOrigin_USAGE_ORIGIN_UNSPECIFIED
}

var entryTypes = map[usage.Type]entitlementsv1.UsageEntry_Type{
	usage.Used:      entitlementsv1.UsageEntry_TYPE_USED,
	usage.Reserved:  entitlementsv1.UsageEntry_TYPE_RESERVED,
	usage.Committed: entitlementsv1.UsageEntry_TYPE_COMMITTED,
	usage.Cancelled: entitlementsv1.UsageEntry_TYPE_CANCELLED,
	usage.Expired:   entitlementsv1.UsageEntry_TYPE_EXPIRED,
	usage.Released:  entitlementsv1.UsageEntry_TYPE_RELEASED,
}

// usageWriter writes balances and entries. A spend-blind caller is told what is left and
// its promise, and nothing that tells the rule or since when it gives the benefit.
type usageWriter struct{ blind bool }

func (w usageWriter) balance(b *usage.Balance) *entitlementsv1.Balance {
	m := w.standing(&b.Standing, b.Account, b.Benefit)
	if b.Version > 0 {
		m.ConsistencyToken = consistency.Token{Aggregate: b.Aggregate, Version: b.Version}.String()
	}
	if !w.blind {
		m.Explanation, m.Notices = b.Explain(), noticesOut(b.Account, b.Benefit, b.Notices)
	}
	return m
}

// after is how a balance stands after an entry; nil for a benefit that is not metered.
func (w usageWriter) after(o *usage.Outcome) *entitlementsv1.Balance {
	if !o.Standing.Metered() {
		return nil
	}
	b := usage.Balance{Account: o.Entry.Account, Benefit: o.Entry.Benefit, Standing: o.Standing,
		Aggregate: o.Aggregate, Version: o.Version, Notices: o.Notices}
	return w.balance(&b)
}

func (w usageWriter) standing(s *usage.Standing, account, benefit string) *entitlementsv1.Balance {
	m := &entitlementsv1.Balance{Name: usage.BalanceName(account, benefit), Held: s.Held, Left: s.Left, Used: s.Used, Reserved: s.Reserved,
		AsOf: wire.Timestamp(s.At)}
	of := s.Holding.Benefit
	if of == nil || w.blind && !s.Held { // what was held tells, too
		if w.blind {
			m.Used, m.Reserved = 0, 0
		}
		return m
	}
	m.Unit, m.Promise, m.Limit, m.Period, m.Resets = of.Unit, of.Promise, s.Limit, of.Period.String(), resetsOut(of.Resets)
	if !w.blind || of.Resets == schedule.ByCalendar {
		m.PeriodStartDate = dateOut(s.From)
		if of.Resets != schedule.Rolling {
			m.PeriodEndDate = dateOut(s.To - 1)
		}
	}
	if w.blind {
		m.Used = min(m.Used, max(0, s.Allowance()-m.Reserved)) // more tells that it was more once
		m.Reserved = min(m.Reserved, s.Allowance())
		return m
	}
	m.CarriedOver, m.Overdrawn = s.Carried, s.Overdrawn
	m.Rule, m.ScheduleVersion = s.Holding.Rule.ID, entitlements.VersionName(s.Holding.Version)
	if s.Held {
		m.ValidUntil = wire.Timestamp(s.Holding.To)
	}
	return m
}

func (w usageWriter) entry(e *usage.Entry) *entitlementsv1.UsageEntry {
	m := &entitlementsv1.UsageEntry{
		Name: usage.EntryName(e.Account, e.ID), Benefit: e.Benefit, Type: entryTypes[e.Type], Units: e.Units, Origin: originOut(e.Origin),
		Note: e.Note, Principal: e.Who, RecordTime: wire.Timestamp(e.At), CountDate: dateOut(e.Day), ExpireTime: wire.Timestamp(e.Expires),
	}
	switch {
	case e.Of == "":
	case e.Type == usage.Released:
		m.About = usage.EntryName(e.Account, e.Of)
	default:
		m.About = usage.ReservationName(e.Account, e.Of)
	}
	if !w.blind {
		m.Rule, m.ScheduleVersion = e.Rule, entitlements.VersionName(e.Version)
		m.Notices = noticesOut(e.Account, e.Benefit, e.Notices)
	}
	return m
}

// reservation writes the entry that made a reservation.
func (w usageWriter) reservation(e *usage.Entry) *entitlementsv1.Reservation {
	m := &entitlementsv1.Reservation{
		Name: usage.ReservationName(e.Account, e.ID), Benefit: e.Benefit, Units: e.Units, Origin: originOut(e.Origin), Note: e.Note,
		Principal: e.Who, CreateTime: wire.Timestamp(e.At), ExpireTime: wire.Timestamp(e.Expires), CountDate: dateOut(e.Day),
	}
	if !w.blind {
		m.Rule, m.ScheduleVersion = e.Rule, entitlements.VersionName(e.Version)
	}
	return m
}

// noticesOut writes the notices of a balance, the latest first.
func noticesOut(account, benefit string, list []usage.Notice) []*entitlementsv1.UsageNotice {
	var out []*entitlementsv1.UsageNotice
	for i := len(list) - 1; i >= 0; i-- {
		n := &list[i]
		out = append(out, &entitlementsv1.UsageNotice{
			Balance: usage.BalanceName(account, benefit), Percent: int32(n.Percent), Used: n.Used, Allowance: n.Allowance,
			ReachTime: wire.Timestamp(n.At), Entry: usage.EntryName(account, n.Entry),
		})
	}
	return out
}
