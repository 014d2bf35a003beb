package rewards

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// settleEvery is how often work that has not been credited yet is looked for, and
	// settleRest how many times as long as settling took it is left alone at least: a month is
	// settled whole, and in a large company that is to be a small part of what a process does.
	settleEvery = 2 * time.Second
	settleRest  = 10
	// reviewEvery is how often the current month and the one before are settled whether or
	// not anything is known to have changed: should a process that lost its lease without
	// noticing have written an entry late, that sets it right.
	reviewEvery = time.Hour
	// settleAttempts is how often a month is settled anew where a correction came in between.
	settleAttempts = 5
	// settleSize is how many entries are written at a time, and notedAtOnce of how much work
	// at a time it is noted that it was settled.
	settleSize  = 500
	notedAtOnce = 8
)

// itself is who writes the entries that nobody asks for.
const itself = "principals/plans-service"

// settledRules is the checkpoint of how many versions there were when what they change was
// settled.
const settledRules = "reward-rules"

// errMeanwhile says that somebody else wrote an entry of a credit that was about to be
// written.
var errMeanwhile = errors.New("an entry was written by somebody else meanwhile")

// Run credits what was completed, and keeps the totals as the ledger is, until ctx ends. Any
// number of processes may run it; one at a time does each of the two, under a lease.
func (s *Service) Run(ctx context.Context) error {
	works, running := errgroup.WithContext(ctx)
	works.Go(func() error { return s.runSettling(running) })
	works.Go(func() error { return s.runTotals(running) })
	return works.Wait()
}

