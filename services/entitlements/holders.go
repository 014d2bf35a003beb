package entitlements

import (
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Holder is an account entitled to a benefit.
type Holder struct {
	Account string
	decision.Decision
}

// decideMember decides about an account met on a walk, without keeping its timeline.
func (d *Decider) decideMember(ctx context.Context, m *member, benefit string) (decision.Decision, error) {
	known := m.memo
	if !known.holds(d.book, d.projection.groups) {
		var err error
		if known, err = d.projection.compute(ctx, d.book, m.id, m.facts); err != nil {
			return decision.Decision{}, err
		}
	}
	return known.timeline.At(d.At, benefit)
}

// CountHolders counts the accounts entitled to a benefit. ErrNotFound for a benefit no
// version names; ErrNoSchedule.
func (d *Decider) CountHolders(ctx context.Context, benefit string) (int64, error) {
	if err := d.knows(benefit); err != nil {
		return 0, err
	}
	counts := make([]int64, workers())
	err := d.projection.walk(ctx, nil, func(worker int, members []member) error {
		n := int64(0)
		for i := range members {
			decided, err := d.decideMember(ctx, &members[i], benefit)
			if err != nil {
				return err
			}
			if decided.Entitled() {
				n++
			}
		}
		counts[worker] += n
		return nil
	})
	total := int64(0)
	for _, n := range counts {
		total += n
	}
	return total, err
}

// knows says whether a benefit can be asked about at the instant.
func (d *Decider) knows(benefit string) error {
	_, err := d.book.rules.Timeline(decision.Account{}).At(d.At, benefit)
	return d.told(err, benefit)
}

// Holders returns the accounts entitled to a benefit with ids behind after, in their
// order, and whether there are more. Errors as of CountHolders.
func (d *Decider) Holders(ctx context.Context, benefit, after string, limit int) ([]Holder, bool, error) {
	if err := d.knows(benefit); err != nil {
		return nil, false, err
	}
	in := d.projection.residents()
	near, err := d.residentHolders(ctx, in, benefit, after, limit+1)
	if err != nil {
		return nil, false, err
	}
	far, err := d.evictedHolders(ctx, in, benefit, after, limit+1)
	if err != nil {
		return nil, false, err
	}
	all := leastHolders(append(near, far...), limit+1)
	return all[:min(limit, len(all))], len(all) > limit, nil
}

// residentHolders finds the first holders in pages in memory: in order of id, and no
// further than needed.
func (d *Decider) residentHolders(ctx context.Context, in *[pageCount]bool, benefit, after string, limit int) ([]Holder, error) {
	ids, err := d.projection.walkIDs(ctx, in, after)
	if err != nil {
		return nil, err
	}
	var holders []Holder
	for size := 64; len(holders) < limit; size = min(2*size, 4096) {
		some := make([]member, 0, size)
		for len(some) < size {
			m, ok, err := ids.next(ctx)
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			some = append(some, m)
		}
		if len(some) == 0 {
			break
		}
		if holders, err = d.appendHolders(ctx, holders, some, benefit); err != nil {
			return nil, err
		}
	}
	return holders, nil
}

// appendHolders decides about some accounts, on all processors, and appends those
// entitled in their order.
func (d *Decider) appendHolders(ctx context.Context, holders []Holder, some []member, benefit string) ([]Holder, error) {
	decided := make([]decision.Decision, len(some))
	g, ctx := errgroup.WithContext(ctx)
	each := (len(some) + workers() - 1) / workers()
	for start := 0; start < len(some); start += each {
		g.Go(func() (err error) {
			for i := start; i < min(start+each, len(some)) && err == nil; i++ {
				decided[i], err = d.decideMember(ctx, &some[i], benefit)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i := range some {
		if decided[i].Entitled() {
			holders = append(holders, Holder{some[i].id, decided[i]})
		}
	}
	return holders, nil
}

// evictedHolders finds the holders with the least ids in all other pages, which have to
// be read whole.
func (d *Decider) evictedHolders(ctx context.Context, in *[pageCount]bool, benefit, after string, limit int) ([]Holder, error) {
	var lock sync.Mutex
	var least []Holder
	resident := func(number int) bool { return in[number] }
	err := d.projection.walk(ctx, resident, func(_ int, members []member) error {
		var found []Holder
		for i := range members {
			if m := &members[i]; m.id > after {
				decided, err := d.decideMember(ctx, m, benefit)
				if err != nil {
					return err
				}
				if decided.Entitled() {
					found = append(found, Holder{m.id, decided})
				}
			}
		}
		lock.Lock()
		defer lock.Unlock()
		least = leastHolders(append(least, found...), limit)
		return nil
	})
	return least, err
}

// leastHolders returns those with the least ids, in their order.
func leastHolders(holders []Holder, limit int) []Holder {
	slices.SortFunc(holders, func(a, b Holder) int { return strings.Compare(a.Account, b.Account) })
	return holders[:min(limit, len(holders))]
}
