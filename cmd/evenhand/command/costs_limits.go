package command

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// CostsLimits is `evenhand costs limits`.
type CostsLimits struct {
	List   CostsLimitsList   `cmd:"" help:"List limits."`
	Get    CostsLimitsGet    `cmd:"" help:"Show a limit."`
	Create CostsLimitsCreate `cmd:"" help:"Declare a limit."`
	Update CostsLimitsUpdate `cmd:"" help:"Change how high a limit is, and why."`
	Delete CostsLimitsDelete `cmd:"" help:"Take a limit back; findings about it are closed."`
}

// CostLimitArg is the argument that names a limit.
type CostLimitArg struct {
	CostLimit string `arg:"" name:"limit" placeholder:"LIMIT" help:"Its id, as five-percent, or its name, as costLimits/five-percent."`
}

func (a CostLimitArg) name() string {
	return "costLimits/" + strings.TrimPrefix(a.CostLimit, "costLimits/")
}

// showCostBound writes what a limit bounds.
func showCostBound(l *entitlementsv1.CostLimit) string {
	switch bound := l.GetBound().(type) {
	case *entitlementsv1.CostLimit_Amount:
		return showMoney(bound.Amount) + " in twelve months"
	case *entitlementsv1.CostLimit_Share:
		return fmt.Sprintf("%g %% of revenue in twelve months", float64(bound.Share)/100)
	case *entitlementsv1.CostLimit_Growth:
		text := fmt.Sprintf("%g %% more than in the quarter before", float64(bound.Growth)/100)
		if l.GetFromAmount() != nil {
			text += ", from " + showMoney(l.GetFromAmount()) + " on"
		}
		return text
	}
	return ""
}

// showCostOn writes what a limit is on.
func showCostOn(l *entitlementsv1.CostLimit) string {
	return strings.TrimSpace(showEnum(l.GetGrouping(), "COST_GROUPING_") + " " + l.GetSubject())
}

func (o Output) printCostLimit(env *Env, l *entitlementsv1.CostLimit, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, l, []pair{
		{"Limit", l.GetName()},
		{"On", showCostOn(l)},
		{"Above", showCostBound(l)},
		{"Reason", l.GetReason()},
		{"Declared by", l.GetDeclarer()},
		{"Declared at", showTime(l.GetUpdateTime())},
		{"Etag", l.GetEtag()},
	})
}

// CostsLimitsList is `evenhand costs limits list`.
type CostsLimitsList struct {
	Limit uint `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *CostsLimitsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewCostsServiceClient(s)
		l := c.newList(env.Stdout, "costLimits", "Limit", "On", "Above", "Declared by", "Reason")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.CostLimit], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListCostLimits(ctx, &entitlementsv1.ListCostLimitsRequest{PageSize: size, PageToken: token})
			return page[*entitlementsv1.CostLimit]{answer.GetCostLimits(), answer.GetNextPageToken()}, err
		}, func(m *entitlementsv1.CostLimit) error {
			return l.add(m, m.GetName(), showCostOn(m), showCostBound(m), m.GetDeclarer(), m.GetReason())
		})
	})
}

// CostsLimitsGet is `evenhand costs limits get`.
type CostsLimitsGet struct {
	CostLimitArg
	Output
	Connection
}

// Run asks and prints.
func (c *CostsLimitsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		l, err := entitlementsv1.NewCostsServiceClient(s).GetCostLimit(ctx, &entitlementsv1.GetCostLimitRequest{Name: c.name()})
		return c.printCostLimit(env, l, err)
	})
}

// CostBound is how high a limit is.
type CostBound struct {
	Amount     string  `xor:"bound" placeholder:"AMOUNT" help:"The cost of twelve months, in the company's currency."`
	Percent    float64 `xor:"bound" placeholder:"PERCENT" help:"The cost as a percentage of revenue in the same twelve months."`
	Growth     float64 `xor:"bound" placeholder:"PERCENT" help:"How many percent more the last complete quarter cost than the one before."`
	FromAmount string  `placeholder:"AMOUNT" help:"From what cost of the quarter on growth counts."`
}

// bound gives a limit its bound.
func (b CostBound) bound(ctx context.Context, s *session, l *entitlementsv1.CostLimit) error {
	switch {
	case b.Amount != "":
		amount, err := companyMoney(ctx, s, "--amount", b.Amount)
		if err != nil {
			return err
		}
		l.Bound = &entitlementsv1.CostLimit_Amount{Amount: amount}
	case b.Percent != 0:
		l.Bound = &entitlementsv1.CostLimit_Share{Share: shareOf(b.Percent)}
	case b.Growth != 0:
		l.Bound = &entitlementsv1.CostLimit_Growth{Growth: shareOf(b.Growth)}
	}
	if b.FromAmount == "" {
		return nil
	}
	var err error
	l.FromAmount, err = companyMoney(ctx, s, "--from-amount", b.FromAmount)
	return err
}

// companyMoney reads an amount in the company's currency.
func companyMoney(ctx context.Context, s *session, flag, text string) (*money.Money, error) {
	company, err := accountsv1.NewAccountsServiceClient(s).GetCompany(ctx, &accountsv1.GetCompanyRequest{})
	if err != nil {
		return nil, err
	}
	if company.GetCurrencyCode() == "" {
		return nil, &usageError{flag + ": the company has no currency yet: publish a schedule, which sets it"}
	}
	amount, err := parseMoney(text, company.GetCurrencyCode())
	if err != nil {
		return nil, &usageError{flag + ": " + err.Error()}
	}
	return amount, nil
}

// CostsLimitsCreate is `evenhand costs limits create`.
type CostsLimitsCreate struct {
	ID      string `arg:"" placeholder:"ID" help:"Its id, as five-percent."`
	On      string `default:"account" enum:"account,benefit,rule,company" help:"What it is on: each account, each benefit, each rule, or the company as a whole (${default})."`
	Subject string `placeholder:"ID" help:"The only benefit or rule that it is on."`
	CostBound
	Reason       string `placeholder:"TEXT" help:"Why it is set."`
	ValidateOnly bool   `help:"Only say what would be created."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CostsLimitsCreate) Help() string {
	return `What is above a limit becomes a finding, once for each cause and quarter: within seconds of declaring the limit, and within ten minutes later on. Nobody loses anything by it. What cost something and had no revenue is above every percentage.

Examples:

  evenhand costs limits create five-percent --percent 5 --reason "What the margin leaves."
  evenhand costs limits create expert-hours --on benefit --subject expert-hours --amount 20000
  evenhand costs limits create growing --on rule --growth 25 --from-amount 1000`
}

