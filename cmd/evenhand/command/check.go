package command

import (
	"fmt"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Check is `evenhand check`.
type Check struct {
	AccountArg
	Benefit string `arg:"" help:"The benefit's id, as the schedule has it."`
	AsOf
	ConsistencyToken string `placeholder:"TOKEN" help:"Count the write that returned this token."`
	ExitCode         bool   `help:"Exit with 0 when entitled and 3 when not, for scripts."`
	Quiet            bool   `short:"q" help:"Print nothing: for use with --exit-code."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*Check) Help() string {
	return `Says whether an account is entitled to a benefit, by which rule of which version of the schedule, until when that cannot change by itself, and if not, how far away it is.

Examples:

  evenhand check 00001 thanks
  evenhand check 00001 thanks --as-of 1997-12-31
  evenhand check BRK.B expert-hours --output json
  evenhand check 00001 thanks --quiet --exit-code && echo "Thank you!"`
}

// Run asks and prints.
func (c *Check) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(name string) error { return c.check(env, s, name) })
	})
}

func (c *Check) check(env *Env, s *session, account string) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewEntitlementsServiceClient(s).CheckEntitlement(ctx, &entitlementsv1.CheckEntitlementRequest{
		Account:          account,
		Benefit:          c.Benefit,
		AsOf:             c.AsOf.AsOf.instant,
		AsOfDate:         c.AsOf.AsOf.day,
		ConsistencyToken: c.ConsistencyToken,
		View:             entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL,
	})
	if err != nil {
		return err
	}
	if !c.Quiet {
		if err := c.printOne(env.Stdout, answer, checkPairs(account, c.Benefit, answer)); err != nil {
			return err
		}
	}
	if c.ExitCode && !answer.GetEntitled() {
		return exitError(ExitNotEntitled)
	}
	return nil
}

func checkPairs(account, benefit string, a *entitlementsv1.CheckEntitlementResponse) []pair {
	return []pair{
		{"Account", account},
		{"Benefit", benefit},
		{"Entitled", yesNo(a.GetEntitled())},
		{"Rule", a.GetRule()},
		{"Schedule version", a.GetScheduleVersion()},
		{"Valid until", showTime(a.GetValidUntil())},
		{"Limit", showLimit(a.GetLimit())},
		{"Promise", a.GetPromise()},
		{"Reason", a.GetReason()},
		{"Missing", showDistances(a.GetDistances())},
		{"As of", showTime(a.GetAsOf())},
	}
}

// showLimit writes `10 (hour) in each year`.
func showLimit(l *entitlementsv1.MeteredLimit) string {
	if l == nil {
		return ""
	}
	period, known := map[string]string{"P1Y": "year", "P12M": "year", "P1M": "month", "P1W": "week", "P7D": "week", "P1D": "day"}[l.GetPeriod()]
	if !known {
		period = "period of " + l.GetPeriod()
	}
	text := fmt.Sprintf("%d (%s) in each %s", l.GetLimit(), l.GetUnit(), period)
	if l.GetRollover() > 0 {
		text += fmt.Sprintf(", up to %d unused ones move on", l.GetRollover())
	}
	return text
}

// showDistances writes each way to a benefit on a line of its own.
func showDistances(distances []*entitlementsv1.Distance) string {
	lines := make([]string, len(distances))
	for i, d := range distances {
		parts := make([]string, len(d.GetRequirements()))
		for j, r := range d.GetRequirements() {
			parts[j] = showRequirement(r)
		}
		lines[i] = fmt.Sprintf("%s (rule %s)", strings.Join(parts, " and "), d.GetRule())
	}
	return strings.Join(lines, "\nor ")
}

func showRequirement(r *entitlementsv1.Requirement) string {
	if t := r.GetTenure(); t != nil {
		when := "counted from joining" // which it has not done
		if t.GetOnDate() != nil {
			when = "on " + showDay(t.GetOnDate())
		}
		return fmt.Sprintf("a customer for %d months, %s", t.GetNeedMonths(), when)
	}
	if b := r.GetBoard(); b != nil {
		return showTerms(b)
	}
	if i := r.GetInnovation(); i != nil {
		return counted(int64(i.GetMissingProjects()), "more completed innovation project", "more completed innovation projects") + ", confirmed by the customer"
	}
	if p := r.GetProgramme(); p != nil {
		return "a place in the programme " + p.GetProgramme()
	}
	spend := r.GetSpend()
	text := showMoney(spend.GetMissing()) + " more"
	if spend.GetByDate() != nil {
		text += " by " + showDay(spend.GetByDate())
	}
	if spend.GetScope() == entitlementsv1.SpendCondition_SCOPE_GROUP {
		text += " in its group"
	}
	return text
}

// showTerms writes `1 more completed term on an advisory board, the current one ends on 2027-01-01`.
func showTerms(b *entitlementsv1.BoardRequirement) string {
	text := counted(int64(b.GetMissingTerms()), "more completed term", "more completed terms") + " on an advisory board"
	if b.GetCurrentTermEndDate() != nil {
		text += ", the current one ends on " + showDay(b.GetCurrentTermEndDate())
	}
	return text
}
