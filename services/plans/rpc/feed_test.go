package rpc_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

// fixedSource is a feed that ends, and then is as far as head says.
type fixedSource struct {
	batch feeds.Batch
	head  int64
	away  error
}

func (f fixedSource) Watch(_ context.Context, _ string, apply func(feeds.Batch) error) error {
	if err := apply(f.batch); err != nil {
		return err
	}
	return errSeen
}

func (f fixedSource) Head(context.Context) (int64, error) { return f.head, f.away }

func TestR35GetFollowingSaysHowFarBehindTheServiceIs(t *testing.T) {
	ctx := t.Context()
	store, err := docstore.OpenStore(ctx, teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	var followers []*feeds.Follower
	for service, source := range map[feeds.Service]fixedSource{
		feeds.Accounts:     {batch: feeds.Batch{Position: 40, Resume: "40", Recorded: noon}, head: 42},
		feeds.Entitlements: {away: status.Error(codes.Unavailable, "dial 10.0.0.7: no route")},
		feeds.Own:          {away: errors.New("the disk of /var/lib is full")},
	} {
		taken, stop := context.WithCancel(ctx)
		f, err := feeds.Open(ctx, store, service, feeds.Options{Source: source, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		followers = append(followers, f)
		done := make(chan error, 1)
		go func() { done <- f.Run(taken) }()
		require.Eventually(t, func() bool {
			lag, err := f.Lag(ctx)
			return err == nil && lag.Applied == source.batch.Position
		}, time.Minute, time.Millisecond)
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
	}
	slices.SortFunc(followers, func(a, b *feeds.Follower) int { return strings.Compare(string(a.Service()), string(b.Service())) })
	conn := connect(t, func(r grpc.ServiceRegistrar) {
		rpc.Service(rpc.Domain{Changes: changes.Open(store), Followers: followers}).Register(r)
	})
	answer, err := plansv1.NewFeedServiceClient(conn).GetFollowing(ctx, &plansv1.GetFollowingRequest{})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*plansv1.FollowedFeed{
		{Service: "accounts", Position: 40, HeadPosition: 42, Behind: 2, RecordedTime: stamp(noon)},
		{Service: "entitlements", UnreachableReason: "the service answered Unavailable"},
		{Service: "plans", UnreachableReason: "the feed could not be read"},
	}, answer.GetFeeds(), protocmp.Transform()))
}