func (s *Service) runSettling(ctx context.Context) error {
	return s.store.WithLease(ctx, "rewards", func(ctx context.Context) error {
		var reviewed time.Time
		for {
			began := time.Now()
			err := s.Settle(ctx)
			if now := s.now(); err == nil && now.Sub(reviewed) >= reviewEvery {
				if err = s.review(ctx); err == nil {
					reviewed = now
				}
			}
			if err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "completed work was not credited yet", "error", err)
			}
			if err := lifecycle.Pause(ctx, max(settleEvery, settleRest*time.Since(began))); err != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// Settle credits the work that has come since it was called last, and what versions of the
// rules change that were published since. It may be called any number of times, and ended
// at any point.
func (s *Service) Settle(ctx context.Context) error {
	versions, err := s.versions(ctx)
	if err != nil {
		return err
	}
	if err := s.settleVersions(ctx, versions); err != nil {
		return err
	}
	pending, months, err := s.pending(ctx)
	if err != nil {
		return err
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		if err := s.settle(ctx, month, versions); err != nil {
			return err
		}
	}
	return s.settled(ctx, pending)
}

// unsettled is a piece of work, by its id, whose months have not been settled since it
// changed, and the version at which it was read.
type unsettled struct {
	id      string
	version int64
}

// pending is the work that has not been settled since it changed, and its months. It is
// held whole, at some 100 bytes each: what may be marked as settled is what was read before
// its months were.
func (s *Service) pending(ctx context.Context) (list []unsettled, months map[string]bool, err error) {
	months = map[string]bool{}
	for d, err := range s.work.All(ctx, docstore.Query{Index: "pending", Equal: []any{true}, Limit: 1000}) {
		if err != nil {
			return nil, nil, fmt.Errorf("read work that is not credited yet: %w", err)
		}
		list = append(list, unsettled{d.ID, d.Version})
		for _, month := range d.Body.Months {
			months[month] = true
		}
	}
	return list, months, nil
}

// settled notes that work was settled as it was read; what changed since stays pending.
func (s *Service) settled(ctx context.Context, pending []unsettled) error {
	noting, within := errgroup.WithContext(ctx)
	noting.SetLimit(notedAtOnce)
	for _, w := range pending {
		noting.Go(func() error {
			_, err := s.work.UpdateIf(within, w.id, w.version, func(d *docstore.Doc[completed]) error {
				d.Body.Months, d.Body.Pending = nil, false
				return nil
			})
			if err != nil && !errors.Is(err, docstore.ErrConflict) {
				return fmt.Errorf("note that %s was credited: %w", w.id, err)
			}
			return nil
		})
	}
	return noting.Wait()
}

// settleVersions settles the months in which versions count that were published since.
func (s *Service) settleVersions(ctx context.Context, versions []version) error {
	settled, err := s.checkpoints.Get(ctx, settledRules)
	if err != nil {
		return fmt.Errorf("find which rules were settled: %w", err)
	}
	if int(settled) >= len(versions) {
		return nil
	}
	if err := s.settleFrom(ctx, versions[settled].Effective, versions); err != nil {
		return err
	}
	if err := s.checkpoints.Advance(ctx, settledRules, int64(len(versions))); err != nil {
		return fmt.Errorf("note which rules were settled: %w", err)
	}
	return nil
}

// settleFrom settles all months from that of a day on in which work was completed.
func (s *Service) settleFrom(ctx context.Context, day civil.Day, versions []version) error {
	month := MonthOf(day)
	for {
		page, err := s.work.Find(ctx, docstore.Query{Index: "day", From: int64(month.From), Limit: 1})
		if err != nil {
			return fmt.Errorf("read completed work: %w", err)
		}
		if len(page.Docs) == 0 {
			return nil
		}
		month = MonthOf(page.Docs[0].Body.Day)
		if err := s.settle(ctx, month.ID, versions); err != nil {
			return err
		}
		month = MonthOf(month.To + 1)
	}
}

// review settles the current month and the one before.
func (s *Service) review(ctx context.Context) error {
	versions, err := s.versions(ctx)
	if err != nil {
		return err
	}
	today, err := s.Today(ctx)
	if err != nil {
		return err
	}
	month := MonthOf(today)
	return errors.Join(s.settle(ctx, MonthOf(month.From-1).ID, versions), s.settle(ctx, month.ID, versions))
}

// settle makes the entries of a month what its work and the rules make of it.
func (s *Service) settle(ctx context.Context, month string, versions []version) error {
	p, err := ParsePeriod("month", month)
	if err != nil {
		return err
	}
	for range settleAttempts {
		if err = s.trySettle(ctx, p, versions); !errors.Is(err, errMeanwhile) {
			return err
		}
	}
	return fmt.Errorf("settle %s: %w", month, err)
}

// trySettle goes through the work of the month once, day by day, and writes as it goes. It
// holds what the entries of each credit come to, some 300 bytes: of a month of 100,000
// pieces of work that two people share 60 MB, however much is written beside them.
func (s *Service) trySettle(ctx context.Context, month Period, versions []version) error {
	accounts, err := s.accountsOf(ctx, month.ID)
	if err != nil {
		return err
	}
	out := writing{service: s}
	counted := counting{month: month, versions: versions}
	for work, err := range s.workBy(ctx, month) {
		if err != nil {
			return err
		}
		for _, c := range counted.day(work) {
			a := accounts[c.id]
			if a == nil {
				a = &account{}
				accounts[c.id] = a
			}
			if a.seen || !a.whole() { // work that moves while it is read may be met twice
				return errMeanwhile
			}
			if a.seen = true; a.stands(c) {
				continue
			}
			if err := out.add(ctx, a.next(c, month.ID)); err != nil {
				return err
			}
		}
	}
	maps.DeleteFunc(accounts, func(_ string, a *account) bool { return a.seen || a.last.worth == 0 && a.last.unmet.ends() })
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		a := accounts[id]
		if !a.whole() {
			return errMeanwhile
		}
		last, err := s.entries.Get(ctx, entryID(id, a.computed))
		if err != nil {
			return fmt.Errorf("read the last entry of a credit: %w", err)
		}
		why, err := s.whyEnded(ctx, month, last.State)
		if err != nil {
			return err
		}
		if err := out.add(ctx, a.ended(last.State, why)); err != nil {
			return err
		}
	}
	return out.flush(ctx)
}

// ends says whether a credit is none any more.
func (u Unmet) ends() bool { return u == Withdrawn || u == Moved || u == Changed }

// whyEnded says why a credit is none any more.
func (s *Service) whyEnded(ctx context.Context, month Period, last Entry) (Unmet, error) {
	w, err := s.work.Get(ctx, last.Work)
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		return Changed, nil
	case err != nil:
		return "", fmt.Errorf("read %s: %w", last.Work, err)
	case w.Body.Withdrawn:
		return Withdrawn, nil
	case MonthOf(w.Body.Day) != month:
		return Moved, nil
	}
	return Changed, nil
}

// writing appends entries to the ledger, settleSize at a time.
type writing struct {
	service *Service
	ids     []string
	entries []Entry
}

// add takes an entry; errMeanwhile as flush.
func (w *writing) add(ctx context.Context, e Entry) error {
	w.ids, w.entries = append(w.ids, entryID(e.Credit, e.Number)), append(w.entries, e)
	if len(w.ids) < settleSize {
		return nil
	}
	return w.flush(ctx)
}

// flush writes what was taken; errMeanwhile where somebody else wrote one of the entries.
func (w *writing) flush(ctx context.Context) error {
	if len(w.ids) == 0 {
		return nil
	}
	failed, err := w.service.entries.CreateMany(ctx, resource.Call{Principal: itself}, w.ids, w.entries, recorded)
	if err != nil {
		return fmt.Errorf("write entries: %w", err)
	}
	if len(failed) > 0 {
		return errMeanwhile
	}
	w.ids, w.entries = nil, nil
	return nil
}
