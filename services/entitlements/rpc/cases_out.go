package rpc

import (
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

var (
	caseStates = map[cases.State]entitlementsv1.Case_State{
		cases.Open: entitlementsv1.Case_STATE_OPEN, cases.Waiting: entitlementsv1.Case_STATE_WAITING_ON_CUSTOMER,
		cases.Resolved: entitlementsv1.Case_STATE_RESOLVED,
	}
	clockStates = map[cases.ClockState]entitlementsv1.CaseClock_State{
		cases.Running: entitlementsv1.CaseClock_STATE_RUNNING, cases.Paused: entitlementsv1.CaseClock_STATE_PAUSED,
		cases.Met: entitlementsv1.CaseClock_STATE_MET, cases.BreachedClock: entitlementsv1.CaseClock_STATE_BREACHED,
		cases.MootClock: entitlementsv1.CaseClock_STATE_MOOT,
	}
	bases = map[cases.Basis]entitlementsv1.CaseRemedy_Basis{
		cases.FromCatalogue: entitlementsv1.CaseRemedy_BASIS_CATALOGUE, cases.FromPrecedent: entitlementsv1.CaseRemedy_BASIS_PRECEDENT,
	}
)

// principalOut is the name of the principal with an id; empty for none.
func principalOut(id string) string {
	if id == "" {
		return ""
	}
	return names.Join("principals", id)
}

func versionNameOut(number int) string {
	if number == 0 {
		return ""
	}
	return entitlements.VersionName(number)
}

func actorOut(a cases.Actor) *entitlementsv1.CaseActor {
	if a.IsZero() {
		return nil
	}
	return &entitlementsv1.CaseActor{Principal: a.Principal, Role: a.Role}
}

// caseOut is a case as it stands at an instant. Wanted are the words that are to be
// attested when it ends.
func caseOut(s resource.Stored[cases.Case], now time.Time, wanted []string) *entitlementsv1.Case {
	c := &s.State
	m := &entitlementsv1.Case{
		Name: cases.Name(s.ID), Issue: c.Issue, Facts: c.Facts, Channel: c.Channel, Subject: c.Subject, Description: c.Description,
		State: caseStates[c.State], Assignee: principalOut(c.Assignee),
		OpenTime: wire.Timestamp(c.Opened), FirstReplyTime: wire.Timestamp(c.FirstReply), ResolveTime: wire.Timestamp(c.Resolved),
		ReopenCount: int32(c.Reopenings), EscalationCount: int32(c.Escalations), WantedAttestations: wanted,
		ScheduleVersion: versionNameOut(c.Version), Clocks: clocksOut(c.Clocks, now), DueTime: wire.Timestamp(c.Due), Breached: c.Breached(now),
		EarlierEntryCount: int32(c.Forgotten), ExternalId: c.External,
		Etag: s.Etag(), CreateTime: wire.Timestamp(c.Created), UpdateTime: wire.Timestamp(c.Updated),
	}
	for _, p := range c.Pauses {
		m.WaitingPeriods = append(m.WaitingPeriods, &entitlementsv1.WaitingPeriod{StartTime: wire.Timestamp(p.From), EndTime: wire.Timestamp(p.To)})
	}
	if e := c.Escalation; e != nil {
		m.Escalation = &entitlementsv1.CaseEscalation{EscalateTime: wire.Timestamp(e.At), Actor: actorOut(e.By), Reason: e.Reason,
			Accountable: principalOut(e.Accountable), AnswerTime: wire.Timestamp(e.Answered)}
	}
	m.Remedy = caseRemedyOut(c.Remedy)
	for _, a := range c.Attestations {
		m.Attestations = append(m.Attestations, &entitlementsv1.Attestation{What: a.What, Kept: a.Kept, Note: a.Note})
	}
	if v := c.Survey; v != nil {
		m.Survey = &entitlementsv1.CaseSurvey{Score: int32(v.Score), Comment: v.Comment, RecordTime: wire.Timestamp(v.At)}
	}
	for _, e := range c.History {
		m.History = append(m.History, entryOut(e))
	}
	return m
}

func entryOut(e cases.Entry) *entitlementsv1.CaseEntry {
	return &entitlementsv1.CaseEntry{What: string(e.What), Time: wire.Timestamp(e.At), Actor: actorOut(e.By), Note: e.Note}
}

func caseRemedyOut(r *cases.Remedy) *entitlementsv1.CaseRemedy {
	if r == nil {
		return nil
	}
	m := &entitlementsv1.CaseRemedy{Remedy: r.ID, Note: r.Note, PointedRemedy: r.Pointed, Basis: bases[r.Basis], DepartureReason: r.DepartureReason}
	if r.Value != nil {
		m.Value = wire.Money(*r.Value, r.Currency)
	}
	m.PointedValue = worthOut(r.PointedWorth)
	return m
}

// worthOut is what a remedy is worth; not set where that is not stated.
func worthOut(w *cases.Worth) *money.Money {
	if w == nil {
		return nil
	}
	return wire.Money(w.Minor, w.Currency)
}

func clocksOut(clocks []cases.Clock, now time.Time) []*entitlementsv1.CaseClock {
	var list []*entitlementsv1.CaseClock
	for i := range clocks {
		k := &clocks[i]
		m := &entitlementsv1.CaseClock{FromEvent: k.From, ToEvent: k.To, Within: durationpb.New(k.Within), Calendar: k.Calendar,
			State: clockStates[k.State(now)], StartTime: wire.Timestamp(k.Started), StopTime: wire.Timestamp(k.Stopped), DueTime: wire.Timestamp(k.Due)}
		if !k.IsEscalation() {
			m.Commitment = k.Commitment
		}
		list = append(list, m)
	}
	return list
}

func precedentsOut(p cases.Precedents) *entitlementsv1.CasePrecedents {
	m := &entitlementsv1.CasePrecedents{Count: int32(p.Count), More: p.More, PointedRemedy: p.Pointed, Basis: bases[p.Basis],
		PointedValue: worthOut(p.Worth)}
	for _, r := range p.Remedies {
		m.Remedies = append(m.Remedies, &entitlementsv1.CasePrecedents_RemedyCount{Remedy: r.Remedy, Count: int32(r.Count), LastTime: wire.Timestamp(r.Last),
			Value: worthOut(r.Worth)})
	}
	for _, c := range p.Latest {
		m.LatestCases = append(m.LatestCases, cases.Name(c.ID))
	}
	return m
}

// caseStateOut is what the feed tells of a case.
func caseStateOut(t *cases.Told, at time.Time) *entitlementsv1.CaseState {
	return &entitlementsv1.CaseState{Issue: t.Issue, Channel: t.Channel, State: caseStates[t.State], Assignee: principalOut(t.Assignee),
		OpenTime: wire.Timestamp(t.Opened), DueTime: wire.Timestamp(t.Due), Remedy: t.Remedy, Source: t.Source, ExternalId: t.External,
		LastEntry:   entryOut(cases.Entry{What: t.What, At: at, By: t.By, Note: t.About}),
		ResolveTime: wire.Timestamp(t.Resolved), Clocks: clocksOut(t.Clocks, at)}
}
