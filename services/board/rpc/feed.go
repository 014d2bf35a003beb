package rpc

import (
	"context"
	"math"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/feed"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/advice"
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
		Position: c.Position, Source: c.Source, Version: c.Version, Type: c.Type, Name: c.State.Name, Description: c.State.Description,
		Time: wire.Timestamp(c.At), RecordedTime: wire.Timestamp(c.Recorded), Principal: c.Principal,
	}
	tellState(out, &c.State)
	return out
}

// noDay is before every day: what a day brings about has not come on it.
const noDay civil.Day = math.MinInt32

// tellState gives a change the state that it led to, where it has one.
func tellState(out *boardv1.Change, told *board.Told) {
	switch {
	case told.Board != nil:
		out.State = &boardv1.Change_Board{Board: boardOf(*told.Board)}
	case told.Charter != nil:
		out.State = &boardv1.Change_Charter{Charter: charterOf(*told.Charter)}
	case told.Candidate != nil:
		out.State = &boardv1.Change_Candidate{Candidate: candidateOf(*told.Candidate, board.Account{})}
	case told.Rotation != nil:
		out.State = &boardv1.Change_Rotation{Rotation: rotationOf(*told.Rotation, nil)}
	case told.Finding != nil:
		out.State = &boardv1.Change_Finding{Finding: findingOf(*told.Finding)}
	case told.Lottery != nil:
		out.State = &boardv1.Change_Lottery{Lottery: lotteryOf(*told.Lottery)}
	case told.Meeting != nil:
		out.State = &boardv1.Change_Meeting{Meeting: meetingOf(*told.Meeting, noDay)}
	case told.Solicitation != nil:
		asked := advice.Asked{Stored: *told.Solicitation, State: told.Solicitation.State.State(noDay)}
		out.State = &boardv1.Change_Solicitation{Solicitation: solicitationOf(asked)}
	case told.Idea != nil:
		out.State = &boardv1.Change_Idea{Idea: ideaOf(*told.Idea, noDay)}
	case len(told.Terms) > 0:
		changed := &boardv1.TermsChanged{}
		for i := range told.Terms {
			changed.Terms = append(changed.Terms, termState(last(told.Name), &told.Terms[i]))
		}
		out.State = &boardv1.Change_Terms{Terms: changed}
	}
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
