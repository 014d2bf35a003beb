package houserules

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// RuleQuery says which house rules to list, by id.
type RuleQuery struct {
	// Owner is the id of a principal; nil wants those of all.
	Owner *string
	// Keep says whether a rule is wanted; nil wants all.
	Keep func(resource.Stored[Rule]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists house rules.
func (s *Service) List(ctx context.Context, query RuleQuery) (resource.Page[Rule], error) {
	q := docstore.Query{Limit: query.Size, After: query.After}
	if query.Owner != nil {
		q.Index, q.Equal = "owner", []any{*query.Owner}
	}
	return s.rules.List(ctx, q, nil, query.Keep)
}

// BreachQuery says which breaches to list, the latest first.
type BreachQuery struct {
	// Rule is the id of a house rule; empty wants those of all.
	Rule string
	// Account is the id of an account; nil wants those of all.
	Account *string
	// Keep says whether a breach is wanted; nil wants all.
	Keep func(resource.Stored[Breach]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// Breaches lists breaches of house rules: NOT_FOUND for a rule that is not there.
func (s *Service) Breaches(ctx context.Context, query BreachQuery) (resource.Page[Breach], error) {
	q := docstore.Query{Index: "day", Descending: true, Limit: query.Size, After: query.After}
	keep := query.Keep
	switch {
	case query.Rule != "":
		if _, err := s.rules.Get(ctx, query.Rule); err != nil {
			return resource.Page[Breach]{}, err
		}
		q.Index, q.Equal = "rule", []any{query.Rule}
	case query.Account != nil:
		q.Index, q.Equal = "account", []any{*query.Account}
	}
	return s.breaches.List(ctx, q, func(b resource.Stored[Breach]) resource.Place {
		return resource.Place{int64(b.State.Day), b.ID}
	}, keep)
}
