package programmes

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// places are the programmes as decisions read them.
type places struct {
	mu         sync.Mutex
	programmes map[string]known
	// enrolments are what follows from the programmes; nil where it is to be made anew.
	enrolments atomic.Pointer[decision.Enrolments]
}

// known is what a programme's entries were at a version.
type known struct {
	version int64
	entries []Entry
	ends    civil.Day
}

// set takes a programme in, unless it is known at a later version.
func (p *places) set(s resource.Stored[Programme]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.programmes[s.ID].version >= s.Version {
		return
	}
	k := known{version: s.Version, entries: s.State.Entries, ends: civil.Never}
	if s.State.Ending != nil {
		k.ends = s.State.Ending.Day
	}
	p.programmes[s.ID] = k
	p.enrolments.Store(nil)
}

// Enrolments returns the places of all accounts: at once those this process gave, those
// of others within a second.
func (s *Service) Enrolments() *decision.Enrolments { return s.known.all() }

func (p *places) all() *decision.Enrolments {
	if made := p.enrolments.Load(); made != nil {
		return made
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if made := p.enrolments.Load(); made != nil {
		return made
	}
	made := decision.Enrolments{}
	for id, k := range p.programmes {
		for i := range k.entries {
			e := &k.entries[i]
			for _, stay := range e.Stays {
				made.Add(e.Account, id, stay.From, min(stay.To, k.ends))
			}
			if e.Standing == Enrolled {
				made.Add(e.Account, id, e.From, k.ends)
			}
		}
	}
	p.enrolments.Store(&made)
	return &made
}

// reload takes in all programmes as they are stored.
func (s *Service) reload(ctx context.Context) error {
	for p, err := range s.table.All(ctx, docstore.Query{}) {
		if err != nil {
			return err
		}
		s.known.set(p)
	}
	return nil
}

// follow takes in what other processes do, until ctx ends.
func (s *Service) follow(ctx context.Context) error {
	feed := s.store.Feed()
	for {
		head, err := feed.Head(ctx)
		if err == nil {
			err = s.reload(ctx)
		}
		if err == nil {
			err = feed.Follow(ctx, head, func(events []docstore.FeedEvent) error { return s.heard(ctx, events) })
		}
		if !errors.Is(err, docstore.ErrOutOfRange) {
			return err
		}
	}
}

// heard reads the programmes again that events are about.
func (s *Service) heard(ctx context.Context, events []docstore.FeedEvent) error {
	seen := map[string]bool{}
	for i := range events {
		id, mine := strings.CutPrefix(events[i].Source, Collection+"/")
		if !mine || seen[id] {
			continue
		}
		seen[id] = true
		p, err := s.table.Get(ctx, id)
		if errors.Is(err, resource.ErrNotFound) {
			continue // only drafts are deleted, in which nobody is
		}
		if err != nil {
			return err
		}
		s.known.set(p)
	}
	return nil
}
