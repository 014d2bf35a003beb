package clauses

import (
	"context"
	"errors"
	"iter"
	"log/slog"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
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
	none := resource.Stored[Citation]{}
	own, err := call.NewID(s.opts.Random)
	if err != nil {
		return none, "", err
	}
	id := c.Clause + "/" + own
	if call.RequestID != "" {
		earlier, err := s.citations.Get(ctx, id)
		if err == nil { // the checks were made when it came first
			_, err = s.citations.Create(ctx, call, id, c, recorded)
		}
		if err == nil {
			return earlier, s.review(ctx, call, earlier), nil
		}
		if !errors.Is(err, resource.ErrNotFound) {
			return none, "", err
		}
	}
	if c, err = s.checked(ctx, c); err != nil {
		return none, "", err
	}
	c.By = call.Principal
	if check {
		return s.citations.Unwritten(id, c), "", nil
	}
	stored, err := s.citations.Create(ctx, call, id, c, recorded)
	if err != nil {
		return none, "", err
	}
	return stored, s.review(ctx, call, stored), nil
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

// review returns the id of the review that the window of a citation has, and opens the one
// that it makes due. The citation stands by then, so that nothing fails the call any more:
// what cannot be judged now is judged by tally.Follow.
func (s *Service) review(ctx context.Context, call resource.Call, c resource.Stored[Citation]) string {
	id, err := s.judge(ctx, &s.counter, call.Principal, c)
	if err != nil {
		slog.WarnContext(ctx, "a citation was recorded and could not be judged yet", "citation", CitationName(c.ID), "error", err)
	}
	return id
}

func (s *Service) judge(ctx context.Context, counter *tally.Counter, who string, c resource.Stored[Citation]) (string, error) {
	clause, err := s.clauses.Get(ctx, c.State.Clause)
	if err != nil {
		return "", err
	}
	return counter.Judge(ctx, resource.Call{Principal: who}, s.subject(clause), c.State.Day, c.State.Account)
}

// subject is a clause as it is counted.
func (s *Service) subject(c resource.Stored[Clause]) tally.Subject {
	return tally.Subject{
		Name: Name(c.ID), Owner: c.State.Owner, Threshold: c.State.threshold(), Reviews: s.opts.Reviews,
		Entries: func(ctx context.Context, span tally.Span) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for cited, err := range s.between(ctx, c.ID, span.From, span.To) {
					if !yield(cited.State.Account, err) {
						return
					}
				}
			}
		},
	}
}

// between is the citations of a clause from one day to another, both among them; of all
// clauses where its id is empty.
func (s *Service) between(ctx context.Context, clause string, from, to civil.Day) iter.Seq2[resource.Stored[Citation], error] {
	q := docstore.Query{Index: "day", From: int64(from), To: int64(to) + 1, Limit: 1000}
	if clause != "" {
		q.Index, q.Equal = "clause", []any{clause}
	}
	return s.citations.All(ctx, q)
}

// Judged is how tally.Follow judges the citations of processes that died before they
// could.
func (s *Service) Judged() tally.Judged {
	return tally.Judged{Collection: s.citations.Kind().Spec.Name, Event: recorded, Judge: func(ctx context.Context, counter *tally.Counter, id, who string) error {
		c, err := s.citations.Get(ctx, id)
		if err == nil {
			_, err = s.judge(ctx, counter, who, c)
		}
		return err
	}}
}
