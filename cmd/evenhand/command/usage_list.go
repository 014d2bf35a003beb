package command

import (
	"strconv"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// UsageBalance is `evenhand usage balance`.
type UsageBalance struct {
	AccountArg
	Benefit string `arg:"" optional:"" help:"The benefit's id; all metered benefits, where it is not given."`
	AsOf
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageBalance) Help() string {
	return `Says what an account has left of a metered benefit, by which rule of which version, in which period, and why. As of a day that is past, what was used is as it was recorded until then, and who is entitled to what as is known now.

Examples:

  evenhand usage balance 00001
  evenhand usage balance 00001 expert-hours
  evenhand usage balance 00001 expert-hours --as-of 1998-06-30 --output json`
}

// Run asks and prints.
func (c *UsageBalance) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(account string) error {
			if c.Benefit == "" {
				return c.list(env, s, account)
			}
			return c.one(env, s, account)
		})
	})
}

func (c *UsageBalance) one(env *Env, s *session, account string) error {
	ctx, cancel := s.call(env)
	defer cancel()
	b, err := entitlementsv1.NewUsageServiceClient(s).GetBalance(ctx, &entitlementsv1.GetBalanceRequest{
		Name: balanceName(account, c.Benefit), AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day})
	if err != nil {
		return err
	}
	return c.printOne(env.Stdout, b, []pair{
		{"Balance", b.GetName()},
		{"Held", yesNo(b.GetHeld())},
		{"Left", number(b.GetLeft())},
		{"Used", number(b.GetUsed())},
		{"Reserved", number(b.GetReserved())},
		{"Limit", number(b.GetLimit())},
		{"Carried over", number(b.GetCarriedOver())},
		{"Overdrawn", number(b.GetOverdrawn())},
		{"Unit", b.GetUnit()},
		{"Period", b.GetPeriod()},
		{"Resets", showEnum(b.GetResets(), "RESETS_")},
		{"From", showDay(b.GetPeriodStartDate())},
		{"To", showDay(b.GetPeriodEndDate())},
		{"Rule", b.GetRule()},
		{"Schedule version", b.GetScheduleVersion()},
		{"Valid until", showTime(b.GetValidUntil())},
		{"Promise", b.GetPromise()},
		{"Explanation", strings.Join(b.GetExplanation(), "\n")},
		{"As of", showTime(b.GetAsOf())},
	})
}

func (c *UsageBalance) list(env *Env, s *session, account string) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewUsageServiceClient(s).ListBalances(ctx, &entitlementsv1.ListBalancesRequest{
		Parent: account, AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day})
	if err != nil {
		return err
	}
	l := c.newList(env.Stdout, "balances", "Benefit", "Held", "Left", "Used", "Reserved", "Limit", "Carried over", "Unit", "To", "Rule", "Version")
	for _, b := range answer.GetBalances() {
		err := l.add(b, b.GetName()[strings.LastIndexByte(b.GetName(), '/')+1:], yesNo(b.GetHeld()), number(b.GetLeft()), number(b.GetUsed()),
			number(b.GetReserved()), number(b.GetLimit()), number(b.GetCarriedOver()), b.GetUnit(), showDay(b.GetPeriodEndDate()),
			b.GetRule(), b.GetScheduleVersion())
		if err != nil {
			return err
		}
	}
	return l.end()
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// UsageReservations is `evenhand usage reservations`.
type UsageReservations struct {
	AccountArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageReservations) Help() string {
	return `Example:

  evenhand usage reservations 00001`
}

// Run asks and prints.
func (c *UsageReservations) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(account string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := entitlementsv1.NewUsageServiceClient(s).ListReservations(ctx, &entitlementsv1.ListReservationsRequest{Parent: account})
			if err != nil {
				return err
			}
			l := c.newList(env.Stdout, "reservations", "Reservation", "Benefit", "Units", "Origin", "Expires", "By", "Note")
			for _, r := range answer.GetReservations() {
				err := l.add(r, r.GetName(), r.GetBenefit(), number(r.GetUnits()), showEnum(r.GetOrigin(), "USAGE_ORIGIN_"), showTime(r.GetExpireTime()), r.GetPrincipal(), r.GetNote())
				if err != nil {
					return err
				}
			}
			return l.end()
		})
	})
}

// UsageHistory is `evenhand usage history`.
type UsageHistory struct {
	AccountArg
	Filter  string `placeholder:"FILTER" help:"AIP-160 filter on benefit, type, origin, units, principal and count_date."`
	OrderBy string `placeholder:"ORDER" help:"record_time or \"record_time desc\", the default."`
	Limit   uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageHistory) Help() string {
	return `Lists what was used, reserved and given back, the latest first.

Examples:

  evenhand usage history 00001 --limit 20
  evenhand usage history 00001 --filter 'benefit = "expert-hours" AND origin = OFFERED' --output csv`
}

// Run asks and prints.
func (c *UsageHistory) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(account string) error {
			l := c.newList(env.Stdout, "usageEntries", "Recorded", "Entry", "Benefit", "Type", "Units", "Origin", "About", "Rule", "Version", "By", "Note")
			return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.UsageEntry], error) {
				ctx, cancel := s.call(env)
				defer cancel()
				answer, err := entitlementsv1.NewUsageServiceClient(s).ListUsageEntries(ctx, &entitlementsv1.ListUsageEntriesRequest{
					Parent: account, Filter: c.Filter, OrderBy: c.OrderBy, PageSize: size, PageToken: token})
				return page[*entitlementsv1.UsageEntry]{answer.GetUsageEntries(), answer.GetNextPageToken()}, err
			}, func(e *entitlementsv1.UsageEntry) error {
				return l.add(e, showTime(e.GetRecordTime()), e.GetName(), e.GetBenefit(), showEnum(e.GetType(), "TYPE_"), number(e.GetUnits()),
					showEnum(e.GetOrigin(), "USAGE_ORIGIN_"), e.GetAbout(), e.GetRule(), e.GetScheduleVersion(), e.GetPrincipal(), e.GetNote())
			})
		})
	})
}

// UsageNotices is `evenhand usage notices`.
type UsageNotices struct {
	Account string `arg:"" optional:"" help:"The account's id; all accounts, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageNotices) Help() string {
	return `Lists the latest thresholds that balances reached, each once in a period: 80 and 100 per cent of what may be used, or what the schedule says.

Examples:

  evenhand usage notices
  evenhand usage notices 00001 --output json`
}

// Run asks and prints.
func (c *UsageNotices) Run(env *Env) error {
	parent := "accounts/-"
	if c.Account != "" {
		parent = plainAccount(c.Account)
	}
	return c.with(env, func(s *session) error {
		l := c.newList(env.Stdout, "usageNotices", "Reached", "Balance", "Percent", "Used", "Of", "Entry")
		return eachPage(l, 0, func(size int32, token string) (page[*entitlementsv1.UsageNotice], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := entitlementsv1.NewUsageServiceClient(s).ListUsageNotices(ctx, &entitlementsv1.ListUsageNoticesRequest{
				Parent: parent, PageSize: size, PageToken: token})
			return page[*entitlementsv1.UsageNotice]{answer.GetUsageNotices(), answer.GetNextPageToken()}, err
		}, func(n *entitlementsv1.UsageNotice) error {
			return l.add(n, showTime(n.GetReachTime()), n.GetBalance(), number(int64(n.GetPercent())), number(n.GetUsed()), number(n.GetAllowance()), n.GetEntry())
		})
	})
}
