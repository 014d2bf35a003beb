package programmes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// own is a call of the service's own.
var own = resource.Call{Principal: system, Method: "programmes.fill"}

// judgeAgain is how soon callers should try again where an account could not be judged.
const judgeAgain = time.Second

// fillAttempts bounds how often a programme is judged anew because its list has changed.
const fillAttempts = 50

// fill gives the free places of a programme to the first on its list who qualify now. It
// returns the programme as it is then.
func (s *Service) fill(ctx context.Context, p resource.Stored[Programme]) (resource.Stored[Programme], error) {
	return s.judged(ctx, p, "enrolment.admitted", func(p resource.Stored[Programme], today civil.Day) (func(*Programme), error) {
		next, err := s.next(ctx, p, today)
		if err != nil || len(next) == 0 {
			return nil, err
		}
		return func(p *Programme) { p.admit(next, today) }, nil
	})
}

// review takes back what closed accounts have, from the day on which they were closed.
// Where a programme has ended, nobody has anything.
func (s *Service) review(ctx context.Context, p resource.Stored[Programme]) (resource.Stored[Programme], error) {
	return s.judged(ctx, p, "enrolment.ended", func(p resource.Stored[Programme], today civil.Day) (func(*Programme), error) {
		closed, err := s.closed(ctx, p, today)
		if err != nil || len(closed) == 0 {
			return nil, err
		}
		return func(p *Programme) {
			gone := slices.Sorted(maps.Keys(closed))
			p.change(gone, func(e *Entry) { e.leave(today, closed[e.Account], AccountClosed) })
		}, nil
	})
}

// judged changes a programme by what is known of the accounts in it, over the version that
// was judged: no place is given twice, and none is taken that was not judged. It returns
// the programme as it is then; judge returns nil where nothing is to be changed.
func (s *Service) judged(
	ctx context.Context, p resource.Stored[Programme], event string,
	judge func(p resource.Stored[Programme], today civil.Day) (change func(*Programme), err error),
) (resource.Stored[Programme], error) {
	for range fillAttempts {
		today, err := s.Today()
		if err != nil {
			return p, err
		}
		change, err := judge(p, today)
		if err != nil || change == nil {
			return p, err
		}
		changed, err := s.table.Update(ctx, own, p.ID, resource.IfVersion[Programme](p.Version), event, func(p *Programme) error {
			change(p)
			return nil
		})
		switch {
		case err == nil:
			s.known.set(changed)
			return changed, nil
		case !errors.Is(err, resource.ErrStale) && !errors.Is(err, resource.ErrConflict):
			return p, err
		}
		if p, err = s.table.Get(ctx, p.ID); err != nil {
			return p, err
		}
	}
	return p, resource.ErrConflict
}

// next returns who gets the free places: the first on the list who qualify now. Whoever
// does not keeps its turn. UNAVAILABLE while one of them cannot be judged.
func (s *Service) next(ctx context.Context, p resource.Stored[Programme], today civil.Day) ([]string, error) {
	if state := p.State.State(today); state != Open && state != Running || p.State.pending() {
		return nil, nil
	}
	var next []string
	free := p.State.Free()
	for i := range p.State.Entries {
		e := &p.State.Entries[i]
		if len(next) >= free {
			break
		}
		if e.Standing != Waiting {
			continue
		}
		judged, err := s.customers.Judge(ctx, e.Account, &p.State.Criteria)
		if errors.Is(err, resource.ErrNotFound) {
			// Accounts are never deleted: this one is too new, and would lose its turn for good.
			return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable,
				"accounts/%s waits for a place in %s and is so new that it is not known here yet.", e.Account, Name(p.ID)).WithRetry(judgeAgain)
		}
		if err != nil {
			return nil, fmt.Errorf("judge accounts/%s: %w", e.Account, err)
		}
		if judged.Met {
			next = append(next, e.Account)
		}
	}
	return next, nil
}

// closed returns on which day the accounts were closed that have a place or wait for one,
// of those that are.
func (s *Service) closed(ctx context.Context, p resource.Stored[Programme], today civil.Day) (map[string]civil.Day, error) {
	if p.State.State(today) == Closed {
		return nil, nil
	}
	closed := map[string]civil.Day{}
	for i := range p.State.Entries {
		e := &p.State.Entries[i]
		if e.Standing == Left {
			continue
		}
		judged, err := s.customers.Judge(ctx, e.Account, &p.State.Criteria)
		if errors.Is(err, resource.ErrNotFound) {
			continue // too new to be known here, and to be closed
		}
		if err != nil {
			return nil, fmt.Errorf("judge accounts/%s: %w", e.Account, err)
		}
		if judged.ClosedOn <= today {
			closed[e.Account] = judged.ClosedOn
		}
	}
	return closed, nil
}

const (
	// settleEvery is how often free places are looked for that nobody has given.
	settleEvery = 5 * time.Second
	// reviewEvery is how often closed accounts are looked for, in rounds of settling.
	reviewEvery = 12
)

// Run follows what other processes do, and gives free places that nobody has given, until
// ctx ends. Any number of processes may run it; one at a time gives places, under a lease.
func (s *Service) Run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return s.again(running, "following the changes of programmes", s.follow) })
	g.Go(func() error { return s.store.WithLease(running, "programmes", s.keepSettled) })
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// again calls what follows until ctx ends.
func (s *Service) again(ctx context.Context, what string, follow func(context.Context) error) error {
	for {
		err := follow(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.log.WarnContext(ctx, what+" failed, trying again", "error", err)
		if err := lifecycle.Pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// keepSettled settles all programmes again and again, until ctx ends.
func (s *Service) keepSettled(ctx context.Context) error {
	for round := 0; ; round++ {
		if err := s.settle(ctx, round%reviewEvery == 0); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "programmes were not settled", "error", err)
		}
		if err := lifecycle.Pause(ctx, settleEvery); err != nil {
			return context.Cause(ctx)
		}
	}
}

// drawn takes the lottery of a programme as far as it can be now.
func (s *Service) drawn(ctx context.Context, p resource.Stored[Programme]) (resource.Stored[Programme], error) {
	today, err := s.Today()
	if err != nil {
		return p, err
	}
	return s.lot(ctx, p, today)
}

// settle gives the free places of all programmes; review looks for closed accounts first.
// It goes by the programmes as this process knows them, and reads those of the store only
// where something is due: a programme can have megabytes.
func (s *Service) settle(ctx context.Context, review bool) error {
	var failed []error
	for _, p := range s.known.list() {
		if !slices.ContainsFunc(p.State.Entries, func(e Entry) bool { return e.Standing != Left }) {
			continue
		}
		var err error
		if review {
			p, err = s.review(ctx, p)
		}
		if err == nil {
			p, err = s.drawn(ctx, p)
		}
		if err == nil {
			_, err = s.fill(ctx, p)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", Name(p.ID), err))
		}
	}
	return errors.Join(failed...)
}
