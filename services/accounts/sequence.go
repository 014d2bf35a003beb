package accounts

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// sequence makes ids of 26 characters that sort in the order in which they were made:
// a millisecond, a count within it, and 8 random bytes that tell processes apart.
type sequence struct {
	now    func() time.Time
	random io.Reader

	mu    sync.Mutex
	last  int64 // millisecond
	count uint16
}

func (s *sequence) next() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ms := s.now().UnixMilli(); ms > s.last {
		s.last, s.count = ms, 0
	} else if s.count++; s.count == 0 { // the clock stands, or went back
		s.last++
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.last)<<16|uint64(s.count))
	if _, err := io.ReadFull(s.random, b[8:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return idEncoding.EncodeToString(b[:]), nil
}
