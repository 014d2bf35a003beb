package command

import (
	"errors"
	"fmt"
	"io"
	"os"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
)

// PlanStatementsIssue is `evenhand plan statements issue`.
type PlanStatementsIssue struct {
	Quarter      Quarter  `arg:"" placeholder:"QUARTER" help:"The quarter, as 2026-q3; it has ended."`
	Account      []string `placeholder:"ACCOUNT" help:"Only for this account; may be given again."`
	ValidateOnly bool     `help:"Only say how many would be issued."`
	RequestID    string   `name:"request-id" placeholder:"UUID" help:"Go on with an earlier call of this id, with what was known when it began."`
	To           string   `placeholder:"FOLDER" type:"path" help:"Write every issued statement of the quarter into this folder, as ACCOUNT-QUARTER.md, .html or .json, by --output."`
	StatementForm
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanStatementsIssue) Help() string {
	return `What is known when it begins is frozen: an issued statement comes out the same for ever, and what is told later stands beside it. What was issued before stays as it is, so the command can be given again.

Examples:

  evenhand plan statements issue 2026-q3 --validate-only
  evenhand plan statements issue 2026-q3 --to statements --output html
  evenhand plan statements issue 2026-q3 --account acme`
}

// Run issues and tells how far it is.
func (c *PlanStatementsIssue) Run(env *Env) error {
	if c.ValidateOnly && c.To != "" {
		return &usageError{"--validate-only issues nothing that could be written into --to"}
	}
	if c.To != "" {
		if err := os.MkdirAll(c.To, 0o700); err != nil {
			return fmt.Errorf("--to: %w", err)
		}
	}
	return c.with(env, func(s *session) error {
		request := &plansv1.IssueValueStatementsRequest{Quarter: string(c.Quarter), ValidateOnly: c.ValidateOnly, RequestId: c.RequestID}
		if request.GetRequestId() == "" {
			request.RequestId = newRequestID()
		}
		for _, account := range c.Account {
			if err := forAccount(env, s, account, func(name string) error {
				request.Accounts = append(request.Accounts, name)
				return nil
			}); err != nil {
				return err
			}
		}
		done, err := c.issue(env, s, request)
		if err != nil {
			return err
		}
		verb := "issued"
		if c.ValidateOnly {
			verb = "would be issued"
		}
		if _, err := fmt.Fprintf(env.Stdout, "%s: %s %s, %s were before, %s accounts were no customers\n", c.Quarter,
			showCount(int64(done.GetIssued())), verb, showCount(int64(done.GetAlreadyIssued())), showCount(int64(done.GetNotCustomers()))); err != nil || c.To == "" {
			return err
		}
		return c.export(env, s, request.GetAccounts(), done)
	})
}

func (c *PlanStatementsIssue) issue(env *Env, s *session, request *plansv1.IssueValueStatementsRequest) (*plansv1.IssueValueStatementsResponse, error) {
	stream, err := plansv1.NewStatementsServiceClient(s).IssueValueStatements(env.Context, request)
	if err != nil {
		return nil, err
	}
	steps := newSteps(env, "issued", -1)
	defer steps.end()
	var last *plansv1.IssueValueStatementsResponse
	for {
		step, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && last != nil:
			return last, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("the server ended without saying how far it came: give the command again")
		case err != nil:
			if last != nil {
				steps.end()
				env.note("%s of %s accounts are done: go on with --request-id %s", showCount(int64(last.GetDone())), showCount(int64(last.GetTotal())), request.GetRequestId())
			}
			return nil, err
		}
		last = step
		steps.tell(int(step.GetDone()), int(step.GetTotal()))
	}
}

// export writes the issued statements of the quarter into the folder: of the accounts, or
// of all where none is named.
func (c *PlanStatementsIssue) export(env *Env, s *session, accounts []string, done *plansv1.IssueValueStatementsResponse) error {
	steps := newSteps(env, "written", -1)
	defer steps.end()
	written := 0
	write := func(name string) error {
		text, err := c.read(env, s, &plansv1.GetValueStatementRequest{Name: name, View: plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_ISSUED})
		if err == nil {
			err = c.write(c.To, name, text)
		}
		if err == nil {
			written++
			steps.tell(written, int(done.GetIssued()+done.GetAlreadyIssued()))
		}
		return err
	}
	for _, account := range accounts {
		err := write(account + "/valueStatements/" + string(c.Quarter))
		if err != nil && reasonOf(err) != typev1.ErrorReason_ERROR_REASON_STATEMENT_NOT_ISSUED { // that of no customer is not issued
			return err
		}
	}
	if len(accounts) > 0 {
		return nil
	}
	for token, fetch := "", statementPages(env, s, "accounts/-", string(c.Quarter)); ; {
		some, err := fetch(200, token)
		if err != nil {
			return err
		}
		for _, v := range some.items {
			if v.GetIssue() == nil {
				continue
			}
			if err := write(v.GetName()); err != nil {
				return err
			}
		}
		if token = some.next; token == "" {
			return nil
		}
	}
}
