package statements

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// inHand is how many dossiers are open at a time: each may have any number of lines.
const inHand = 20

// lister makes the statements of a list.
type lister struct {
	service *Service
	company feeds.Company
	asOf    asOf
	known   time.Time
}

func (s *Service) lister(ctx context.Context) (lister, error) {
	company, zone, err := s.company(ctx)
	return lister{s, company, asOf{zone: zone, current: s.current(zone)}, s.now().UTC().Truncate(time.Millisecond)}, err
}

// answers makes the statements of those of some accounts that have one for a quarter: as
// issued where it was issued, else as it is known now. They come without the entries of their
// figures.
func (l *lister) answers(ctx context.Context, accounts []feeds.Account, q Quarter) ([]Answer, error) {
	var out []Answer
	for some := range slices.Chunk(accounts, inHand) {
		ids, places := make([]string, len(some)), make([]place, len(some))
		for i := range some {
			ids[i], places[i] = id(some[i].ID, q), place{some[i].ID, q}
		}
		issues, err := l.service.issues.GetMany(ctx, ids)
		if err != nil {
			return nil, err
		}
		opened, err := l.service.Dossiers.open(ctx, places)
		if err != nil {
			return nil, err
		}
		for i := range some {
			a := Answer{}
			if issue, issued := issues[ids[i]]; issued {
				a.Issue = &issue
			}
			has, err := l.answer(ctx, &a, &some[i], q, opened[places[i]])
			if err != nil {
				return nil, err
			}
			if has {
				out = append(out, a)
			}
		}
	}
	return out, nil
}

// answer makes the statement of an account, without entries; false where it has none.
func (l *lister) answer(ctx context.Context, out *Answer, a *feeds.Account, q Quarter, lines []line) (has bool, err error) {
	if out.Issue != nil {
		err = l.service.again(ctx, out, lines)
	} else {
		if has, err = l.service.customer(ctx, a, q, lines, l.asOf); err != nil || !has {
			return false, err
		}
		header := Header{Account: a.ID, DisplayName: a.DisplayName, Quarter: q, Company: l.company.Name, Currency: l.company.Currency, Zone: l.company.Zone, Known: l.known}
		err = l.service.make(ctx, out, header, l.asOf.zone, lines, Horizon{})
	}
	for i := range out.Figures {
		out.Figures[i].Sources = nil
	}
	return err == nil, err
}

// ListAccount lists the statements of an account, the latest quarter first: those before a
// quarter, or all of them where it is 0. It returns the quarter to go on before, 0 on the
// last page. NOT_FOUND for the account.
func (s *Service) ListAccount(ctx context.Context, account string, size int, before Quarter) (page []Answer, next Quarter, err error) {
	a, err := s.opts.Accounts.Get(ctx, account)
	if err != nil {
		return nil, 0, err
	}
	l, err := s.lister(ctx)
	if err != nil {
		return nil, 0, err
	}
	if before == 0 {
		before = l.asOf.current + 1
	}
	first, known, err := s.Dossiers.first(ctx, account, func(Quarter, []line) bool { return true })
	if err != nil {
		return nil, 0, err
	}
	if !known {
		first = l.asOf.current
	}
	if a.Joined != civil.Never {
		first = min(first, QuarterOf(a.Joined))
	}
	for q := before - 1; q >= first; q-- {
		if len(page) == size {
			return page, q + 1, nil
		}
		more, err := l.answers(ctx, []feeds.Account{a}, q)
		if err != nil {
			return nil, 0, err
		}
		page = append(page, more...)
	}
	return page, 0, nil
}

// ListQuarter lists the statements of all accounts for a quarter, by account: those behind
// an id, or all of them where it is empty. It returns the id to go on behind, empty on the
// last page.
func (s *Service) ListQuarter(ctx context.Context, q Quarter, size int, behind string) (page []Answer, next string, err error) {
	l, err := s.lister(ctx)
	if err != nil {
		return nil, "", err
	}
	for some, err := range inParts(s.opts.Accounts.All(ctx, behind), inHand) {
		if err != nil {
			return nil, "", err
		}
		more, err := l.answers(ctx, some, q)
		if err != nil {
			return nil, "", err
		}
		if page = append(page, more...); len(page) > size {
			return page[:size], page[size-1].Account, nil
		}
	}
	return page, "", nil
}

