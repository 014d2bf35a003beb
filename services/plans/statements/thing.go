package statements

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// thing is something that goes through states, with what each change said of it. It grows
// by what changes, and not by all that is said each time: an idea can have hundreds merged
// into it, one by one, after its answer.
type thing struct {
	Changes []thingChange `bson:"changes"`
}

// thingChange is what a change said of a thing.
type thingChange struct {
	Position int64 `bson:"position"`
	// Recorded is in milliseconds since 1970.
	Recorded int64 `bson:"recorded"`
	// Part says that Lines are those that came or say something else than after the change
	// before it, and Gone the keys of those that went. Without it Lines are all that there are,
	// as an earlier release stored them.
	Part  bool     `bson:"part,omitempty"`
	Lines []keyed  `bson:"lines,omitempty"`
	Gone  []string `bson:"gone,omitempty"`
	// Same says, in what an earlier release stored, that it said what the change before it did.
	Same bool `bson:"same,omitempty"`
}

type keyed struct {
	Key   string `bson:"key"`
	Facts facts  `bson:"facts"`
}

// saying is all that is said of a thing, by the keys of lines.
type saying map[string]facts

// hear takes over what a change said; said is what was said before it.
func (said saying) hear(c *thingChange) {
	if !c.Part && !c.Same {
		clear(said)
	}
	for _, l := range c.Lines {
		said[l.Key] = l.Facts
	}
	for _, key := range c.Gone {
		delete(said, key)
	}
}

// tell makes the change say what is said now, where something was said before.
func (c *thingChange) tell(before, now saying) {
	c.Part, c.Same, c.Lines, c.Gone = true, false, nil, nil
	for _, key := range slices.Sorted(maps.Keys(now)) {
		f := now[key]
		if was, known := before[key]; !known || !was.equal(&f) {
			c.Lines = append(c.Lines, keyed{key, f})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, stays := now[key]; !stays {
			c.Gone = append(c.Gone, key)
		}
	}
}

// slim makes parts of the changes that an earlier release stored whole.
func (h *thing) slim() {
	said := saying{}
	for i := range h.Changes {
		c := &h.Changes[i]
		if c.Part {
			said.hear(c)
			continue
		}
		before := maps.Clone(said)
		said.hear(c)
		c.tell(before, said)
	}
}

// note takes a change over, once, in the order of positions.
func (h *thing) note(t *told) {
	h.slim()
	at, found := h.find(t.change.Position)
	if found {
		return
	}
	before := saying{}
	for i := range at {
		before.hear(&h.Changes[i])
	}
	change := thingChange{Position: t.change.Position, Recorded: t.change.Recorded.UnixMilli()}
	change.tell(before, t.lines)
	if at < len(h.Changes) { // which says what it said, now after this one
		before.hear(&h.Changes[at])
		h.Changes[at].tell(t.lines, before)
	}
	h.Changes = slices.Insert(h.Changes, at, change)
}

// find returns the place of the change of a position, or where it would be.
func (h *thing) find(position int64) (at int, found bool) {
	return slices.BinarySearchFunc(h.Changes, position, func(c thingChange, position int64) int { return cmp.Compare(c.Position, position) })
}

// lines adds to dossiers what follows from some changes of the thing, which were noted: how
// lines came, changed and went by each, and by that behind it, which may have come before.
func (h *thing) lines(service feeds.Service, positions []int64, added batch) {
	wanted := map[int]bool{}
	for _, position := range positions {
		if at, found := h.find(position); found {
			wanted[at], wanted[at+1] = true, true
		}
	}
	said := saying{}
	for i := range h.Changes {
		c := &h.Changes[i]
		if wanted[i] {
			said.move(c, service, added)
		}
		said.hear(c)
	}
}

// move adds to dossiers what a change makes of what was said before it.
func (said saying) move(c *thingChange, service feeds.Service, added batch) {
	tell := func(key string, now *facts) {
		of := state{Service: service, Position: c.Position, Recorded: time.UnixMilli(c.Recorded).UTC(), Facts: now}
		in := now.places()
		for _, to := range in {
			added.add(to, key, of)
		}
		of.Facts = nil
		was := said[key]
		for _, from := range was.places() {
			if !slices.Contains(in, from) {
				added.add(from, key, of)
			}
		}
	}
	for i := range c.Lines {
		tell(c.Lines[i].Key, &c.Lines[i].Facts)
	}
	for _, key := range c.Gone {
		tell(key, nil)
	}
}

// moveThings notes what changes say of things, and adds what follows from that, whatever
// the order in which they come.
func (d *Dossiers) moveThings(ctx context.Context, moved map[string][]*told, added batch) error {
	histories := make(chan map[string]thing, 1)
	histories <- map[string]thing{}
	writing, ctx := errgroup.WithContext(ctx)
	writing.SetLimit(atOnce)
	for id, list := range moved {
		writing.Go(func() error {
			doc, err := d.things.Upsert(ctx, id, func(doc *docstore.Doc[thing]) error {
				for _, t := range list {
					doc.Body.note(t)
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("note what became of %s: %w", id, err)
			}
			all := <-histories
			all[id] = doc.Body
			histories <- all
			return nil
		})
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	for id, history := range <-histories {
		service, _, _ := strings.Cut(id, "/")
		positions := make([]int64, len(moved[id]))
		for i, t := range moved[id] {
			positions[i] = t.change.Position
		}
		history.lines(feeds.Service(service), positions, added)
	}
	return nil
}
