package record

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// stream gives the numbers of a draw: everybody with the record and the seed gets the
// same.
type stream struct {
	label string
	block uint64
}

func newStream(record, seed string) *stream {
	return &stream{label: fmt.Sprintf("%s, draw\n%s\n%s\n", domain, record, seed)}
}

// next returns the next block.
func (s *stream) next() uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s%d\n", s.label, s.block))
	s.block++
	return binary.BigEndian.Uint64(sum[:8])
}

// below returns a number from 0 to n-1, each equally likely: blocks beyond the largest
// multiple of n are left out.
func (s *stream) below(n int) int {
	size := uint64(n)
	surplus := (math.MaxUint64%size + 1) % size // 2^64 modulo n
	for {
		if block := s.next(); block <= math.MaxUint64-surplus {
			return int(block % size)
		}
	}
}

// shuffle swaps place i with place i + (a number below the length - i), for i = 0, 1, …;
// visit, called after each, ends it with false.
func shuffle[T any](s *stream, list []T, visit func(T) bool) {
	for i := range list {
		j := i + s.below(len(list)-i)
		list[i], list[j] = list[j], list[i]
		if !visit(list[i]) {
			return
		}
	}
}
