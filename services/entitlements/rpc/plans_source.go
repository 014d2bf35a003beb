package rpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// PlansSource follows the plans service. It implements entitlements.PlansSource.
type PlansSource struct{ feed plansv1.FeedServiceClient }

var _ entitlements.PlansSource = (*PlansSource)(nil)

// NewPlansSource returns a source on a connection to the plans service, whose calls carry a
// token that may watch changes: one of a principal with the role service.
func NewPlansSource(conn grpc.ClientConnInterface) *PlansSource {
	return &PlansSource{feed: plansv1.NewFeedServiceClient(conn)}
}

// projectsOf is what of the plans' feed is told with its state here.
var projectsOf = []string{"innovation_projects"}

// WatchProjects implements entitlements.PlansSource.
func (s *PlansSource) WatchProjects(ctx context.Context, resume string, apply func(entitlements.ProjectBatch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.feed.WatchChanges(ctx, &plansv1.WatchChangesRequest{ResumeToken: resume, StatesOf: projectsOf})
	if err != nil {
		return watchError("plans", err)
	}
	return receive("plans", stream, func(answer *plansv1.WatchChangesResponse) error {
		batch, err := projectsIn(answer)
		if err != nil {
			return err
		}
		return apply(batch)
	})
}

func projectsIn(answer *plansv1.WatchChangesResponse) (entitlements.ProjectBatch, error) {
	batch := entitlements.ProjectBatch{Resume: answer.GetResumeToken(), CaughtUp: answer.GetCaughtUp()}
	for _, c := range answer.GetChanges() {
		batch.Position = c.GetPosition()
		p := c.GetInnovationProject()
		if p == nil || len(p.GetConfirmations()) == 0 { // it counts for nobody yet
			continue
		}
		change := entitlements.ProjectChange{Position: c.GetPosition(), ID: p.GetName(), Told: c.GetRecordedTime().AsTime()}
		for _, x := range p.GetConfirmations() {
			confirmation, err := confirmationOf(x)
			if err != nil {
				return batch, fmt.Errorf("change %d of the plans feed: %s: %w", c.GetPosition(), p.GetName(), err)
			}
			change.Confirmations = append(change.Confirmations, confirmation)
		}
		batch.Changes = append(batch.Changes, change)
	}
	return batch, nil
}

// confirmationOf says from which day on a confirmation counts, and until which.
func confirmationOf(x *plansv1.InnovationProject_Confirmation) (entitlements.Confirmation, error) {
	c := entitlements.Confirmation{Account: strings.TrimPrefix(x.GetAccount(), accountPrefix), To: civil.Never}
	from, err := wire.Day("confirm_date", x.GetConfirmDate())
	if err != nil {
		return c, err
	}
	c.From = civil.Day(from)
	if w := x.GetWithdrawal(); w != nil {
		to, err := wire.Day("withdraw_date", w.GetWithdrawDate())
		if err != nil {
			return c, err
		}
		c.To = civil.Day(to)
	}
	return c, nil
}
