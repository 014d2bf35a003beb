package command

import (
	"strconv"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// HouserulesBreach is `evenhand houserules breach`.
type HouserulesBreach struct {
	HouseRuleArg
	Account  string `arg:"" placeholder:"ACCOUNT" help:"Who broke it."`
	Response string `arg:"" enum:"enforced,waived,overlooked" help:"What was done: enforced, waived or overlooked."`
	Benefit  string `placeholder:"BENEFIT" help:"The benefit by which it was waived."`
	Day      Day    `placeholder:"DATE" help:"When; today, where it is not given."`
	Note     string `placeholder:"TEXT" help:"What else there is to say."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*HouserulesBreach) Help() string {
	return `A rule is waived by a benefit that the account is entitled to now, and by nothing else. Where the rule has been broken as often as its threshold says, the answer names the review that is open about it.

Examples:

  evenhand houserules breach late-payment-fee brook-and-sons enforced --note "Paid on the 34th day."
  evenhand houserules breach late-payment-fee harbour waived --benefit late-fee-waiver`
}

// Run records and prints it.
func (c *HouserulesBreach) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		b, err := entitlementsv1.NewHouseRulesServiceClient(s).RecordBreach(ctx, &entitlementsv1.RecordBreachRequest{
			Parent: c.name(), RequestId: newRequestID(), Breach: &entitlementsv1.Breach{
				Account: account, Benefit: c.Benefit, BreachDate: c.Day.Date, Note: c.Note,
				Response: entitlementsv1.Breach_Response(entitlementsv1.Breach_Response_value["RESPONSE_"+strings.ToUpper(c.Response)])}})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, b, []pair{
			{"Breach", b.GetName()},
			{"Account", b.GetAccount()},
			{"Day", showDay(b.GetBreachDate())},
			{"Response", showEnum(b.GetResponse(), "RESPONSE_")},
			{"Benefit", b.GetBenefit()},
			{"Note", b.GetNote()},
			{"Recorded by", b.GetRecorder()},
			{"Review", b.GetReview()},
		})
	})
}

// HouserulesBreaches is `evenhand houserules breaches`.
type HouserulesBreaches struct {
	Rule   string `arg:"" optional:"" default:"-" placeholder:"RULE" help:"Whose; of all rules, where it is not given."`
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over account, response, benefit, recorder, breach_date."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*HouserulesBreaches) Help() string {
	return `Example:

  evenhand houserules breaches late-payment-fee --filter 'response = WAIVED AND breach_date >= "2026-10-01"'`
}

// Run asks and prints.
func (c *HouserulesBreaches) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewHouseRulesServiceClient(s)
		l := c.newList(env.Stdout, "breaches", "Breach", "Account", "Day", "Response", "Benefit", "Recorded by", "Note")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Breach], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListBreaches(ctx, &entitlementsv1.ListBreachesRequest{
				Parent: houseRuleName(c.Rule), PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Breach]{answer.GetBreaches(), answer.GetNextPageToken()}, err
		}, func(b *entitlementsv1.Breach) error {
			return l.add(b, b.GetName(), b.GetAccount(), showDay(b.GetBreachDate()), showEnum(b.GetResponse(), "RESPONSE_"), b.GetBenefit(),
				b.GetRecorder(), b.GetNote())
		})
	})
}

// HouserulesReport is `evenhand houserules report`.
type HouserulesReport struct {
	From Day `placeholder:"DATE" help:"The first day; 90 days up to the last, where it is not given."`
	To   Day `placeholder:"DATE" help:"The last day; today, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*HouserulesReport) Help() string {
	return `The rule that is broken most comes first. "Before" is how often it was broken in as many days before.

Example:

  evenhand houserules report --from 2026-10-01 --to 2026-12-31 --output csv`
}

// Run asks and prints.
func (c *HouserulesReport) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		report, err := entitlementsv1.NewHouseRulesServiceClient(s).ReportBreaches(ctx,
			&entitlementsv1.ReportBreachesRequest{FromDate: c.From.Date, ToDate: c.To.Date})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, report)
		}
		l := c.newList(env.Stdout, "rows", "House rule", "Broken", "Accounts", "Enforced", "Waived", "Overlooked", "Before", "Text")
		for _, r := range report.GetRows() {
			if err := l.add(r, r.GetHouseRule(), shortCount(r.GetCount()), shortCount(r.GetAccounts()), shortCount(r.GetEnforced()), shortCount(r.GetWaived()),
				shortCount(r.GetOverlooked()), shortCount(r.GetCountBefore()), r.GetText()); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// shortCount writes a count as it is in every output.
func shortCount(n int32) string { return strconv.Itoa(int(n)) }