// inParts are accounts, in their order, so many at a time; after an error there are no more.
func inParts(accounts iter.Seq2[feeds.Account, error], size int) iter.Seq2[[]feeds.Account, error] {
	return func(yield func([]feeds.Account, error) bool) {
		var some []feeds.Account
		for a, err := range accounts {
			if err != nil {
				yield(nil, fmt.Errorf("read accounts: %w", err))
				return
			}
			if some = append(some, a); len(some) < size {
				continue
			}
			if !yield(some, nil) {
				return
			}
			some = nil
		}
		if len(some) > 0 {
			yield(some, nil)
		}
	}
}

// Sum is what the statements of a quarter add up to, beside what the ledgers count.
type Sum struct {
	Quarter  Quarter
	Currency string
	// Known is the instant as of whose knowledge it is.
	Known time.Time
	// Figures are summed over all accounts, as they are known now; without sources.
	Figures []Figure
	// Accounts is how many have something in a statement, Issued how many statements were
	// issued.
	Accounts, Issued int
	// Ledgers are what the owners of the ledgers count. Without them, Unreachable says why.
	Ledgers     LedgerTotals
	Unreachable error
}

// Figure returns the sum of a figure.
func (s *Sum) Figure(id string) Figure {
	for _, f := range s.Figures {
		if f.ID == id {
			return f
		}
	}
	return Figure{}
}

// Sum adds up the statements of a quarter.
func (s *Service) Sum(ctx context.Context, q Quarter) (Sum, error) {
	l, err := s.lister(ctx)
	if err != nil {
		return Sum{}, err
	}
	out := Sum{Quarter: q, Currency: l.company.Currency, Known: l.known}
	for _, d := range definitions {
		out.Figures = append(out.Figures, Figure{ID: d.id, Label: d.label})
	}
	err = s.Dossiers.ofQuarter(ctx, q, func(account string, lines []line) error {
		statement, err := s.fold(ctx, Header{Account: account, Quarter: q, Currency: out.Currency}, l.asOf.zone, lines, Horizon{})
		if err != nil {
			return err
		}
		some := false
		for i := range statement.Figures {
			some = some || len(statement.Figures[i].Sources) > 0
			out.Figures[i].add(&statement.Figures[i])
		}
		if some {
			out.Accounts++
		}
		return nil
	})
	if err != nil {
		return Sum{}, err
	}
	for _, err := range s.issues.All(ctx, docstore.Query{Index: byQuarter, Equal: []any{int64(q)}}) {
		if err != nil {
			return Sum{}, err
		}
		out.Issued++
	}
	out.Ledgers, out.Unreachable = s.opts.Ledgers.Totals(ctx, q.First(), q.Last())
	if errors.Is(out.Unreachable, context.Canceled) || errors.Is(out.Unreachable, context.DeadlineExceeded) {
		return Sum{}, out.Unreachable
	}
	return out, nil
}

// add adds a figure of another statement.
func (f *Figure) add(other *Figure) {
	f.Count, f.Minor, f.Unknown = f.Count+other.Count, plus(f.Minor, other.Minor), f.Unknown+other.Unknown
	f.Minutes, f.Returned, f.Entries = f.Minutes+other.Minutes, f.Returned+other.Returned, f.Entries+other.Entries
	for origin, units := range other.Origins {
		if f.Origins == nil {
			f.Origins = map[string]int64{}
		}
		f.Origins[origin] += units
	}
	for i := range other.Parts {
		part := &other.Parts[i]
		place, found := slices.BinarySearchFunc(f.Parts, part.ID, func(p Figure, id string) int { return strings.Compare(p.ID, id) })
		if !found {
			f.Parts = slices.Insert(f.Parts, place, Figure{ID: part.ID, Label: part.Label})
		}
		f.Parts[place].add(part)
	}
}

// Issued returns how a statement was issued; resource.ErrNotFound.
func (s *Service) Issued(ctx context.Context, account string, q Quarter) (resource.Stored[Issue], error) {
	return s.issues.Get(ctx, id(account, q))
}
