package cost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// lookEvery is how often is looked whether limits are passed.
	lookEvery = 10 * time.Minute
	// lookAgain is when is looked again after it failed, as while revenue is read in, and
	// how often is looked whether limits have changed.
	lookAgain = 5 * time.Second
	lookLease = "cost-findings"
	// serviceName is who opens and closes findings.
	serviceName = "principals/entitlements-service"
)

// Run looks whether limits are passed, again and again, and soon after one of them
// changes, until ctx ends. One process of those that share the store does it, under a
// lease.
func (s *Service) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, lookLease, func(ctx context.Context) error {
		var l lookout
		for {
			if err := l.look(ctx, s); err != nil && ctx.Err() == nil {
				s.log.DebugContext(ctx, "limits of cost were not looked at, trying again", "error", err)
			}
			timer := time.NewTimer(lookAgain)
			select {
			case <-timer.C:
			case <-s.changed:
			case <-ctx.Done():
			}
			timer.Stop()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// lookout is when was looked last, and at which limits.
type lookout struct {
	at     time.Time
	limits string // their ids and etags
}

// look looks whether limits are passed where it is time to, or another process may have
// changed them.
func (l *lookout) look(ctx context.Context, s *Service) error {
	limits, err := s.allLimits(ctx)
	if err != nil {
		return err
	}
	var seen strings.Builder
	for i := range limits {
		fmt.Fprintf(&seen, "%s %s\n", limits[i].ID, limits[i].Etag())
	}
	now := s.now()
	if seen.String() == l.limits && !l.at.IsZero() && now.Sub(l.at) < lookEvery {
		return nil
	}
	if err := s.Look(ctx); err != nil {
		return err
	}
	l.at, l.limits = now, seen.String()
	return nil
}

// lookSoon asks Run to look at once, where a change was made.
func (s *Service) lookSoon(err error) {
	if err != nil {
		return
	}
	select {
	case s.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// Look finds out which limits are passed now: it opens a finding where there is none,
// and closes those that are under their limit again, or whose limit is gone. It can be
// repeated and interrupted.
func (s *Service) Look(ctx context.Context) error {
	limits, err := s.allLimits(ctx)
	if err != nil {
		return err
	}
	standing, err := s.standing(ctx)
	if err != nil || len(limits)+len(standing) == 0 {
		return err
	}
	if err := s.company.Following(); err != nil {
		return fmt.Errorf("revenue is not up to date: %w", err)
	}
	m, err := s.measureAll(ctx, limits)
	if err != nil {
		return err
	}
	wanted := map[string]Finding{}
	for _, l := range limits {
		m.found(l, standing, wanted)
	}
	var errs []error
	for id, f := range wanted {
		errs = append(errs, s.open(ctx, id, f))
	}
	for id := range standing {
		if _, still := wanted[id]; !still {
			errs = append(errs, s.close(ctx, id))
		}
	}
	return errors.Join(errs...)
}

// standing are the findings that are not closed, by id.
func (s *Service) standing(ctx context.Context) (map[string]Finding, error) {
	list := map[string]Finding{}
	for _, state := range []State{Open, Acknowledged} {
		for f, err := range s.findings.All(ctx, docstore.Query{Index: byState, Equal: []any{string(state)}}) {
			if err != nil {
				return nil, fmt.Errorf("read the findings about cost that stand: %w", err)
			}
			list[f.ID] = f.State
		}
	}
	return list, nil
}

// open opens a finding unless it stands.
func (s *Service) open(ctx context.Context, id string, found Finding) error {
	_, err := s.findings.Upsert(ctx, resource.Call{Principal: serviceName}, id, nil, "cost_finding.opened", func(f *Finding) error {
		if f.State == Open || f.State == Acknowledged {
			return nil
		}
		times := f.Times
		*f = found
		f.Times, f.State, f.Opened = times, Open, s.now()
		return nil
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", FindingName(id), err)
	}
	return nil
}

// close closes a finding that stands.
func (s *Service) close(ctx context.Context, id string) error {
	_, err := s.findings.Update(ctx, resource.Call{Principal: serviceName}, id, nil, "cost_finding.closed", func(f *Finding) error {
		if f.State != Closed {
			f.State, f.Closed = Closed, s.now()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("close %s: %w", FindingName(id), err)
	}
	return nil
}

// found adds the findings about a limit to those wanted, under their ids: one for each
// subject and quarter. That of the cost of a year goes on under the id under which it
// stands, for as long as it does; growth is found of each quarter anew.
func (m *measured) found(l resource.Stored[Limit], standing, wanted map[string]Finding) {
	stands := map[string]string{} // ids by subject
	for id, f := range standing {
		if f.Limit == l.ID && f.Bound.Of == l.State.Of && f.Bound.Growth == 0 && l.State.Growth == 0 {
			stands[f.Subject] = id
		}
	}
	span, quarter := m.year, quarterOf(m.year.To-1)
	if l.State.Growth > 0 {
		span, quarter = m.quarter, m.quarter
	}
	for subject, sums := range m.sums[l.State.Of] {
		measure, figures := m.measure(&l.State, subject, sums)
		if !l.State.covers(subject) || !l.State.passed(measure) {
			continue
		}
		id := l.ID + "." + string(l.State.Of) + "." + subject + "." + quarter.quarterName()
		if l.State.Of == All {
			id, subject = l.ID+"."+subject+"."+quarter.quarterName(), ""
		}
		wanted[cmp.Or(stands[subject], id)] = Finding{Limit: l.ID, Bound: l.State, Subject: subject, From: span.From, To: span.To,
			Cost: figures, Revenue: measure.revenue, Before: measure.before, Currency: m.currency}
	}
}
