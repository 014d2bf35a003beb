package rpc

import (
	"context"
	"regexp"

	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

var accountFields = []filter.Field{
	{Name: "external_id"}, {Name: "source"}, {Name: "owner"}, {Name: "parent"}, {Name: "display_name"},
	{Name: "state", Kind: filter.Enum, Values: []string{"PROSPECT", "ACTIVE", "CLOSED"}},
}

// longState finds states written as JSON has them, STATE_ACTIVE.
var longState = regexp.MustCompile(`(\bstate\s*(?:!=|=)\s*"?)STATE_`)

func (s *accountsServer) ListAccounts(ctx context.Context, r *accountsv1.ListAccountsRequest) (*accountsv1.ListAccountsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	query, err := accountQuery(r)
	if err != nil {
		return nil, err
	}
	query.Size, query.After = p.Size, p.After
	list, err := s.domain.Accounts.List(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListAccountsResponse{}
	for _, a := range list.Items {
		out.Accounts = append(out.Accounts, accountOf(a))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func accountQuery(r *accountsv1.ListAccountsRequest) (accounts.AccountQuery, error) {
	var q accounts.AccountQuery
	order, err := filter.ParseOrder(r.GetOrderBy(), "name", "display_name")
	if err != nil {
		return q, err
	}
	if len(order) > 0 { // a second field cannot change an order that ends in the id
		q.ByDisplayName, q.Descending = order[0].Field == "display_name", order[0].Descending
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), accountFields...)
	if err != nil || r.GetFilter() == "" {
		return q, err
	}
	equal := func(field string, read func(string) string) *string {
		value, ok := f.Equal(field)
		text, isText := value.(string)
		if !ok || !isText {
			return nil
		}
		text = read(text)
		return &text
	}
	same := func(s string) string { return s }
	q.ExternalID, q.DisplayName = equal("external_id", same), equal("display_name", same)
	q.Owner = equal("owner", func(name string) string { return names.First(name, "principals") })
	q.Parent = equal("parent", func(name string) string { return names.First(name, "accounts") })
	if value, ok := f.Equal("state"); ok {
		for state := range states {
			if stateName(state) == value {
				q.State = &state
			}
		}
	}
	q.Keep = func(a resource.Stored[accounts.Account]) bool {
		return f.Match(func(field string) any { return fieldOf(&a.State, field) })
	}
	return q, nil
}

// fieldOf is a field's value as filters see it.
func fieldOf(a *accounts.Account, field string) any {
	switch field {
	case "external_id":
		return a.ExternalID
	case "source":
		return a.Source
	case "owner":
		return optional(a.Owner, accounts.PrincipalName)
	case "parent":
		return optional(a.Parent, accounts.AccountName)
	case "display_name":
		return a.DisplayName
	case "state":
		return stateName(a.State)
	}
	return nil
}
