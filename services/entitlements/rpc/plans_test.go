package rpc_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// fakePlans is a plans service in memory, behind the generated server.
type fakePlans struct {
	plansv1.UnimplementedFeedServiceServer

	mu      sync.Mutex
	changes []*plansv1.Change
	grown   chan struct{}
	trimmed bool
}

func newFakePlans() *fakePlans { return &fakePlans{grown: make(chan struct{})} }

// tell appends to the feed a change of a plan, and one of each project.
func (f *fakePlans) tell(projects ...*plansv1.InnovationProject) {
	f.mu.Lock()
	defer f.mu.Unlock()
	changes := []*plansv1.Change{{State: &plansv1.Change_Plan{Plan: &plansv1.Plan{Name: "plans/acme"}}}}
	for _, p := range projects {
		changes = append(changes, &plansv1.Change{State: &plansv1.Change_InnovationProject{InnovationProject: p}})
	}
	for _, c := range changes {
		c.Position = int64(len(f.changes)) + 1
		f.changes = append(f.changes, c)
	}
	close(f.grown)
	f.grown = make(chan struct{})
}

// trim makes the feed forget everything.
func (f *fakePlans) trim() {
	f.mu.Lock()
	f.trimmed = true
	f.mu.Unlock()
	f.tell()
}

func (f *fakePlans) WatchChanges(r *plansv1.WatchChangesRequest, stream grpc.ServerStreamingServer[plansv1.WatchChangesResponse]) error {
	at, _ := strconv.Atoi(r.GetResumeToken())
	for {
		f.mu.Lock()
		some, grown, trimmed := f.changes[at:], f.grown, f.trimmed
		f.mu.Unlock()
		if trimmed {
			return fault.New(fault.OutOfRange, "FEED_OUT_OF_RANGE", "The feed does not reach back so far.")
		}
		at += len(some)
		if err := stream.Send(&plansv1.WatchChangesResponse{Changes: some, ResumeToken: strconv.Itoa(at), CaughtUp: true}); err != nil {
			return err
		}
		select {
		case <-grown:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// project is one that these have confirmed in 1996.
func project(id string, accounts ...string) *plansv1.InnovationProject {
	p := &plansv1.InnovationProject{Name: "innovationProjects/" + id}
	for _, account := range accounts {
		p.Confirmations = append(p.Confirmations, &plansv1.InnovationProject_Confirmation{Account: "accounts/" + account, ConfirmDate: year(1996)})
	}
	return p
}

// innovative is a served schedule with a rule on innovation projects, and accounts with and
// without one.
func innovative(t *testing.T) *served {
	s := serve(t, entitlements.Options{})
	_, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: strings.Replace(promise, "{tenure: months, at_least: 120}", "{innovation: projects-completed, at_least: 1}", 1)},
	})
	require.NoError(t, err)
	token := ""
	for _, id := range []string{"partner", "former", "none"} {
		token = s.accounts.add(account(id, ""), revenue(id, paidOn-4000, 1))
	}
	former := project("till", "former")
	former.Confirmations[0].Withdrawal = &plansv1.InnovationProject_Withdrawal{WithdrawDate: year(1997)}
	s.plans.tell(project("open"), project("caps", "partner"), former)
	require.Eventually(t, func() bool { return s.holds(t, "partner", token) }, time.Minute, time.Millisecond)
	return s
}

func TestR8OnlyProjectsWhoseConfirmationStandsCount(t *testing.T) {
	s := innovative(t)
	for account, counts := range map[string]bool{"partner": true, "former": false, "none": false} {
		require.Equal(t, counts, s.holds(t, account, ""), account)
	}
	got, err := s.CheckEntitlement(t.Context(), check("former", "no-fee", ""))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*entitlementsv1.Requirement{{Requirement: &entitlementsv1.Requirement_Innovation{
		Innovation: &entitlementsv1.InnovationRequirement{MissingProjects: 1, NeedProjects: 1}}}},
		got.GetDistances()[1].GetRequirements(), protocmp.Transform()))
	got, err = s.as(auth.ServiceAgent).CheckEntitlement(t.Context(), check("partner", "no-fee", ""))
	require.NoError(t, err)
	require.True(t, got.GetEntitled())
	require.Empty(t, got.GetReason()+got.GetRule(), "who must not know spend learns nothing of the way")
}

// A rule on projects is read and written as a message too.
func TestRulesOnProjectsAsMessages(t *testing.T) {
	s := innovative(t)
	version, err := s.schedules.GetSchedule(t.Context(), &entitlementsv1.GetScheduleRequest{})
	require.NoError(t, err)
	content := version.GetSchedule()
	innovation := content.GetRules()[1].GetWhen().GetAny().GetConditions()[1].GetInnovation()
	require.EqualValues(t, 1, innovation.GetAtLeastProjects())
	innovation.AtLeastProjects = 101
	content.GetNotice().EffectiveDate = nil
	_, err = s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Schedule{Schedule: content}})
	refused := wantStatus(t, err, codes.InvalidArgument, "SCHEDULE_INVALID")
	require.Equal(t, []string{"schedule.rules[1].when.any[1].at_least"}, fieldsOf(refused))
}

func TestAPlansFeedThatIsGoneNeedsARebuild(t *testing.T) {
	s := innovative(t)
	require.NoError(t, s.service.NeedsRebuild())
	s.plans.trim()
	require.Eventually(t, func() bool { return s.service.NeedsRebuild() != nil }, time.Minute, time.Millisecond)
	require.ErrorContains(t, s.service.NeedsRebuild(), "plans: ")
	require.True(t, s.holds(t, "partner", ""), "what it has told counts")
}
