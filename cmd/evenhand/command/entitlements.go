package command

import (
	"fmt"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Entitlements is `evenhand entitlements`.
type Entitlements struct {
	AccountArg
	AsOf
	Held             bool   `help:"Only what the account is entitled to."`
	ConsistencyToken string `placeholder:"TOKEN" help:"Count the write that returned this token."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*Entitlements) Help() string {
	return `Lists every benefit of the schedule in force, and those kept from earlier versions, with what the account has of them; then what everybody is promised.

Examples:

  evenhand entitlements 00001
  evenhand entitlements 00001 --held --as-of 1998-06-30`
}

// Run asks and prints.
func (c *Entitlements) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(name string) error { return c.list(env, s, name) })
	})
}

func (c *Entitlements) list(env *Env, s *session, account string) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewEntitlementsServiceClient(s).ListEntitlements(ctx, &entitlementsv1.ListEntitlementsRequest{
		Account:          account,
		AsOf:             c.AsOf.AsOf.instant,
		AsOfDate:         c.AsOf.AsOf.day,
		ConsistencyToken: c.ConsistencyToken,
		HeldOnly:         c.Held,
	})
	if err != nil {
		return err
	}
	if c.Output.Output == formatJSON {
		return printJSON(env.Stdout, answer)
	}
	l := c.newList(env.Stdout, "entitlements", "Benefit", "Kind", "Entitled", "Rule", "Version", "Valid until", "Missing", "Promise")
	for _, e := range answer.GetEntitlements() {
		err := l.add(e, e.GetBenefit(), showEnum(e.GetKind(), "KIND_"), yesNo(e.GetEntitled()), e.GetRule(), e.GetScheduleVersion(),
			showTime(e.GetValidUntil()), showDistances(e.GetDistances()), e.GetPromise())
		if err != nil {
			return err
		}
	}
	if err := l.end(); err != nil || c.Output.Output == formatCSV {
		return err
	}
	return printBaseline(env, answer.GetBaseline())
}

func printBaseline(env *Env, b *entitlementsv1.Baseline) error {
	if _, err := fmt.Fprintf(env.Stdout, "\nEverybody is promised (%s):\n", b.GetScheduleVersion()); err != nil {
		return err
	}
	for _, commitment := range b.GetCommitments() {
		if _, err := fmt.Fprintf(env.Stdout, "  %s: %s\n", commitment.GetId(), commitment.GetPromise()); err != nil {
			return err
		}
	}
	return nil
}

// Baseline is `evenhand baseline`.
type Baseline struct {
	AccountArg
	AsOf
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*Baseline) Help() string {
	return `Shows what everybody is promised: one version of the schedule, the same for every account, whatever it spends.

Example:

  evenhand baseline 00001 --as-of 1998-06-30`
}

// Run asks and prints.
func (c *Baseline) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(name string) error { return c.show(env, s, name) })
	})
}

func (c *Baseline) show(env *Env, s *session, account string) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewEntitlementsServiceClient(s).GetBaseline(ctx, &entitlementsv1.GetBaselineRequest{
		Account: account, AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day,
	})
	if err != nil {
		return err
	}
	if c.Output.Output == formatJSON {
		return printJSON(env.Stdout, answer)
	}
	l := c.newList(env.Stdout, "commitments", "Commitment", "Version", "Within", "Calendar", "Attested", "Promise")
	for _, commitment := range answer.GetBaseline().GetCommitments() {
		clock := commitment.GetClock()
		err := l.add(commitment, commitment.GetId(), answer.GetBaseline().GetScheduleVersion(), clock.GetWithin(), clock.GetCalendar(),
			strings.Join(commitment.GetAttest(), ", "), commitment.GetPromise())
		if err != nil {
			return err
		}
	}
	return l.end()
}
