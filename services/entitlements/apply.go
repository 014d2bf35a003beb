package entitlements

import (
	"context"
	"fmt"
	"slices"
)

// touch is what a change does to one account.
type touch struct {
	hash   uint64
	change int // place in the batch
	place  int // for revenue, place in its accounts
}

// applyScratch is memory that apply uses again.
type applyScratch struct {
	touches []touch         // by page, and then in the feed's order
	counts  []int32         // per page
	unsort  []touch         // in the feed's order
	entries []sortedEntries // per change
	totals  []dayTotal
	packed  []byte
	moved   []edge
	grown   []string
}

// sortedEntries are those of a revenue change, account by account.
type sortedEntries struct {
	start []int32 // where an account's entries start, and at the end how many there are
	order []int32 // places in the change's columns
}

type edge struct{ child, parent string }

// apply takes a batch in. One caller at a time; readers see each account's changes at
// once. A change that came before is recognised by its position and left alone, so
// that a batch may come again, whole or in part.
func (p *projection) apply(ctx context.Context, b Batch) error {
	to, _ := p.at()
	to.resume = b.Resume
	for _, c := range b.Changes {
		to.position = max(to.position, c.Position)
		if c.Company != nil {
			to.company = *c.Company
		}
	}
	if err := p.sortTouches(b.Changes); err != nil {
		return err
	}
	if err := p.fetchTouched(ctx); err != nil {
		return err
	}
	s := &p.scratch
	for rest := s.touches; len(rest) > 0; {
		number := pageOf(rest[0].hash)
		n := 1
		for n < len(rest) && pageOf(rest[n].hash) == number {
			n++
		}
		if err := p.applyToPage(ctx, number, b.Changes, rest[:n]); err != nil {
			return fmt.Errorf("apply changes up to %d: %w", to.position, err)
		}
		rest = rest[n:]
	}
	p.advance(to)
	p.evict()
	return nil
}

// sortTouches finds out which accounts a batch touches, page by page.
func (p *projection) sortTouches(changes []Change) error {
	s := &p.scratch
	s.unsort, s.entries = s.unsort[:0], slices.Grow(s.entries[:0], len(changes))[:len(changes)]
	if s.counts == nil {
		s.counts = make([]int32, pageCount+1)
	}
	clear(s.counts)
	for i, c := range changes {
		switch {
		case c.Account != nil:
			s.touch(c.Account.ID, i, 0)
		case c.Revenue != nil:
			if err := s.entries[i].sort(c.Revenue); err != nil {
				return fmt.Errorf("change %d of the accounts feed: %w", c.Position, err)
			}
			for place, id := range c.Revenue.Accounts {
				s.touch(id, i, place)
			}
		}
	}
	for n := range pageCount {
		s.counts[n+1] += s.counts[n]
	}
	s.touches = slices.Grow(s.touches[:0], len(s.unsort))[:len(s.unsort)]
	for _, t := range s.unsort {
		at := &s.counts[pageOf(t.hash)]
		s.touches[*at] = t
		*at++
	}
	return nil
}

func (s *applyScratch) touch(id string, change, place int) {
	hash := hashID(id)
	s.counts[pageOf(hash)+1]++
	s.unsort = append(s.unsort, touch{hash: hash, change: change, place: place})
}

// sort puts the entries of a change in order of their account.
func (e *sortedEntries) sort(r *RevenueChange) error {
	if len(r.Index) != len(r.Days) || len(r.Index) != len(r.Minor) {
		return fmt.Errorf("revenue columns of %d, %d and %d entries", len(r.Index), len(r.Days), len(r.Minor))
	}
	e.start = slices.Grow(e.start[:0], len(r.Accounts)+1)[:len(r.Accounts)+1]
	clear(e.start)
	for _, account := range r.Index {
		if int(account) >= len(r.Accounts) {
			return fmt.Errorf("revenue entry of account %d of %d", account, len(r.Accounts))
		}
		e.start[account]++
	}
	end := int32(0)
	for i, n := range e.start {
		end += n
		e.start[i] = end
	}
	e.order = slices.Grow(e.order[:0], len(r.Index))[:len(r.Index)]
	for i := len(r.Index) - 1; i >= 0; i-- {
		at := &e.start[r.Index[i]]
		*at--
		e.order[*at] = int32(i)
	}
	return nil
}

// fetchTouched brings the touched pages into memory, many at a time.
func (p *projection) fetchTouched(ctx context.Context) error {
	var missing []int
	last := -1
	for _, t := range p.scratch.touches {
		number := pageOf(t.hash)
		if number == last {
			continue
		}
		last = number
		pg := &p.pages[number]
		pg.mu.RLock()
		if !pg.resident {
			missing = append(missing, number)
		}
		pg.mu.RUnlock()
	}
	for some := range slices.Chunk(missing, loadTogether) {
		if err := p.loadMany(ctx, some, true); err != nil {
			return err
		}
	}
	return nil
}

// applyToPage makes the changes of one page, all of a position at once.
func (p *projection) applyToPage(ctx context.Context, number int, changes []Change, touches []touch) error {
	s := &p.scratch
	s.moved, s.grown = s.moved[:0], s.grown[:0]
	told := p.lastApplied.Load()
	pg, err := p.writeLock(ctx, number)
	if err != nil {
		return err
	}
	had, before := pg.applied, len(pg.accounts)
	for _, t := range touches {
		c := &changes[t.change]
		switch {
		case c.Account != nil:
			// The page may come from the future, stored by another process, but the
			// groups are always at this point.
			if c.Position > told {
				s.moved = append(s.moved, edge{c.Account.ID, c.Account.Parent})
			}
			if c.Position > had {
				p.touched(pg.findOrAdd(c.Account.ID, t.hash)).set(c.Account)
			}
		case c.Position > had:
			id := c.Revenue.Accounts[t.place]
			a := p.touched(pg.findOrAdd(id, t.hash))
			a.ledger = s.merge(a.ledger, c.Revenue, &s.entries[t.change], t.place)
			s.grown = append(s.grown, a.id)
		}
		pg.applied = max(pg.applied, c.Position)
	}
	p.accounts.Add(int64(len(pg.accounts) - before))
	pg.mu.Unlock()
	for _, e := range s.moved {
		p.groups.setParent(e.child, e.parent)
	}
	for _, id := range s.grown {
		p.groups.ledgerChanged(id)
	}
	return nil
}

// touched drops what was computed from the account as it was.
func (p *projection) touched(a *account) *account {
	a.rev++
	if a.memo.Swap(nil) != nil {
		p.memos.Add(-1)
	}
	return a
}

func (a *account) set(c *AccountChange) {
	a.state, a.joined, a.closed = c.State, c.Joined, c.Closed
	a.setParent(c.Parent)
}

// merge adds the entries of one account of a change to its ledger.
func (s *applyScratch) merge(l ledger, r *RevenueChange, e *sortedEntries, account int) ledger {
	s.totals = l.days(s.totals[:0])
	for _, i := range e.order[e.start[account]:e.start[account+1]] {
		s.totals = append(s.totals, entryTotal(r.Days[i], r.Minor[i]))
	}
	s.packed = packDays(s.packed[:0], sumUpDays(s.totals))
	return ledger(s.packed)
}