// Run declares and prints it.
func (c *CostsLimitsCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		l := &entitlementsv1.CostLimit{Grouping: costGrouping(c.On), Subject: c.Subject, Reason: c.Reason}
		if err := c.bound(ctx, s, l); err != nil {
			return err
		}
		made, err := entitlementsv1.NewCostsServiceClient(s).CreateCostLimit(ctx, &entitlementsv1.CreateCostLimitRequest{
			CostLimitId: c.ID, CostLimit: l, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printCostLimit(env, made, err)
	})
}

// CostsLimitsUpdate is `evenhand costs limits update`.
type CostsLimitsUpdate struct {
	CostLimitArg
	CostBound
	Subject      *string `placeholder:"ID" help:"The only benefit or rule that it is on; empty for each."`
	Reason       *string `placeholder:"TEXT" help:"Why it is set."`
	Etag         string  `help:"Change it only if it is still at this etag."`
	ValidateOnly bool    `help:"Only say what it would become."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CostsLimitsUpdate) Help() string {
	return `Changes what is given, and nothing else. A limit on a percentage stays one: to bound something else, create another.

Example:

  evenhand costs limits update five-percent --percent 6 --reason "Costs of freight have risen."`
}

// patch is what to change of a limit, and which fields that is.
func (c *CostsLimitsUpdate) patch(ctx context.Context, s *session, now *entitlementsv1.CostLimit) (*entitlementsv1.CostLimit, *fieldmaskpb.FieldMask, error) {
	l, mask := &entitlementsv1.CostLimit{Name: c.name(), Etag: cmp.Or(c.Etag, now.GetEtag())}, &fieldmaskpb.FieldMask{}
	if err := c.bound(ctx, s, l); err != nil {
		return nil, nil, err
	}
	for path, given := range map[string]bool{"amount": l.GetAmount() != nil, "share": l.GetShare() != 0, "growth": l.GetGrowth() != 0} {
		if given {
			mask.Paths = append(mask.Paths, path)
		}
	}
	give[*money.Money](mask, "from_amount", &l.FromAmount, whenSet(l.GetFromAmount()))
	give(mask, "subject", &l.Subject, c.Subject)
	give(mask, "reason", &l.Reason, c.Reason)
	return l, mask, nil
}

// whenSet is nil for no amount.
func whenSet(m *money.Money) **money.Money {
	if m == nil {
		return nil
	}
	return &m
}

// Run changes and prints it.
func (c *CostsLimitsUpdate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		client := entitlementsv1.NewCostsServiceClient(s)
		now, err := client.GetCostLimit(ctx, &entitlementsv1.GetCostLimitRequest{Name: c.name()})
		if err != nil {
			return err
		}
		l, mask, err := c.patch(ctx, s, now)
		if err != nil {
			return err
		}
		if len(mask.GetPaths()) == 0 {
			return &usageError{"nothing to change: name at least one field, as --percent 6"}
		}
		changed, err := client.UpdateCostLimit(ctx, &entitlementsv1.UpdateCostLimitRequest{
			CostLimit: l, UpdateMask: mask, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printCostLimit(env, changed, err)
	})
}

// CostsLimitsDelete is `evenhand costs limits delete`.
type CostsLimitsDelete struct {
	CostLimitArg
	Etag string `help:"Delete it only if it is still at this etag."`
	Connection
}

// Run deletes it.
func (c *CostsLimitsDelete) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		_, err := entitlementsv1.NewCostsServiceClient(s).DeleteCostLimit(ctx, &entitlementsv1.DeleteCostLimitRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
		return err
	})
}
