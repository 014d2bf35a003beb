package statements

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// View says which statement of a quarter is wanted.
type View string

// The views.
const (
	// Default is the issued one where it was issued, else the current one.
	Default View = ""
	// Issued is as it was issued.
	Issued View = "issued"
	// Current is as it is known now, with what came since it was issued.
	Current View = "current"
)

// Answer is a statement with what is known about it.
type Answer struct {
	Statement
	// View is which was asked for, and KnownAt the instant, zero where none was.
	View    View
	KnownAt time.Time
	// Digest is the statement's.
	Digest string
	// Issue is how it was issued; nil where it was not.
	Issue *resource.Stored[Issue]
	// Differs says that the statement was issued, was made again as it was then, and is not
	// what it was: a finding, since it cannot be.
	Differs bool
	// Since is what came after it was issued, in a current view.
	Since []Difference
	// Next is what is planned, as of NextAsOf; of the current and the last quarter only.
	Next     []Prospect
	NextAsOf time.Time
}

// Difference is a figure that is another now than it was when the statement was issued.
type Difference struct {
	// Was and Is are the figure, without its sources.
	Was, Is Figure
	// Added and Removed are the entries that make the difference.
	Added, Removed []Source
}

// Get returns the statement of an account, by its id, for a quarter: as it is known now or,
// where an instant is given, was known then. NOT_FOUND for an account that was no customer in
// the quarter; ErrNotIssued where the issued one is wanted and there is none; ErrKnownTime.
func (s *Service) Get(ctx context.Context, account string, q Quarter, view View, known time.Time) (Answer, error) {
	out, err := s.statement(ctx, account, q, view, known)
	if err != nil || !known.IsZero() {
		return out, err
	}
	_, zone, err := s.company(ctx)
	if err == nil && q >= s.current(zone)-1 {
		err = s.next(ctx, &out)
	}
	return out, err
}

// statement is Get without what comes next.
func (s *Service) statement(ctx context.Context, account string, q Quarter, view View, known time.Time) (Answer, error) {
	a, err := s.opts.Accounts.Get(ctx, account)
	if err != nil {
		return Answer{}, err
	}
	issue, err := s.issues.Get(ctx, id(account, q))
	issued := err == nil
	if err != nil && !errors.Is(err, resource.ErrNotFound) {
		return Answer{}, err
	}
	if view == Issued && !issued {
		return Answer{}, ErrNotIssued.Saying("%s was not issued: issue it, or ask for the current one.", Name(account, q))
	}
	horizon := Horizon{}
	if !known.IsZero() { // before the dossier is read: what the copies reach then is in it
		if horizon, err = s.known(ctx, known); err != nil {
			return Answer{}, err
		}
	}
	opened, err := s.Dossiers.open(ctx, []place{{account, q}})
	if err != nil {
		return Answer{}, err
	}
	lines := opened[place{account, q}]
	company, zone, err := s.company(ctx)
	if err != nil {
		return Answer{}, err
	}
	has, err := s.customer(ctx, &a, q, lines, asOf{zone, s.current(zone), horizon})
	if err != nil {
		return Answer{}, err
	}
	if !has && !issued {
		return Answer{}, missing(account, q)
	}
	out := Answer{View: view, KnownAt: known}
	if issued {
		out.Issue = &issue
	}
	now := Header{Account: account, DisplayName: a.DisplayName, Quarter: q, Company: company.Name, Currency: company.Currency, Zone: company.Zone,
		Known: s.now().UTC().Truncate(time.Millisecond)}
	switch {
	case !known.IsZero():
		now.Known = known
		err = s.make(ctx, &out, now, zone, lines, horizon)
	case issued && view != Current:
		err = s.again(ctx, &out, lines)
	default:
		err = s.asItIs(ctx, &out, now, zone, lines)
	}
	return out, err
}

// make makes the statement, and its digest.
func (s *Service) make(ctx context.Context, out *Answer, header Header, zone civil.Zone, lines []line, h Horizon) error {
	return s.makeAs(ctx, out, header, zone, lines, h, digestVersion)
}

// makeAs makes the statement, and its digest as a version of digests has it.
func (s *Service) makeAs(ctx context.Context, out *Answer, header Header, zone civil.Zone, lines []line, h Horizon, version int) (err error) {
	if out.Statement, err = s.fold(ctx, header, zone, lines, h); err != nil {
		return err
	}
	out.Digest, err = out.Statement.Digest(version)
	return err
}

// again makes the statement as it was issued, and compares it.
func (s *Service) again(ctx context.Context, out *Answer, lines []line) error {
	issue := &out.Issue.State
	zone, err := zoneOf(issue.Zone)
	if err != nil {
		return err
	}
	err = s.makeAs(ctx, out, issue.Header, zone, lines, Horizon{Positions: issue.Positions}, issue.DigestVersion)
	out.Differs = out.Digest != issue.Digest
	return err
}

// asItIs makes the statement as it is known now, and compares it with the one that was
// issued.
func (s *Service) asItIs(ctx context.Context, out *Answer, header Header, zone civil.Zone, lines []line) error {
	if err := s.make(ctx, out, header, zone, lines, Horizon{}); err != nil || out.Issue == nil {
		return err
	}
	was := Answer{Issue: out.Issue}
	if err := s.again(ctx, &was, lines); err != nil {
		return err
	}
	out.Differs, out.Since = was.Differs, differences(&was.Statement, &out.Statement)
	return nil
}

// differences are the figures that are not as they were.
func differences(was, is *Statement) []Difference {
	var list []Difference
	for i := range is.Figures {
		before, now := was.Figure(is.Figures[i].ID), &is.Figures[i]
		if before == nil {
			continue
		}
		d := Difference{Was: *before, Is: *now, Added: without(now.Sources, before.Sources), Removed: without(before.Sources, now.Sources)}
		if len(d.Added)+len(d.Removed) == 0 {
			continue
		}
		d.Was.Sources, d.Is.Sources = nil, nil
		list = append(list, d)
	}
	return list
}

// without are those of the entries that are not among others, as they are.
func without(list, others []Source) []Source {
	type content struct {
		name, subject string
		day           civil.Day
		count, minor  int64
		minutes       int64
	}
	of := func(s *Source) content { return content{s.Cited(), s.Subject, s.Day, s.Count, s.Minor, s.Minutes} }
	there := map[content]int{}
	for i := range others {
		there[of(&others[i])]++
	}
	var rest []Source
	for i := range list {
		c := of(&list[i])
		if there[c] > 0 {
			there[c]--
			continue
		}
		rest = append(rest, list[i])
	}
	return rest
}

// next tells what is planned for the account.
func (s *Service) next(ctx context.Context, out *Answer) error {
	for _, prospects := range s.opts.Prospects {
		list, err := prospects.Next(ctx, out.Account)
		if err != nil {
			return err
		}
		out.Next = append(out.Next, list...)
	}
	slices.SortStableFunc(out.Next, func(a, b Prospect) int { return int(a.Day) - int(b.Day) })
	out.NextAsOf = s.now()
	return nil
}
