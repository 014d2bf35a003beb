package command

import (
	"fmt"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Holders is `evenhand holders`.
type Holders struct {
	Benefit string `arg:"" help:"The benefit's id, as the schedule has it."`
	AsOf
	Count            bool   `help:"Print how many there are, in digits, and nothing else."`
	Limit            uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	ConsistencyToken string `placeholder:"TOKEN" help:"Count the write that returned this token."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*Holders) Help() string {
	return `Lists the accounts entitled to a benefit, with the rule that gives it to each.

Examples:

  evenhand holders thanks --as-of 1997-12-31 --count
  evenhand holders thanks --output csv > holders.csv`
}

// Run asks and prints.
func (c *Holders) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		if c.Count {
			return c.count(env, s)
		}
		return c.list(env, s)
	})
}

func (c *Holders) count(env *Env, s *session) error {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewEntitlementsServiceClient(s).CountHolders(ctx, &entitlementsv1.CountHoldersRequest{
		Benefit: c.Benefit, AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day, ConsistencyToken: c.ConsistencyToken,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.Stdout, answer.GetCount())
	return err
}

func (c *Holders) list(env *Env, s *session) error {
	l := c.newList(env.Stdout, "holders", "Account", "Rule", "Version", "Valid until")
	return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Holder], error) {
		answer, err := c.page(env, s, size, token)
		return page[*entitlementsv1.Holder]{answer.GetHolders(), answer.GetNextPageToken()}, err
	}, func(h *entitlementsv1.Holder) error {
		return l.add(h, h.GetAccount(), h.GetRule(), h.GetScheduleVersion(), showTime(h.GetValidUntil()))
	})
}

func (c *Holders) page(env *Env, s *session, size int32, token string) (*entitlementsv1.ListHoldersResponse, error) {
	ctx, cancel := s.call(env)
	defer cancel()
	return entitlementsv1.NewEntitlementsServiceClient(s).ListHolders(ctx, &entitlementsv1.ListHoldersRequest{
		Benefit: c.Benefit, AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day, ConsistencyToken: c.ConsistencyToken, PageSize: size, PageToken: token,
	})
}
