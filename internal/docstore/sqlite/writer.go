package sqlite

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/evenhand/evenhand/internal/docstore"
)

// groupLimit is the most operations that share one commit.
const groupLimit = 1024

// writer owns the writing connection.
type writer struct {
	conn    *conn
	commits *atomic.Int64
	wake    chan struct{} // holds one token while something waits
	ended   chan struct{}

	mu      sync.Mutex
	stopped bool
	waiting []*job
}

// job is an operation on its way.
type job struct {
	op func(*conn) error
	// taken settles whether the writer runs the job or its caller gives it up.
	taken atomic.Bool
	err   error
	done  chan struct{}
}

func newWriter(c *conn, commits *atomic.Int64) *writer {
	w := &writer{conn: c, commits: commits, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.run()
	return w
}

// do queues an operation and returns its outcome after the commit. While it waits for
// its turn the context may end it; after that what it returns is what happened.
func (w *writer) do(ctx context.Context, op func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{op: op, done: make(chan struct{})}
	if err := w.enqueue(j); err != nil {
		return err
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-j.done
	}
	return j.err
}

func (w *writer) enqueue(j *job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return docstore.ErrClosed
	}
	w.waiting = append(w.waiting, j)
	w.signal()
	return nil
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// stop lets what waits be written and returns when the connection is free.
func (w *writer) stop() {
	w.mu.Lock()
	w.stopped = true
	w.signal()
	w.mu.Unlock()
	<-w.ended
}

func (w *writer) run() {
	defer close(w.ended)
	for range w.wake {
		for group := w.take(); len(group) > 0; group = w.take() {
			w.commit(group)
			for _, j := range group {
				close(j.done)
			}
		}
		w.mu.Lock()
		finished := w.stopped && len(w.waiting) == 0
		w.mu.Unlock()
		if finished {
			return
		}
	}
}

// take returns the operations that wait and whose callers do too.
func (w *writer) take() []*job {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), groupLimit)
	group := make([]*job, 0, n)
	for _, j := range w.waiting[:n] {
		if j.taken.CompareAndSwap(false, true) {
			group = append(group, j)
		}
	}
	w.waiting = w.waiting[n:]
	if len(w.waiting) > 0 {
		w.signal()
	}
	return group
}

// commit runs a group in one transaction. Each operation sees to it that a failure
// leaves nothing of it behind; a failure of the transaction fails the group.
func (w *writer) commit(group []*job) {
	err := w.transact(group)
	if err == nil {
		w.commits.Add(1)
		return
	}
	for _, j := range group {
		j.err = fmt.Errorf("%w: transaction failed: %w", docstore.ErrUnavailable, err)
	}
}

func (w *writer) transact(group []*job) (err error) {
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// SQLite may have rolled back by itself, and then this fails.
			_, _ = w.conn.exec("ROLLBACK")
		}
	}()
	for _, j := range group {
		j.err = j.op(w.conn)
		if broken(j.err) {
			return j.err
		}
	}
	_, err = w.conn.exec("COMMIT")
	return err
}
