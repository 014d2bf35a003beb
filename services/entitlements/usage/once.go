package usage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/evenhand/evenhand/internal/docstore"
)

// repeated is errRepeated where the request made one of a balance's latest entries.
func (w *writing) repeated(b *balance) error {
	if w.call.RequestID == "" {
		return nil
	}
	e, found, err := b.by(w.request.Key)
	if !found || err != nil {
		return err
	}
	return w.repeats1(e)
}

// repeats1 is errRepeated for the entry that the request made before, or says that it
// asked for something else then.
func (w *writing) repeats1(e Entry) error {
	if !bytes.Equal(e.Request.Digest, w.request.Digest) {
		return w.call.Reused()
	}
	w.repeats = e
	return errRepeated
}

// look looks into the ledger for what the request made, and for the entries about the one
// that the call is about. Entries go to the ledger before they leave the balance: once
// the balance was seen to hold only those above a number, all others are there.
func (w *writing) look(ctx context.Context, first lookFirst) error {
	w.looked = looked{upTo: first.seq, about: first.about}
	if w.call.RequestID != "" {
		e, err := w.u.ledger.Get(ctx, ledgerID(w.account, w.request.DocumentID()))
		if err == nil {
			return w.repeats1(e.Body)
		}
		if !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
	}
	if w.of == "" {
		return nil
	}
	moved, err := w.u.ledger.Lookup(ctx, byOf, w.of)
	for _, e := range moved {
		if e.Body.Seq <= first.moved {
			w.looked.about = append(w.looked.about, e.Body)
		}
	}
	return err
}

// maxSeen is how many balances a process remembers the state of, 100 bytes each.
const maxSeen = 100_000

// seen remembers up to which number the entries of balances are in the ledger: a use that
// looks there before it reads the balance reads that once. What was seen stays true;
// whatever is forgotten costs a second look.
type seen struct {
	mu   sync.Mutex
	upTo map[string]int64
}

func (s *seen) of(id string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.upTo[id]
}

func (s *seen) set(id string, upTo int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.upTo == nil || len(s.upTo) >= maxSeen {
		s.upTo = map[string]int64{}
	}
	s.upTo[id] = max(s.upTo[id], upTo)
}

// move writes the latest entries of a balance, as it was read, to the ledger; the next use
// takes them out of the balance. Callers in this process who want it at the same time
// share it.
func (u *Usage) move(ctx context.Context, id string, b *balance) error {
	done := u.moving.DoChan(id, func() (any, error) { return nil, u.moveNow(context.WithoutCancel(ctx), id, b) })
	select {
	case moved := <-done:
		return moved.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// makeRoom moves what a balance holds now.
func (u *Usage) makeRoom(ctx context.Context, id string) error {
	d, err := u.balances.Get(ctx, id)
	if err != nil {
		return err
	}
	return u.move(ctx, id, &d.Body)
}

func (u *Usage) moveNow(ctx context.Context, id string, b *balance) error {
	latest, err := b.entries(u.seen.of(id), nil)
	if err != nil || len(latest) == 0 {
		return err
	}
	entries := make([]docstore.New[Entry], len(latest))
	for i, e := range latest {
		entries[i] = docstore.New[Entry]{ID: ledgerID(e.Account, e.ID), Body: e}
	}
	if err := u.insert(ctx, entries); err != nil {
		return fmt.Errorf("move entries of %s to the ledger: %w", id, err)
	}
	u.seen.set(id, b.Count.Seq)
	return nil
}

// insert writes entries to the ledger that may be there already.
func (u *Usage) insert(ctx context.Context, entries []docstore.New[Entry]) error {
	err := u.ledger.InsertMany(ctx, entries)
	var batch *docstore.BatchError
	if !errors.As(err, &batch) {
		return err
	}
	for _, err := range batch.Failed {
		if !errors.Is(err, docstore.ErrExists) {
			return err
		}
	}
	return nil
}
