package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// accountsServer implements AccountsService.
type accountsServer struct {
	accountsv1.UnimplementedAccountsServiceServer
	domain *accounts.Service
}

func companyOf(s resource.Stored[accounts.CompanyState]) *accountsv1.Company {
	c := companyState(&s.State)
	c.Etag = s.Etag()
	return c
}

func companyState(c *accounts.CompanyState) *accountsv1.Company {
	out := &accountsv1.Company{
		Name: "company", DisplayName: c.DisplayName, TimeZone: c.TimeZone, CurrencyCode: c.Currency,
		FiscalYearStartMonth: int32(c.FiscalMonth), FiscalYearStartDay: int32(c.FiscalDay),
		CreateTime: wire.Timestamp(c.Created), UpdateTime: wire.Timestamp(c.Updated),
	}
	if c.Currency == "" {
		out.LedgerCurrencyCode = c.LedgerCurrency
	}
	return out
}

func (s *accountsServer) GetCompany(ctx context.Context, _ *accountsv1.GetCompanyRequest) (*accountsv1.Company, error) {
	c, err := s.domain.Company.Get(ctx)
	if err != nil {
		return nil, err
	}
	return companyOf(c), nil
}

func (s *accountsServer) UpdateCompany(ctx context.Context, r *accountsv1.UpdateCompanyRequest) (*accountsv1.Company, error) {
	in := r.GetCompany()
	mask, err := fieldmask.Read("company", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	company, err := s.domain.Company.Update(ctx, c, in.GetEtag(), accounts.CompanyPatch{
		DisplayName: fieldmask.Given(mask, "display_name", in.GetDisplayName()),
		TimeZone:    fieldmask.Given(mask, "time_zone", in.GetTimeZone()),
		Currency:    fieldmask.Given(mask, "currency_code", in.GetCurrencyCode()),
		FiscalMonth: fieldmask.Given(mask, "fiscal_year_start_month", int(in.GetFiscalYearStartMonth())),
		FiscalDay:   fieldmask.Given(mask, "fiscal_year_start_day", int(in.GetFiscalYearStartDay())),
	})
	if err != nil {
		return nil, err
	}
	return companyOf(company), nil
}

func (s *accountsServer) AdoptSettings(ctx context.Context, r *accountsv1.AdoptSettingsRequest) (*accountsv1.Company, error) {
	company, err := s.domain.Company.Adopt(ctx, request.Caller(ctx), r.GetCurrencyCode(), r.GetTimeZone())
	if err != nil {
		return nil, err
	}
	return companyOf(company), nil
}

func rateOf(s resource.Stored[accounts.Rate]) *accountsv1.ExchangeRate {
	return &accountsv1.ExchangeRate{
		Name: "company/exchangeRates/" + s.ID, CurrencyCode: s.State.Currency, Date: dateOf(&s.State.Day),
		Rate: s.State.Value, Source: s.State.Source, CreateTime: wire.Timestamp(s.State.Created),
	}
}

func (s *accountsServer) CreateExchangeRate(ctx context.Context, r *accountsv1.CreateExchangeRateRequest) (*accountsv1.ExchangeRate, error) {
	in := r.GetExchangeRate()
	on, err := day("exchange_rate.date", in.GetDate())
	if err != nil {
		return nil, err
	}
	if on == nil {
		return nil, fault.Invalid("exchange_rate.date", "is required")
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	rate, err := s.domain.Company.CreateRate(ctx, c, accounts.Rate{
		Currency: in.GetCurrencyCode(), Day: *on, Value: in.GetRate(), Source: in.GetSource()})
	if err != nil {
		return nil, err
	}
	return rateOf(rate), nil
}

func (s *accountsServer) ListExchangeRates(ctx context.Context, r *accountsv1.ListExchangeRatesRequest) (*accountsv1.ListExchangeRatesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(r.GetFilter(), filter.Field{Name: "currency_code"})
	if err != nil {
		return nil, err
	}
	currency := ""
	if value, ok := f.Equal("currency_code"); ok {
		currency, _ = value.(string)
	}
	keep := func(rate accounts.Rate) bool { return f.Match(func(string) any { return rate.Currency }) }
	list, err := s.domain.Company.ListRates(ctx, p.Size, p.After, keep, currency)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListExchangeRatesResponse{}
	for _, rate := range list.Items {
		out.ExchangeRates = append(out.ExchangeRates, rateOf(rate))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}
