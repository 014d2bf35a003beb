package command

import (
	"strconv"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Spend is `evenhand spend`.
type Spend struct {
	Account string `arg:"" optional:"" help:"The account: its id here or in the system it came from. Without it: all accounts summed up."`
	AsOf
	ConsistencyToken string `placeholder:"TOKEN" help:"Count the write that returned this token."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*Spend) Help() string {
	return `Shows what an account has spent in each window that rules can read, or the sum of the whole ledger.

Examples:

  evenhand spend 00001 --as-of 1997-12-31
  evenhand spend`
}

// Run asks and prints.
func (c *Spend) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		if c.Account == "" {
			return c.summary(env, s)
		}
		return forAccount(env, s, c.Account, func(name string) error { return c.account(env, s, name) })
	})
}

func (c *Spend) account(env *Env, s *session, name string) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewEntitlementsServiceClient(s).GetSpend(ctx, &entitlementsv1.GetSpendRequest{
		Account: name, AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day, ConsistencyToken: c.ConsistencyToken,
	})
	if err != nil {
		return err
	}
	pairs := []pair{{"Account", answer.GetAccount()}}
	for _, w := range answer.GetWindows() {
		label := "Spend " + showEnum(w.GetWindow(), "WINDOW_")
		if w.GetScope() == entitlementsv1.SpendCondition_SCOPE_GROUP {
			label += " of its group"
		}
		pairs = append(pairs, pair{label, showMoney(w.GetAmount())})
	}
	return c.printOne(env.Stdout, answer, append(pairs,
		pair{"Joined", showDay(answer.GetJoinedDate())},
		pair{"First entry", showDay(answer.GetFirstEntryDate())},
		pair{"Last entry", showDay(answer.GetLastEntryDate())},
		pair{"As of", showTime(answer.GetAsOf())},
	))
}

func (c *Spend) summary(env *Env, s *session) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewEntitlementsServiceClient(s).GetSpendSummary(ctx, &entitlementsv1.GetSpendSummaryRequest{
		AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day, ConsistencyToken: c.ConsistencyToken,
	})
	if err != nil {
		return err
	}
	return c.printOne(env.Stdout, answer, []pair{
		{"Accounts", strconv.FormatInt(answer.GetAccounts(), 10)},
		{"With revenue", strconv.FormatInt(answer.GetPayingAccounts(), 10)},
		{"Entries", strconv.FormatInt(answer.GetEntries(), 10)},
		{"Total", showMoney(answer.GetTotal())},
		{"As of", showTime(answer.GetAsOf())},
	})
}
