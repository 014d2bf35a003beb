package demo

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// value publishes what relationship work is worth: one writes it, another approves it.
func (p *planner) value(ctx context.Context) error {
	author, approver := plansv1.NewRewardsServiceClient(p.as(author.id)), plansv1.NewRewardsServiceClient(p.as(approver.id))
	rules, err := author.CreatePointRules(ctx, &plansv1.CreatePointRulesRequest{RequestId: once("points"), PointRules: &plansv1.PointRules{
		EffectiveDate: toDate(p.day(plannedSince)), Reason: "Who looks after customers well should see it, whatever they order.",
		Rules: []*plansv1.PointRule{
			{Id: "contact", Work: "touchpoint-done", Points: 2},
			{Id: "help", Work: "engagement-completed", Points: 20, MinRating: 3},
			{Id: "project", Work: "project-confirmed", Points: 60, TeamSharePercent: 40, Confirmed: true},
			{Id: "session", Work: "session-answered", Points: 25},
			{Id: "hint", Work: "suggestion-acted-on", Points: 3},
			{Id: "goal", Work: "goal-reached", Points: 30},
		},
		Caps: &plansv1.PointCaps{PersonMonthPoints: 300, AccountMonthPoints: 120}}})
	if err != nil {
		return err
	}
	name := rules.GetName()
	if rules, err = author.GetPointRules(ctx, &plansv1.GetPointRulesRequest{Name: name}); err != nil {
		return err
	}
	if rules.GetState() == plansv1.PointRules_STATE_DRAFT {
		if rules, err = author.ProposePointRules(ctx, &plansv1.ProposePointRulesRequest{Name: name, RequestId: once("propose points")}); err != nil {
			return err
		}
	}
	if rules.GetState() == plansv1.PointRules_STATE_PROPOSED {
		_, err = approver.ApprovePointRules(ctx, &plansv1.ApprovePointRulesRequest{Name: name, Etag: rules.GetEtag(), RequestId: once("approve points")})
	}
	return err
}

// issue issues the value statements of the last quarter, as soon as all of it is known.
func (p *planner) issue(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, waitApplied)
	defer cancel()
	for {
		err := p.issueOnce(ctx)
		if status.Code(err) != codes.Unavailable {
			return err
		}
		select {
		case <-time.After(waitHeard):
		case <-ctx.Done():
			return err
		}
	}
}

func (p *planner) issueOnce(ctx context.Context) error {
	call, err := plansv1.NewStatementsServiceClient(p.as(approver.id)).IssueValueStatements(ctx, &plansv1.IssueValueStatementsRequest{
		Quarter: LastQuarter(p.data.Today), RequestId: once("statements")})
	for err == nil {
		_, err = call.Recv()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
