package command

import (
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// SolicitOpen is `evenhand board solicit open`.
type SolicitOpen struct {
	SolicitationArg
	Asked        Day    `placeholder:"DATE" help:"The day on which it was asked, where that was before it was entered here."`
	ValidateOnly bool   `help:"Only say whether it can be opened."`
	Etag         string `help:"Open it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SolicitOpen) Help() string {
	return `While an earlier solicitation of its owner, or to its audience, is past its decision date with ideas undecided,
it cannot be opened; each is named. Decide those ideas first.

Example:

  evenhand board solicit open freight --validate-only`
}

// Run opens and prints it.
func (c *SolicitOpen) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		n, err := boardv1.NewSolicitationsServiceClient(s).OpenSolicitation(ctx, &boardv1.OpenSolicitationRequest{
			Name: c.name(), OpenDate: c.Asked.Date, Etag: c.Etag, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
		return c.printSolicitation(env, n, err)
	})
}

// SolicitClose is `evenhand board solicit close`.
type SolicitClose struct {
	SolicitationArg
	Etag string `help:"Close it only if it is still at this etag."`
	Output
	Connection
}

// Run closes and prints it.
func (c *SolicitClose) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		n, err := boardv1.NewSolicitationsServiceClient(s).CloseSolicitation(ctx, &boardv1.CloseSolicitationRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
		return c.printSolicitation(env, n, err)
	})
}

// SolicitAnswer is `evenhand board solicit answer`.
type SolicitAnswer struct {
	SolicitationArg
	Answer string `placeholder:"TEXT" help:"What the company decided, in sum."`
	Etag   string `help:"Answer it only if it is still at this etag."`
	Output
	Connection
}

// Run answers and prints it.
func (c *SolicitAnswer) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		n, err := boardv1.NewSolicitationsServiceClient(s).AnswerSolicitation(ctx, &boardv1.AnswerSolicitationRequest{
			Name: c.name(), Answer: c.Answer, Etag: c.Etag, RequestId: newRequestID()})
		return c.printSolicitation(env, n, err)
	})
}

// SolicitWithdraw is `evenhand board solicit withdraw`.
type SolicitWithdraw struct {
	SolicitationArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Withdraw it only if it is still at this etag."`
	Output
	Connection
}

// Run withdraws and prints it.
func (c *SolicitWithdraw) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		n, err := boardv1.NewSolicitationsServiceClient(s).WithdrawSolicitation(ctx, &boardv1.WithdrawSolicitationRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printSolicitation(env, n, err)
	})
}
