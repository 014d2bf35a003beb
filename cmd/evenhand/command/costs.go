package command

import (
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Costs is `evenhand costs`.
type Costs struct {
	Account  CostsAccount  `cmd:"" help:"What the extras of an account cost, by benefit, rule and origin."`
	Summary  CostsSummary  `cmd:"" help:"What extras cost over all accounts."`
	Trend    CostsTrend    `cmd:"" help:"What extras cost quarter by quarter."`
	Limits   CostsLimits   `cmd:"" help:"From what cost on there is a finding."`
	Findings CostsFindings `cmd:"" help:"What is above its limit."`
}

// CostDays are the days whose uses count.
type CostDays struct {
	From Day `placeholder:"DATE" help:"The first day; twelve months up to the last, where it is not given."`
	To   Day `placeholder:"DATE" help:"The last day; today, where it is not given."`
}

// costColumns are those of every row of costs.
var costColumns = []string{"Cost", "Units", "Unknown units", "Revenue", "Share"}

func costCells(r *entitlementsv1.CostRow) []string {
	return []string{showMoney(r.GetCost()), strconv.FormatInt(r.GetUnits(), 10), strconv.FormatInt(r.GetUnknownUnits(), 10),
		showMoney(r.GetRevenue()), showPart(r.Share)} //nolint:protogetter // nil is another thing than 0
}

// showPart writes a share as a percentage, and none as nothing.
func showPart(share *float64) string {
	if share == nil {
		return ""
	}
	return showShare(*share)
}

// showChange writes a change with its sign.
func showChange(change *float64) string {
	if change == nil || *change < 0 {
		return showPart(change)
	}
	return "+" + showPart(change)
}

// CostsAccount is `evenhand costs account`.
type CostsAccount struct {
	Account string `arg:"" help:"The account: its id here or in the system it came from."`
	CostDays
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CostsAccount) Help() string {
	return `A use costs its units times the unit cost that the benefit states in the version of the schedule under which it was used. Units of benefits that state none are counted apart. Without revenue there is no share.

Examples:

  evenhand costs account brook-and-sons
  evenhand costs account brook-and-sons --from 2026-01-01 --to 2026-03-31 --output csv`
}

// Run asks and prints.
func (c *CostsAccount) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(name string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := entitlementsv1.NewCostsServiceClient(s).GetAccountCost(ctx, &entitlementsv1.GetAccountCostRequest{
				Name: name + "/cost", FromDate: c.From.Date, ToDate: c.To.Date})
			if err != nil {
				return err
			}
			return c.print(env, answer)
		})
	})
}

func (c *CostsAccount) print(env *Env, a *entitlementsv1.AccountCost) error {
	if c.Output.Output == formatJSON {
		return printJSON(env.Stdout, a)
	}
	l := c.newList(env.Stdout, "", append([]string{"By", "Of"}, costColumns...)...)
	for _, part := range []struct {
		by   string
		rows []*entitlementsv1.CostRow
	}{{"all", []*entitlementsv1.CostRow{a.GetTotal()}}, {"benefit", a.GetBenefits()}, {"rule", a.GetRules()}, {"origin", a.GetOrigins()}} {
		for _, r := range part.rows {
			if err := l.add(r, append([]string{part.by, r.GetKey()}, costCells(r)...)...); err != nil {
				return err
			}
		}
	}
	return l.end()
}

// CostsSummary is `evenhand costs summary`.
type CostsSummary struct {
	By string `default:"account" enum:"account,benefit,rule,origin,company" help:"What to sum up by: account, benefit, rule, origin or company, which is all in one (${default})."`
	CostDays
	Order string `default:"cost" enum:"cost,share,unknown-units,key" help:"What stands first: the highest cost or share, the most unknown-units, or by key (${default})."`
	Limit uint   `placeholder:"N" help:"At most this many rows; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CostsSummary) Help() string {
	return `The share is of the revenue in the same days: of the account's own, else of all accounts. What cost something and had no revenue stands before every share.

Examples:

  evenhand costs summary --limit 10
  evenhand costs summary --by rule --from 2026-01-01 --to 2026-03-31
  evenhand costs summary --order share --output csv`
}

// Run asks and prints.
func (c *CostsSummary) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewCostsServiceClient(s)
		l := c.newList(env.Stdout, "rows", append([]string{showWord(c.By)}, costColumns...)...)
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.CostRow], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.SummarizeCosts(ctx, &entitlementsv1.SummarizeCostsRequest{
				GroupBy: costGrouping(c.By), FromDate: c.From.Date, ToDate: c.To.Date, OrderBy: strings.ReplaceAll(c.Order, "-", "_"), PageSize: size, PageToken: token})
			return page[*entitlementsv1.CostRow]{answer.GetRows(), answer.GetNextPageToken()}, err
		}, func(r *entitlementsv1.CostRow) error {
			return l.add(r, append([]string{r.GetKey()}, costCells(r)...)...)
		})
	})
}

func costGrouping(word string) entitlementsv1.CostGrouping {
	return entitlementsv1.CostGrouping(entitlementsv1.CostGrouping_value["COST_GROUPING_"+strings.ToUpper(word)])
}

// showWord writes a word as a label.
func showWord(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// CostsTrend is `evenhand costs trend`.
type CostsTrend struct {
	Account string `arg:"" optional:"" help:"The account: its id here or in the system it came from. Without it: all accounts."`
	Benefit string `placeholder:"BENEFIT" help:"Count this benefit only."`
	Rule    string `placeholder:"RULE" help:"Count this rule only."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CostsTrend) Help() string {
	return `Shows the last eight quarters of the calendar, the last of which has not ended: it is not compared. "Change" is against the quarter before, "Year change" against the same quarter a year before.

Examples:

  evenhand costs trend
  evenhand costs trend brook-and-sons --benefit expert-hours`
}

// Run asks and prints.
func (c *CostsTrend) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		if c.Account == "" {
			return c.ask(env, s, "")
		}
		return forAccount(env, s, c.Account, func(name string) error { return c.ask(env, s, name) })
	})
}

func (c *CostsTrend) ask(env *Env, s *session, account string) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewCostsServiceClient(s).GetCostTrend(ctx, &entitlementsv1.GetCostTrendRequest{
		Account: account, Benefit: c.Benefit, Rule: c.Rule})
	if err != nil {
		return err
	}
	if c.Output.Output == formatJSON {
		return printJSON(env.Stdout, answer)
	}
	l := c.newList(env.Stdout, "", append([]string{"From", "To"}, append(costColumns, "Change", "Year change", "Complete")...)...)
	for _, q := range answer.GetQuarters() {
		row := &entitlementsv1.CostRow{Cost: q.GetCost(), Units: q.GetUnits(), UnknownUnits: q.GetUnknownUnits(), Revenue: q.GetRevenue(), Share: q.Share} //nolint:protogetter // nil is another thing than 0
		cells := append([]string{showDay(q.GetFromDate()), showDay(q.GetToDate())}, costCells(row)...)
		cells = append(cells, showChange(q.Change), showChange(q.YearChange), showYes(q.GetComplete())) //nolint:protogetter // nil is another thing than 0
		if err := l.add(q, cells...); err != nil {
			return err
		}
	}
	return l.end()
}

// showSpan writes the first and the last day of a stretch.
func showSpan(from, to *date.Date) string { return showDay(from) + " to " + showDay(to) }
