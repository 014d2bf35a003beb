package docstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errHeld = errors.New("lease is held by another process")
	// ErrLeaseLost is the cause of the cancelled context of work whose lease went to
	// somebody else or could not be renewed.
	ErrLeaseLost = errors.New("lease was lost")
)

// lease says who may do a thing that only one process does. Clocks of processes are
// taken to differ by less than a third of the term; what must hold beyond that is
// fenced by the feed's positions and by versions, not by the lease.
type lease struct {
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
	// Term counts the times the lease changed hands.
	Term int64 `bson:"term"`
}

// WithLease runs fn while this process holds the named lease. The context given to
// fn ends when the lease is lost; once fn has returned, WithLease competes for the
// lease anew and runs fn again. When fn returns while the lease is held, or ctx
// ends, the lease is released and fn's error (or ctx's) returned. On an embedded backend
// one process must not call it twice at a time with the same name.
func (s *Store) WithLease(ctx context.Context, name string, fn func(ctx context.Context) error) error {
	holder := fmt.Sprintf("%s-%d", s.opts.Holder, s.holders.Add(1))
	wait := min(s.opts.LeaseTerm/5, time.Second)
	for {
		l, err := s.acquire(ctx, name, holder)
		switch {
		case err == nil:
			if lost, err := s.hold(ctx, name, l, fn); !lost {
				return err
			}
			s.opts.Log.WarnContext(ctx, "lease was lost", "lease", name, "term", l.Term)
		case !errors.Is(err, errHeld) && ctx.Err() == nil:
			s.opts.Log.WarnContext(ctx, "lease cannot be acquired", "lease", name, "error", err)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// hold runs fn, renewing the lease, and says whether the lease was lost before fn
// was done. On an embedded backend a renewal may come late, since no other process
// can take the lease meanwhile.
func (s *Store) hold(ctx context.Context, name string, l lease, fn func(context.Context) error) (lost bool, err error) {
	held, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() { ended <- fn(held) }()

	every := s.opts.LeaseTerm / 3
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			s.release(ctx, name, l)
			return false, err
		case <-ctx.Done():
			err := <-ended
			s.release(ctx, name, l)
			return false, err
		case <-tick.C:
			renewed, err := s.renew(ctx, name, l, every)
			switch {
			case err == nil:
				l = renewed
			case ctx.Err() == nil && (errors.Is(err, ErrLeaseLost) || !s.backend.Embedded() && l.Until.Sub(s.opts.Now()) <= every):
				cancel(ErrLeaseLost)
				if err := <-ended; err != nil {
					s.opts.Log.DebugContext(ctx, "work under a lost lease ended", "lease", name, "error", err)
				}
				return true, nil
			}
		}
	}
}

// acquire takes the lease if it is free, or errHeld.
func (s *Store) acquire(ctx context.Context, name, holder string) (lease, error) {
	d, err := s.leases.Upsert(ctx, name, func(d *Doc[lease]) error {
		now := s.now()
		if d.Body.Until.After(now) {
			return errHeld
		}
		d.Body = lease{Holder: holder, Until: now.Add(s.opts.LeaseTerm), Term: d.Body.Term + 1}
		return nil
	})
	return d.Body, err
}

// renew holds the lease for another term, or ErrLeaseLost.
func (s *Store) renew(ctx context.Context, name string, l lease, timeout time.Duration) (lease, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d, err := s.leases.Update(ctx, name, func(d *Doc[lease]) error {
		if d.Body.Holder != l.Holder || d.Body.Term != l.Term {
			return ErrLeaseLost
		}
		d.Body.Until = s.now().Add(s.opts.LeaseTerm)
		return nil
	})
	return d.Body, err
}

// release frees the lease for the next process; where that fails, it ends by itself.
func (s *Store) release(ctx context.Context, name string, l lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.LeaseTerm/3)
	defer cancel()
	_, err := s.leases.Update(ctx, name, func(d *Doc[lease]) error {
		if d.Body.Holder == l.Holder && d.Body.Term == l.Term {
			d.Body.Until = time.Time{}
		}
		return nil
	})
	if err != nil {
		s.opts.Log.WarnContext(ctx, "lease was not released", "lease", name, "error", err)
	}
}

// endDeadLeases frees every lease; only a store nobody else can have open does it.
func (s *Store) endDeadLeases(ctx context.Context) error {
	for d, err := range s.leases.All(ctx, Query{}) {
		if err != nil {
			return err
		}
		if _, err := s.leases.Update(ctx, d.ID, func(d *Doc[lease]) error {
			d.Body.Until = time.Time{}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
