package command

import (
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// DraftsPropose is `evenhand schedule drafts propose`.
type DraftsPropose struct {
	DraftArg
	Etag string `help:"Propose it only if it still has this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsPropose) Help() string {
	return `Only a person proposes, and another approves.

Examples:

  evenhand schedule drafts propose ten-years`
}

// Run proposes the draft and prints it.
func (c *DraftsPropose) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).ProposeDraft(ctx, &entitlementsv1.ProposeDraftRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
		return c.printDraft(env, d, err)
	})
}

// DraftsApprove is `evenhand schedule drafts approve`.
type DraftsApprove struct {
	DraftArg
	Etag string `required:"" help:"The etag of the draft as you have read it; schedule drafts get prints it."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsApprove) Help() string {
	return `What was read is what is published: a draft that was changed since has another etag. Whoever proposed a draft, wrote some of it or asked for it cannot approve it, unless nobody else may.

Examples:

  evenhand schedule drafts get ten-years
  evenhand schedule drafts approve ten-years --etag 3-19b1c4d2a80`
}

// Run approves the draft and prints it.
func (c *DraftsApprove) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).ApproveDraft(ctx, &entitlementsv1.ApproveDraftRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
		return c.printDraft(env, d, err)
	})
}

// DraftEnding is why a draft ends.
type DraftEnding struct {
	DraftArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Only if it still has this etag."`
	Output
	Connection
}

// DraftsReject is `evenhand schedule drafts reject`.
type DraftsReject struct{ DraftEnding }

// Help implements kong.HelpProvider.
func (*DraftsReject) Help() string {
	return `The special request that the draft is of is open again.

Examples:

  evenhand schedule drafts reject ten-years --reason "It costs more than we earn by it."`
}

// Run rejects the draft and prints it.
func (c *DraftsReject) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).RejectDraft(ctx, &entitlementsv1.RejectDraftRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printDraft(env, d, err)
	})
}

// DraftsWithdraw is `evenhand schedule drafts withdraw`.
type DraftsWithdraw struct{ DraftEnding }

// Help implements kong.HelpProvider.
func (*DraftsWithdraw) Help() string {
	return `The special request that the draft is of is open again.

Examples:

  evenhand schedule drafts withdraw ten-years --reason "Another draft says it better."`
}

// Run withdraws the draft and prints it.
func (c *DraftsWithdraw) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).WithdrawDraft(ctx, &entitlementsv1.WithdrawDraftRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printDraft(env, d, err)
	})
}
