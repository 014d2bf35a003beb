package command

import (
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanActivate is `evenhand plan activate`.
type PlanActivate struct {
	PlanArg
	Reason       string `placeholder:"TEXT" help:"What the review brought, or what else there is to say."`
	Etag         string `help:"Activate it only if it is still at this etag."`
	ValidateOnly bool   `help:"Only say whether it can be activated."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanActivate) Help() string {
	return `Contacts are planned by an active plan. It must say the customer's own goals, each with what is measured, from where
to where and by when; what reaching them means for the customer's own customers; what we contribute; and how we keep in
touch. All that is missing is named at once. After a review, it ends the review.

Example:

  evenhand plan activate acme`
}

// Run activates and prints it.
func (c *PlanActivate) Run(env *Env) error {
	return c.onPlan(env, c.Output, c.Plan, func(s *session, client plansv1.PlansServiceClient, name string) (*plansv1.Plan, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.ActivatePlan(ctx, &plansv1.ActivatePlanRequest{
			Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
	})
}

// PlanReview is `evenhand plan review`.
type PlanReview struct {
	PlanArg
	Reason string `required:"" placeholder:"TEXT" help:"Why it is reviewed."`
	Etag   string `help:"Begin it only if the plan is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanReview) Help() string {
	return `The plan goes on meanwhile. "evenhand plan activate" ends the review.

Example:

  evenhand plan review acme --reason "The year ends."`
}

// Run begins the review and prints the plan.
func (c *PlanReview) Run(env *Env) error {
	return c.onPlan(env, c.Output, c.Plan, func(s *session, client plansv1.PlansServiceClient, name string) (*plansv1.Plan, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.ReviewPlan(ctx, &plansv1.ReviewPlanRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// PlanClose is `evenhand plan close`.
type PlanClose struct {
	PlanArg
	Reason string `required:"" placeholder:"TEXT" help:"Why it ends."`
	Etag   string `help:"End it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanClose) Help() string {
	return `Example:

  evenhand plan close acme --reason "They merged with Brick, whose plan goes on."`
}

// Run ends and prints it.
func (c *PlanClose) Run(env *Env) error {
	return c.onPlan(env, c.Output, c.Plan, func(s *session, client plansv1.PlansServiceClient, name string) (*plansv1.Plan, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.ClosePlan(ctx, &plansv1.ClosePlanRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// PlanReopen is `evenhand plan reopen`.
type PlanReopen struct {
	PlanArg
	Reason string `required:"" placeholder:"TEXT" help:"Why it goes on."`
	Etag   string `help:"Reopen it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanReopen) Help() string {
	return `It has all that it had, and is a draft again.

Example:

  evenhand plan reopen acme --reason "They came back."`
}

// Run reopens and prints it.
func (c *PlanReopen) Run(env *Env) error {
	return c.onPlan(env, c.Output, c.Plan, func(s *session, client plansv1.PlansServiceClient, name string) (*plansv1.Plan, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.ReopenPlan(ctx, &plansv1.ReopenPlanRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}
