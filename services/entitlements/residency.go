package entitlements

import (
	"context"
	"fmt"
)

// loadTogether is how many pages are read from the store at a time.
const loadTogether = 64

// load brings a page into memory, or waits for somebody who does.
func (p *projection) load(ctx context.Context, number int) error {
	pg := &p.pages[number]
	pg.mu.Lock()
	switch {
	case pg.resident:
		pg.mu.Unlock()
		return nil
	case pg.loading != nil:
		loading := pg.loading
		pg.mu.Unlock()
		select {
		case <-loading:
			return nil // the caller looks again
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	loading := make(chan struct{})
	pg.loading = loading
	pg.mu.Unlock()
	p.evict() // before, so that it does not hit the page that is wanted
	err := p.loadMany(ctx, []int{number}, true)
	pg.mu.Lock()
	pg.loading = nil
	pg.mu.Unlock()
	close(loading)
	return err
}

// loadMany reads pages and learns the parents of their accounts; those that are
// wanted, or for which there is room, stay in memory.
func (p *projection) loadMany(ctx context.Context, numbers []int, wanted bool) error {
	before := make([]uint32, len(numbers))
	for i, number := range numbers {
		before[i] = p.evictionsOf(number)
	}
	docs, err := p.store.load(ctx, numbers)
	if err != nil {
		return fmt.Errorf("load pages: %w", err)
	}
	for i, number := range numbers {
		accounts, err := decodePage(docs[number].Data)
		if err != nil {
			return fmt.Errorf("load page %d: %w", number, err)
		}
		p.install(number, before[i], docs[number], accounts, wanted)
	}
	return nil
}

// install takes a page read from the store into memory, unless it is there already or
// was there since evictions were counted.
func (p *projection) install(number int, evictions uint32, doc pageDoc, accounts []*account, wanted bool) {
	pg := &p.pages[number]
	pg.mu.Lock()
	defer pg.mu.Unlock()
	if pg.resident || pg.evictions != evictions {
		return
	}
	if !pg.seen {
		for _, a := range accounts {
			if a.kin != nil {
				p.groups.setParent(a.id, a.kin.parent)
			}
		}
		pg.seen = true
		if p.unseen.Add(-1) == 0 {
			close(p.scanned)
		}
	}
	if !wanted && p.accounts.Load()+int64(len(accounts)) > p.limit {
		return
	}
	pg.used.Store(wanted)
	pg.accounts, pg.sorted, pg.resident = accounts, true, true
	pg.applied, pg.stored, pg.epoch = doc.Position, doc.Position, max(p.epoch, doc.Epoch)
	pg.reindex()
	p.accounts.Add(int64(len(accounts)))
}

// warmUp reads every page that the store has, and keeps what there is room for. It
// learns from that the parents of all accounts.
func (p *projection) warmUp(ctx context.Context) error {
	var before [pageCount]uint32
	for i := range p.pages {
		before[i] = p.evictionsOf(i)
	}
	var found [pageCount]bool
	err := p.store.each(ctx, func(number int, doc pageDoc) error {
		accounts, err := decodePage(doc.Data)
		if err != nil {
			return fmt.Errorf("page %d: %w", number, err)
		}
		found[number] = true
		p.install(number, before[number], doc, accounts, false)
		return nil
	})
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	for i := range p.pages {
		if !found[i] { // nothing was stored of it when the checkpoint was written
			p.install(i, before[i], pageDoc{}, nil, true)
		}
	}
	return nil
}

func (p *projection) evictionsOf(number int) uint32 {
	pg := &p.pages[number]
	pg.mu.RLock()
	defer pg.mu.RUnlock()
	return pg.evictions
}

// evict goes round the pages once and drops those not used since it last came by,
// until no more accounts are in memory than may be. Pages with changes that the store
// lacks stay; where that leaves too many, a flush is asked for.
func (p *projection) evict() {
	if p.accounts.Load() <= p.limit || !p.sweeping.CompareAndSwap(false, true) {
		return
	}
	defer p.sweeping.Store(false)
	for range pageCount {
		if p.accounts.Load() <= p.limit {
			return
		}
		p.hand = (p.hand + 1) % pageCount
		if pg := &p.pages[p.hand]; !pg.used.Swap(false) {
			p.drop(pg)
		}
	}
	select {
	case p.crowded <- struct{}{}:
	default:
	}
}

// drop takes a page out of memory if the store has all of it.
func (p *projection) drop(pg *page) {
	pg.mu.Lock()
	defer pg.mu.Unlock()
	if !pg.resident || len(pg.accounts) == 0 || p.dirty(pg) {
		return
	}
	for _, a := range pg.accounts {
		if a.memo.Swap(nil) != nil {
			p.memos.Add(-1)
		}
	}
	p.accounts.Add(-int64(len(pg.accounts)))
	pg.accounts, pg.index, pg.resident = nil, nil, false
	pg.evictions++
}

// dirty says that a page has changes that the store may lack. The caller holds its
// lock.
func (p *projection) dirty(pg *page) bool {
	return pg.applied > pg.stored && pg.applied > p.stored.Load() || pg.stored < 0
}
