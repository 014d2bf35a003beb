package command

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

var somePlanCalendar = &plansv1.PlanCalendarFeed{Name: "planCalendarFeeds/5kx0", Owner: "principals/ines", DisplayName: "A phone"}

// planCalendarFake has one calendar, and keeps what it was asked.
type planCalendarFake struct {
	plansv1.UnimplementedPlanCalendarsServiceServer
	asked proto.Message
}

func (f *planCalendarFake) ListPlanCalendarFeeds(_ context.Context, r *plansv1.ListPlanCalendarFeedsRequest) (*plansv1.ListPlanCalendarFeedsResponse, error) {
	f.asked = proto.Clone(r)
	return &plansv1.ListPlanCalendarFeedsResponse{PlanCalendarFeeds: []*plansv1.PlanCalendarFeed{somePlanCalendar}}, nil
}

func (f *planCalendarFake) CreatePlanCalendarFeed(_ context.Context, r *plansv1.CreatePlanCalendarFeedRequest) (*plansv1.PlanCalendarFeed, error) {
	f.asked = proto.Clone(r)
	created, _ := proto.Clone(somePlanCalendar).(*plansv1.PlanCalendarFeed)
	created.Path = "/calendars/plans/evh_secret.ics"
	return created, nil
}

func (f *planCalendarFake) RevokePlanCalendarFeed(_ context.Context, r *plansv1.RevokePlanCalendarFeedRequest) (*plansv1.PlanCalendarFeed, error) {
	f.asked = proto.Clone(r)
	return somePlanCalendar, nil
}

func TestPlanCalendarCommandsAsk(t *testing.T) {
	f := &planCalendarFake{}
	s := grpc.NewServer()
	plansv1.RegisterPlanCalendarsServiceServer(s, f)
	server := listen(t, s)
	for _, tt := range []struct {
		args []string
		want proto.Message
		says string
	}{
		{[]string{"create"}, &plansv1.CreatePlanCalendarFeedRequest{PlanCalendarFeed: &plansv1.PlanCalendarFeed{}}, "/calendars/plans/evh_secret.ics"},
		{[]string{"create", "--owner", "ines", "--display-name", "Hers"},
			&plansv1.CreatePlanCalendarFeedRequest{PlanCalendarFeed: &plansv1.PlanCalendarFeed{Owner: "principals/ines", DisplayName: "Hers"}}, "principals/ines"},
		{[]string{"list", "--owner", "principals/ines"}, &plansv1.ListPlanCalendarFeedsRequest{Owner: "principals/ines", PageSize: 1000}, "planCalendarFeeds/5kx0"},
		{[]string{"list", "-o", "json"}, &plansv1.ListPlanCalendarFeedsRequest{PageSize: 1000}, `"planCalendarFeeds"`},
		{[]string{"revoke", "5kx0", "--etag", "e1"}, &plansv1.RevokePlanCalendarFeedRequest{Name: "planCalendarFeeds/5kx0", Etag: "e1"}, "is revoked"},
		{[]string{"revoke", "planCalendarFeeds/5kx0"}, &plansv1.RevokePlanCalendarFeedRequest{Name: "planCalendarFeeds/5kx0"}, "is revoked"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			got := execute(t, server, "", append([]string{"plan", "calendar"}, tt.args...)...)
			require.Zero(t, got.code, got.stderr)
			require.Empty(t, cmp.Diff(tt.want, f.asked, protocmp.Transform(),
				protocmp.IgnoreFields(&plansv1.CreatePlanCalendarFeedRequest{}, "request_id"), protocmp.IgnoreFields(&plansv1.RevokePlanCalendarFeedRequest{}, "request_id")))
			require.Contains(t, got.stdout, tt.says)
		})
	}
}
