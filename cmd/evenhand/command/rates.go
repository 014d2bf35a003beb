package command

import (
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Rates is `evenhand rates`.
type Rates struct {
	List RatesList `cmd:"" help:"List the dated exchange rates."`
	Add  RatesAdd  `cmd:"" help:"Record an exchange rate."`
}

// RatesList is `evenhand rates list`.
type RatesList struct {
	Currency string `placeholder:"CODE" help:"Only this currency's."`
	Output
	Connection
}

// Run asks and prints.
func (c *RatesList) Run(env *Env) error {
	filter := ""
	if c.Currency != "" {
		filter = "currency_code = " + quoteFilter(c.Currency)
	}
	return c.with(env, func(s *session) error {
		client := accountsv1.NewAccountsServiceClient(s)
		l := c.newList(env.Stdout, "exchangeRates", "Currency", "From", "Rate", "Source")
		return eachPage(l, 0, func(size int32, token string) (page[*accountsv1.ExchangeRate], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListExchangeRates(ctx, &accountsv1.ListExchangeRatesRequest{PageSize: size, PageToken: token, Filter: filter})
			return page[*accountsv1.ExchangeRate]{answer.GetExchangeRates(), answer.GetNextPageToken()}, err
		}, func(r *accountsv1.ExchangeRate) error {
			return l.add(r, r.GetCurrencyCode(), showDay(r.GetDate()), r.GetRate(), r.GetSource())
		})
	})
}

// RatesAdd is `evenhand rates add`.
type RatesAdd struct {
	Currency string `arg:"" help:"The currency converted from, as EUR."`
	Rate     string `arg:"" help:"What one unit of it is worth in the company's reporting currency, as 1.0834."`
	Date     Day    `required:"" placeholder:"DATE" help:"The first day the rate holds."`
	Source   string `required:"" help:"Where the rate comes from."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RatesAdd) Help() string {
	return `A rate holds from its day until the next rate of that currency, and is never changed.

Example:

  evenhand rates add EUR 1.0834 --date 2026-01-31 --source "European Central Bank"`
}

// Run records and prints it.
func (c *RatesAdd) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		rate, err := accountsv1.NewAccountsServiceClient(s).CreateExchangeRate(ctx, &accountsv1.CreateExchangeRateRequest{
			ExchangeRate: &accountsv1.ExchangeRate{CurrencyCode: c.Currency, Rate: c.Rate, Date: c.Date.Date, Source: c.Source},
			RequestId:    newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, rate, []pair{
			{"Currency", rate.GetCurrencyCode()}, {"From", showDay(rate.GetDate())}, {"Rate", rate.GetRate()}, {"Source", rate.GetSource()},
		})
	})
}
