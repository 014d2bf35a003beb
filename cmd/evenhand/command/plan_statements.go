package command

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanStatements is `evenhand plan statements`.
type PlanStatements struct {
	Get     PlanStatementsGet     `cmd:"" help:"Write the value statement of an account for a quarter."`
	Entries PlanStatementsEntries `cmd:"" help:"List all that a figure of a statement is made of."`
	List    PlanStatementsList    `cmd:"" help:"List the statements of an account, or of all accounts for a quarter."`
	Sum     PlanStatementsSum     `cmd:"" help:"Add up the statements of a quarter, beside what the ledgers count."`
	Issue   PlanStatementsIssue   `cmd:"" help:"Issue the statements of a quarter that has ended."`
}

// Quarter is an argument or a flag that names a quarter of the calendar.
type Quarter string

// quarterPattern is what the API takes.
var quarterPattern = regexp.MustCompile(`^[0-9]{4}-q[1-4]$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (q *Quarter) UnmarshalText(text []byte) error {
	if !quarterPattern.Match(text) {
		return fmt.Errorf("%q is no quarter: write it as 2026-q3", text)
	}
	*q = Quarter(text)
	return nil
}

// StatementForm is the --output flag of commands that write statements.
type StatementForm struct {
	Output string `short:"o" default:"md" enum:"md,html,json" help:"In what form: md (Markdown), html (a page to print) or json (as the REST API has it) (${default})."`
}

// read returns a statement in the form that is asked for.
func (f StatementForm) read(env *Env, s *session, wanted *plansv1.GetValueStatementRequest) (string, error) {
	ctx, cancel := s.call(env)
	defer cancel()
	client := plansv1.NewStatementsServiceClient(s)
	if f.Output == "json" {
		statement, err := client.GetValueStatement(ctx, wanted)
		if err != nil {
			return "", err
		}
		text, err := indented(statement, "")
		return string(text) + "\n", err
	}
	format := plansv1.RenderValueStatementRequest_FORMAT_MARKDOWN
	if f.Output == "html" {
		format = plansv1.RenderValueStatementRequest_FORMAT_HTML
	}
	page, err := client.RenderValueStatement(ctx, &plansv1.RenderValueStatementRequest{
		Name: wanted.GetName(), View: wanted.GetView(), KnownTime: wanted.GetKnownTime(), Format: format})
	return page.GetContent(), err
}

// write puts a statement into a folder, under its account and quarter.
func (f StatementForm) write(folder, name, text string) error {
	parts := strings.Split(name, "/")
	path := filepath.Join(folder, parts[1]+"-"+parts[len(parts)-1]+"."+f.Output)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	return nil
}

// statementView reads the --view flag.
func statementView(view string) plansv1.ValueStatementView {
	return map[string]plansv1.ValueStatementView{
		"issued": plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_ISSUED, "current": plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_CURRENT}[view]
}

// StatementAsOf are the flags that say which statement of a quarter is wanted.
type StatementAsOf struct {
	View    string `default:"" enum:",issued,current" placeholder:"VIEW" help:"issued: as it was issued; current: as it is known now, with what came since it was issued. Otherwise the issued one where there is one."`
	KnownAt moment `name:"known-at" placeholder:"INSTANT" help:"As it was known at this RFC 3339 instant."`
}

func (a StatementAsOf) known() (*timestamppb.Timestamp, error) {
	if a.KnownAt.day != nil {
		return nil, &usageError{"--known-at takes an instant, as 2026-10-05T12:00:00Z: a day does not say when"}
	}
	return a.KnownAt.instant, nil
}

// PlanStatementsGet is `evenhand plan statements get`.
type PlanStatementsGet struct {
	AccountArg
	Quarter Quarter `arg:"" placeholder:"QUARTER" help:"The quarter, as 2026-q3."`
	StatementAsOf
	StatementForm
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanStatementsGet) Help() string {
	return `Examples:

  evenhand plan statements get acme 2026-q3
  evenhand plan statements get acme 2026-q3 --output html > acme.html
  evenhand plan statements get acme 2026-q3 --known-at 2026-10-05T12:00:00Z --output json`
}

// Run asks and prints.
func (c *PlanStatementsGet) Run(env *Env) error {
	known, err := c.known()
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(account string) error {
			text, err := c.read(env, s, &plansv1.GetValueStatementRequest{
				Name: account + "/valueStatements/" + string(c.Quarter), View: statementView(c.View), KnownTime: known})
			if err != nil {
				return err
			}
			_, err = io.WriteString(env.Stdout, text)
			return err
		})
	})
}

// PlanStatementsList is `evenhand plan statements list`.
type PlanStatementsList struct {
	Account string  `arg:"" optional:"" placeholder:"ACCOUNT" help:"Whose statements; with --quarter, those of all accounts are listed instead."`
	Quarter Quarter `placeholder:"QUARTER" help:"The quarter, as 2026-q3."`
	Limit   uint    `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *PlanStatementsList) Run(env *Env) error {
	if (c.Account == "") == (c.Quarter == "") {
		return &usageError{"name an account, or give --quarter for the statements of all accounts"}
	}
	return c.with(env, func(s *session) error {
		if c.Account == "" {
			return c.list(env, s, "accounts/-")
		}
		return forAccount(env, s, c.Account, func(account string) error { return c.list(env, s, account) })
	})
}

