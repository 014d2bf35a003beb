package entitlements

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// projection is this service's copy of all accounts and their spend. Readers and the
// one who applies changes may work at the same time.
type projection struct {
	store *pageStore
	// epoch counts rebuilds; it stands before the position in what is stored.
	epoch int64
	// limit is how many accounts may be in memory.
	limit int64

	pages  [pageCount]page
	groups *groups

	accounts atomic.Int64 // in memory
	memos    atomic.Int64 // timelines kept
	stored   atomic.Int64 // the store has all up to here
	// Where the last sweeps stopped, to be touched by the one who sweeps.
	sweeping, sweepingMemos atomic.Bool
	hand, memoHand          int
	// crowded asks for a flush, because nothing can be evicted.
	crowded chan struct{}

	scanned     chan struct{} // closed when the parents of all accounts are known
	unseen      atomic.Int64  // pages whose parents are not known yet
	scratch     applyScratch
	mu          sync.Mutex
	progress    progress
	progressed  chan struct{} // closed when progress changes
	onSettings  func(Settings)
	lastApplied atomic.Int64 // progress.position, for readers
}

// progress is how far the feed was applied: everything up to position, which is what
// resume stands behind, and the company as it was there.
type progress struct {
	position int64
	resume   string
	company  Settings
}

// beginning says what a new projection finds in the store.
type beginning int

const (
	withPages   beginning = iota // pages to be loaded
	withNothing                  // no page
	withRefuse                   // pages that are all to be written over
)

// newProjection returns a projection that goes on from a checkpoint.
func newProjection(store *pageStore, from checkpoint, limit int64, found beginning) *projection {
	p := &projection{
		store: store, epoch: from.Epoch, limit: limit, groups: newGroups(),
		crowded: make(chan struct{}, 1), scanned: make(chan struct{}), progressed: make(chan struct{}),
		progress: progress{position: from.Position, resume: from.Resume, company: from.Company},
	}
	p.lastApplied.Store(from.Position)
	p.stored.Store(from.Position)
	for i := range p.pages {
		pg := &p.pages[i]
		pg.sorted, pg.epoch = true, from.Epoch
		pg.resident, pg.seen = found != withPages, found != withPages
		if found == withRefuse {
			pg.stored = -1
		}
	}
	if found == withPages {
		p.unseen.Store(pageCount)
	} else {
		close(p.scanned)
	}
	return p
}

// at returns how far the feed was applied, and a channel that is closed when that
// changes.
func (p *projection) at() (progress, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.progress, p.progressed
}

func (p *projection) advance(to progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed := p.progress.company != to.company
	p.progress = to
	p.lastApplied.Store(to.position)
	close(p.progressed)
	p.progressed = make(chan struct{})
	if changed && p.onSettings != nil {
		p.onSettings(to.company)
	}
}

// view calls read with an account, under the lock of its page, and says whether there
// is one by that id. read must be quick and must not come back to the projection.
func (p *projection) view(ctx context.Context, id string, read func(*account)) (bool, error) {
	hash := hashID(id)
	pg, err := p.readLock(ctx, pageOf(hash))
	if err != nil {
		return false, fmt.Errorf("read account %q: %w", id, err)
	}
	defer pg.mu.RUnlock()
	a := pg.find(id, hash)
	if a == nil || a.state == Unannounced {
		return false, nil
	}
	read(a)
	return true, nil
}

// readLock returns a page that is in memory, locked for reading.
func (p *projection) readLock(ctx context.Context, number int) (*page, error) {
	pg := &p.pages[number]
	for {
		pg.mu.RLock()
		if pg.resident {
			if !pg.used.Load() {
				pg.used.Store(true)
			}
			return pg, nil
		}
		pg.mu.RUnlock()
		if err := p.load(ctx, number); err != nil {
			return nil, err
		}
	}
}

// writeLock returns a page that is in memory, locked for writing.
func (p *projection) writeLock(ctx context.Context, number int) (*page, error) {
	pg := &p.pages[number]
	for {
		pg.mu.Lock()
		if pg.resident {
			pg.used.Store(true)
			return pg, nil
		}
		pg.mu.Unlock()
		if err := p.load(ctx, number); err != nil {
			return nil, err
		}
	}
}
