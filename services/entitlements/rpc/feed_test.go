package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

func TestR39TheFeedTellsWhoPublishedWhat(t *testing.T) {
	s, _ := world(t)
	version, err := s.schedules.GetScheduleVersion(t.Context(), &entitlementsv1.GetScheduleVersionRequest{Name: "schedule/versions/1"})
	require.NoError(t, err)
	stream, err := s.feed.WatchChanges(t.Context(), &entitlementsv1.WatchChangesRequest{})
	require.NoError(t, err)
	var told *entitlementsv1.Change
	for told == nil {
		batch, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range batch.GetChanges() {
			if c.GetName() == version.GetName() {
				told = c
			}
		}
	}
	require.Equal(t, "schedule.published", told.GetType())
	require.Equal(t, version.GetPublisher(), told.GetPrincipal())
	state := told.GetScheduleVersion()
	require.Equal(t, version.GetContentHash(), state.GetContentHash())
	require.Equal(t, version.GetInForceTime().AsTime(), state.GetInForceTime().AsTime())
	require.Equal(t, version.GetEtag(), state.GetEtag())

	head, err := s.feed.GetFeed(t.Context(), &entitlementsv1.GetFeedRequest{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, head.GetPosition(), told.GetPosition())
	_, err = s.as(auth.ServiceAgent).feed.GetFeed(t.Context(), &entitlementsv1.GetFeedRequest{})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = s.feed.LocateChange(t.Context(), &entitlementsv1.LocateChangeRequest{ConsistencyToken: "nonsense"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}
