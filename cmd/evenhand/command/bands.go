package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Bands is `evenhand bands`.
type Bands struct {
	List  BandsList  `cmd:"" help:"List the bands of spend, tenure and reach, with how many accounts are in each."`
	Get   BandsGet   `cmd:"" aliases:"show" help:"Show the bands of one of them."`
	Set   BandsSet   `cmd:"" help:"Declare bands by their lower bounds."`
	Reset BandsReset `cmd:"" help:"Take back what was declared: bands are quartiles again."`
}

const bandScalePrefix = "bandScales/"

// bandColumns are those of every list of bands.
var bandColumns = []string{"Of", "Band", "From", "Accounts"}

// addBands adds a scale to a list, a row for each band.
func addBands(l *list, scale *entitlementsv1.BandScale) error {
	if l.format == formatJSON {
		return l.add(scale)
	}
	of := strings.TrimPrefix(scale.GetName(), bandScalePrefix)
	for _, b := range scale.GetBands() {
		if err := l.add(scale, of, b.GetId(), showBound(b), strconv.FormatInt(b.GetAccounts(), 10)); err != nil {
			return err
		}
	}
	if n := scale.GetUnknownAccounts(); n > 0 {
		return l.add(scale, of, "unknown", "", strconv.FormatInt(n, 10))
	}
	return nil
}

func showBound(b *entitlementsv1.Band) string {
	switch bound := b.GetLowerBound().(type) {
	case *entitlementsv1.Band_AtLeastAmount:
		return showMoney(bound.AtLeastAmount)
	case *entitlementsv1.Band_AtLeast:
		return strconv.FormatInt(bound.AtLeast, 10)
	}
	return ""
}

// BandsList is `evenhand bands list`.
type BandsList struct {
	AsOf Day `name:"as-of" placeholder:"DATE" help:"The day whose spend, tenure and active accounts count; today, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BandsList) Help() string {
	return `Audits compare like with like within bands; nothing is granted by one. Spend is that of the trailing 12 months, tenure whole months since joining, reach followers as recorded now. Bands that the company has not declared are quartiles of the active accounts: equal values are in one band, so there may be fewer than four, and q1-q3 holds the first three quarters.

Examples:

  evenhand bands list
  evenhand bands list --as-of 2026-03-31 --output csv`
}

// Run asks and prints.
func (c *BandsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewBandsServiceClient(s)
		l := c.newList(env.Stdout, "bandScales", bandColumns...)
		return eachPage(l, 0, func(size int32, token string) (page[*entitlementsv1.BandScale], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListBandScales(ctx, &entitlementsv1.ListBandScalesRequest{AsOfDate: c.AsOf.Date, PageSize: size, PageToken: token})
			return page[*entitlementsv1.BandScale]{answer.GetBandScales(), answer.GetNextPageToken()}, err
		}, func(scale *entitlementsv1.BandScale) error { return addBands(l, scale) })
	})
}

// BandsGet is `evenhand bands get`.
type BandsGet struct {
	Of   string `arg:"" enum:"spend,tenure,reach" help:"spend, tenure or reach."`
	AsOf Day    `name:"as-of" placeholder:"DATE" help:"The day whose spend, tenure and active accounts count; today, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *BandsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		scale, err := entitlementsv1.NewBandsServiceClient(s).GetBandScale(ctx, &entitlementsv1.GetBandScaleRequest{Name: bandScalePrefix + c.Of, AsOfDate: c.AsOf.Date})
		return c.printBands(env, scale, err)
	})
}

// printBands prints a scale that was asked for.
func (o Output) printBands(env *Env, scale *entitlementsv1.BandScale, err error) error {
	if err != nil {
		return err
	}
	if o.Output == formatJSON {
		return printJSON(env.Stdout, scale)
	}
	l := o.newList(env.Stdout, "", bandColumns...)
	if err := addBands(l, scale); err != nil {
		return err
	}
	return l.end()
}

// BandsSet is `evenhand bands set`.
type BandsSet struct {
	Of           string   `arg:"" enum:"spend,tenure,reach" help:"spend, tenure or reach."`
	Bands        []string `arg:"" placeholder:"BAND" help:"The bands from the lowest on: the id of the first, then each as ID=LEAST."`
	Currency     string   `placeholder:"CODE" help:"The currency of bounds of spend; the company's, where it is not given."`
	ValidateOnly bool     `help:"Show how these bands would sort the accounts, and keep nothing."`
	Etag         string   `help:"Declare only if the bands with this etag are still those that hold."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BandsSet) Help() string {
	return `A band reaches from its least value up to the next band's; the first has no least value, so that every account is in one. Spend is in the company's currency, tenure in months, reach in followers.

Examples:

  evenhand bands set spend small medium=1000 large=10000 --validate-only
  evenhand bands set tenure new settled=12 old=60
  evenhand bands set reach quiet loud=100000`
}

// Run declares and prints.
func (c *BandsSet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		scale, err := c.scale(ctx, s)
		if err != nil {
			return err
		}
		answer, err := entitlementsv1.NewBandsServiceClient(s).UpdateBandScale(ctx, &entitlementsv1.UpdateBandScaleRequest{
			BandScale: scale, ValidateOnly: c.ValidateOnly, RequestId: newRequestID(),
		})
		return c.printBands(env, answer, err)
	})
}

// scale reads the bands of the command line.
func (c *BandsSet) scale(ctx context.Context, s *session) (*entitlementsv1.BandScale, error) {
	scale := &entitlementsv1.BandScale{Name: bandScalePrefix + c.Of, Etag: c.Etag}
	for i, text := range c.Bands {
		id, least, bounded := strings.Cut(text, "=")
		if bounded == (i == 0) {
			return nil, &usageError{fmt.Sprintf("%q: give the first band as ID, and each other as ID=LEAST, as: small medium=1000 large=10000", text)}
		}
		b := &entitlementsv1.Band{Id: id}
		if bounded {
			if err := c.bound(ctx, s, b, least); err != nil {
				return nil, err
			}
		}
		scale.Bands = append(scale.Bands, b)
	}
	return scale, nil
}

// bound gives a band its lower bound.
func (c *BandsSet) bound(ctx context.Context, s *session, b *entitlementsv1.Band, least string) error {
	if c.Of != "spend" {
		n, err := strconv.ParseInt(least, 10, 64)
		if err != nil {
			return &usageError{fmt.Sprintf("%q is not a whole number such as 12", least)}
		}
		b.LowerBound = &entitlementsv1.Band_AtLeast{AtLeast: n}
		return nil
	}
	if c.Currency == "" {
		company, err := accountsv1.NewAccountsServiceClient(s).GetCompany(ctx, &accountsv1.GetCompanyRequest{})
		if err != nil {
			return err
		}
		if c.Currency = company.GetCurrencyCode(); c.Currency == "" {
			return &usageError{"the company has no currency yet: give --currency"}
		}
	}
	amount, err := parseMoney(least, c.Currency)
	b.LowerBound = &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: amount}
	return err
}

// BandsReset is `evenhand bands reset`.
type BandsReset struct {
	Of   string `arg:"" enum:"spend,tenure,reach" help:"spend, tenure or reach."`
	Etag string `help:"Reset only if the bands with this etag are still those that hold."`
	Output
	Connection
}

// Run resets and prints.
func (c *BandsReset) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		scale, err := entitlementsv1.NewBandsServiceClient(s).ResetBandScale(ctx, &entitlementsv1.ResetBandScaleRequest{
			Name: bandScalePrefix + c.Of, Etag: c.Etag, RequestId: newRequestID(),
		})
		return c.printBands(env, scale, err)
	})
}
