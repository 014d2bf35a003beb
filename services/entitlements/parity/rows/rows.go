// Package rows makes what an audit of parity compares of the cases that are kept: each with
// the bands its account was in on the day it was opened, and its account's region.
package rows

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/bands"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/parity"
)

// Cases has the cases.
type Cases interface {
	// Measures yields the cases opened from an instant on and before another, by their
	// opening, as they stood at a third.
	Measures(ctx context.Context, from, to, asOf time.Time) iter.Seq2[cases.Measure, error]
}

// Bands sorts accounts.
type Bands interface {
	// Sorter returns what sorts accounts by the scales as of a day.
	Sorter(ctx context.Context, day civil.Day) (*bands.Sorter, error)
}

// Regions knows where accounts are.
type Regions interface {
	// Regions calls visit with every account that has a region, one at a time.
	Regions(ctx context.Context, visit func(account, region string)) error
}

// Company says in which zone days are.
type Company interface{ Zone() civil.Zone }

// Source is the cases as an audit compares them.
type Source struct {
	cases   Cases
	bands   Bands
	regions Regions
	company Company
}

// New returns the source of audits.
func New(c Cases, b Bands, r Regions, company Company) *Source { return &Source{c, b, r, company} }

// Cases yields the cases opened from an instant on and before another, as they stood at a
// third, which ends the audit. The row is used again for the next.
func (s *Source) Cases(ctx context.Context, from, to, until time.Time) iter.Seq2[*parity.Row, error] {
	return func(yield func(*parity.Row, error) bool) {
		walk, err := s.walk(ctx, until)
		if err != nil {
			yield(nil, err)
			return
		}
		for m, err := range s.cases.Measures(ctx, from, to, until) {
			if err == nil {
				err = walk.fill(ctx, &m)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&walk.row, nil) {
				return
			}
		}
	}
}

// walk is what is known along a walk over cases by their opening.
type walk struct {
	zone    civil.Zone
	regions map[string]string
	sorter  *bands.Sorter
	// day begins at begin and ends before end; sorted are the bands of the accounts met on
	// it.
	day        civil.Day
	begin, end time.Time
	sorted     map[string]bands.Bands
	row        parity.Row
}

// walk begins a walk. Bands are ranges of values as of the audit's end throughout, so that
// cases of different days compare; in which an account was depends on the day of its case.
func (s *Source) walk(ctx context.Context, until time.Time) (*walk, error) {
	w := &walk{zone: s.company.Zone(), regions: map[string]string{}, sorted: map[string]bands.Bands{}}
	if err := s.regions.Regions(ctx, func(account, region string) { w.regions[account] = region }); err != nil {
		return nil, fmt.Errorf("read the regions of accounts: %w", err)
	}
	var err error
	w.sorter, err = s.bands.Sorter(ctx, w.zone.DayOf(until.Add(-time.Millisecond)))
	return w, err
}

// of returns the bands that an account was in at an instant.
func (w *walk) of(ctx context.Context, account string, at time.Time) (bands.Bands, error) {
	if at.Before(w.begin) || !at.Before(w.end) {
		w.day = w.zone.DayOf(at)
		w.begin, w.end = w.zone.Start(w.day), w.zone.Start(w.day+1)
		clear(w.sorted)
	}
	found, known := w.sorted[account]
	if known {
		return found, nil
	}
	found, err := w.sorter.Of(ctx, account, w.day)
	if err != nil {
		return found, fmt.Errorf("find the bands of accounts/%s on %s: %w", account, w.day, err)
	}
	w.sorted[account] = found
	return found, nil
}

// fill makes the row of a case.
func (w *walk) fill(ctx context.Context, m *cases.Measure) error {
	band, err := w.of(ctx, m.Account, m.Opened)
	if err != nil {
		return err
	}
	w.row = parity.Row{
		Account: m.Account, ID: m.ID[strings.LastIndexByte(m.ID, '/')+1:],
		Issue: m.Issue, Channel: m.Channel, StaffRole: m.Role, Region: w.regions[m.Account],
		SpendBand: value(band.Spend), TenureBand: value(band.Tenure), ReachBand: value(band.Reach),
		Opened:     m.Opened,
		FirstReply: parity.Lapse{Known: !m.Unknown.Replies, Open: m.FirstReplyOpen, Time: m.FirstReply},
		Resolution: parity.Lapse{Known: !m.Unknown.Resolutions, Open: m.ResolutionOpen, Time: m.Resolution},
		Breached:   answer(m.Breached, m.BreachKnown),
		Resolved:   !m.ResolutionOpen,
		Escalated:  answer(m.Escalated, !m.Unknown.Escalations), Reopened: answer(m.Reopened, !m.Unknown.Reopenings),
		Remedy: m.Remedy, RemedyUnknown: m.Unknown.Remedies, RemedyValue: parity.Value{Known: m.HasValue, Minor: m.Value},
	}
	return nil
}

// value is a band as a column of cases has it, in which empty is not known.
func value(band string) string {
	if band == bands.Unknown {
		return ""
	}
	return band
}

func answer(yes, known bool) parity.Answer {
	switch {
	case !known:
		return parity.Unknown
	case yes:
		return parity.Yes
	}
	return parity.No
}