func (c *PlanStatementsList) list(env *Env, s *session, parent string) error {
	l := c.newList(env.Stdout, "valueStatements", "Statement", "Account", "Paid", "Received", "Rules waived", "Cases solved", "Promises missed", "Ideas adopted", "Issued")
	return eachPage(l, c.Limit, statementPages(env, s, parent, string(c.Quarter)), func(v *plansv1.ValueStatement) error {
		issued := showTime(v.GetIssue().GetIssueTime())
		if v.GetIssue().GetDiffers() {
			issued += " (differs from what it was)"
		}
		return l.add(v, v.GetName(), v.GetAccountDisplayName(), showFigure(v.GetFigures(), "paid"), showFigure(v.GetFigures(), "benefits"), showFigure(v.GetFigures(), "rules-waived"),
			showFigure(v.GetFigures(), "cases-solved"), showFigure(v.GetFigures(), "commitments-missed"), showFigure(v.GetFigures(), "ideas-adopted"), issued)
	})
}

// statementPages fetches the statements of an account, or of all for a quarter.
func statementPages(env *Env, s *session, parent, quarter string) func(size int32, token string) (page[*plansv1.ValueStatement], error) {
	client := plansv1.NewStatementsServiceClient(s)
	return func(size int32, token string) (page[*plansv1.ValueStatement], error) {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := client.ListValueStatements(ctx, &plansv1.ListValueStatementsRequest{Parent: parent, Quarter: quarter, PageSize: size, PageToken: token})
		return page[*plansv1.ValueStatement]{answer.GetValueStatements(), answer.GetNextPageToken()}, err
	}
}

// showFigure writes a figure: its amount, or how many.
func showFigure(list []*plansv1.StatementFigure, id string) string {
	for _, f := range list {
		switch {
		case f.GetId() != id:
		case f.GetAmount() != nil:
			return showMoney(f.GetAmount())
		default:
			return strconv.FormatInt(f.GetCount(), 10)
		}
	}
	return ""
}

// PlanStatementsSum is `evenhand plan statements sum`.
type PlanStatementsSum struct {
	Quarter Quarter `arg:"" placeholder:"QUARTER" help:"The quarter, as 2026-q3."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanStatementsSum) Help() string {
	return `What the statements of all accounts add up to, and what the ledgers of revenue and of benefits used count for the same days. A difference that stays, while "evenhand plan following" says that nothing is behind, is a fault.

Example:

  evenhand plan statements sum 2026-q3`
}

// Run asks and prints.
func (c *PlanStatementsSum) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		sum, err := plansv1.NewStatementsServiceClient(s).SumValueStatements(ctx, &plansv1.SumValueStatementsRequest{Quarter: string(c.Quarter)})
		if err != nil {
			return err
		}
		pairs := []pair{
			{"Quarter", showDay(sum.GetFromDate()) + " to " + showDay(sum.GetToDate())},
			{"Known", showTime(sum.GetKnownTime())},
			{"Accounts", strconv.Itoa(int(sum.GetAccounts()))},
			{"Issued", strconv.Itoa(int(sum.GetIssuedStatements()))},
		}
		for _, f := range sum.GetFigures() {
			pairs = append(pairs, pair{f.GetLabel(), showFigure(sum.GetFigures(), f.GetId())})
		}
		l := sum.GetLedgers()
		pairs = append(pairs,
			pair{"Ledger of revenue", showMoney(l.GetPaid())}, pair{"Difference paid", showMoney(l.GetPaidDifference())},
			pair{"Ledger of costs", showMoney(l.GetBenefits())}, pair{"Difference received", showMoney(l.GetBenefitsDifference())},
			pair{"Ledgers not reached", sum.GetUnreachableReason()})
		return c.printOne(env.Stdout, sum, pairs)
	})
}
