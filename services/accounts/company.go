package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// CompanyState is the company that keeps the promise.
type CompanyState struct {
	DisplayName string `bson:"display_name,omitempty"`
	// TimeZone is the IANA zone in which days begin; empty until it is set, once.
	TimeZone string `bson:"time_zone,omitempty"`
	// Currency is the ISO 4217 code of the reporting currency; empty until it is set,
	// once.
	Currency string `bson:"currency,omitempty"`
	// FiscalMonth and FiscalDay are where the fiscal year begins; 0 means January, and
	// the 1st.
	FiscalMonth int `bson:"fiscal_month,omitempty"`
	FiscalDay   int `bson:"fiscal_day,omitempty"`
	// LedgerCurrency is that of the first entry recorded while there was no reporting
	// currency.
	LedgerCurrency string `bson:"ledger_currency,omitempty"`
	resource.Times `bson:",inline"`
}

// Zone is the company's time zone, UTC while it has none.
func (c CompanyState) Zone() *time.Location {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// CompanyPatch says what to change of the company; nil leaves a field as it is.
type CompanyPatch struct {
	DisplayName, TimeZone, Currency *string
	FiscalMonth, FiscalDay          *int
}

// Company is the use cases of the company and its exchange rates.
type Company struct {
	company *resource.Table[CompanyState, *CompanyState]
	rates   *resource.Table[Rate, *Rate]
	now     func() time.Time
}

const companyID = "company"

func openCompany(ctx context.Context, w wiring) (*Company, error) {
	company, err := resource.OpenTable(ctx, w.requests, resource.Kind[CompanyState]{
		Type: "evenhand/Company", Name: func(string) string { return "company" }, Spec: docstore.Spec{Name: "company"},
		Tell: func(s CompanyState) any { return s }})
	if err != nil {
		return nil, err
	}
	rates, err := openRates(ctx, w)
	if err != nil {
		return nil, err
	}
	c := &Company{company, rates, w.now}
	if err := c.found(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// found makes the company of a new installation.
func (c *Company) found(ctx context.Context) error {
	_, err := c.company.Get(ctx, companyID)
	if !errors.Is(err, resource.ErrNotFound) {
		return err
	}
	_, err = c.company.Create(ctx, resource.Call{}, companyID, CompanyState{}, "company.created")
	if errors.Is(err, resource.ErrExists) { // another process was faster
		return nil
	}
	return err
}

// Get returns the company.
func (c *Company) Get(ctx context.Context) (resource.Stored[CompanyState], error) {
	return c.company.Get(ctx, companyID)
}

// Today is the day it is for the company.
func (c *Company) Today(ctx context.Context) (Day, error) {
	s, err := c.Get(ctx)
	if err != nil {
		return 0, err
	}
	return DayOf(c.now(), s.State.Zone()), nil
}

// Update changes the company. It is ErrInvalid for a zone or currency that does not exist,
// ErrWrongCurrency for one that differs from what is set or from the ledger's.
func (c *Company) Update(ctx context.Context, call resource.Call, etag string, patch CompanyPatch) (resource.Stored[CompanyState], error) {
	return c.company.Update(ctx, call, companyID, resource.IfEtag[CompanyState](etag), "company.updated", patch.apply)
}

// Adopt sets currency and zone where the company has none, as the first published
// schedule does, and otherwise wants them to be the company's.
func (c *Company) Adopt(ctx context.Context, call resource.Call, currency, zone string) (resource.Stored[CompanyState], error) {
	return c.Update(ctx, call, "", CompanyPatch{Currency: &currency, TimeZone: &zone})
}

func (p CompanyPatch) apply(s *CompanyState) error {
	if p.DisplayName != nil {
		s.DisplayName = *p.DisplayName
	}
	if p.FiscalMonth != nil {
		s.FiscalMonth = *p.FiscalMonth
	}
	if p.FiscalDay != nil {
		s.FiscalDay = *p.FiscalDay
	}
	if s.FiscalMonth < 0 || s.FiscalMonth > 12 {
		return invalid("company.fiscal_year_start_month", "is %d, and a month is 1 to 12", s.FiscalMonth)
	}
	if s.FiscalDay < 0 || s.FiscalDay > 31 {
		return invalid("company.fiscal_year_start_day", "is %d, and a day is 1 to 31", s.FiscalDay)
	}
	return errors.Join(p.setZone(s), p.setCurrency(s))
}

func (p CompanyPatch) setZone(s *CompanyState) error {
	switch {
	case p.TimeZone == nil || *p.TimeZone == s.TimeZone:
		return nil
	case s.TimeZone != "":
		return fail(ErrWrongCurrency, "company", "the company's time zone is %s and stays, so it cannot become %q", s.TimeZone, *p.TimeZone)
	case !isZone(*p.TimeZone):
		return invalid("company.time_zone", "%q is not an IANA time zone such as America/New_York", *p.TimeZone)
	}
	s.TimeZone = *p.TimeZone
	return nil
}

func (p CompanyPatch) setCurrency(s *CompanyState) error {
	if p.Currency == nil || *p.Currency == s.Currency {
		return nil
	}
	if s.Currency != "" {
		return fail(ErrWrongCurrency, "company", "the company's currency is %s and stays, so it cannot become %q", s.Currency, *p.Currency)
	}
	if _, err := LookupCurrency(*p.Currency); err != nil {
		return invalid("company.currency_code", "%s", err)
	}
	if s.LedgerCurrency != "" && s.LedgerCurrency != *p.Currency {
		return fail(ErrWrongCurrency, "company", "revenue is recorded in %s already, so the company's currency cannot become %s", s.LedgerCurrency, *p.Currency)
	}
	s.Currency = *p.Currency
	return nil
}

func isZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// claimLedger makes a currency that of the ledger while the company has no reporting
// currency, and returns the company. ErrWrongCurrency where the ledger has another.
func (c *Company) claimLedger(ctx context.Context, currency string) (CompanyState, error) {
	s, err := c.company.Update(ctx, resource.Call{}, companyID, nil, "company.updated", func(s *CompanyState) error {
		if s.Currency != "" || s.LedgerCurrency == currency {
			return nil
		}
		if s.LedgerCurrency != "" {
			return secondCurrency(s.LedgerCurrency, currency)
		}
		s.LedgerCurrency = currency
		return nil
	})
	return s.State, err
}

func secondCurrency(ledger, currency string) error {
	return fail(ErrWrongCurrency, "company",
		"the entry is in %s, but the ledger is in %s and the company has no reporting currency: set the company's currency and its rates first", currency, ledger)
}
