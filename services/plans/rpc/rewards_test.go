package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rewards"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

// rewarded is RewardsService behind a real server, at noon UTC of 2026-11-23. Its callers
// are principals/<role>, one for each role.
type rewarded struct {
	domain *rewards.Service
	server *server.Server
}

// approvers are other people who may approve; there always are some.
type approvers struct{}

// Others implements rewards.People.
func (approvers) Others(context.Context, string, string) (bool, error) { return true, nil }

func serveRewards(t *testing.T) *rewarded {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	domain, err := rewards.Open(t.Context(), store, requests, rewards.Options{People: approvers{}})
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(rewardsToken(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	s, err := server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{
		Name: "plans", Register: func(r grpc.ServiceRegistrar) { rpc.RegisterRewards(r, domain) }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- errors.Join(s.Run(ctx), ctx.Err()) }()
	go func() { ended <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
		}
		require.NoError(t, store.Close())
	})
	return &rewarded{domain, s}
}

func rewardsToken(role auth.Role) string { return "the-token-of-" + string(role) + "-in-this-test" }

// as returns a client that calls as the person with a role.
func (s *rewarded) as(t *testing.T, role auth.Role) plansv1.RewardsServiceClient {
	t.Helper()
	conn, err := s.server.Dial(auth.Bearer(rewardsToken(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return plansv1.NewRewardsServiceClient(conn)
}

// rewardRefused wants an error with a code and a reason.
func rewardRefused(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	s := status.Convert(err)
	require.Equal(t, code, s.Code(), "%v", err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason(), "%v", err)
			return
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
}

// somePointRules give 10 points for a touchpoint, and 30 a month at most.
func somePointRules() *plansv1.PointRules {
	return &plansv1.PointRules{
		EffectiveDate: &date.Date{Year: 2026, Month: 1, Day: 1}, Reason: "To see what happens.",
		Rules:  []*plansv1.PointRule{{Id: "touch", Work: "touchpoint-done", Points: 10, TeamSharePercent: 20}},
		Caps:   &plansv1.PointCaps{PersonMonthPoints: 30, KindWeek: []*plansv1.PointCaps_KindWeek{{Work: "touchpoint-done", Points: 25}}},
		Checks: &plansv1.PointChecks{AccountTouches: 2},
	}
}

// published publishes them, and credits touchpoints that the account manager and an admin
// have done.
func (s *rewarded) published(t *testing.T) {
	t.Helper()
	author, approver := s.as(t, auth.PolicyAuthor), s.as(t, auth.PolicyApprover)
	p, err := author.CreatePointRules(t.Context(), &plansv1.CreatePointRulesRequest{PointRules: somePointRules()})
	require.NoError(t, err)
	p, err = author.ProposePointRules(t.Context(), &plansv1.ProposePointRulesRequest{Name: p.GetName(), Etag: p.GetEtag()})
	require.NoError(t, err)
	p, err = approver.ApprovePointRules(t.Context(), &plansv1.ApprovePointRulesRequest{Name: p.GetName(), Etag: p.GetEtag()})
	require.NoError(t, err)
	require.Equal(t, plansv1.PointRules_STATE_PUBLISHED, p.GetState())
	var work []rewards.Work
	for i, person := range []string{"account-manager", "account-manager", "account-manager", "admin"} {
		work = append(work, rewards.Work{Name: "plans/acme/touchpoints/" + string(rune('a'+i)), Version: 1, Kind: rewards.TouchpointDone,
			Account: "acme", Persons: []string{person}, Completed: time.Date(2026, 11, 2+i, 12, 0, 0, 0, time.UTC),
			OutcomeLength: 100, Evidence: []string{"=1+1"}})
	}
	require.NoError(t, s.domain.Observe(t.Context(), work))
	require.NoError(t, s.domain.Settle(t.Context()))
}

func TestR10PointRulesFromDraftToVersion(t *testing.T) {
	s := serveRewards(t)
	author, approver := s.as(t, auth.PolicyAuthor), s.as(t, auth.PolicyApprover)
	id := "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77"
	checked, err := author.CreatePointRules(t.Context(), &plansv1.CreatePointRulesRequest{PointRules: somePointRules(), ValidateOnly: true})
	require.NoError(t, err)
	require.Equal(t, "pointRules/1", checked.GetName())
	made, err := author.CreatePointRules(t.Context(), &plansv1.CreatePointRulesRequest{PointRules: somePointRules(), RequestId: id})
	require.NoError(t, err)
	again, err := author.CreatePointRules(t.Context(), &plansv1.CreatePointRulesRequest{PointRules: somePointRules(), RequestId: id})
	require.NoError(t, err)
	require.Equal(t, made.GetEtag(), again.GetEtag())
	want := somePointRules()
	require.Equal(t, want.GetRules()[0].String(), made.GetRules()[0].String())
	require.Equal(t, want.GetCaps().String(), made.GetCaps().String())
	require.Equal(t, want.GetChecks().String(), made.GetChecks().String())

	change := func(paths []string, p *plansv1.PointRules) (*plansv1.PointRules, error) {
		p.Name = made.GetName()
		return author.UpdatePointRules(t.Context(), &plansv1.UpdatePointRulesRequest{PointRules: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	}
	part, err := change([]string{"caps.person_month_points", "effective_date.day"},
		&plansv1.PointRules{Caps: &plansv1.PointCaps{PersonMonthPoints: 1}, EffectiveDate: &date.Date{Day: 2}})
	require.NoError(t, err)
	require.Equal(t, []any{int32(1), "2:1:2026"}, []any{part.GetCaps().GetPersonMonthPoints(),
		fmt.Sprintf("%d:%d:%d", part.GetEffectiveDate().GetDay(), part.GetEffectiveDate().GetMonth(), part.GetEffectiveDate().GetYear())})
	require.Len(t, part.GetCaps().GetKindWeek(), 1, "the rest stays as it is")
	_, err = change([]string{"state"}, &plansv1.PointRules{State: plansv1.PointRules_STATE_PUBLISHED})
	rewardRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = change([]string{"rules"}, &plansv1.PointRules{Rules: []*plansv1.PointRule{{Id: "x", Work: "bookings", Points: 1}}})
	rewardRefused(t, err, codes.InvalidArgument, "REWARD_FROM_BOOKINGS")
	changed, err := change([]string{"caps"}, &plansv1.PointRules{Caps: &plansv1.PointCaps{PersonMonthPoints: 31}})
	require.NoError(t, err)
	require.Equal(t, int32(31), changed.GetCaps().GetPersonMonthPoints())
	require.Empty(t, changed.GetCaps().GetKindWeek())
	require.Len(t, changed.GetRules(), 1)

	_, err = author.ProposePointRules(t.Context(), &plansv1.ProposePointRulesRequest{Name: made.GetName(), Etag: made.GetEtag()})
	rewardRefused(t, err, codes.Aborted, "STALE_ETAG")
	proposed, err := author.ProposePointRules(t.Context(), &plansv1.ProposePointRulesRequest{Name: made.GetName()})
	require.NoError(t, err)
	_, err = author.ApprovePointRules(t.Context(), &plansv1.ApprovePointRulesRequest{Name: made.GetName(), Etag: proposed.GetEtag()})
	rewardRefused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = s.as(t, auth.Admin).UpdatePointRules(t.Context(), &plansv1.UpdatePointRulesRequest{
		PointRules: &plansv1.PointRules{Name: made.GetName(), Reason: "Better so."}})
	require.NoError(t, err)
	proposed, err = author.ProposePointRules(t.Context(), &plansv1.ProposePointRulesRequest{Name: made.GetName()})
	require.NoError(t, err)
	_, err = s.as(t, auth.Admin).ApprovePointRules(t.Context(), &plansv1.ApprovePointRulesRequest{Name: made.GetName(), Etag: proposed.GetEtag()})
	rewardRefused(t, err, codes.FailedPrecondition, "SECOND_PERSON")
	_, err = approver.RejectPointRules(t.Context(), &plansv1.RejectPointRulesRequest{Name: made.GetName(), Reason: "Too much."})
	require.NoError(t, err)
	_, err = author.WithdrawPointRules(t.Context(), &plansv1.WithdrawPointRulesRequest{Name: made.GetName(), Reason: "Too late."})
	rewardRefused(t, err, codes.FailedPrecondition, "POINT_RULES_STATE")

	s.published(t)
	list, err := s.as(t, auth.AccountManager).ListPointRules(t.Context(), &plansv1.ListPointRulesRequest{Filter: `state = PUBLISHED AND effective_date >= "2026-01-01"`})
	require.NoError(t, err)
	require.Len(t, list.GetPointRules(), 1)
	require.Equal(t, "pointRules/2", list.GetPointRules()[0].GetName())
	got, err := s.as(t, auth.AccountManager).GetPointRules(t.Context(), &plansv1.GetPointRulesRequest{Name: "pointRules/2"})
	require.NoError(t, err)
	require.Equal(t, "principals/policy-approver", got.GetApprover())
	tried, err := author.SimulatePointRules(t.Context(), &plansv1.SimulatePointRulesRequest{Name: made.GetName(), Period: "2026-q4"})
	require.NoError(t, err)
	require.Equal(t, []int32{25, 30}, []int32{tried.GetRows()[0].GetPoints(), tried.GetRows()[0].GetSimulatedPoints()})
	_, err = author.SimulatePointRules(t.Context(), &plansv1.SimulatePointRulesRequest{Name: made.GetName(), Period: "2026-13"})
	rewardRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

func TestR10EverybodySeesTheirOwnPointsAndOnlyThese(t *testing.T) {
	s := serveRewards(t)
	s.published(t)
	manager, auditor := s.as(t, auth.AccountManager), s.as(t, auth.Auditor)

	all, err := auditor.ListRewardEntries(t.Context(), &plansv1.ListRewardEntriesRequest{Filter: `month = "2026-11" AND kind = CREDIT AND points > 5`})
	require.NoError(t, err)
	require.Len(t, all.GetRewardEntries(), 3)
	require.Equal(t, "principals/admin", all.GetRewardEntries()[0].GetPerson())
	one, err := auditor.ListRewardEntries(t.Context(), &plansv1.ListRewardEntriesRequest{Filter: `person = "principals/account-manager"`, PageSize: 2})
	require.NoError(t, err)
	require.Len(t, one.GetRewardEntries(), 2)
	require.NotEmpty(t, one.GetNextPageToken())
	first := one.GetRewardEntries()[0]
	require.Equal(t, []any{int32(5), int32(10), "pointRules/1", "accounts/acme", "plans/acme/touchpoints/c"},
		[]any{first.GetPoints(), first.GetFullPoints(), first.GetRulesVersion(), first.GetAccount(), first.GetWork()})
	require.Equal(t, "kind-week", first.GetCuts()[0].GetCap())

	own, err := manager.ListRewardEntries(t.Context(), &plansv1.ListRewardEntriesRequest{})
	require.NoError(t, err)
	require.Len(t, own.GetRewardEntries(), 3)
	_, err = manager.ListRewardEntries(t.Context(), &plansv1.ListRewardEntriesRequest{Filter: `person = "principals/admin"`})
	rewardRefused(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	got, err := manager.ListRewardEntries(t.Context(), &plansv1.ListRewardEntriesRequest{Filter: `person != "principals/account-manager"`})
	require.NoError(t, err)
	require.Empty(t, got.GetRewardEntries())
	_, err = manager.GetRewardEntry(t.Context(), &plansv1.GetRewardEntryRequest{Name: all.GetRewardEntries()[0].GetName()})
	rewardRefused(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.GetRewardEntry(t.Context(), &plansv1.GetRewardEntryRequest{Name: first.GetName()})
	require.NoError(t, err)

	statement, err := manager.GetRewardStatement(t.Context(), &plansv1.GetRewardStatementRequest{Period: "2026-q4"})
	require.NoError(t, err)
	require.Equal(t, []any{"principals/account-manager", int32(25), int32(5)}, []any{statement.GetPerson(), statement.GetSums().GetPoints(), statement.GetSums().GetCut()})
	require.Len(t, statement.GetEntries(), 3)
	for _, r := range []*plansv1.GetRewardStatementRequest{{Person: "principals/admin"}, {Account: "accounts/acme"}} {
		_, err = manager.GetRewardStatement(t.Context(), r)
		rewardRefused(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	}
	_, err = auditor.GetRewardStatement(t.Context(), &plansv1.GetRewardStatementRequest{Person: "principals/admin", Account: "accounts/acme"})
	rewardRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	team, err := auditor.GetRewardStatement(t.Context(), &plansv1.GetRewardStatementRequest{Account: "accounts/acme"})
	require.NoError(t, err)
	require.Len(t, team.GetPeople(), 2)
	require.Equal(t, int32(35), team.GetSums().GetPoints())
	file, err := manager.ExportRewardStatement(t.Context(), &plansv1.ExportRewardStatementRequest{})
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(file.GetContent(), "\n"))
	require.Contains(t, file.GetContent(), ",'=1+1\n")

	_, err = manager.ListRewardTotals(t.Context(), &plansv1.ListRewardTotalsRequest{})
	rewardRefused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	require.NoError(t, s.domain.Rebuild(t.Context()))
	totals, err := auditor.ListRewardTotals(t.Context(), &plansv1.ListRewardTotalsRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, "principals/account-manager", totals.GetRewardTotals()[0].GetPerson())
	totals, err = auditor.ListRewardTotals(t.Context(), &plansv1.ListRewardTotalsRequest{PageSize: 1, PageToken: totals.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, int32(10), totals.GetRewardTotals()[0].GetSums().GetPoints())
	for _, role := range []auth.Role{auth.ServiceAgent, auth.Viewer} {
		_, err = s.as(t, role).ListRewardEntries(t.Context(), &plansv1.ListRewardEntriesRequest{})
		rewardRefused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	}
}

func TestR10CorrectionsAndFindingsNameWhoAnswersForThem(t *testing.T) {
	s := serveRewards(t)
	s.published(t)
	admin, approver := s.as(t, auth.Admin), s.as(t, auth.PolicyApprover)
	entry := func(person string) string {
		list, err := admin.ListRewardEntries(t.Context(), &plansv1.ListRewardEntriesRequest{Filter: `person = "principals/` + person + `"`})
		require.NoError(t, err)
		return list.GetRewardEntries()[0].GetName()
	}
	_, err := admin.CorrectRewardEntry(t.Context(), &plansv1.CorrectRewardEntryRequest{Name: entry("admin"), Points: 1, Reason: "Mine."})
	rewardRefused(t, err, codes.FailedPrecondition, "OWN_REWARD")
	_, err = admin.CorrectRewardEntry(t.Context(), &plansv1.CorrectRewardEntryRequest{Name: entry("account-manager"), Points: 6, Reason: "Too much."})
	rewardRefused(t, err, codes.FailedPrecondition, "NOTHING_TO_CORRECT")
	_, err = approver.CorrectRewardEntry(t.Context(), &plansv1.CorrectRewardEntryRequest{Name: entry("account-manager"), Points: 1, Reason: "No."})
	rewardRefused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	corrected, err := admin.CorrectRewardEntry(t.Context(), &plansv1.CorrectRewardEntryRequest{Name: entry("account-manager"), Points: 5, Reason: "It was short."})
	require.NoError(t, err)
	require.Equal(t, []any{plansv1.RewardEntry_KIND_CORRECTION, int32(-5), "principals/admin", "It was short."},
		[]any{corrected.GetKind(), corrected.GetPoints(), corrected.GetCorrector(), corrected.GetReason()})

	report, err := approver.ReportRewardFindings(t.Context(), &plansv1.ReportRewardFindingsRequest{Period: "2026-11"})
	require.NoError(t, err)
	require.Len(t, report.GetRewardFindings(), 1)
	found := report.GetRewardFindings()[0]
	require.Equal(t, []any{plansv1.RewardFinding_CHECK_MANY_WITH_ONE_ACCOUNT, "accounts/acme", int32(3), int32(2), true},
		[]any{found.GetCheck(), found.GetSubject(), found.GetCount(), found.GetLimit(), found.GetOpen()})
	require.Len(t, found.GetEntries(), 4, "with the correction")
	seen, err := approver.AcknowledgeRewardFinding(t.Context(), &plansv1.AcknowledgeRewardFindingRequest{Name: found.GetName(), Note: "They moved house."})
	require.NoError(t, err)
	require.Equal(t, []any{false, "principals/policy-approver", "They moved house."},
		[]any{seen.GetOpen(), seen.GetAcknowledgement().GetAcknowledger(), seen.GetAcknowledgement().GetNote()})
	_, err = admin.AcknowledgeRewardFinding(t.Context(), &plansv1.AcknowledgeRewardFindingRequest{Name: found.GetName(), Note: "Again."})
	rewardRefused(t, err, codes.FailedPrecondition, "REWARD_FINDING_STATE")
	report, err = approver.ReportRewardFindings(t.Context(), &plansv1.ReportRewardFindingsRequest{Period: "2026-q4", OpenOnly: true})
	require.NoError(t, err)
	require.Empty(t, report.GetRewardFindings())
	_, err = s.as(t, auth.AccountManager).ReportRewardFindings(t.Context(), &plansv1.ReportRewardFindingsRequest{})
	rewardRefused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

// publish puts rules in force from the beginning of 2026.
func (s *rewarded) publish(t *testing.T, list ...rewards.Rule) {
	t.Helper()
	writer, approver := rewards.Caller{Name: "principals/anna", Person: true}, rewards.Caller{Name: "principals/ben", Person: true}
	rules, err := s.domain.CreateRules(t.Context(), resource.Call{Principal: writer.Name}, writer,
		rewards.Rules{Effective: civil.Date(2026, 1, 1), Rules: list}, "To see.", false)
	require.NoError(t, err)
	rules, err = s.domain.ProposeRules(t.Context(), resource.Call{Principal: writer.Name}, writer, rules.ID, "")
	require.NoError(t, err)
	_, err = s.domain.ApproveRules(t.Context(), resource.Call{Principal: approver.Name}, approver, rules.ID, rules.Etag(), false)
	require.NoError(t, err)
}

// Whether somebody else says that work was done follows from who said so, and not from who
// wrote down what the customer thought of it.
func TestR10WorkIsWitnessedByWhoSaidThatItWasDone(t *testing.T) {
	s := serveRewards(t)
	s.publish(t, rewards.Rule{ID: "seen", Work: rewards.EngagementCompleted, Points: 10, Witnessed: true})
	november := rewards.MonthOf(civil.Date(2026, 11, 1))
	for name, c := range map[string]struct {
		completer, heardBy string
		rating             int
		confirmed          bool
		points             int
		self               bool // it is a finding
	}{
		"by another":                                {completer: "principals/emil", points: 10},
		"by who did it":                             {completer: "principals/carol"},
		"by nobody who is known":                    {},
		"by another, rating heard by who did it":    {completer: "principals/emil", heardBy: "principals/carol", rating: 5, points: 10, self: true},
		"by who did it, rating heard by another":    {completer: "principals/carol", heardBy: "principals/emil", rating: 5},
		"by another, confirmed to who did it":       {completer: "principals/emil", heardBy: "principals/carol", confirmed: true, points: 10, self: true},
		"by who did it, confirmed to another":       {completer: "principals/carol", heardBy: "principals/emil", confirmed: true},
		"by who did it, who heard the confirmation": {completer: "principals/carol", confirmed: true, self: true},
	} {
		person := "carol" + strings.NewReplacer(" ", "", ",", "").Replace(name)
		own := strings.NewReplacer("carol", person)
		w := &feeds.Work{Name: "engagements/" + person, Kind: "engagement", Account: "acme", Persons: []string{person},
			Completed: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Recorder: own.Replace(c.completer), HeardBy: own.Replace(c.heardBy),
			Rating: c.rating, Confirmed: c.confirmed}
		require.NoError(t, rpc.RewardedWork(s.domain).Take(t.Context(), []feeds.Change{{Service: feeds.Own, Position: 1, Work: w}}))
		require.NoError(t, s.domain.Settle(t.Context()))
		got, err := s.domain.PersonStatement(t.Context(), person, november)
		require.NoError(t, err)
		require.Equal(t, c.points, got.Points, name)
		found, err := s.domain.Findings(t.Context(), november)
		require.NoError(t, err)
		self := slices.ContainsFunc(found, func(f rewards.Finding) bool { return f.Check == rewards.SelfConfirmed && f.Person == person })
		require.Equal(t, c.self, self, name)
	}
}

// What the service's own feed tells of work is rewarded the same in whatever parts it comes,
// and also where a process that lost its lease comes with it late.
func TestR10WorkOfTheFeedIsRewardedTheSameHoweverItComes(t *testing.T) {
	s := serveRewards(t)
	ctx := t.Context()
	s.publish(t,
		rewards.Rule{ID: "touch", Work: rewards.TouchpointDone, Points: 10, TeamShare: 20},
		rewards.Rule{ID: "acted", Work: rewards.SuggestionActedOn, Points: 5},
		rewards.Rule{ID: "solved", Work: rewards.EngagementCompleted, Points: 40, TeamShare: 25, Confirmed: true},
		rewards.Rule{ID: "launched", Work: rewards.ProjectConfirmed, Points: 100},
	)

	taker := rpc.RewardedWork(s.domain)
	for _, order := range [][]int{
		{0, 1, 2, 3, 4, 5, 6}, {0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 4, 5}, {6, 5, 4, 3, 2, 1, 0}, {2, 6, 0, 4, 1, 3, 5, 0, 6}, {5, 6, 5, 2, 1, 0, 4, 3},
	} {
		account := fmt.Sprint("acme-", strings.Trim(strings.ReplaceAll(fmt.Sprint(order), " ", ""), "[]"))
		at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		work := func(name, kind string, change func(*feeds.Work)) *feeds.Work {
			w := &feeds.Work{Name: name + account, Kind: kind, Account: account, Persons: []string{"carol"}, Team: []string{"dora"}, Completed: at}
			if change != nil {
				change(w)
			}
			return w
		}
		told := []*feeds.Work{
			work("plans/touchpoints/a-", "touchpoint", nil),
			work("plans/touchpoints/b-", "touchpoint", func(w *feeds.Work) { w.Origin = "suggestion" }),
			work("engagements/e-", "engagement", nil),
			work("engagements/e-", "engagement", func(w *feeds.Work) { w.Confirmed, w.Recorder = true, "principals/emil" }),
			work("innovationProjects/p/accounts/", "project", func(w *feeds.Work) { w.Confirmed = true }),
			work("innovationProjects/p/accounts/", "project", func(w *feeds.Work) { w.Confirmed, w.Withdrawn = true, true }),
			work("plans/goals/", "other", nil), // which no rule is about
		}
		for _, i := range order {
			require.NoError(t, taker.Take(ctx, []feeds.Change{{Service: feeds.Own, Position: int64(i + 1), Work: told[i]}}))
			require.NoError(t, s.domain.Settle(ctx))
		}
		got, err := s.domain.TeamStatement(ctx, account, rewards.MonthOf(civil.Date(2026, 11, 1)))
		require.NoError(t, err)
		points := map[string]int{}
		for _, person := range got.People {
			points[person.Person] = person.Points
		}
		require.Equal(t, map[string]int{"carol": 8 + 5 + 30, "dora": 2 + 10}, points, order)
	}
}
