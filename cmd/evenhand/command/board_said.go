package command

import (
	"fmt"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardSaidAndDid is `evenhand board said-and-did`.
type BoardSaidAndDid struct {
	Board        string `placeholder:"BOARD" help:"Ideas given to the solicitations of a board."`
	Solicitation string `placeholder:"SOLICITATION" help:"Ideas given to a solicitation."`
	Account      string `placeholder:"ACCOUNT" help:"Ideas of an account."`
	Contact      string `placeholder:"CONTACT" help:"Ideas of a contact of the account."`
	From         Day    `placeholder:"DATE" help:"The first day of the period in which an idea was given, answered or followed up."`
	To           Day    `placeholder:"DATE" help:"The last day of the period."`
	Format       string `enum:"markdown,html,json" default:"markdown" help:"markdown, html or json (${default})."`
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardSaidAndDid) Help() string {
	return `"You said, we did": ideas, each with what the company answered and did, and how that came about.

Examples:

  evenhand board said-and-did --board advisory --from 2026-01-01 --to 2026-03-31
  evenhand board said-and-did --account brook-and-sons --contact jo-brook --format html > report.html`
}

// Run asks and prints.
func (c *BoardSaidAndDid) Run(env *Env) error {
	if c.Contact != "" && c.Account == "" && !strings.HasPrefix(c.Contact, "accounts/") {
		return &usageError{"--contact is one of an account: name that with --account"}
	}
	return c.with(env, func(s *session) error {
		account, err := optionalAccount(env, s, c.Account)
		if err != nil {
			return err
		}
		request := &boardv1.GetIdeaReportRequest{
			Solicitation: solicitationName(c.Solicitation), Account: account, Contact: contactName(account, c.Contact),
			FromDate: c.From.Date, ToDate: c.To.Date,
			Format: boardv1.GetIdeaReportRequest_Format(boardv1.GetIdeaReportRequest_Format_value["FORMAT_"+strings.ToUpper(c.Format)]),
		}
		if c.Board != "" {
			request.Board = boardName(c.Board)
		}
		ctx, cancel := s.call(env)
		defer cancel()
		report, err := boardv1.NewIdeasServiceClient(s).GetIdeaReport(ctx, request)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(env.Stdout, report.GetContent())
		return err
	})
}
