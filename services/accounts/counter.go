package accounts

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// hash64 is the hash by which rows of a batch are counted. It must stay the same for
// ever: two entries whose hashes collide count as equal, which is harmless only
// because they do in every import of the same file.
func hash64(b []byte) uint64 { return max(xxhash.Sum64(b), 1) }

const (
	// maxCounted bounds a counter to 128 MiB: 8 * 1.5^22 slots a part, three quarters of
	// them in use, and a little less, as the parts are seldom equally full.
	maxCounted = 11_000_000
	// partBits is how many of a hash's highest bits choose the part that counts it.
	partBits = 8
)

// counter counts occurrences of 64-bit hashes, which are never 0. It spends 8 bytes on
// a slot of open tables that are half to three quarters full, and more only on hashes
// that occur again: a map would take three times as much. Each of its parts grows for
// itself, so that no large table is there twice while it is copied.
type counter struct {
	parts [1 << partBits]hashSet
	used  int
	again map[uint64]uint32
}

// add counts a hash and returns how often it had occurred before; false, and the hash
// is not counted, where there are too many different ones.
func (c *counter) add(hash uint64) (before uint32, ok bool) {
	part := &c.parts[hash>>(64-partBits)]
	if !part.has(hash) {
		if c.used >= maxCounted {
			return 0, false
		}
		part.insert(hash)
		c.used++
		return 0, true
	}
	if c.again == nil {
		c.again = map[uint64]uint32{}
	}
	c.again[hash]++
	return c.again[hash], true
}

// hashSet is an open table of hashes.
type hashSet struct {
	slots []uint64 // 0 is free
	used  int
}

func (s *hashSet) has(hash uint64) bool {
	return len(s.slots) > 0 && s.slots[s.slot(hash)] == hash
}

// insert adds a hash that is not there.
func (s *hashSet) insert(hash uint64) {
	if s.used >= len(s.slots)*3/4 {
		s.grow()
	}
	s.slots[s.slot(hash)] = hash
	s.used++
}

// slot returns where a hash is or would be. Those of a part have their highest bits in
// common, so that the others tell where in it to look.
func (s *hashSet) slot(hash uint64) uint64 {
	n := uint64(len(s.slots))
	at, _ := bits.Mul64(hash<<partBits, n) // as large a part of n as the hash is of 2^64
	for s.slots[at] != 0 && s.slots[at] != hash {
		if at++; at == n {
			at = 0
		}
	}
	return at
}

// grow makes room by half: with doubling, half of the memory may be for nothing.
func (s *hashSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(8, len(old)+len(old)/2))
	for _, hash := range old {
		if hash != 0 {
			s.slots[s.slot(hash)] = hash
		}
	}
}
