package command

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// plansFeedFake says how far the plans service is.
type plansFeedFake struct {
	plansv1.UnimplementedFeedServiceServer
}

func (plansFeedFake) GetFollowing(context.Context, *plansv1.GetFollowingRequest) (*plansv1.GetFollowingResponse, error) {
	return &plansv1.GetFollowingResponse{Feeds: []*plansv1.FollowedFeed{
		{Service: "accounts", Position: 40, HeadPosition: 42, Behind: 2, RecordedTime: timestamppb.New(time.Date(2026, 3, 6, 16, 30, 0, 0, time.UTC))},
		{Service: "board", Position: 7, UnreachableReason: "the service answered Unavailable"},
	}}, nil
}

// aPlanFollowing reads the command of these tests.
func aPlanFollowing(t *testing.T, args ...string) string {
	t.Helper()
	server := grpc.NewServer()
	plansv1.RegisterFeedServiceServer(server, plansFeedFake{})
	var cli struct {
		Following PlanFollowing `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	env := &Env{Context: t.Context(), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Version: "test",
		Getenv: func(string) string { return "" }}
	args = append([]string{"following", "--server", listen(t, server), "--token-file", file(t, tokenFileName, "secret-token\n")}, args...)
	require.Zero(t, Run(env, &cli, args), stderr.String())
	return stdout.String()
}

func TestR35PlanFollowing(t *testing.T) {
	require.Equal(t, "SERVICE POSITION HEAD BEHIND RECORDED UNREACHABLE\n"+
		"accounts 40 42 2 2026-03-06T16:30:00Z\nboard 7 the service answered Unavailable\n", squeeze(aPlanFollowing(t)))
	text := aPlanFollowing(t, "--output", "json")
	require.Contains(t, text, `"behind": "2"`)
	require.Contains(t, text, `"unreachableReason": "the service answered Unavailable"`)
	require.Equal(t, "service,position,head,behind,recorded,unreachable\naccounts,40,42,2,2026-03-06T16:30:00Z,\nboard,7,,,,the service answered Unavailable\n",
		aPlanFollowing(t, "--output", "csv"))
}
