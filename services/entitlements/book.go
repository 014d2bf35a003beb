package entitlements

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// versionsPeriod is how often versions published elsewhere are looked for.
const versionsPeriod = 500 * time.Millisecond

// book is all that was published, ready to decide by. It never changes.
type book struct {
	versions []*Version // by number, without gaps
	names    []string   // their resource names, so that an answer need not make one
	company  Settings
	// rules decide by all versions.
	rules *decision.Book
	// zone is the one days begin in; UTC while the company has none.
	zone civil.Zone
	// groups says that a rule reads the spend of groups.
	groups bool
	// terms says that a rule reads terms served on boards; members are those of each
	// account then.
	terms   bool
	members map[string][]decision.Term
	// projects says that a rule reads innovation projects; completions are those of each
	// account then.
	projects    bool
	completions map[string][]decision.Completion
	// programmes says that a rule reads places in programmes; enrolments are those of each
	// account then.
	programmes bool
	enrolments *decision.Enrolments
}

// last returns the version published last, or nil.
func (b *book) last() *Version {
	if len(b.versions) == 0 {
		return nil
	}
	return b.versions[len(b.versions)-1]
}

// servedBefore returns the version that a request published when it came first, nil
// where it comes for the first time.
func (b *book) servedBefore(request docstore.Request) (*Version, error) {
	for _, v := range b.versions {
		if string(v.request.Key) != string(request.Key) {
			continue
		}
		if string(v.request.Digest) != string(request.Digest) {
			return nil, docstore.ErrRequestReused
		}
		return v, nil
	}
	return nil, nil
}

// readVersions takes in what was published since.
func (s *Service) readVersions(ctx context.Context) error {
	s.bookLock.Lock()
	defer s.bookLock.Unlock()
	b := s.book.Load()
	more, err := s.versions.after(ctx, len(b.versions))
	if err != nil || len(more) == 0 {
		return err
	}
	for i, v := range more {
		if v.Number != len(b.versions)+i+1 {
			return fmt.Errorf("version %d of the schedule is missing in the store", len(b.versions)+i+1)
		}
	}
	return s.bind(slices.Concat(b.versions, more), b.company)
}

// settingsChanged takes in the company's settings.
func (s *Service) settingsChanged(company Settings) {
	s.bookLock.Lock()
	defer s.bookLock.Unlock()
	b := s.book.Load()
	if b.company == company {
		return
	}
	if err := s.bind(b.versions, company); err != nil {
		s.log.Error("the company's settings cannot be used", "error", err)
	}
}

// followVersions takes in what other processes publish.
func (s *Service) followVersions(ctx context.Context) error {
	return s.retry(ctx, "reading published versions", func(ctx context.Context) error {
		for {
			if err := s.readVersions(ctx); err != nil {
				return err
			}
			if err := lifecycle.Pause(ctx, versionsPeriod); err != nil {
				return err
			}
		}
	})
}

// bind makes a book of versions and settings and answers by it from now on. The caller
// holds the book's lock.
func (s *Service) bind(versions []*Version, company Settings) error {
	next, err := s.bookOf(versions, company)
	if err != nil {
		return err
	}
	s.book.Store(next)
	return nil
}

// bookOf makes a book of versions and settings, and of what was learnt of other services'
// feeds.
func (s *Service) bookOf(versions []*Version, company Settings) (*book, error) {
	next := &book{versions: versions, company: company, zone: civil.UTC}
	compiled := make([]decision.Version, len(versions))
	for i, v := range versions {
		next.names = append(next.names, v.Name())
		compiled[i] = decision.Version{Number: v.Number, Schedule: v.Schedule, From: v.InForce}
		next.groups = next.groups || reads(v.Schedule, isGroupSpend)
		next.terms = next.terms || reads(v.Schedule, isBoard)
		next.projects = next.projects || reads(v.Schedule, isInnovation)
		next.programmes = next.programmes || reads(v.Schedule, func(c schedule.Condition) bool { return c.Subject == schedule.Programme })
	}
	s.fill(next)
	if next.programmes && s.programmes != nil {
		next.enrolments = s.programmes.Enrolments()
	}
	var err error
	if zone := next.zoneName(); zone != "" {
		if next.zone, err = civil.LoadZone(zone); err != nil {
			return nil, fmt.Errorf("the company's time zone: %w", err)
		}
	}
	if next.rules, err = decision.Compile(compiled, decision.Company{Zone: next.zone, FiscalYear: company.fiscalYear()}); err != nil {
		return nil, fmt.Errorf("compile the schedule: %w", err)
	}
	return next, nil
}

// zoneName returns the zone days begin in: that of the schedule, or else the company's,
// which a published schedule agrees with; "" while there is neither.
func (b *book) zoneName() string {
	if last := b.last(); last != nil {
		return last.Schedule.TimeZone
	}
	return b.company.Zone
}

// currencyCode returns the currency likewise, or else that of all entries so far.
func (b *book) currencyCode() string {
	if last := b.last(); last != nil {
		return last.Schedule.Currency
	}
	return cmp.Or(b.company.Currency, b.company.LedgerCurrency)
}

// reads says whether a rule has such a measured condition.
func reads(s *schedule.Schedule, such func(schedule.Condition) bool) bool {
	return slices.ContainsFunc(s.Rules, func(r schedule.Rule) bool { return r.When.Reads(such) })
}

// fiscalYear says when it begins; a day the month does not have counts as its last.
func (c Settings) fiscalYear() decision.FiscalYear {
	month := time.Month(max(1, c.FiscalMonth))
	return decision.FiscalYear{Month: month, Day: min(max(1, c.FiscalDay), civil.DaysIn(2000, month))}
}
