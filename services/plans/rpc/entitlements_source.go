package rpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// EntitlementsSource follows the entitlements service, and asks it for versions of the
// schedule and for what the ledgers come to. It implements feeds.Source,
// statements.Published and statements.Ledgers.
type EntitlementsSource struct {
	feed      entitlementsv1.FeedServiceClient
	schedules entitlementsv1.ScheduleServiceClient
	costs     entitlementsv1.CostsServiceClient
}

var _ feeds.Source = (*EntitlementsSource)(nil)

// NewEntitlementsSource returns a source on a connection to the entitlements service, whose
// calls carry a token that may watch changes and read schedule and costs: one of a
// principal with the role service.
func NewEntitlementsSource(conn grpc.ClientConnInterface) *EntitlementsSource {
	return &EntitlementsSource{feed: entitlementsv1.NewFeedServiceClient(conn), schedules: entitlementsv1.NewScheduleServiceClient(conn),
		costs: entitlementsv1.NewCostsServiceClient(conn)}
}

// followed are the collections of the entitlements service whose states are read.
var followed = []string{"balances", "breaches", "cases", "citations", "reviews", "versions"}

// Watch implements feeds.Source.
func (s *EntitlementsSource) Watch(ctx context.Context, resume string, apply func(feeds.Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.feed.WatchChanges(ctx, &entitlementsv1.WatchChangesRequest{ResumeToken: resume, StatesOf: followed})
	if err != nil {
		return watchError(feeds.Entitlements, err)
	}
	return receive(feeds.Entitlements, stream, func(answer *entitlementsv1.WatchChangesResponse) error {
		batch, err := entitlementsBatch(answer)
		if err != nil {
			return err
		}
		return apply(batch)
	})
}

// Head implements feeds.Source.
func (s *EntitlementsSource) Head(ctx context.Context) (int64, error) {
	feed, err := s.feed.GetFeed(ctx, &entitlementsv1.GetFeedRequest{})
	return feed.GetPosition(), err
}

func entitlementsBatch(answer *entitlementsv1.WatchChangesResponse) (feeds.Batch, error) {
	batch := feeds.Batch{Resume: answer.GetResumeToken()}
	for _, c := range answer.GetChanges() {
		batch.Position, batch.Recorded = c.GetPosition(), c.GetRecordedTime().AsTime()
		change := feeds.Change{Service: feeds.Entitlements, Position: c.GetPosition(), Type: c.GetType(), Name: c.GetName(),
			At: c.GetTime().AsTime(), Recorded: batch.Recorded, Principal: c.GetPrincipal()}
		concerns, err := readEntitlements(&change, c)
		if err != nil {
			return batch, fmt.Errorf("change %d of the entitlements feed: %w", c.GetPosition(), err)
		}
		if concerns {
			batch.Changes = append(batch.Changes, change)
		}
	}
	return batch, nil
}

// thresholdReached tells of an entry of usage once more, with what it reached.
const thresholdReached = "usage.threshold_reached"

// readEntitlements reads the state that a change tells; false where it does not concern
// this service.
func readEntitlements(change *feeds.Change, c *entitlementsv1.Change) (concerns bool, err error) {
	switch state := c.GetState().(type) {
	case *entitlementsv1.Change_UsageEntry:
		if c.GetType() == thresholdReached {
			return false, nil
		}
		change.Usage, err = usageIn(state.UsageEntry)
	case *entitlementsv1.Change_Case:
		change.Case = caseIn(c.GetName(), state.Case)
	case *entitlementsv1.Change_Breach:
		change.Breach, err = breachIn(state.Breach)
	case *entitlementsv1.Change_Citation:
		change.Citation, err = citationIn(state.Citation)
	case *entitlementsv1.Change_Review:
		change.Review, err = reviewIn(state.Review)
	case *entitlementsv1.Change_ScheduleVersion:
		change.ScheduleVersion = names.Last(state.ScheduleVersion.GetName())
		change.InForce, err = wire.Time("in_force_time", state.ScheduleVersion.GetInForceTime())
	default:
		return false, nil
	}
	return true, err
}

var usageTypes = map[entitlementsv1.UsageEntry_Type]feeds.UsageType{
	entitlementsv1.UsageEntry_TYPE_USED: feeds.Used, entitlementsv1.UsageEntry_TYPE_RESERVED: feeds.Reserved,
	entitlementsv1.UsageEntry_TYPE_COMMITTED: feeds.Committed, entitlementsv1.UsageEntry_TYPE_CANCELLED: feeds.Cancelled,
	entitlementsv1.UsageEntry_TYPE_EXPIRED: feeds.Expired, entitlementsv1.UsageEntry_TYPE_RELEASED: feeds.Released,
}

func usageIn(in *entitlementsv1.UsageEntry) (*feeds.Usage, error) {
	day, err := wire.Day("count_date", in.GetCountDate())
	return &feeds.Usage{Name: in.GetName(), Account: names.First(in.GetName(), "accounts"), Benefit: in.GetBenefit(), Type: usageTypes[in.GetType()],
		Units: in.GetUnits(), Origin: string(keyOf(usageOrigins, in.GetOrigin())), Day: civil.Day(day), About: in.GetAbout(),
		Rule: in.GetRule(), Version: strings.TrimPrefix(in.GetScheduleVersion(), "schedule/versions/")}, err
}

func caseIn(name string, in *entitlementsv1.CaseState) *feeds.Case {
	c := &feeds.Case{Name: name, Account: names.First(name, "accounts"), Issue: in.GetIssue(), Opened: in.GetOpenTime().AsTime(),
		Resolved: in.GetState() == entitlementsv1.Case_STATE_RESOLVED, Remedy: in.GetRemedy()}
	if in.GetResolveTime() != nil {
		c.Ended = in.GetResolveTime().AsTime()
	}
	for _, k := range in.GetClocks() {
		if k.GetCommitment() == "" { // that of an escalation
			continue
		}
		clock := feeds.Clock{Commitment: k.GetCommitment(), Started: k.GetStartTime().AsTime(),
			Breached: k.GetState() == entitlementsv1.CaseClock_STATE_BREACHED, Moot: k.GetState() == entitlementsv1.CaseClock_STATE_MOOT}
		if k.GetDueTime() != nil {
			clock.Due = k.GetDueTime().AsTime()
		}
		if k.GetStopTime() != nil {
			clock.Stopped = k.GetStopTime().AsTime()
		}
		c.Clocks = append(c.Clocks, clock)
	}
	return c
}

func breachIn(in *entitlementsv1.Breach) (*feeds.Breach, error) {
	day, err := wire.Day("breach_date", in.GetBreachDate())
	return &feeds.Breach{Name: in.GetName(), Account: strings.TrimPrefix(in.GetAccount(), accountPrefix), HouseRule: names.First(in.GetName(), "houseRules"),
		Day: civil.Day(day), Waived: in.GetResponse() == entitlementsv1.Breach_RESPONSE_WAIVED, Benefit: in.GetBenefit()}, err
}

func citationIn(in *entitlementsv1.Citation) (*feeds.Citation, error) {
	day, err := wire.Day("citation_date", in.GetCitationDate())
	return &feeds.Citation{Clause: names.First(in.GetName(), "clauses"), Account: strings.TrimPrefix(in.GetAccount(), accountPrefix), Day: civil.Day(day)}, err
}

func reviewIn(in *entitlementsv1.Review) (*feeds.Review, error) {
	r := &feeds.Review{Name: in.GetName(), Subject: in.GetSubject(), Open: in.GetState() == entitlementsv1.Review_STATE_OPEN, Due: civil.Never}
	if in.GetDueDate() == nil {
		return r, nil
	}
	day, err := wire.Day("due_date", in.GetDueDate())
	r.Due = civil.Day(day)
	return r, err
}
