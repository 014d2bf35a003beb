package rpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// BoardSource follows the board service. It implements feeds.Source.
type BoardSource struct {
	feed boardv1.FeedServiceClient
}

var _ feeds.Source = (*BoardSource)(nil)

// NewBoardSource returns a source on a connection to the board service, whose calls carry a
// token that may watch changes: one of a principal with the role service.
func NewBoardSource(conn grpc.ClientConnInterface) *BoardSource {
	return &BoardSource{feed: boardv1.NewFeedServiceClient(conn)}
}

// Watch implements feeds.Source.
func (s *BoardSource) Watch(ctx context.Context, resume string, apply func(feeds.Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.feed.WatchChanges(ctx, &boardv1.WatchChangesRequest{ResumeToken: resume})
	if err != nil {
		return watchError(feeds.Board, err)
	}
	return receive(feeds.Board, stream, func(answer *boardv1.WatchChangesResponse) error {
		batch, err := boardBatch(answer)
		if err != nil {
			return err
		}
		return apply(batch)
	})
}

// Head implements feeds.Source.
func (s *BoardSource) Head(ctx context.Context) (int64, error) {
	feed, err := s.feed.GetFeed(ctx, &boardv1.GetFeedRequest{})
	return feed.GetPosition(), err
}

func boardBatch(answer *boardv1.WatchChangesResponse) (feeds.Batch, error) {
	batch := feeds.Batch{Resume: answer.GetResumeToken()}
	for _, c := range answer.GetChanges() {
		batch.Position, batch.Recorded = c.GetPosition(), c.GetRecordedTime().AsTime()
		change := feeds.Change{Service: feeds.Board, Position: c.GetPosition(), Type: c.GetType(), Name: c.GetName(),
			At: c.GetTime().AsTime(), Recorded: batch.Recorded, Principal: c.GetPrincipal()}
		concerns, err := readBoard(&change, c)
		if err != nil {
			return batch, fmt.Errorf("change %d of the board feed: %w", c.GetPosition(), err)
		}
		if concerns {
			batch.Changes = append(batch.Changes, change)
		}
	}
	return batch, nil
}

// readBoard reads the state that a change tells; false where it does not concern this
// service.
func readBoard(change *feeds.Change, c *boardv1.Change) (concerns bool, err error) {
	switch state := c.GetState().(type) {
	case *boardv1.Change_Terms:
		for _, t := range state.Terms.GetTerms() {
			term, err := termIn(t)
			if err != nil {
				return false, fmt.Errorf("%s: %w", t.GetName(), err)
			}
			change.Terms = append(change.Terms, term)
		}
	case *boardv1.Change_Idea:
		change.Idea, err = ideaIn(state.Idea)
	case *boardv1.Change_Solicitation:
		change.Solicitation = solicitationIn(state.Solicitation)
	default:
		return false, nil
	}
	return true, err
}

// dayIn reads a day that another service tells; civil.Never for none.
func dayIn(field string, d *date.Date) (civil.Day, error) {
	if d == nil {
		return civil.Never, nil
	}
	day, err := wire.Day(field, d)
	return civil.Day(day), err
}

func termIn(in *boardv1.Term) (feeds.Term, error) {
	t := feeds.Term{Name: in.GetName(), Board: names.First(in.GetName(), "boards"), Account: strings.TrimPrefix(in.GetAccount(), accountPrefix), Contact: in.GetContact()}
	var err error
	if t.Start, err = dayIn("start_date", in.GetStartDate()); err != nil {
		return t, err
	}
	if t.PlannedEnd, err = dayIn("planned_end_date", in.GetPlannedEndDate()); err != nil {
		return t, err
	}
	t.End, err = dayIn("end_date", in.GetEndDate())
	return t, err
}

var ideaOutcomes = map[boardv1.Disposition_Outcome]feeds.Outcome{
	boardv1.Disposition_OUTCOME_ADOPT: feeds.Adopted, boardv1.Disposition_OUTCOME_TRIAL: feeds.Tried,
	boardv1.Disposition_OUTCOME_DECLINE: feeds.Declined, boardv1.Disposition_OUTCOME_ALREADY_THERE: feeds.AlreadyThere,
}

func ideaIn(in *boardv1.Idea) (*feeds.Idea, error) {
	i := &feeds.Idea{Name: in.GetName(), Account: strings.TrimPrefix(in.GetAccount(), accountPrefix), Contact: in.GetContact(),
		Solicitation: in.GetSolicitation(), Board: in.GetBoard(), Title: in.GetTitle(), MergedInto: in.GetMergedInto()}
	if d := in.GetDisposition(); d != nil && in.GetState() == boardv1.Idea_STATE_DECIDED {
		i.Outcome, i.Decided = ideaOutcomes[d.GetOutcome()], d.GetDecideTime().AsTime()
	}
	for _, m := range in.GetMergedIdeas() {
		merged := feeds.MergedIdea{Name: m.GetIdea(), Account: strings.TrimPrefix(m.GetAccount(), accountPrefix), Title: m.GetTitle()}
		if m.GetMergeTime() != nil {
			merged.At = m.GetMergeTime().AsTime()
		}
		i.Merged = append(i.Merged, merged)
	}
	var err error
	i.Given, err = dayIn("submit_date", in.GetSubmitDate())
	return i, err
}

func solicitationIn(in *boardv1.Solicitation) *feeds.Solicitation {
	state := strings.ToLower(strings.TrimPrefix(in.GetState().String(), "STATE_"))
	return &feeds.Solicitation{Name: in.GetName(), State: state, Withdrawal: in.GetWithdrawalReason()}
}
