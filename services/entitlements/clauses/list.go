package clauses

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// Query says which clauses to list, by id.
type Query struct {
	// Owner is the id of a principal; nil wants those of all.
	Owner *string
	// Keep says whether a clause is wanted; nil wants all.
	Keep func(resource.Stored[Clause]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists clauses.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Clause], error) {
	q := docstore.Query{Limit: query.Size, After: query.After}
	if query.Owner != nil {
		q.Index, q.Equal = "owner", []any{*query.Owner}
	}
	return s.clauses.List(ctx, q, nil, query.Keep)
}

// CitationQuery says which citations to list, the latest first.
type CitationQuery struct {
	// Clause is the id of a clause; empty wants those of all.
	Clause string
	// Account is the id of an account; nil wants those of all.
	Account *string
	// Keep says whether a citation is wanted; nil wants all.
	Keep func(resource.Stored[Citation]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// Citations lists citations of clauses: NOT_FOUND for a clause that is not there.
func (s *Service) Citations(ctx context.Context, query CitationQuery) (resource.Page[Citation], error) {
	q := docstore.Query{Index: "day", Descending: true, Limit: query.Size, After: query.After}
	switch {
	case query.Clause != "":
		if _, err := s.clauses.Get(ctx, query.Clause); err != nil {
			return resource.Page[Citation]{}, err
		}
		q.Index, q.Equal = "clause", []any{query.Clause}
	case query.Account != nil && *query.Account != "":
		q.Index, q.Equal = "account", []any{*query.Account}
	}
	return s.citations.List(ctx, q, func(c resource.Stored[Citation]) resource.Place {
		return resource.Place{int64(c.State.Day), c.ID}
	}, query.Keep)
}

// Report is how often clauses were cited in a quarter, and in the one before.
type Report struct {
	Quarter tally.Span
	// Clauses are the clauses that are active, or were cited in either: the one cited
	// most comes first.
	Clauses []Cited
}

// Cited is how often one clause was cited.
type Cited struct {
	Clause resource.Stored[Clause]
	// Count is how many times in the quarter, to Accounts different accounts, and Before
	// how many times in the quarter before.
	Count, Accounts, Before int
	// Review is the id of the review that the citations opened; empty where there is none.
	Review string
}

// Report counts the citations in the quarter of a day.
func (s *Service) Report(ctx context.Context, day civil.Day) (Report, error) {
	report := Report{Quarter: tally.Quarter.Of(day)}
	counts := map[string]*Cited{}
	for c, err := range s.clauses.All(ctx, docstore.Query{Limit: 1000}) {
		if err != nil {
			return report, fmt.Errorf("read the clauses: %w", err)
		}
		counts[c.ID] = &Cited{Clause: c}
	}
	accounts := map[[2]string]struct{}{}
	for c, err := range s.citations.Between(ctx, "", report.Quarter.Before().From, report.Quarter.To) {
		if err != nil {
			return report, fmt.Errorf("read the citations of clauses: %w", err)
		}
		count := counts[c.State.Clause]
		switch {
		case count == nil: // of a clause written after the clauses were read
		case c.State.Day < report.Quarter.From:
			count.Before++
		default:
			count.Count++
			if c.State.Account != "" {
				accounts[[2]string{c.State.Clause, c.State.Account}] = struct{}{}
			}
		}
	}
	for key := range accounts {
		counts[key[0]].Accounts++
	}
	for _, count := range counts {
		if count.Clause.State.State != Active && count.Count+count.Before == 0 {
			continue
		}
		var err error
		if count.Review, err = s.opts.Reviews.Opened(ctx, Name(count.Clause.ID), report.Quarter); err != nil {
			return report, err
		}
		report.Clauses = append(report.Clauses, *count)
	}
	slices.SortFunc(report.Clauses, func(a, b Cited) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(b.Before, a.Before), strings.Compare(a.Clause.ID, b.Clause.ID))
	})
	return report, nil
}
