package docstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// change is one caller's update on its way.
type change[T any] struct {
	ctx    context.Context
	fn     func(*Doc[T]) error
	create bool

	running sync.Mutex // held while fn runs
	left    bool       // the caller does not wait any more; guarded by running
	doc     Doc[T]
	err     error
	panic   any
	done    chan struct{}
}

// queue holds the changes to one document that wait for the next write. It exists
// while a goroutine serves it.
type queue[T any] struct {
	waiting []*change[T]
}

// share queues a change and waits for its outcome.
func (c *Collection[T]) share(ctx context.Context, id string, ch *change[T]) (Doc[T], error) {
	if err := ctx.Err(); err != nil {
		return Doc[T]{}, err
	}
	ch.ctx, ch.done = ctx, make(chan struct{})
	if err := c.enqueue(id, ch); err != nil {
		return Doc[T]{}, err
	}
	select {
	case <-ch.done:
	case <-ctx.Done():
		ch.leave()
		select {
		case <-ch.done: // it was decided in the same moment
		default:
			return Doc[T]{}, ctx.Err()
		}
	}
	if ch.panic != nil {
		panic(ch.panic)
	}
	return ch.doc, ch.err
}

func (c *Collection[T]) enqueue(id string, ch *change[T]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q := c.queues[id]; q != nil {
		q.waiting = append(q.waiting, ch)
		return nil
	}
	if err := c.store.start(func() { c.serve(id) }); err != nil {
		return err
	}
	c.queues[id] = &queue[T]{waiting: []*change[T]{ch}}
	return nil
}

// serve writes what waits for a document, all of it at a time, until nothing does.
func (c *Collection[T]) serve(id string) {
	var batch []*change[T]
	defer func() {
		if batch == nil {
			return
		}
		// A function ended this goroutine (runtime.Goexit): another one goes on.
		fail(batch, fmt.Errorf("an update function ended the goroutine that updates %s", c.Source(id)))
		if err := c.store.start(func() { c.serve(id) }); err != nil {
			for batch := c.take(id); batch != nil; batch = c.take(id) {
				fail(batch, err)
			}
		}
	}()
	for batch = c.take(id); batch != nil; batch = c.take(id) {
		c.commit(id, batch)
		for _, ch := range batch {
			close(ch.done)
		}
	}
}

func fail[T any](batch []*change[T], err error) {
	for _, ch := range batch {
		ch.err = err
		close(ch.done)
	}
}

func (c *Collection[T]) take(id string) []*change[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[id]
	if len(q.waiting) == 0 {
		delete(c.queues, id)
		return nil
	}
	batch := q.waiting
	q.waiting = nil
	return batch
}

// commit makes the changes of a batch in one write and leaves each its outcome.
func (c *Collection[T]) commit(id string, batch []*change[T]) {
	ctx, stop := together(batch)
	defer stop()
	err := c.tryCommit(ctx, id, batch)
	for failed := 0; err != nil && stale(err); failed++ {
		if failed == attempts {
			err = ErrConflict
			break
		}
		if err = c.store.backoff(ctx, failed); err == nil {
			err = c.tryCommit(ctx, id, batch)
		}
	}
	var duplicate *DuplicateError
	if errors.As(err, &duplicate) && len(batch) > 1 {
		// One change cannot be: find out which, and do not let the others suffer.
		for _, ch := range batch {
			c.commit(id, []*change[T]{ch})
		}
		return
	}
	if err != nil {
		for _, ch := range batch {
			ch.doc, ch.err = Doc[T]{}, err
		}
	}
}

// tryCommit reads, changes and writes once. A change that failed by itself has its
// error; what it returns concerns the whole batch.
func (c *Collection[T]) tryCommit(ctx context.Context, id string, batch []*change[T]) error {
	w, err := c.open(ctx, id)
	if err != nil {
		return err
	}
	for _, ch := range batch {
		ch.run(w)
	}
	return w.write(ctx)
}

// run applies the change, unless its caller has left.
func (ch *change[T]) run(w *working[T]) {
	ch.running.Lock()
	defer ch.running.Unlock()
	if ch.left {
		ch.err = ch.ctx.Err()
		return
	}
	defer func() { ch.panic = recover() }()
	ch.doc, ch.err = w.apply(ch)
}

// leave says that the caller is gone; it waits for fn if that is running, so that fn
// never runs once the caller has returned.
func (ch *change[T]) leave() {
	ch.running.Lock()
	defer ch.running.Unlock()
	ch.left = true
}

// together is a context that ends when those of all callers have ended: one caller's
// end does not fail the others.
func together[T any](batch []*change[T]) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(batch[0].ctx))
	var waiting atomic.Int64
	waiting.Store(int64(len(batch)))
	stops := make([]func() bool, len(batch))
	for i, ch := range batch {
		stops[i] = context.AfterFunc(ch.ctx, func() {
			if waiting.Add(-1) == 0 {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}
