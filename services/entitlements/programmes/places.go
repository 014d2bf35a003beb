package programmes

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// places are the programmes as this process knows them, by which decisions are made: at
// once what it wrote itself, what others wrote within a second.
type places struct {
	mu         sync.Mutex
	programmes map[string]resource.Stored[Programme]
	// enrolments are what follows from the programmes; nil where it is to be made anew.
	enrolments atomic.Pointer[decision.Enrolments]
}

// set takes a programme in, unless it is known at a later version.
func (p *places) set(s resource.Stored[Programme]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, is := p.programmes[s.ID]; is && known.Version >= s.Version {
		return
	}
	p.programmes[s.ID] = s
	p.enrolments.Store(nil)
}

// forget takes a programme out that was deleted: another of its name begins anew.
func (p *places) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.programmes, id)
}

// list returns all programmes, in the order of their ids.
func (p *places) list() []resource.Stored[Programme] {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Values(p.programmes), func(a, b resource.Stored[Programme]) int { return strings.Compare(a.ID, b.ID) })
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
	for id, s := range p.programmes {
		ends := civil.Never
		if s.State.Ending != nil {
			ends = s.State.Ending.Day
		}
		for i := range s.State.Entries {
			e := &s.State.Entries[i]
			for _, stay := range e.Stays {
				made.Add(e.Account, id, stay.From, min(stay.To, ends))
			}
			if e.Standing == Enrolled {
				made.Add(e.Account, id, e.From, ends)
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
			s.known.forget(id) // only drafts are deleted, in which nobody is
			continue
		}
		if err != nil {
			return err
		}
		s.known.set(p)
	}
	return nil
}
