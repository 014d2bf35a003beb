package entitlements

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// member is an account as a walk over all of them sees it.
type member struct {
	id   string
	memo *memo
	facts
}

// members appends the announced accounts of a page; a page that is not in memory is
// read past it, so that a walk does not drive out what is asked for often.
func (p *projection) members(ctx context.Context, number int, into []member) ([]member, error) {
	pg := &p.pages[number]
	pg.mu.RLock()
	if pg.resident {
		into = appendMembers(into, pg.accounts)
		pg.mu.RUnlock()
		return into, nil
	}
	pg.mu.RUnlock()
	docs, err := p.store.load(ctx, []int{number})
	if err != nil {
		return nil, err
	}
	accounts, err := decodePage(docs[number].Data)
	return appendMembers(into, accounts), err
}

func appendMembers(into []member, accounts []*account) []member {
	into = slices.Grow(into, len(accounts))
	for _, a := range accounts {
		if a.state != Unannounced {
			into = append(into, member{id: a.id, memo: a.memo.Load(), facts: a.facts()})
		}
	}
	return into
}

// walk calls visit with the accounts of every page, from as many goroutines as there
// are processors; worker numbers them.
func (p *projection) walk(ctx context.Context, skip func(number int) bool, visit func(worker int, members []member) error) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for worker := range workers() {
		g.Go(func() error {
			var members []member
			for {
				number := int(next.Add(1)) - 1
				if number >= pageCount {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if skip != nil && skip(number) {
					continue
				}
				var err error
				if members, err = p.members(ctx, number, members[:0]); err != nil {
					return err
				}
				if err := visit(worker, members); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

func workers() int { return runtime.GOMAXPROCS(0) }

// residents says which pages are in memory now.
func (p *projection) residents() *[pageCount]bool {
	var in [pageCount]bool
	for i := range p.pages {
		p.pages[i].mu.RLock()
		in[i] = p.pages[i].resident
		p.pages[i].mu.RUnlock()
	}
	return &in
}

// idWalk goes through the accounts of some pages in order of id. It keeps the next id
// of each page in a heap, so that its cost follows from how far it goes.
type idWalk struct {
	p    *projection
	heap []pageHead
}

type pageHead struct {
	id     string
	number int
}

// walkIDs begins behind an id, in the pages given.
func (p *projection) walkIDs(ctx context.Context, pages *[pageCount]bool, after string) (*idWalk, error) {
	w := &idWalk{p: p}
	for number, in := range pages {
		if !in {
			continue
		}
		head, ok, err := p.nextID(ctx, number, after)
		if err != nil {
			return nil, err
		}
		if ok {
			w.heap = append(w.heap, pageHead{head.id, number})
		}
	}
	slices.SortFunc(w.heap, func(a, b pageHead) int { return strings.Compare(a.id, b.id) }) // a sorted slice is a heap
	return w, nil
}

// next returns the next account, false at the end.
func (w *idWalk) next(ctx context.Context) (member, bool, error) {
	for len(w.heap) > 0 {
		head := w.heap[0]
		m, more, err := w.p.takeID(ctx, head)
		if err != nil {
			return member{}, false, err
		}
		if more == "" {
			last := len(w.heap) - 1
			w.heap[0] = w.heap[last]
			w.heap = w.heap[:last]
		} else {
			w.heap[0].id = more
		}
		w.down()
		if m.id != "" {
			return m, true, nil
		}
	}
	return member{}, false, nil
}

// down restores the heap after its first element changed.
func (w *idWalk) down() {
	h, i := w.heap, 0
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].id < h[least].id {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// nextID returns the first account of a page behind an id.
func (p *projection) nextID(ctx context.Context, number int, after string) (*account, bool, error) {
	pg, err := p.readSorted(ctx, number)
	if err != nil {
		return nil, false, err
	}
	defer pg.mu.RUnlock()
	if at := pg.from(after); at < len(pg.accounts) {
		return pg.accounts[at], true, nil
	}
	return nil, false, nil
}

// takeID returns the account at the head, with no id where it is not announced, and the
// id that follows in the page, or "".
func (p *projection) takeID(ctx context.Context, head pageHead) (m member, next string, err error) {
	pg, err := p.readSorted(ctx, head.number)
	if err != nil {
		return member{}, "", err
	}
	defer pg.mu.RUnlock()
	at := pg.from(head.id)
	if at < len(pg.accounts) {
		next = pg.accounts[at].id
	}
	if a := pg.find(head.id, hashID(head.id)); a != nil && a.state != Unannounced {
		m = member{id: a.id, memo: a.memo.Load(), facts: a.facts()}
	}
	return m, next, nil
}

// readSorted returns a page in memory with its accounts in order, locked for reading.
func (p *projection) readSorted(ctx context.Context, number int) (*page, error) {
	for {
		pg, err := p.readLock(ctx, number)
		if err != nil || pg.sorted {
			return pg, err
		}
		pg.mu.RUnlock()
		pg.mu.Lock()
		pg.sort()
		pg.mu.Unlock()
	}
}
