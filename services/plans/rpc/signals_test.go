package rpc_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/signals"
)

// signalWorld is what signals ask of others: acme, which the account manager owns, and
// zenith.
type signalWorld struct {
	entitlementsv1.UnimplementedEntitlementsServiceServer
	entitlementsv1.UnimplementedUsageServiceServer

	mu      sync.Mutex
	failing error // of the entitlements service
}

func (*signalWorld) Account(_ context.Context, id string) (feeds.Account, error) {
	if id != "acme" && id != "zenith" {
		return feeds.Account{}, fault.Missing("evenhand/Account", plans.AccountName(id))
	}
	a := feeds.Account{ID: id, DisplayName: id, State: feeds.Active, Joined: civil.Date(2020, 3, 1), Closed: civil.Never}
	if id == "acme" {
		a.Owner = string(auth.AccountManager)
	}
	return a, nil
}

func (w *signalWorld) Get(ctx context.Context, id string) (feeds.Account, error) {
	return w.Account(ctx, id)
}

func (*signalWorld) Company(context.Context) (feeds.Company, error) {
	return feeds.Company{Currency: "USD"}, nil
}

func (*signalWorld) Others(context.Context, string, string) (bool, error) { return true, nil }

func (*signalWorld) Plan(_ context.Context, _ resource.Call, t signals.Touchpoint) (string, error) {
	return "plans/" + t.Account + "/touchpoints/one", nil
}

// activePlans are the plans of a company in which every account has an active one.
type activePlans struct{}

func (activePlans) Get(_ context.Context, account string) (resource.Stored[plans.Plan], error) {
	return resource.Stored[plans.Plan]{ID: account, State: plans.Plan{State: plans.Active}}, nil
}

func (w *signalWorld) ListEntitlements(_ context.Context, r *entitlementsv1.ListEntitlementsRequest) (*entitlementsv1.ListEntitlementsResponse, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failing != nil {
		return nil, w.failing
	}
	usd := func(units int64) *money.Money { return &money.Money{CurrencyCode: "USD", Units: units} }
	spend := &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Spend{Spend: &entitlementsv1.SpendRequirement{
		Missing: usd(100), Have: usd(900), Need: usd(1000), ByDate: &date.Date{Year: 2026, Month: 6, Day: 30}}}}
	tenure := &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Tenure{Tenure: &entitlementsv1.TenureRequirement{
		NeedMonths: 120, OnDate: &date.Date{Year: 2030, Month: 3, Day: 1}}}}
	board := &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Board{Board: &entitlementsv1.BoardRequirement{MissingTerms: 1, HaveTerms: 1, NeedTerms: 2}}}
	projects := &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Innovation{Innovation: &entitlementsv1.InnovationRequirement{
		MissingProjects: 2, HaveProjects: 1, NeedProjects: 3}}}
	unheardOf := &entitlementsv1.Requirement{} // as one of a later release is read
	place := &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Programme{Programme: &entitlementsv1.ProgrammeRequirement{Programme: "beta"}}}
	way := func(benefit string, needs ...*entitlementsv1.Requirement) *entitlementsv1.Entitlement {
		return &entitlementsv1.Entitlement{Benefit: benefit, Promise: "The " + benefit + ".", Distances: []*entitlementsv1.Distance{
			{Rule: "r", Requirements: needs}, {Rule: "longer", Requirements: []*entitlementsv1.Requirement{place}}}}
	}
	return &entitlementsv1.ListEntitlementsResponse{Entitlements: []*entitlementsv1.Entitlement{
		{Benefit: "held", Entitled: true}, {Benefit: "unreachable"}, way("spend", tenure, spend), way("tenure", tenure), way("board", board), way("place", place),
		way("projects", projects), way("unheard-of", unheardOf), way("of-both", unheardOf, spend), way("nothing"),
	}}, nil
}

