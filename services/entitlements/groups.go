package entitlements

import (
	"slices"
	"sync"
	"sync/atomic"
)

// groups knows who belongs together: every account under one topmost account. It
// holds only accounts that have a parent or children. Where parents form a circle,
// which two writers at the accounts service can bring about together, all of the
// circle and below is one group.
type groups struct {
	// epoch counts changes of the structure; what was computed in an earlier one may
	// rest on other members.
	epoch atomic.Uint64

	mu       sync.RWMutex
	parent   map[string]string
	children map[string][]string
	known    map[string]*group // by id of the topmost; those asked for in this epoch
}

// group is a set of accounts whose spend counts together.
type group struct {
	members []string // ascending
	// changes counts those of any member's ledger.
	changes atomic.Uint64
	// merged is the sum of all ledgers at a count of changes; nil before it is asked.
	merged atomic.Pointer[mergedLedger]
}

type mergedLedger struct {
	changes uint64
	ledger  ledger
}

func newGroups() *groups {
	return &groups{parent: map[string]string{}, children: map[string][]string{}, known: map[string]*group{}}
}

// setParent records an account's parent; "" for none.
func (g *groups) setParent(child, parent string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.parent[child]
	if old == parent {
		return
	}
	if old != "" {
		left := slices.DeleteFunc(g.children[old], func(id string) bool { return id == child })
		if g.children[old] = left; len(left) == 0 {
			delete(g.children, old)
		}
	}
	if parent == "" {
		delete(g.parent, child)
	} else {
		g.parent[child] = parent
		g.children[parent] = append(g.children[parent], child)
	}
	clear(g.known)
	g.epoch.Add(1)
}

// ledgerChanged is called when the change of a member's ledger can be seen.
func (g *groups) ledgerChanged(id string) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if len(g.known) == 0 || !g.hasKin(id) {
		return
	}
	if known := g.known[g.top(id)]; known != nil {
		known.changes.Add(1)
	}
}

// of returns the group of an account, or nil where it stands alone, and the epoch in
// which that is so.
func (g *groups) of(id string) (*group, uint64) {
	g.mu.RLock()
	epoch := g.epoch.Load()
	if !g.hasKin(id) {
		g.mu.RUnlock()
		return nil, epoch
	}
	known := g.known[g.top(id)]
	g.mu.RUnlock()
	if known != nil {
		return known, epoch
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	epoch = g.epoch.Load()
	if !g.hasKin(id) {
		return nil, epoch
	}
	top := g.top(id)
	if g.known[top] == nil {
		g.known[top] = &group{members: g.below(top)}
	}
	return g.known[top], epoch
}

func (g *groups) hasKin(id string) bool {
	_, child := g.parent[id]
	return child || len(g.children[id]) > 0
}

// top returns the topmost account above id; in a circle, its least id.
func (g *groups) top(id string) string {
	slow := id
	for step := 1; ; step++ {
		above, ok := g.parent[id]
		if !ok {
			return id
		}
		if id = above; id == slow {
			return g.least(id)
		}
		if step&(step-1) == 0 { // Brent: meet the walker at ever greater distances
			slow = id
		}
	}
}

// least returns the least id of the circle that id is on.
func (g *groups) least(id string) string {
	least := id
	for at := g.parent[id]; at != id; at = g.parent[at] {
		least = min(least, at)
	}
	return least
}

// below returns an account and all under it, ascending.
func (g *groups) below(top string) []string {
	members := []string{top}
	seen := map[string]bool{top: true}
	for i := 0; i < len(members); i++ {
		for _, child := range g.children[members[i]] {
			if !seen[child] {
				seen[child] = true
				members = append(members, child)
			}
		}
	}
	slices.Sort(members)
	return members
}
