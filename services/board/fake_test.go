package board

import (
	"context"
	"strconv"
	"sync"
)

// fakeSource is an accounts service: a feed of accounts, and their contacts.
type fakeSource struct {
	mu       sync.Mutex
	changes  []AccountChange
	contacts map[string]Contact
	written  chan struct{} // closed by the next change
}

func newFakeSource() *fakeSource {
	return &fakeSource{contacts: map[string]Contact{}, written: make(chan struct{})}
}

// put changes accounts, one after the other.
func (s *fakeSource) put(changes ...AccountChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		c.Position = int64(len(s.changes) + 1)
		s.changes = append(s.changes, c)
	}
	close(s.written)
	s.written = make(chan struct{})
}

func (s *fakeSource) behind(position int) (more []AccountChange, written <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes[position:], s.written
}

func (s *fakeSource) Watch(ctx context.Context, resume string, apply func(Batch) error) error {
	position, _ := strconv.Atoi(resume)
	for {
		more, written := s.behind(position)
		if len(more) > 0 {
			position += len(more)
			if err := apply(Batch{Accounts: more, Position: int64(position), Resume: strconv.Itoa(position)}); err != nil {
				return err
			}
			continue
		}
		select {
		case <-written:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *fakeSource) Head(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.changes)), nil
}

// Reveals is true of all but nobody.
func (s *fakeSource) Reveals(_ context.Context, principal string) (bool, error) {
	return principal != "principals/nobody", nil
}

func (s *fakeSource) Contact(_ context.Context, account, contact string) (Contact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, known := s.contacts[ContactName(account, contact)]
	if !known {
		return Contact{}, ErrNoContact
	}
	return c, nil
}
