package accounts

import (
	"context"
	"math/big"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Rate is what one unit of a currency is worth in the reporting currency from a day
// on, until the next rate of that currency. Rates are never changed.
type Rate struct {
	Currency string `bson:"currency"`
	Day      Day    `bson:"day"`
	// Value is a decimal number above 0 with at most 12 decimals.
	Value          string `bson:"value"`
	Source         string `bson:"source"`
	resource.Times `bson:",inline"`
}

// RateID returns the id of a currency's rate of a day, as eur-2026-01-31.
func RateID(currency string, day Day) string {
	return strings.ToLower(currency) + "-" + day.String()
}

func rateName(id string) string { return "company/exchangeRates/" + id }

func openRates(ctx context.Context, w wiring) (*resource.Table[Rate, *Rate], error) {
	return resource.OpenTable(ctx, w.requests, resource.Kind[Rate]{
		Type: "evenhand/ExchangeRate", Name: rateName, Spec: docstore.Spec{Name: "rates"}, Tell: func(r Rate) any { return r }})
}

// CreateRate records a rate. ErrWrongCurrency where the company has no reporting currency,
// or the rate is of that one; ErrExists where the currency has a rate of that day.
func (c *Company) CreateRate(ctx context.Context, call resource.Call, r Rate) (resource.Stored[Rate], error) {
	company, err := c.Get(ctx)
	if err != nil {
		return resource.Stored[Rate]{}, err
	}
	if _, err := LookupCurrency(r.Currency); err != nil {
		return resource.Stored[Rate]{}, invalid("exchange_rate.currency_code", "%s", err)
	}
	if _, err := parseRate(r.Value); err != nil {
		return resource.Stored[Rate]{}, err
	}
	switch company.State.Currency {
	case "":
		return resource.Stored[Rate]{}, fail(ErrWrongCurrency, "company", "the company has no reporting currency to which %s could be converted: set it first", r.Currency)
	case r.Currency:
		return resource.Stored[Rate]{}, fail(ErrWrongCurrency, "company", "%s is the reporting currency itself and needs no rate", r.Currency)
	}
	return c.rates.Create(ctx, call, RateID(r.Currency, r.Day), r, "rate.created")
}

func parseRate(text string) (*big.Rat, error) {
	whole, decimals, point := strings.Cut(text, ".")
	_, ok := digits(whole + decimals)
	if !ok || whole == "" || point && decimals == "" || len(whole) > 12 || len(decimals) > 12 {
		return nil, invalid("exchange_rate.rate", "%q is not a decimal number with at most 12 digits before and after the point, such as 1.0834", text)
	}
	rate, ok := new(big.Rat).SetString(text)
	if !ok || rate.Sign() <= 0 {
		return nil, invalid("exchange_rate.rate", "%q is not above 0", text)
	}
	return rate, nil
}

// ListRates lists rates by currency and day; currency, unless empty, asks for one.
func (c *Company) ListRates(ctx context.Context, size int, after resource.Place, keep func(Rate) bool, currency string) (resource.Page[Rate], error) {
	q := docstore.Query{After: after, Limit: size}
	if currency != "" {
		q.From, q.To = strings.ToLower(currency)+"-", strings.ToLower(currency)+"."
	}
	return c.rates.List(ctx, q, nil, keepState(keep))
}

// keepState makes a filter of aggregates of one of states; nil stays nil.
func keepState[T any](keep func(T) bool) func(resource.Stored[T]) bool {
	if keep == nil {
		return nil
	}
	return func(s resource.Stored[T]) bool { return keep(s.State) }
}

// converter turns amounts into the reporting currency by the rates known when it was
// made.
type converter struct {
	// to is the reporting currency.
	to    Currency
	rates map[string][]datedRate
	load  func(ctx context.Context, currency string) ([]datedRate, error)
}

type datedRate struct {
	day   Day
	value *big.Rat
}

func (c *Company) converter(to Currency) *converter {
	return &converter{to: to, rates: map[string][]datedRate{}, load: c.datedRates}
}

// datedRates returns the rates of a currency by day.
func (c *Company) datedRates(ctx context.Context, currency string) ([]datedRate, error) {
	var all []datedRate
	prefix := strings.ToLower(currency)
	for s, err := range c.rates.All(ctx, docstore.Query{From: prefix + "-", To: prefix + "."}) {
		if err != nil {
			return nil, err
		}
		value, err := parseRate(s.State.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, datedRate{s.State.Day, value})
	}
	return all, nil
}

// convert returns an amount in the reporting currency by the latest rate dated on or
// before a day; ErrWrongCurrency where there is none.
func (c *converter) convert(ctx context.Context, m Money, day Day) (int64, error) {
	if m.Currency.Code == c.to.Code {
		return m.Minor, nil
	}
	rates, known := c.rates[m.Currency.Code]
	if !known {
		var err error
		if rates, err = c.load(ctx, m.Currency.Code); err != nil {
			return 0, err
		}
		c.rates[m.Currency.Code] = rates
	}
	i, exact := slices.BinarySearchFunc(rates, day, func(r datedRate, d Day) int { return int(r.day) - int(d) })
	if !exact {
		i--
	}
	if i < 0 {
		return 0, fail(ErrWrongCurrency, "company", "there is no exchange rate from %s to %s dated on or before %s: record one first", m.Currency.Code, c.to.Code, day)
	}
	minor, err := m.convert(rates[i].value, c.to)
	if err != nil {
		return 0, fail(ErrWrongCurrency, "company", "%s", err)
	}
	return minor, nil
}
