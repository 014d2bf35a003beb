package resource

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// idEncoding writes ids that sort as their bytes do.
var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// Sequence makes ids of 26 characters that sort in the order in which they were made:
// a millisecond, a count within it, and 8 random bytes that tell processes apart.
type Sequence struct {
	now    func() time.Time
	random io.Reader

	mu    sync.Mutex
	last  int64 // millisecond
	count uint16
}

// NewSequence makes a sequence of a clock, and of random bytes.
func NewSequence(now func() time.Time, random io.Reader) *Sequence {
	return &Sequence{now: now, random: random}
}

// Next makes the next id. It fails only where no random bytes can be had.
func (s *Sequence) Next() (string, error) {
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
