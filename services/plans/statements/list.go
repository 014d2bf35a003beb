package statements

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// ofAccount is an account with its dossier for a quarter.
type ofAccount struct {
	account feeds.Account
	quarter Quarter
	lines   []line
}

// lister makes the statements of a list.
type lister struct {
	service *Service
	company feeds.Company
	zone    civil.Zone
	known   time.Time
}

func (s *Service) lister(ctx context.Context) (lister, error) {
	company, zone, err := s.company(ctx)
	return lister{s, company, zone, s.now().UTC().Truncate(time.Millisecond)}, err
}

// answers makes the statement of each: as issued where it was issued, else as it is known
// now.
func (l *lister) answers(ctx context.Context, list []ofAccount) ([]Answer, error) {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = id(list[i].account.ID, list[i].quarter)
	}
	issues, err := l.service.issues.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Answer, len(list))
	for i := range list {
		if issue, issued := issues[ids[i]]; issued {
			out[i].Issue = &issue
			err = l.service.again(ctx, &out[i], list[i].lines)
		} else {
			a := &list[i].account
			header := Header{Account: a.ID, DisplayName: a.DisplayName, Quarter: list[i].quarter, Currency: l.company.Currency, Zone: l.company.Zone, Known: l.known}
			err = l.service.make(ctx, &out[i], header, l.zone, list[i].lines, Horizon{})
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
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
	current := s.current(l.zone)
	if before == 0 {
		before = current + 1
	}
	first, known, err := s.Dossiers.first(ctx, account)
	if err != nil {
		return nil, 0, err
	}
	if !known {
		first = current
	}
	if a.Joined != civil.Never {
		first = min(first, QuarterOf(a.Joined))
	}
	var list []ofAccount
	for q := before - 1; q >= first; q-- {
		if len(list) == size {
			next = q + 1
			break
		}
		opened, err := s.Dossiers.open(ctx, []place{{account, q}})
		if err != nil {
			return nil, 0, err
		}
		lines := opened[place{account, q}]
		has, err := s.customer(ctx, &a, q, current, len(lines) > 0)
		if err != nil {
			return nil, 0, err
		}
		if has {
			list = append(list, ofAccount{a, q, lines})
		}
	}
	page, err = l.answers(ctx, list)
	return page, next, err
}

// ListQuarter lists the statements of all accounts for a quarter, by account: those behind
// an id, or all of them where it is empty. It returns the id to go on behind, empty on the
// last page.
func (s *Service) ListQuarter(ctx context.Context, q Quarter, size int, behind string) (page []Answer, next string, err error) {
	l, err := s.lister(ctx)
	if err != nil {
		return nil, "", err
	}
	current := s.current(l.zone)
	var list []ofAccount
	var some []feeds.Account
	look := func() error {
		more, err := s.customers(ctx, some, q, current)
		list, some = append(list, more...), nil
		return err
	}
	for a, err := range s.opts.Accounts.All(ctx, behind) {
		if err != nil {
			return nil, "", err
		}
		if some = append(some, a); len(some) < size+1 {
			continue
		}
		if err := look(); err != nil {
			return nil, "", err
		}
		if len(list) > size {
			break
		}
	}
	if err := look(); err != nil {
		return nil, "", err
	}
	if len(list) > size {
		list, next = list[:size], list[size-1].account.ID
	}
	page, err = l.answers(ctx, list)
	return page, next, err
}

// customers returns those of some accounts that have a statement for a quarter, with their
// dossiers.
func (s *Service) customers(ctx context.Context, accounts []feeds.Account, q, current Quarter) ([]ofAccount, error) {
	places := make([]place, len(accounts))
	for i := range accounts {
		places[i] = place{accounts[i].ID, q}
	}
	opened, err := s.Dossiers.open(ctx, places)
	if err != nil {
		return nil, err
	}
	var list []ofAccount
	for i := range accounts {
		lines := opened[places[i]]
		has, err := s.customer(ctx, &accounts[i], q, current, len(lines) > 0)
		if err != nil {
			return nil, err
		}
		if has {
			list = append(list, ofAccount{accounts[i], q, lines})
		}
	}
	return list, nil
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
		statement, err := s.fold(ctx, Header{Account: account, Quarter: q, Currency: out.Currency}, l.zone, lines, Horizon{})
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
