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
	// Sorter returns what sorts accounts by the bands of days.
	Sorter(ctx context.Context) (*bands.Sorter, error)
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
		walk, err := s.walk(ctx)
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
	// sorted are the bands of the day that begins at begin and ends before end.
	sorted     *bands.Sorted
	begin, end time.Time
	row        parity.Row
}

func (s *Source) walk(ctx context.Context) (*walk, error) {
	w := &walk{zone: s.company.Zone(), regions: map[string]string{}}
	if err := s.regions.Regions(ctx, func(account, region string) { w.regions[account] = region }); err != nil {
		return nil, fmt.Errorf("read the regions of accounts: %w", err)
	}
	var err error
	w.sorter, err = s.bands.Sorter(ctx)
	return w, err
}

// fill makes the row of a case.
func (w *walk) fill(ctx context.Context, m *cases.Measure) error {
	if w.sorted == nil || m.Opened.Before(w.begin) || !m.Opened.Before(w.end) {
		day := w.zone.DayOf(m.Opened)
		var err error
		if w.sorted, err = w.sorter.On(ctx, day); err != nil {
			return fmt.Errorf("sort accounts into the bands of %s: %w", day, err)
		}
		w.begin, w.end = w.zone.Start(day), w.zone.Start(day+1)
	}
	w.row = parity.Row{
		Account: m.Account, ID: m.ID[strings.LastIndexByte(m.ID, '/')+1:],
		Issue: m.Issue, Channel: m.Channel, StaffRole: m.Role, Region: w.regions[m.Account],
		SpendBand: w.sorted.Of(m.Account, bands.Spend), TenureBand: w.sorted.Of(m.Account, bands.Tenure), ReachBand: w.sorted.Of(m.Account, bands.Reach),
		Opened:     m.Opened,
		FirstReply: parity.Lapse{Known: !m.FirstReplyUnknown, Open: m.FirstReplyOpen, Time: m.FirstReply},
		Resolution: parity.Lapse{Known: true, Open: m.ResolutionOpen, Time: m.Resolution},
		Resolved:   !m.ResolutionOpen, Escalated: m.Escalated, Reopened: m.Reopened,
		Remedy: m.Remedy, RemedyValue: parity.Value{Known: m.HasValue, Minor: m.Value},
	}
	switch {
	case !m.BreachKnown:
		w.row.Breached = parity.Unknown
	case m.Breached:
		w.row.Breached = parity.Yes
	default:
		w.row.Breached = parity.No
	}
	return nil
}
