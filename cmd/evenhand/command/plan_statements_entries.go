package command

import (
	"strconv"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanStatementsEntries is `evenhand plan statements entries`.
type PlanStatementsEntries struct {
	AccountArg
	Quarter Quarter `arg:"" placeholder:"QUARTER" help:"The quarter, as 2026-q3."`
	Figure  string  `arg:"" placeholder:"FIGURE" help:"The figure, as paid, benefits or cases-solved."`
	StatementAsOf
	Limit uint `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanStatementsEntries) Help() string {
	return `What a figure counts is what its entries add up to. What was paid is told in chunks of the ledger: "evenhand revenue list ACCOUNT --filter" lists the revenue entries of one.

Examples:

  evenhand plan statements entries acme 2026-q3 benefits
  evenhand plan statements entries acme 2026-q3 paid --view issued --output csv`
}

// Run asks and prints.
func (c *PlanStatementsEntries) Run(env *Env) error {
	known, err := c.known()
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(account string) error {
			client := plansv1.NewStatementsServiceClient(s)
			l := c.newList(env.Stdout, "entries", "Entry", "Date", "Count", "Amount", "Minutes", "Subject", "Text")
			return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.StatementEntry], error) {
				ctx, cancel := s.call(env)
				defer cancel()
				answer, err := client.ListValueStatementEntries(ctx, &plansv1.ListValueStatementEntriesRequest{
					Parent: account + "/valueStatements/" + string(c.Quarter), Figure: c.Figure, View: statementView(c.View), KnownTime: known,
					PageSize: size, PageToken: token})
				return page[*plansv1.StatementEntry]{answer.GetEntries(), answer.GetNextPageToken()}, err
			}, func(e *plansv1.StatementEntry) error {
				return l.add(e, e.GetName(), showDay(e.GetDate()), strconv.FormatInt(e.GetCount(), 10), showAmount(e.GetAmount()),
					strconv.FormatInt(e.GetMinutes(), 10), e.GetSubject(), e.GetText())
			})
		})
	})
}
