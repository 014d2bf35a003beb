package rpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// BoardSource follows the board service. It implements entitlements.BoardSource.
type BoardSource struct{ feed boardv1.FeedServiceClient }

var _ entitlements.BoardSource = (*BoardSource)(nil)

// NewBoardSource returns a source on a connection to the board service, whose calls carry
// a token that may watch changes: one of a principal with the role service.
func NewBoardSource(conn grpc.ClientConnInterface) *BoardSource {
	return &BoardSource{feed: boardv1.NewFeedServiceClient(conn)}
}

// WatchTerms implements entitlements.BoardSource.
func (s *BoardSource) WatchTerms(ctx context.Context, resume string, apply func(entitlements.TermBatch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.feed.WatchChanges(ctx, &boardv1.WatchChangesRequest{ResumeToken: resume})
	if err != nil {
		return watchError("board", err)
	}
	return receive("board", stream, func(answer *boardv1.WatchChangesResponse) error {
		batch, err := termsOf(answer)
		if err != nil {
			return err
		}
		return apply(batch)
	})
}

func termsOf(answer *boardv1.WatchChangesResponse) (entitlements.TermBatch, error) {
	batch := entitlements.TermBatch{Resume: answer.GetResumeToken(), CaughtUp: answer.GetCaughtUp()}
	for _, c := range answer.GetChanges() {
		batch.Position = c.GetPosition()
		for _, t := range c.GetTerms().GetTerms() {
			change, err := termOf(t)
			if err != nil {
				return batch, fmt.Errorf("change %d of the board feed: %s: %w", c.GetPosition(), t.GetName(), err)
			}
			change.Position, change.Told = c.GetPosition(), c.GetRecordedTime().AsTime()
			batch.Changes = append(batch.Changes, change)
		}
	}
	return batch, nil
}

// termOf says what of a term counts. That one ends as planned need not be told. The
// company, not the member, ends the terms of a board that it dissolves: who sat on it then
// has completed its term. A way to end that is not known here does not count.
func termOf(t *boardv1.Term) (entitlements.TermChange, error) {
	c := entitlements.TermChange{ID: t.GetName(), Account: strings.TrimPrefix(t.GetAccount(), accountPrefix)}
	ends, field := t.GetEndDate(), "end_date"
	if ends == nil {
		ends, field = t.GetPlannedEndDate(), "planned_end_date"
	}
	starts, err := wire.Day("start_date", t.GetStartDate())
	if err != nil {
		return c, err
	}
	end, err := wire.Day(field, ends)
	if err != nil {
		return c, err
	}
	c.Starts, c.Ends = civil.Day(starts), civil.Day(end)
	switch t.GetEnd() {
	case boardv1.Term_END_UNSPECIFIED, boardv1.Term_END_SERVED:
	case boardv1.Term_END_DISSOLVED:
		c.CutShort = c.Ends <= c.Starts // it had not begun
	default:
		c.CutShort = true
	}
	return c, nil
}
