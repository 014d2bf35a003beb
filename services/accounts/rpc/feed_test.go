package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/server"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Changes of large accounts come in more messages, each of which a client of gRPC takes:
// one too large would be sent again and again, and the feed would stand still for good.
func TestWatchChangesTellsLargeAccountsInMessagesOfBoundedSize(t *testing.T) {
	const (
		updates = 100
		usual   = 4 << 20 // the largest message that a client of gRPC takes unless it is told otherwise
	)
	s := serve(t)
	ctx := deadline(t)
	large := &accountsv1.Account{Name: "accounts/acme"}
	for i := range 50 {
		large.Goals = append(large.Goals, &accountsv1.Goal{Statement: fmt.Sprint(i, strings.Repeat("é", 1750))})
	}
	require.Greater(t, updates*proto.Size(large), server.MaxAnswerBytes)
	_, err := s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{AccountId: "acme", Account: &accountsv1.Account{}})
	require.NoError(t, err)
	for i := range updates {
		large.DisplayName = fmt.Sprint(i)
		_, err := s.accounts.UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{Account: large})
		require.NoError(t, err)
	}
	head, err := s.feed.GetFeed(ctx, &accountsv1.GetFeedRequest{})
	require.NoError(t, err)
	stream, err := s.feed.WatchChanges(ctx, &accountsv1.WatchChangesRequest{})
	require.NoError(t, err)
	last := ""
	for position := int64(0); position < head.GetPosition(); {
		m, err := stream.Recv()
		require.NoError(t, err)
		require.Less(t, proto.Size(m), usual)
		for _, c := range m.GetChanges() {
			position++
			require.Equal(t, position, c.GetPosition(), "no gaps")
			last = c.GetAccount().GetDisplayName()
		}
	}
	require.Equal(t, fmt.Sprint(updates-1), last)
}
