package clauses

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// recorded is the event of a citation.
const recorded = "citation.recorded"

// Citation returns a citation of a clause, or resource.ErrNotFound.
func (s *Service) Citation(ctx context.Context, clause, id string) (resource.Stored[Citation], error) {
	return s.citations.Get(ctx, clause+"/"+id)
}

// Cite records that a clause was cited, today where no day is given, and returns also the
// id of the review that the clause has for that quarter; empty where there is none.
// NOT_FOUND for the clause; CLAUSE_STATE for one that was retired; INVALID_ARGUMENT. With
// check, nothing is written.
func (s *Service) Cite(ctx context.Context, call resource.Call, c Citation, check bool) (resource.Stored[Citation], string, error) {
	c.By = call.Principal
	return s.citations.Record(ctx, call, c, s.checked, check)
}

// checked wants the citation to be one that can be recorded, and fills in its day.
func (s *Service) checked(ctx context.Context, c Citation) (Citation, error) {
	clause, err := s.clauses.Get(ctx, c.Clause)
	if err != nil {
		return c, err
	}
	if clause.State.State == Retired {
		return c, clauseState(Name(c.Clause), "%s was retired: no contract has it any more.", Name(c.Clause))
	}
	today, err := s.Today(ctx)
	if err != nil {
		return c, err
	}
	if c.Day == 0 {
		c.Day = today
	}
	if c.Day > today {
		return c, fault.Invalid("citation.citation_date", "%s has not come yet", c.Day)
	}
	if c.Account != "" {
		err := s.opts.Directory.Account(ctx, c.Account)
		if err := resource.Named("citation.account", "accounts/"+c.Account, err); err != nil {
			return c, err
		}
	}
	if c.Case != "" {
		return c, resource.Named("citation.case", c.Case, s.opts.Directory.Case(ctx, c.Case))
	}
	return c, nil
}

// counted is a clause as its citations are counted.
func (s *Service) counted(ctx context.Context, id string) (tally.Subject, error) {
	c, err := s.clauses.Get(ctx, id)
	return tally.Subject{Name: Name(id), Owner: c.State.Owner, Retired: c.State.State == Retired,
		Threshold: c.State.threshold(), Reviews: s.opts.Reviews}, err
}

// Judged is how tally.Follow judges the citations that could not be judged when they were
// recorded.
func (s *Service) Judged() tally.Judged { return s.citations.Judged() }
