package rpc

import (
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"

	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/services/accounts"
)

// ids returns the ids of resource names of a collection.
func ids(resources []string, collection string) []string {
	if len(resources) == 0 {
		return nil
	}
	list := make([]string, len(resources))
	for i, name := range resources {
		list[i] = names.First(name, collection)
	}
	return list
}

// named makes names of ids.
func named(ids []string, name func(string) string) []string {
	if len(ids) == 0 {
		return nil
	}
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = name(id)
	}
	return list
}

// optional makes the name of an id, and nothing of none.
func optional(id string, name func(string) string) string {
	if id == "" {
		return ""
	}
	return name(id)
}

// day reads a date of the request; nil for none.
func day(field string, d *date.Date) (*accounts.Day, error) {
	if d == nil {
		return nil, nil
	}
	day, err := accounts.CheckDate(int(d.GetYear()), int(d.GetMonth()), int(d.GetDay()))
	if err != nil {
		return nil, fault.Invalid(field, "%04d-%02d-%02d %s", d.GetYear(), d.GetMonth(), d.GetDay(), err)
	}
	return &day, nil
}

func dateOf(d *accounts.Day) *date.Date {
	if d == nil {
		return nil
	}
	return wire.Date(int32(*d))
}

// amount reads money of the request.
func amount(field string, m *money.Money) (accounts.Money, error) {
	minor, code, err := wire.Minor(field, m)
	if err != nil {
		return accounts.Money{}, err
	}
	currency, err := accounts.LookupCurrency(code)
	if err != nil {
		return accounts.Money{}, fault.Invalid(field+".currency_code", "%s", err)
	}
	return accounts.Money{Minor: minor, Currency: currency}, nil
}

func moneyOf(m accounts.Money) *money.Money { return wire.Money(m.Minor, m.Currency.Code) }

func tokenOf(aggregate string, version int64) string {
	return consistency.Token{Aggregate: aggregate, Version: version}.String()
}
