package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Company is `evenhand company`.
type Company struct {
	Get    CompanyGet    `cmd:"" aliases:"show" help:"Show the company: its currency, time zone and fiscal year."`
	Update CompanyUpdate `cmd:"" help:"Change the company."`
}

// CompanyGet is `evenhand company get`.
type CompanyGet struct {
	Output
	Connection
}

// Run asks and prints.
func (c *CompanyGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		company, err := accountsv1.NewAccountsServiceClient(s).GetCompany(ctx, &accountsv1.GetCompanyRequest{})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, company, companyPairs(company))
	})
}

func companyPairs(c *accountsv1.Company) []pair {
	return []pair{
		{"Name", c.GetDisplayName()},
		{"Currency", orNotSet(c.GetCurrencyCode())},
		{"Time zone", orNotSet(c.GetTimeZone())},
		{"Fiscal year from", fmt.Sprintf("%02d-%02d", max(c.GetFiscalYearStartMonth(), 1), max(c.GetFiscalYearStartDay(), 1))},
		{"Etag", c.GetEtag()},
		{"Updated", showTime(c.GetUpdateTime())},
	}
}

func orNotSet(text string) string {
	if text == "" {
		return "not set yet"
	}
	return text
}

// CompanyUpdate is `evenhand company update`.
type CompanyUpdate struct {
	DisplayName    *string `placeholder:"NAME" help:"What people call it."`
	Currency       *string `placeholder:"CODE" help:"Reporting currency, as USD. Once set it stays."`
	TimeZone       *string `placeholder:"ZONE" help:"IANA time zone in which days begin, as America/New_York. Once set it stays."`
	FiscalYearFrom string  `placeholder:"MM-DD" help:"Month and day on which the fiscal year begins; 02-29 is the last day of February."`
	Etag           string  `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CompanyUpdate) Help() string {
	return `Changes what is given, and nothing else.

Example:

  evenhand company update --display-name "Larkspur Tools" --fiscal-year-from 04-01`
}

// Run changes and prints it.
func (c *CompanyUpdate) Run(env *Env) error {
	request, err := c.change()
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		company, err := accountsv1.NewAccountsServiceClient(s).UpdateCompany(ctx, request)
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, company, companyPairs(company))
	})
}

func (c *CompanyUpdate) change() (*accountsv1.UpdateCompanyRequest, error) {
	company := &accountsv1.Company{Name: "company", Etag: c.Etag}
	var paths []string
	for _, field := range []struct {
		path string
		from *string
		to   *string
	}{
		{"display_name", c.DisplayName, &company.DisplayName},
		{"currency_code", c.Currency, &company.CurrencyCode},
		{"time_zone", c.TimeZone, &company.TimeZone},
	} {
		if field.from != nil {
			*field.to = *field.from
			paths = append(paths, field.path)
		}
	}
	if c.FiscalYearFrom != "" {
		month, day, err := parseMonthDay(c.FiscalYearFrom)
		if err != nil {
			return nil, err
		}
		company.FiscalYearStartMonth, company.FiscalYearStartDay = month, day
		paths = append(paths, "fiscal_year_start_month", "fiscal_year_start_day")
	}
	if len(paths) == 0 {
		return nil, &usageError{"nothing to change: name at least one field, as --display-name NAME"}
	}
	return &accountsv1.UpdateCompanyRequest{Company: company, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, RequestId: newRequestID()}, nil
}

func parseMonthDay(text string) (month, day int32, err error) {
	m, d, _ := strings.Cut(text, "-")
	monthNumber, err1 := strconv.ParseInt(m, 10, 32)
	dayNumber, err2 := strconv.ParseInt(d, 10, 32)
	leap := time.Date(2000, time.Month(monthNumber), int(dayNumber), 0, 0, 0, 0, time.UTC) // 02-29 means the last day of February
	if err1 != nil || err2 != nil || int64(leap.Month()) != monthNumber || int64(leap.Day()) != dayNumber {
		return 0, 0, &usageError{fmt.Sprintf("--fiscal-year-from: %q is not a month and a day such as 04-01", text)}
	}
	return int32(monthNumber), int32(dayNumber), nil
}
