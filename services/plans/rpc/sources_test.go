package rpc_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/civil"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

// connect serves what register adds, in memory, and returns a connection to it.
func connect(t *testing.T, register func(grpc.ServiceRegistrar)) *grpc.ClientConn {
	t.Helper()
	listener, server := bufconn.Listen(1<<20), grpc.NewServer()
	register(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		server.Stop()
		require.NoError(t, <-done)
	})
	return conn
}

// errSeen ends a watch that has seen what it wants.
var errSeen = errors.New("seen")

// all returns what a source tells from a resume token on, up to a position.
func all(t *testing.T, from feeds.Source, resume string, until int64) (changes []feeds.Change, last feeds.Batch) {
	t.Helper()
	err := from.Watch(t.Context(), resume, func(b feeds.Batch) error {
		changes = append(changes, b.Changes...)
		if last = b; b.Position >= until {
			return errSeen
		}
		return nil
	})
	require.ErrorIs(t, err, errSeen)
	return changes, last
}

var (
	noon     = time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)
	firstDay = &date.Date{Year: 2026, Month: 7, Day: 1}
)

func stamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }

// fakeEntitlements tells some changes, and then nothing until the call ends.
type fakeEntitlements struct {
	entitlementsv1.UnimplementedFeedServiceServer
	changes  []*entitlementsv1.Change
	trimmed  bool
	statesOf []string
}

