package entitlements

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// memo is a timeline with what it rests on besides the account itself.
type memo struct {
	timeline decision.Timeline
	book     *book
	group    *group
	epoch    uint64 // of the groups
	changes  uint64 // of the group
	used     atomic.Bool
}

// holds says whether a timeline computed earlier is still right.
func (m *memo) holds(b *book, g *groups) bool {
	if m == nil || m.book != b {
		return false
	}
	return !b.groups || m.epoch == g.epoch.Load() && (m.group == nil || m.changes == m.group.changes.Load())
}

// timeline returns the timeline of an account by a book, what it was computed from, and
// whether there is such an account. Keep is how many timelines are kept for the next
// who asks.
func (p *projection) timeline(ctx context.Context, b *book, id string, keep int64) (*memo, facts, bool, error) {
	hash := hashID(id)
	pg, err := p.readLock(ctx, pageOf(hash))
	if err != nil {
		return nil, facts{}, false, err
	}
	a := pg.find(id, hash)
	if a == nil || a.state == Unannounced {
		pg.mu.RUnlock()
		return nil, facts{}, false, nil
	}
	seen, m := a.facts(), a.memo.Load()
	pg.mu.RUnlock()
	if m.holds(b, p.groups) {
		if !m.used.Load() {
			m.used.Store(true)
		}
		return m, seen, true, nil
	}
	m, err = p.compute(ctx, b, id, seen)
	if err != nil {
		return nil, facts{}, true, err
	}
	p.keep(pg, hash, a, seen.rev, m, keep)
	return m, seen, true, nil
}

// facts are what is needed of an account to compute its timeline; ledgers are never
// changed in place, so this outlives the page's lock.
type facts struct {
	ledger ledger
	joined civil.Day
	closed civil.Day
	state  State
	rev    uint32
}

func (a *account) facts() facts {
	return facts{ledger: a.ledger, joined: a.joined, closed: a.closed, state: a.state, rev: a.rev}
}

// workspace is memory for computing a timeline.
type workspace struct{ own, group decision.Ledger }

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// compute makes the timeline of an account.
func (p *projection) compute(ctx context.Context, b *book, id string, f facts) (*memo, error) {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	m := &memo{book: b}
	known, err := p.known(ctx, b, id, f, w, m)
	if err != nil {
		return nil, err
	}
	m.timeline = b.rules.Timeline(known)
	return m, nil
}

// known makes what decisions are made from of what is known of an account; it lives in
// the workspace. In the memo it notes what of the group that rests on.
func (p *projection) known(ctx context.Context, b *book, id string, f facts, w *workspace, m *memo) (decision.Account, error) {
	w.own = f.ledger.buckets(w.own[:0])
	known := f.decisionAccount(w.own)
	known.Terms, known.Completions = b.members[id], b.completions[id]
	if b.enrolments != nil {
		known.Enrolments = (*b.enrolments)[id]
	}
	if !b.groups {
		return known, nil
	}
	if err := p.awaitGroups(ctx); err != nil {
		return decision.Account{}, err
	}
	m.group, m.epoch = p.groups.of(id)
	if m.group == nil {
		return known, nil
	}
	merged, changes, err := p.groupLedger(ctx, m.group)
	if err != nil {
		return decision.Account{}, err
	}
	m.changes = changes
	w.group = merged.buckets(w.group[:0])
	known.GroupLedger = w.group
	return known, nil
}

// decisionAccount says when the account is a customer. One that is active without a
// joined date and without an entry has not begun to be one as far as extras go: its
// first entry's day will be the beginning.
func (f facts) decisionAccount(own decision.Ledger) decision.Account {
	a := decision.Account{Ledger: own, Joined: f.joinedOn(own), ActiveFrom: civil.Never, ClosedOn: f.closed, Prospect: f.state == Prospect}
	if f.state == Active || f.state == Closed {
		a.ActiveFrom = a.Joined
	}
	return a
}

// joinedOn returns the day given, or else that of the first entry, or civil.Never.
func (f facts) joinedOn(own decision.Ledger) civil.Day {
	if f.joined != civil.Never {
		return f.joined
	}
	return own.First()
}

// keep stores a timeline with its account, unless that has changed or gone since.
func (p *projection) keep(pg *page, hash uint64, a *account, rev uint32, m *memo, limit int64) {
	pg.mu.RLock()
	kept := pg.resident && a.rev == rev && pg.find(a.id, hash) == a
	if kept && a.memo.Swap(m) == nil {
		p.memos.Add(1)
	}
	pg.mu.RUnlock()
	if kept && p.memos.Load() > limit {
		p.sweepMemos(limit)
	}
}

// sweepMemos goes round the accounts and drops timelines not used since it last came
// by, until few enough are left.
func (p *projection) sweepMemos(limit int64) {
	if !p.sweepingMemos.CompareAndSwap(false, true) {
		return
	}
	defer p.sweepingMemos.Store(false)
	const slack = 64 // so that it need not run for every timeline
	for range 2 * pageCount {
		if p.memos.Load() <= limit-min(slack, limit/2) {
			return
		}
		p.memoHand = (p.memoHand + 1) % pageCount
		pg := &p.pages[p.memoHand]
		pg.mu.RLock()
		for _, a := range pg.accounts {
			if m := a.memo.Load(); m != nil && !m.used.Swap(false) && a.memo.CompareAndSwap(m, nil) {
				p.memos.Add(-1)
			}
		}
		pg.mu.RUnlock()
	}
}

// awaitGroups waits until the parents of all accounts are known, which is so soon
// after the start.
func (p *projection) awaitGroups(ctx context.Context) error {
	select {
	case <-p.scanned:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// groupLedger returns the sum of the ledgers of a group, and at how many changes.
func (p *projection) groupLedger(ctx context.Context, g *group) (ledger, uint64, error) {
	changes := g.changes.Load() // before reading: what changes then makes it outdated
	if m := g.merged.Load(); m != nil && m.changes == changes {
		return m.ledger, changes, nil
	}
	var totals []dayTotal
	for _, id := range g.members {
		hash := hashID(id)
		pg, err := p.readLock(ctx, pageOf(hash))
		if err != nil {
			return "", 0, err
		}
		if a := pg.find(id, hash); a != nil {
			totals = a.ledger.days(totals)
		}
		pg.mu.RUnlock()
		if len(totals) > 1<<16 {
			totals = sumUpDays(totals)
		}
	}
	merged := ledger(packDays(nil, sumUpDays(totals)))
	g.merged.Store(&mergedLedger{changes: changes, ledger: merged})
	return merged, changes, nil
}
