package rpc

import (
	"strings"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"

	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/services/accounts"
)

// id returns the id of a name of a collection, as id("accounts/acme", "accounts"), and
// "" for another name, and for none.
func id(name, collection string) string {
	rest, ok := strings.CutPrefix(name, collection+"/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// ids returns the ids of names of a collection.
func ids(names []string, collection string) []string {
	if len(names) == 0 {
		return nil
	}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = id(name, collection)
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

// below returns the second id of a name, as that of accounts/{account}/contacts/{contact}.
func below(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

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

// page reads which page of a list is wanted.
func page(r paging.Request) (paging.Page[accounts.Place], accounts.Place, error) {
	p, err := paging.Read[accounts.Place](r)
	if err != nil || p.After == nil {
		return p, nil, err
	}
	return p, *p.After, nil
}

// next is the token of the page behind a place; empty where there is none.
func next(p paging.Page[accounts.Place], place accounts.Place) (string, error) {
	if place == nil {
		return "", nil
	}
	return p.Next(place)
}

// masked returns a pointer to a value where the mask has its path.
func masked[T any](mask interface{ Has(string) bool }, path string, value T) *T {
	if !mask.Has(path) {
		return nil
	}
	return &value
}

// resource returns the ids of the resource that an update names; requests that only
// carry a name are checked by their schema.
func resource(field, name string, collections ...string) ([]string, error) {
	found, ok := names.Parse(name, collections...)
	if !ok {
		return nil, fault.Invalid(field, "%q is not the name of a resource of this kind, as %s/…", name, collections[0])
	}
	return found, nil
}
