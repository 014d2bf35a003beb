package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/feed"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
)

// feedServer implements FeedService.
type feedServer struct {
	boardv1.UnimplementedFeedServiceServer
	feed *board.Feed
}

func (s *feedServer) WatchChanges(r *boardv1.WatchChangesRequest, stream grpc.ServerStreamingServer[boardv1.WatchChangesResponse]) error {
	return s.feed.Watch(stream.Context(), r.GetResumeToken(), nil, func(b feed.Batch[board.Told]) error {
		out := &boardv1.WatchChangesResponse{
			ResumeToken: b.Resume, CaughtUp: b.CaughtUp, Age: durationpb.New(b.Age), Changes: make([]*boardv1.Change, len(b.Changes))}
		for i := range b.Changes {
			out.Changes[i] = changeOf(&b.Changes[i])
		}
		return stream.Send(out)
	})
}

func changeOf(c *feed.Change[board.Told]) *boardv1.Change {
	out := &boardv1.Change{
		Position: c.Position, Source: c.Source, Version: c.Version, Type: c.Type,
		Time: wire.Timestamp(c.At), RecordedTime: wire.Timestamp(c.Recorded), Principal: c.Principal,
	}
	if c.State.Board != nil {
		_, id, _ := strings.Cut(c.Source, "/")
		out.State = &boardv1.Change_Board{Board: boardState(id, c.State.Board)}
	}
	if len(c.State.Terms) > 0 {
		_, id, _ := strings.Cut(c.Source, "/")
		changed := &boardv1.TermsChanged{}
		for i := range c.State.Terms {
			changed.Terms = append(changed.Terms, termState(id, &c.State.Terms[i]))
		}
		out.State = &boardv1.Change_Terms{Terms: changed}
	}
	return out
}

func (s *feedServer) GetFeed(ctx context.Context, _ *boardv1.GetFeedRequest) (*boardv1.Feed, error) {
	position, resume, err := s.feed.Head(ctx)
	if err != nil {
		return nil, err
	}
	return &boardv1.Feed{ResumeToken: resume, Position: position}, nil
}

func (s *feedServer) LocateChange(ctx context.Context, r *boardv1.LocateChangeRequest) (*boardv1.LocateChangeResponse, error) {
	token, err := consistency.Parse("consistency_token", r.GetConsistencyToken())
	if err != nil {
		return nil, err
	}
	position, err := s.feed.Locate(ctx, token.Aggregate, token.Version)
	if err != nil {
		return nil, err
	}
	return &boardv1.LocateChangeResponse{Position: position}, nil
}
