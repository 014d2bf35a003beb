package command

import (
	"context"
	"fmt"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// SessionsOpen is `evenhand plan sessions open`.
type SessionsOpen struct {
	SessionArg
	Etag         string `help:"Open it only if it is still at this etag."`
	ValidateOnly bool   `help:"Only say whether it can be opened."`
	sessionCall
}

// Help implements kong.HelpProvider.
func (*SessionsOpen) Help() string {
	return `It does not open while an earlier question of its owner, or to one of those invited, is past its decision date with ideas undecided.

Example:

  evenhand plan sessions open own-delivery --validate-only`
}

// Run opens and prints it.
func (c *SessionsOpen) Run(env *Env) error {
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.OpenStrategySession(ctx, &plansv1.OpenStrategySessionRequest{
			Name: c.name(), Etag: c.Etag, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
	})
}

// SessionsHold is `evenhand plan sessions hold`.
type SessionsHold struct {
	SessionArg
	On    Day      `placeholder:"DATE" help:"The day on which it took place; today, where it is not given."`
	Came  []string `placeholder:"ACCOUNT[/contacts/CONTACT]" help:"Who came, as acme/contacts/jo; may be repeated."`
	Notes string   `placeholder:"TEXT" help:"What was said."`
	Etag  string   `help:"Change it only if it is still at this etag."`
	sessionCall
}

// Run records and prints it.
func (c *SessionsHold) Run(env *Env) error {
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.HoldStrategySession(ctx, &plansv1.HoldStrategySessionRequest{Name: c.name(), HoldDate: c.On.Date,
			Attendance: attendeesOf(c.Came), Notes: c.Notes, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// SessionsAttend is `evenhand plan sessions attend`.
type SessionsAttend struct {
	SessionArg
	Came []string `arg:"" optional:"" placeholder:"ACCOUNT[/contacts/CONTACT]" help:"All who came, as acme/contacts/jo."`
	Etag string   `help:"Change it only if it is still at this etag."`
	sessionCall
}

// Run records and prints it.
func (c *SessionsAttend) Run(env *Env) error {
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.RecordSessionAttendance(ctx, &plansv1.RecordSessionAttendanceRequest{
			Name: c.name(), Attendance: attendeesOf(c.Came), Etag: c.Etag, RequestId: newRequestID()})
	})
}

// SessionsAnswer is `evenhand plan sessions answer`.
type SessionsAnswer struct {
	SessionArg
	Decision  string   `required:"" placeholder:"TEXT" help:"What was decided, in words for those who came."`
	Reason    string   `required:"" placeholder:"TEXT" help:"Why."`
	On        Day      `placeholder:"DATE" help:"The day on which it was decided; today, where it is not given."`
	By        string   `placeholder:"PRINCIPAL" help:"Who decided; the owner, where it is not given."`
	ChangedBy []string `placeholder:"IDEA,..." help:"The ideas that changed it; may be repeated."`
	Etag      string   `help:"Change it only if it is still at this etag."`
	sessionCall
}

// Help implements kong.HelpProvider.
func (*SessionsAnswer) Help() string {
	return `Every idea has its answer first: evenhand board ideas decide.

Example:

  evenhand plan sessions answer own-delivery --decision "Own vans, at a fixed hour." --reason "You asked for the hour." --changed-by 06ec616m000019f2kv66777lg4`
}

// Run answers and prints it.
func (c *SessionsAnswer) Run(env *Env) error {
	d := &plansv1.StrategySession_Decision{Text: c.Decision, Reason: c.Reason, DecideDate: c.On.Date, Decider: principalName(c.By)}
	for _, idea := range c.ChangedBy {
		d.ChangedBy = append(d.ChangedBy, ideaName(idea))
	}
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.AnswerStrategySession(ctx, &plansv1.AnswerStrategySessionRequest{Name: c.name(), Decision: d, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// SessionsCancel is `evenhand plan sessions cancel`.
type SessionsCancel struct {
	SessionArg
	Reason string `required:"" placeholder:"TEXT" help:"Why, in words for those who were invited."`
	Etag   string `help:"Change it only if it is still at this etag."`
	sessionCall
}

// Run cancels and prints it.
func (c *SessionsCancel) Run(env *Env) error {
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.CancelStrategySession(ctx, &plansv1.CancelStrategySessionRequest{Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// SessionsReport is `evenhand plan sessions report`.
type SessionsReport struct {
	SessionArg
	Account string `placeholder:"ACCOUNT" help:"For this account: it says which of the ideas are its own."`
	Format  string `enum:"markdown,text" default:"markdown" help:"markdown or text (${default})."`
	Connection
}

// Run asks and prints.
func (c *SessionsReport) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := optionalAccount(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		report, err := plansv1.NewSessionsServiceClient(s).GetSessionReport(ctx, &plansv1.GetSessionReportRequest{Name: c.name(), Account: account})
		if err != nil {
			return err
		}
		text := report.GetMarkdown()
		if c.Format == "text" {
			text = report.GetText()
		}
		_, err = fmt.Fprint(env.Stdout, text)
		return err
	})
}
