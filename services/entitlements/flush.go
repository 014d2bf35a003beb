package entitlements

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// flushWriters is how many pages are written at a time; the store lets them share
// commits.
const flushWriters = 32

// flush writes every page that has changes the store lacks, and then the checkpoint.
// Where it fails half way the checkpoint stays behind, and replaying from it is
// harmless. errSuperseded when another process has rebuilt the projection.
func (p *projection) flush(ctx context.Context) error {
	upTo, _ := p.at()
	if upTo.position <= p.stored.Load() {
		return nil
	}
	writers, writing := errgroup.WithContext(ctx)
	writers.SetLimit(flushWriters)
	for number := range p.pages {
		if writing.Err() == nil && p.needsFlush(number) {
			writers.Go(func() error { return p.flushPage(writing, number, upTo.position) })
		}
	}
	if err := writers.Wait(); err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	mark := checkpoint{Epoch: p.epoch, Position: upTo.position, Resume: upTo.resume, Company: upTo.company}
	if err := p.store.saveCheckpoint(ctx, mark); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	p.storedUpTo(upTo.position)
	return nil
}

func (p *projection) needsFlush(number int) bool {
	pg := &p.pages[number]
	pg.mu.RLock()
	defer pg.mu.RUnlock()
	return pg.resident && p.dirty(pg)
}

// flushPage writes a page as it is now. Everything up to the position given is in it.
func (p *projection) flushPage(ctx context.Context, number int, upTo int64) error {
	pg := &p.pages[number]
	pg.mu.Lock()
	if !pg.resident || !p.dirty(pg) {
		pg.mu.Unlock()
		return nil
	}
	doc := pageDoc{Epoch: pg.epoch, Position: max(pg.applied, upTo), Data: pg.encode()}
	err := pg.repack(doc.Data)
	pg.mu.Unlock()
	if err != nil {
		return fmt.Errorf("page %d as it was to be written: %w", number, err)
	}
	if err := p.store.save(ctx, number, doc); err != nil {
		return err
	}
	pg.mu.Lock()
	pg.stored = max(pg.stored, doc.Position)
	pg.mu.Unlock()
	return nil
}

// storedUpTo notes that the store has everything up to a position.
func (p *projection) storedUpTo(position int64) {
	for {
		known := p.stored.Load()
		if position <= known || p.stored.CompareAndSwap(known, position) {
			return
		}
	}
}

// unsaved says whether the feed was applied further than the store has it.
func (p *projection) unsaved() bool { return p.lastApplied.Load() > p.stored.Load() }
