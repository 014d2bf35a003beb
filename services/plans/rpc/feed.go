package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/feed"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// feedHandler serves FeedService.
type feedHandler struct {
	plansv1.UnimplementedFeedServiceServer
	feed *changes.Feed
	// followers follow the other services.
	followers []*feeds.Follower
}

// WatchChanges implements FeedService.
func (h *feedHandler) WatchChanges(r *plansv1.WatchChangesRequest, stream grpc.ServerStreamingServer[plansv1.WatchChangesResponse]) error {
	return h.feed.Watch(stream.Context(), r.GetResumeToken(), r.GetStatesOf(), func(b feed.Batch[changes.Told]) error {
		out := &plansv1.WatchChangesResponse{
			ResumeToken: b.Resume, CaughtUp: b.CaughtUp, Age: durationpb.New(b.Age), Changes: make([]*plansv1.Change, len(b.Changes))}
		for i := range b.Changes {
			out.Changes[i] = changeOut(&b.Changes[i])
		}
		return stream.Send(out)
	})
}

func changeOut(c *feed.Change[changes.Told]) *plansv1.Change {
	out := &plansv1.Change{
		Position: c.Position, Source: c.Source, Version: c.Version, Type: c.Type, Name: c.State.Name,
		Time: wire.Timestamp(c.At), RecordedTime: wire.Timestamp(c.Recorded), Principal: c.Principal,
	}
	switch told := &c.State; {
	case told.Plan != nil:
		out.State = &plansv1.Change_Plan{Plan: planOut(*told.Plan, 0)}
	case told.Template != nil:
		out.State = &plansv1.Change_PlanTemplate{PlanTemplate: templateOut(*told.Template)}
	case told.Touchpoint != nil:
		out.State = &plansv1.Change_Touchpoint{Touchpoint: touchpointOut(*told.Touchpoint, 0)}
	case told.Absence != nil:
		out.State = &plansv1.Change_Absence{Absence: absenceOut(*told.Absence)}
	case told.SignalRule != nil:
		out.State = &plansv1.Change_SignalRule{SignalRule: signalRuleOut(*told.SignalRule)}
	case told.Suggestion != nil:
		out.State = &plansv1.Change_Suggestion{Suggestion: suggestionOut(*told.Suggestion)}
	case told.Expert != nil:
		out.State = &plansv1.Change_Expert{Expert: expertOut(*told.Expert)}
	case told.Engagement != nil:
		out.State = &plansv1.Change_Engagement{Engagement: engagementOut(*told.Engagement, false)}
	case told.Project != nil:
		out.State = &plansv1.Change_InnovationProject{InnovationProject: projectOut(*told.Project)}
	case told.PointRules != nil:
		out.State = &plansv1.Change_PointRules{PointRules: pointRulesOut(*told.PointRules)}
	case told.Session != nil:
		out.State = &plansv1.Change_StrategySession{StrategySession: sessionOut(*told.Session, 0)}
	case told.RewardEntry != nil:
		out.State = &plansv1.Change_RewardEntry{RewardEntry: rewardEntryOut(*told.RewardEntry)}
	}
	return out
}

// GetFeed implements FeedService.
func (h *feedHandler) GetFeed(ctx context.Context, _ *plansv1.GetFeedRequest) (*plansv1.Feed, error) {
	position, resume, err := h.feed.Head(ctx)
	if err != nil {
		return nil, err
	}
	return &plansv1.Feed{Position: position, ResumeToken: resume}, nil
}

// LocateChange implements FeedService.
func (h *feedHandler) LocateChange(ctx context.Context, r *plansv1.LocateChangeRequest) (*plansv1.LocateChangeResponse, error) {
	token, err := consistency.Parse("consistency_token", r.GetConsistencyToken())
	if err != nil {
		return nil, err
	}
	position, err := h.feed.Locate(ctx, token.Aggregate, token.Version)
	if err != nil {
		return nil, err
	}
	return &plansv1.LocateChangeResponse{Position: position}, nil
}

// GetFollowing implements FeedService.
func (h *feedHandler) GetFollowing(ctx context.Context, _ *plansv1.GetFollowingRequest) (*plansv1.GetFollowingResponse, error) {
	out := &plansv1.GetFollowingResponse{}
	for _, follower := range h.followers {
		lag, err := follower.Lag(ctx)
		if err != nil {
			return nil, err
		}
		feed := &plansv1.FollowedFeed{Service: string(lag.Service), Position: lag.Applied, HeadPosition: lag.Head, Behind: lag.Behind(),
			RecordedTime: wire.Timestamp(lag.Recorded)}
		if lag.Unreachable != nil {
			feed.UnreachableReason = unreachable(lag.Unreachable)
		}
		out.Feeds = append(out.Feeds, feed)
	}
	return out, nil
}

// unreachable says why a service was not reached, in words that name nothing inside it.
func unreachable(err error) string {
	if code := status.Code(err); code != codes.Unknown {
		return fmt.Sprintf("the service answered %s", code)
	}
	return "the feed could not be read"
}
