package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/wire"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// feedServer implements FeedService.
type feedServer struct {
	accountsv1.UnimplementedFeedServiceServer
	feed *accounts.Feed
}

func (s *feedServer) WatchChanges(r *accountsv1.WatchChangesRequest, stream grpc.ServerStreamingServer[accountsv1.WatchChangesResponse]) error {
	return s.feed.Watch(stream.Context(), r.GetResumeToken(), r.GetStatesOf(), func(c accounts.Changes) error {
		out := &accountsv1.WatchChangesResponse{
			ResumeToken: c.Resume, CaughtUp: c.CaughtUp, Age: durationpb.New(c.Age), Changes: make([]*accountsv1.Change, len(c.Changes))}
		for i := range c.Changes {
			out.Changes[i] = changeOf(&c.Changes[i])
		}
		return stream.Send(out)
	})
}

func changeOf(c *accounts.Change) *accountsv1.Change {
	out := &accountsv1.Change{
		Position: c.Position, Source: c.Source, Version: c.Version, Type: c.Type,
		Time: wire.Timestamp(c.At), RecordedTime: wire.Timestamp(c.Recorded), Principal: c.Principal,
	}
	switch {
	case c.State.Revenue != nil:
		out.State = &accountsv1.Change_Revenue{Revenue: &accountsv1.RevenueChunk{
			Accounts: c.State.Revenue.Accounts, AccountIndex: c.State.Revenue.Index, Days: c.State.Revenue.Days, MinorUnits: c.State.Revenue.Minor}}
	case c.State.Account != nil:
		_, id, _ := strings.Cut(c.Source, "/")
		out.State = &accountsv1.Change_Account{Account: accountState(id, c.State.Account)}
	case c.State.Company != nil:
		out.State = &accountsv1.Change_Company{Company: companyState(c.State.Company)}
	}
	return out
}

func (s *feedServer) GetFeed(ctx context.Context, _ *accountsv1.GetFeedRequest) (*accountsv1.Feed, error) {
	position, resume, err := s.feed.Head(ctx)
	if err != nil {
		return nil, err
	}
	return &accountsv1.Feed{ResumeToken: resume, Position: position}, nil
}

func (s *feedServer) LocateChange(ctx context.Context, r *accountsv1.LocateChangeRequest) (*accountsv1.LocateChangeResponse, error) {
	token, err := consistency.Parse("consistency_token", r.GetConsistencyToken())
	if err != nil {
		return nil, err
	}
	position, err := s.feed.Locate(ctx, token.Aggregate, token.Version)
	if err != nil {
		return nil, err
	}
	return &accountsv1.LocateChangeResponse{Position: position}, nil
}
