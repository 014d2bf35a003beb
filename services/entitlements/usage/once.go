package usage

import (
	"bytes"
	"context"
	"sync"
)

// repeated is errRepeated where the request made one of a balance's latest entries.
func (w *writing) repeated(b *balance) error {
	if w.call.RequestID == "" {
		return nil
	}
	e, found, err := b.latest().by(w.request.Key)
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
		if err := w.lookForRequest(ctx); err != nil {
			return err
		}
	}
	if w.of == "" {
		return nil
	}
	pages, err := w.u.pagesWith(ctx, w.account, w.of)
	if err != nil {
		return err
	}
	for _, p := range pages {
		about, err := p.about(w.of)
		if err != nil {
			return err
		}
		for _, e := range about {
			if e.Seq <= first.moved {
				w.looked.about = append(w.looked.about, e)
			}
		}
	}
	return nil
}

// lookForRequest is errRepeated where the request made an entry of the ledger.
func (w *writing) lookForRequest(ctx context.Context) error {
	pages, err := w.u.pagesWith(ctx, w.account, w.request.DocumentID())
	if err != nil {
		return err
	}
	for _, p := range pages {
		if e, found, err := p.by(w.request.Key); err != nil {
			return err
		} else if found {
			return w.repeats1(e)
		}
	}
	return nil
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