func (w *signalWorld) ListBalances(context.Context, *entitlementsv1.ListBalancesRequest) (*entitlementsv1.ListBalancesResponse, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &entitlementsv1.ListBalancesResponse{Balances: []*entitlementsv1.Balance{
		{Name: "accounts/acme/balances/hours", Held: true, Promise: "Ten hours.", Unit: "hour", Used: 3, Reserved: 1, Left: 8, Limit: 10, CarriedOver: 2,
			PeriodStartDate: &date.Date{Year: 2026, Month: 1, Day: 1}, PeriodEndDate: &date.Date{Year: 2026, Month: 12, Day: 31}},
		{Name: "accounts/acme/balances/lost", Used: 3},
	}}, w.failing
}

// signalsServed is signals behind a real server, on 2026-06-15.
type signalsServed struct {
	domain *signals.Service
	world  *signalWorld
	server *server.Server
}

func (s *signalsServed) as(t *testing.T, role auth.Role) plansv1.SignalsServiceClient {
	t.Helper()
	conn, err := s.server.Dial(auth.Bearer(tokenOf(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return plansv1.NewSignalsServiceClient(conn)
}

func serveSignals(t *testing.T) *signalsServed {
	t.Helper()
	ctx := t.Context()
	store, err := docstore.OpenStore(ctx, teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(ctx, store, func() time.Time { return time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	w := &signalWorld{}
	entitlements := connect(t, func(r grpc.ServiceRegistrar) {
		entitlementsv1.RegisterEntitlementsServiceServer(r, w)
		entitlementsv1.RegisterUsageServiceServer(r, w)
	})
	domain, err := signals.Open(ctx, store, requests, signals.Options{Accounts: w, Plans: activePlans{}, People: w, Touchpoints: w,
		Entitlements: rpc.NewSignalEntitlements(entitlements)})
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(tokenOf(role), auth.NewPrincipal("principals/"+string(role), "", role != auth.Service, role))
	}
	s, err := server.New(ctx, server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{Name: "plans",
		Register: func(r grpc.ServiceRegistrar) { rpc.RegisterSignals(r, domain, w) }})
	require.NoError(t, err)
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return &signalsServed{domain, w, s}
}

// brokenRule is a rule about broken commitments.
func brokenRule() *plansv1.SignalRule {
	return &plansv1.SignalRule{DisplayName: "Broken", Fact: plansv1.SignalRule_FACT_BREACH, Condition: "fact.days_since <= 14",
		Reason: "'We broke ' + fact.commitment + '.'", Weight: "50", Channel: plansv1.Channel_CHANNEL_CALL, Purpose: "Apologise", CoolDownDays: 30}
}

// publish puts the rule in force.
func (s *signalsServed) publish(t *testing.T) *plansv1.SignalRule {
	t.Helper()
	author, approver := s.as(t, auth.PolicyAuthor), s.as(t, auth.PolicyApprover)
	rule, err := author.CreateSignalRule(t.Context(), &plansv1.CreateSignalRuleRequest{SignalRule: brokenRule()})
	require.NoError(t, err)
	rule, err = author.SimulateSignalRule(t.Context(), &plansv1.SimulateSignalRuleRequest{Name: rule.GetName()})
	require.NoError(t, err)
	rule, err = approver.PublishSignalRule(t.Context(), &plansv1.PublishSignalRuleRequest{Name: rule.GetName(), Etag: rule.GetEtag()})
	require.NoError(t, err)
	return rule
}

// breaks tells of a broken commitment of both accounts, and looks at them.
func (s *signalsServed) breaks(t *testing.T) {
	t.Helper()
	today, err := s.domain.Today(t.Context())
	require.NoError(t, err)
	for i, account := range []string{"acme", "zenith"} {
		require.NoError(t, s.domain.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, Position: int64(i + 1), Case: &feeds.Case{
			Name: "accounts/" + account + "/cases/c1", Account: account, Issue: "late", Clocks: []feeds.Clock{
				{Commitment: "first-reply", Due: time.Date(2026, 6, 14, 9, 0, 0, 0, time.UTC), Breached: true}}}}}))
	}
	require.NoError(t, s.domain.Tick(t.Context(), today))
}

func TestR23RulesOfSignalsAreWrittenTriedAndPublishedByDifferentPeople(t *testing.T) {
	s := serveSignals(t)
	ctx := t.Context()
	author, approver := s.as(t, auth.PolicyAuthor), s.as(t, auth.PolicyApprover)
	made, err := author.CreateSignalRule(ctx, &plansv1.CreateSignalRuleRequest{SignalRule: brokenRule(), RequestId: uuid.NewString()})
	require.NoError(t, err)
	want := brokenRule()
	want.Name, want.State, want.Writers = "signalRules/broken", plansv1.SignalRule_STATE_DRAFT, []string{"principals/policy-author"}
	require.Empty(t, cmp.Diff(want, made, protocmp.Transform(), protocmp.IgnoreFields(&plansv1.SignalRule{}, "etag", "create_time", "update_time")))

	_, err = approver.PublishSignalRule(ctx, &plansv1.PublishSignalRuleRequest{Name: made.GetName(), Etag: made.GetEtag()})
	wantStatus(t, err, codes.FailedPrecondition, "SIGNAL_RULE_STATE")
	_, err = author.PublishSignalRule(ctx, &plansv1.PublishSignalRuleRequest{Name: made.GetName(), Etag: made.GetEtag()})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	s.breaks(t)
	stream, err := author.RunSignalSimulation(ctx, &plansv1.RunSignalSimulationRequest{Name: made.GetName(), FromDate: &date.Date{Year: 2026, Month: 6, Day: 1}})
	require.NoError(t, err)
	var tried *plansv1.SignalRule
	for {
		step, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		tried = step.GetSignalRule()
	}
	require.Equal(t, plansv1.SignalRule_STATE_SIMULATED, tried.GetState())
	got := tried.GetSimulation()
	require.EqualValues(t, 2, got.GetSuggestions())
	require.EqualValues(t, 2, got.GetAccounts())
	require.Equal(t, "principals/policy-author", got.GetPrincipal())
	require.Equal(t, "accounts/acme", got.GetExamples()[0].GetAccount())
	require.Equal(t, "We broke first-reply.", got.GetExamples()[0].GetReason())

	published, err := approver.PublishSignalRule(ctx, &plansv1.PublishSignalRuleRequest{Name: made.GetName(), Etag: tried.GetEtag()})
	require.NoError(t, err)
	require.Equal(t, "signalRules/broken/versions/1", published.GetInForce().GetName())
	changed, err := author.UpdateSignalRule(ctx, &plansv1.UpdateSignalRuleRequest{
		SignalRule: &plansv1.SignalRule{Name: made.GetName(), Weight: "70"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"weight"}}})
	require.NoError(t, err)
	require.Equal(t, "70", changed.GetWeight())
	require.Equal(t, "50", changed.GetInForce().GetWeight())
	version, err := author.GetSignalRuleVersion(ctx, &plansv1.GetSignalRuleVersionRequest{Name: "signalRules/broken/versions/1"})
	require.NoError(t, err)
	require.True(t, proto.Equal(published.GetInForce(), version))
	versions, err := author.ListSignalRuleVersions(ctx, &plansv1.ListSignalRuleVersionsRequest{Parent: made.GetName()})
	require.NoError(t, err)
	require.Len(t, versions.GetSignalRuleVersions(), 1)

	started, err := author.InitializeSignalRules(ctx, &plansv1.InitializeSignalRulesRequest{})
	require.NoError(t, err)
	require.Len(t, started.GetSignalRules(), 11)
	for filter, count := range map[string]int{"": 12, "fact = BREACH": 2, `fact = "FACT_BREACH" AND state = DRAFT`: 2, `state = STATE_PUBLISHED`: 0, `display_name:"broken"`: 2} {
		listed, err := author.ListSignalRules(ctx, &plansv1.ListSignalRulesRequest{Filter: filter})
		require.NoError(t, err, filter)
		require.Len(t, listed.GetSignalRules(), count, filter)
	}
	retired, err := author.RetireSignalRule(ctx, &plansv1.RetireSignalRuleRequest{Name: made.GetName(), Reason: "Nobody listens."})
	require.NoError(t, err)
	require.Equal(t, "principals/policy-author", retired.GetRetirer())
	again, err := author.GetSignalRule(ctx, &plansv1.GetSignalRuleRequest{Name: made.GetName()})
	require.NoError(t, err)
	require.True(t, proto.Equal(retired, again))
}

func TestLintOfSignalsTellsThePlace(t *testing.T) {
	s := serveSignals(t)
	author := s.as(t, auth.PolicyAuthor)
	bad := brokenRule()
	bad.Condition = "fact.days_sinse < 3"
	got, err := author.LintSignalRule(t.Context(), &plansv1.LintSignalRuleRequest{Subject: &plansv1.LintSignalRuleRequest_SignalRule{SignalRule: bad}})
	require.NoError(t, err)
	require.Len(t, got.GetFindings(), 1)
	require.Equal(t, "does-not-compile", got.GetFindings()[0].GetId())
	require.EqualValues(t, 5, got.GetFindings()[0].GetColumn())
	_, err = author.CreateSignalRule(t.Context(), &plansv1.CreateSignalRuleRequest{SignalRule: bad})
	wantStatus(t, err, codes.InvalidArgument, "SIGNAL_RULE_INVALID")
	s.publish(t)
	got, err = author.LintSignalRule(t.Context(), &plansv1.LintSignalRuleRequest{Subject: &plansv1.LintSignalRuleRequest_Name{Name: "signalRules/broken"}})
	require.NoError(t, err)
	require.Empty(t, got.GetFindings())
	_, err = author.LintSignalRule(t.Context(), &plansv1.LintSignalRuleRequest{})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

func TestR7SuggestionsAreDecidedByThoseWhoseAccountsTheyAreAbout(t *testing.T) {
	s := serveSignals(t)
	ctx := t.Context()
	s.publish(t)
	s.breaks(t)
	manager := s.as(t, auth.AccountManager)
	for filter, count := range map[string]int{"": 2, `owner = "principals/account-manager"`: 1, `owner = "principals/nobody"`: 0,
		`rule = "signalRules/broken" AND fact = FACT_BREACH`: 2, "state = DISMISSED": 0} {
		listed, err := manager.ListSuggestions(ctx, &plansv1.ListSuggestionsRequest{Parent: "accounts/-", Filter: filter})
		require.NoError(t, err, filter)
		require.Len(t, listed.GetSuggestions(), count, filter)
	}
	listed, err := manager.ListSuggestions(ctx, &plansv1.ListSuggestionsRequest{Parent: "accounts/acme"})
	require.NoError(t, err)
	mine := listed.GetSuggestions()[0]
	require.Equal(t, "We broke first-reply.", mine.GetReason())
	require.Equal(t, 50.0, mine.GetScore())
	require.Equal(t, "signalRules/broken/versions/1", mine.GetRuleVersion())
	require.Equal(t, "accounts/acme/cases/c1", mine.GetCause())
	listed, err = manager.ListSuggestions(ctx, &plansv1.ListSuggestionsRequest{Parent: "accounts/zenith"})
	require.NoError(t, err)
	theirs := listed.GetSuggestions()[0]
	require.Empty(t, theirs.GetOwner())

	_, err = manager.AcceptSuggestion(ctx, &plansv1.AcceptSuggestionRequest{Name: theirs.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.DismissSuggestion(ctx, &plansv1.DismissSuggestionRequest{Name: mine.GetName(), Reason: plansv1.Suggestion_DISMISSAL_REASON_OTHER})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	snoozed, err := manager.SnoozeSuggestion(ctx, &plansv1.SnoozeSuggestionRequest{Name: mine.GetName(), UntilDate: &date.Date{Year: 2026, Month: 6, Day: 20}, Etag: mine.GetEtag()})
	require.NoError(t, err)
	require.Equal(t, plansv1.Suggestion_STATE_SNOOZED, snoozed.GetState())
	_, err = manager.AcceptSuggestion(ctx, &plansv1.AcceptSuggestionRequest{Name: mine.GetName(), Etag: mine.GetEtag()})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	accepted, err := manager.AcceptSuggestion(ctx, &plansv1.AcceptSuggestionRequest{Name: mine.GetName(), RequestId: uuid.NewString()})
	require.NoError(t, err)
	require.Equal(t, "plans/acme/touchpoints/one", accepted.GetTouchpoint())
	require.Equal(t, "principals/account-manager", accepted.GetDecider())
	got, err := manager.GetSuggestion(ctx, &plansv1.GetSuggestionRequest{Name: mine.GetName()})
	require.NoError(t, err)
	require.True(t, proto.Equal(accepted, got))

	dismissed, err := s.as(t, auth.Admin).DismissSuggestion(ctx, &plansv1.DismissSuggestionRequest{
		Name: theirs.GetName(), Reason: plansv1.Suggestion_DISMISSAL_REASON_BAD_TIME, Text: "They move."})
	require.NoError(t, err)
	require.Equal(t, &date.Date{Year: 2026, Month: 7, Day: 15}, dismissed.GetDampedUntilDate())
	listed, err = manager.ListSuggestions(ctx, &plansv1.ListSuggestionsRequest{Parent: "accounts/-", ShowAll: true, Filter: "state = DISMISSED OR state = ACCEPTED"})
	require.NoError(t, err)
	require.Len(t, listed.GetSuggestions(), 2)
}

// R3: suggestions tell what customers spend.
func TestR3ServiceAgentsSeeNoSignals(t *testing.T) {
	s := serveSignals(t)
	agent := s.as(t, auth.ServiceAgent)
	_, err := agent.ListSuggestions(t.Context(), &plansv1.ListSuggestionsRequest{Parent: "accounts/acme"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = agent.GetSignalRule(t.Context(), &plansv1.GetSignalRuleRequest{Name: "signalRules/broken"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestR34EntitlementsAreAskedHowFarABenefitIs(t *testing.T) {
	s := serveSignals(t)
	conn := connect(t, func(r grpc.ServiceRegistrar) {
		entitlementsv1.RegisterEntitlementsServiceServer(r, s.world)
		entitlementsv1.RegisterUsageServiceServer(r, s.world)
	})
	asks := rpc.NewSignalEntitlements(conn)
	day := civil.Date(2026, 6, 15)
	distances, err := asks.Distances(t.Context(), "acme", day)
	require.NoError(t, err)
	require.Equal(t, []signals.Distance{
		{Benefit: "spend", Promise: "The spend.", Rule: "r", Needs: "spend", Missing: 10_000, Have: 90_000, Need: 100_000, Currency: "USD", By: civil.Date(2026, 6, 30), Further: 1},
		{Benefit: "tenure", Promise: "The tenure.", Rule: "r", Needs: "tenure", Need: 120, By: civil.Date(2030, 3, 1)},
		{Benefit: "board", Promise: "The board.", Rule: "r", Needs: "board", Missing: 1, Have: 1, Need: 2},
		{Benefit: "place", Promise: "The place.", Rule: "r", Needs: "programme", Missing: 1, Need: 1},
		{Benefit: "projects", Promise: "The projects.", Rule: "r", Needs: "innovation", Missing: 2, Have: 1, Need: 3},
		{Benefit: "of-both", Promise: "The of-both.", Rule: "r", Needs: "spend", Missing: 10_000, Have: 90_000, Need: 100_000, Currency: "USD", By: civil.Date(2026, 6, 30), Further: 1},
	}, distances, "of a kind that is not known here nobody says how far it is")
	balances, err := asks.Balances(t.Context(), "acme", day)
	require.NoError(t, err)
	require.Equal(t, []signals.Balance{{Benefit: "hours", Promise: "Ten hours.", Unit: "hour", Used: 3, Reserved: 1, Limit: 12, Left: 8,
		Begins: civil.Date(2026, 1, 1), Ends: civil.Date(2026, 12, 31)}}, balances)

	s.world.failing = fail(fault.Precondition("NO_SCHEDULE_IN_FORCE", "schedule", "Nothing is promised yet."))
	distances, err = asks.Distances(t.Context(), "acme", day)
	require.NoError(t, err)
	require.Empty(t, distances)
	s.world.failing = fail(fault.New(fault.Unavailable, fault.ReasonUnavailable, "Try again."))
	_, err = asks.Distances(t.Context(), "acme", day)
	require.Error(t, err)
	_, err = asks.Balances(t.Context(), "acme", day)
	require.Error(t, err)
}