func (f *fakeEntitlements) WatchChanges(r *entitlementsv1.WatchChangesRequest, stream grpc.ServerStreamingServer[entitlementsv1.WatchChangesResponse]) error {
	f.statesOf = r.GetStatesOf()
	if f.trimmed {
		return status.Error(codes.OutOfRange, "The feed does not reach back so far.")
	}
	if err := stream.Send(&entitlementsv1.WatchChangesResponse{Changes: f.changes, ResumeToken: "behind-all"}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (f *fakeEntitlements) GetFeed(context.Context, *entitlementsv1.GetFeedRequest) (*entitlementsv1.Feed, error) {
	return &entitlementsv1.Feed{Position: int64(len(f.changes))}, nil
}

func TestR31WhatEntitlementsTells(t *testing.T) {
	fake := &fakeEntitlements{}
	add := func(c *entitlementsv1.Change) {
		c.Position, c.Time, c.RecordedTime = int64(len(fake.changes))+1, stamp(noon), stamp(noon.Add(time.Second))
		c.Principal = "principals/anna"
		fake.changes = append(fake.changes, c)
	}
	entry := &entitlementsv1.UsageEntry{Name: "accounts/acme/usageEntries/e1", Benefit: "hours", Type: entitlementsv1.UsageEntry_TYPE_COMMITTED, Units: 3,
		Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED, CountDate: firstDay, About: "accounts/acme/reservations/r1", Rule: "partner", ScheduleVersion: "schedule/versions/2"}
	add(&entitlementsv1.Change{Type: "usage.committed", Name: "accounts/acme/balances/hours", State: &entitlementsv1.Change_UsageEntry{UsageEntry: entry}})
	add(&entitlementsv1.Change{Type: "usage.threshold_reached", State: &entitlementsv1.Change_UsageEntry{UsageEntry: entry}})
	add(&entitlementsv1.Change{Type: "case.resolved", Name: "accounts/acme/cases/c1", State: &entitlementsv1.Change_Case{Case: &entitlementsv1.CaseState{
		Issue: "late", State: entitlementsv1.Case_STATE_RESOLVED, OpenTime: stamp(noon.Add(-time.Hour)), ResolveTime: stamp(noon), Remedy: "sorry",
		Clocks: []*entitlementsv1.CaseClock{
			{Commitment: "first-reply", State: entitlementsv1.CaseClock_STATE_MET, StartTime: stamp(noon.Add(-time.Hour)), StopTime: stamp(noon), DueTime: stamp(noon.Add(time.Hour))},
			{State: entitlementsv1.CaseClock_STATE_RUNNING, StartTime: stamp(noon)}, // of an escalation
			{Commitment: "fixed", State: entitlementsv1.CaseClock_STATE_BREACHED, StartTime: stamp(noon.Add(-time.Hour)), DueTime: stamp(noon.Add(-time.Minute))},
		}}}})
	add(&entitlementsv1.Change{Type: "breach.recorded", State: &entitlementsv1.Change_Breach{Breach: &entitlementsv1.Breach{
		Name: "houseRules/late-fee/breaches/b1", Account: "accounts/acme", BreachDate: firstDay, Response: entitlementsv1.Breach_RESPONSE_WAIVED, Benefit: "waiver"}}})
	add(&entitlementsv1.Change{Type: "review.opened", State: &entitlementsv1.Change_Review{Review: &entitlementsv1.Review{
		Name: "reviews/r1", Subject: "houseRules/late-fee", State: entitlementsv1.Review_STATE_OPEN, DueDate: firstDay}}})
	add(&entitlementsv1.Change{Type: "schedule.published", State: &entitlementsv1.Change_ScheduleVersion{ScheduleVersion: &entitlementsv1.ScheduleVersion{Name: "schedule/versions/7", InForceTime: stamp(noon.Add(time.Hour))}}})
	add(&entitlementsv1.Change{Type: "clause.created"})
	source := rpc.NewEntitlementsSource(connect(t, func(r grpc.ServiceRegistrar) { entitlementsv1.RegisterFeedServiceServer(r, fake) }))

	changes, last := all(t, source, "", 7)
	require.Equal(t, []string{"balances", "breaches", "cases", "citations", "reviews", "versions"}, fake.statesOf)
	require.EqualValues(t, 7, last.Position, "also that of a change that does not concern this service")
	require.Equal(t, "behind-all", last.Resume)
	require.Len(t, changes, 5, "an entry that reached a threshold is told once")
	require.Equal(t, feeds.Change{Service: feeds.Entitlements, Position: 1, Type: "usage.committed", Name: "accounts/acme/balances/hours", At: noon, Recorded: noon.Add(time.Second),
		Principal: "principals/anna", Usage: &feeds.Usage{Name: "accounts/acme/usageEntries/e1", Account: "acme", Benefit: "hours", Type: feeds.Committed, Units: 3, Origin: "offered",
			Day: civil.Date(2026, 7, 1), About: "accounts/acme/reservations/r1", Rule: "partner", Version: "2"}}, changes[0])
	require.Equal(t, &feeds.Case{Name: "accounts/acme/cases/c1", Account: "acme", Issue: "late", Resolved: true, Opened: noon.Add(-time.Hour), Ended: noon, Remedy: "sorry",
		Clocks: []feeds.Clock{
			{Commitment: "first-reply", Started: noon.Add(-time.Hour), Due: noon.Add(time.Hour), Stopped: noon},
			{Commitment: "fixed", Started: noon.Add(-time.Hour), Due: noon.Add(-time.Minute), Breached: true},
		}}, changes[1].Case)
	require.Equal(t, &feeds.Breach{Name: "houseRules/late-fee/breaches/b1", Account: "acme", HouseRule: "late-fee", Day: civil.Date(2026, 7, 1), Waived: true, Benefit: "waiver"}, changes[2].Breach)
	require.Equal(t, &feeds.Review{Name: "reviews/r1", Subject: "houseRules/late-fee", Open: true, Due: civil.Date(2026, 7, 1)}, changes[3].Review)
	require.Equal(t, "7", changes[4].ScheduleVersion)
	require.Equal(t, noon.Add(time.Hour), changes[4].InForce)
	head, err := source.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 7, head)

	fake.trimmed = true
	require.ErrorIs(t, source.Watch(t.Context(), "old", func(feeds.Batch) error { return nil }), feeds.ErrTrimmed)
}

// fakeBoard tells some changes, and then nothing until the call ends.
type fakeBoard struct {
	boardv1.UnimplementedFeedServiceServer
	changes []*boardv1.Change
}

func (f *fakeBoard) WatchChanges(_ *boardv1.WatchChangesRequest, stream grpc.ServerStreamingServer[boardv1.WatchChangesResponse]) error {
	if err := stream.Send(&boardv1.WatchChangesResponse{Changes: f.changes, ResumeToken: "behind-all"}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (f *fakeBoard) GetFeed(context.Context, *boardv1.GetFeedRequest) (*boardv1.Feed, error) {
	return &boardv1.Feed{Position: int64(len(f.changes))}, nil
}

func TestR31WhatTheBoardTells(t *testing.T) {
	fake := &fakeBoard{}
	add := func(c *boardv1.Change) {
		c.Position, c.Time, c.RecordedTime = int64(len(fake.changes))+1, stamp(noon), stamp(noon)
		fake.changes = append(fake.changes, c)
	}
	add(&boardv1.Change{Type: "roster.changed", State: &boardv1.Change_Terms{Terms: &boardv1.TermsChanged{Terms: []*boardv1.Term{
		{Name: "boards/advisory/terms/t1", Account: "accounts/acme", Contact: "accounts/acme/contacts/ann", StartDate: firstDay, PlannedEndDate: &date.Date{Year: 2028, Month: 7, Day: 1}},
		{Name: "boards/advisory/terms/t0", Account: "accounts/brook", StartDate: &date.Date{Year: 2024, Month: 7, Day: 1}, PlannedEndDate: firstDay, EndDate: firstDay},
	}}}})
	answered := &boardv1.Idea{Name: "ideas/i1", Title: "Ship at night", Account: "accounts/acme", SubmitDate: firstDay, State: boardv1.Idea_STATE_DECIDED,
		Solicitation: "solicitations/s1", Board: "boards/advisory", Disposition: &boardv1.Disposition{Outcome: boardv1.Disposition_OUTCOME_ADOPT, DecideTime: stamp(noon)},
		MergedIdeas: []*boardv1.Idea_MergedIdea{{Idea: "ideas/i2", Title: "Night trucks", Account: "accounts/brook", MergeTime: stamp(noon.Add(time.Hour))},
			{Idea: "ideas/i3", Title: "Moon", Account: "accounts/brook"}}}
	add(&boardv1.Change{Type: "idea.decided", Name: "ideas/i1", State: &boardv1.Change_Idea{Idea: answered}})
	add(&boardv1.Change{Type: "idea.merged", State: &boardv1.Change_Idea{Idea: &boardv1.Idea{Name: "ideas/i2", Account: "accounts/brook", SubmitDate: firstDay,
		State: boardv1.Idea_STATE_MERGED, MergedInto: "ideas/i1"}}})
	add(&boardv1.Change{Type: "solicitation.withdrawn", State: &boardv1.Change_Solicitation{Solicitation: &boardv1.Solicitation{
		Name: "solicitations/s1", State: boardv1.Solicitation_STATE_WITHDRAWN, WithdrawalReason: "Asked twice."}}})
	add(&boardv1.Change{Type: "meeting.planned"})
	source := rpc.NewBoardSource(connect(t, func(r grpc.ServiceRegistrar) { boardv1.RegisterFeedServiceServer(r, fake) }))

	changes, last := all(t, source, "", 5)
	require.EqualValues(t, 5, last.Position)
	require.Len(t, changes, 4)
	july := civil.Date(2026, 7, 1)
	require.Equal(t, []feeds.Term{
		{Name: "boards/advisory/terms/t1", Board: "advisory", Account: "acme", Contact: "accounts/acme/contacts/ann", Start: july, PlannedEnd: civil.Date(2028, 7, 1), End: civil.Never},
		{Name: "boards/advisory/terms/t0", Board: "advisory", Account: "brook", Start: civil.Date(2024, 7, 1), PlannedEnd: july, End: july},
	}, changes[0].Terms)
	require.Equal(t, &feeds.Idea{Name: "ideas/i1", Account: "acme", Solicitation: "solicitations/s1", Board: "boards/advisory", Title: "Ship at night", Given: july,
		Outcome: feeds.Adopted, Decided: noon, Merged: []feeds.MergedIdea{{Name: "ideas/i2", Account: "brook", Title: "Night trucks", At: noon.Add(time.Hour)},
			{Name: "ideas/i3", Account: "brook", Title: "Moon"}}}, changes[1].Idea)
	require.Equal(t, "ideas/i1", changes[2].Idea.MergedInto)
	require.Empty(t, changes[2].Idea.Outcome)
	require.Equal(t, &feeds.Solicitation{Name: "solicitations/s1", State: "withdrawn", Withdrawal: "Asked twice."}, changes[3].Solicitation)
	head, err := source.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 5, head)
}
