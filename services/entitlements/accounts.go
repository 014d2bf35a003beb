package entitlements

import (
	"context"
	"sync"

	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Accounts returns all accounts as they are known now, and what decides about them.
// ErrNoSchedule.
func (s *Service) Accounts() (decision.Accounts, error) {
	d, _, err := s.reading()
	if err != nil {
		return decision.Accounts{}, err
	}
	return decision.Accounts{Book: d.book.rules, At: d.At, Workers: workers(), Each: d.each}, nil
}

// each visits every account, as decision.Accounts says.
func (d *Decider) each(ctx context.Context, visit func(worker int, id string, a decision.Account) error, tell func(done, total int) error) error {
	told := telling(tell)
	return d.projection.walk(ctx, nil, func(worker int, members []member) error {
		for i := range members {
			m := &members[i]
			err := d.known(ctx, m.id, m.facts, func(a decision.Account) error { return visit(worker, m.id, a) })
			if err != nil {
				return err
			}
		}
		return told()
	})
}

// walkSteps is how often a walk over all accounts tells how far it is.
const walkSteps = 64

// telling returns what is called after each part of all accounts, and now and then calls
// tell, which may be nil, with how many are done.
func telling(tell func(done, total int) error) func() error {
	var lock sync.Mutex
	done := 0
	return func() error {
		lock.Lock()
		defer lock.Unlock()
		done++
		if tell == nil || done%(pageCount/walkSteps) != 0 {
			return nil
		}
		return tell(done, pageCount)
	}
}
