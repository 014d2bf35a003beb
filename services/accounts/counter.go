package accounts

import "github.com/cespare/xxhash/v2"

// hash64 is the hash by which rows of a batch are counted. It must stay the same for
// ever: two entries whose hashes collide count as equal, which is harmless only
// because they do in every import of the same file.
func hash64(b []byte) uint64 { return max(xxhash.Sum64(b), 1) }

const (
	// maxCounted bounds a counter to 128 MiB, in which the parts are seldom equally full.
	maxCounted = 11 << 20
	// partBits is how many of a hash's highest bits choose the part that counts it.
	partBits = 8
)

// counter counts occurrences of 64-bit hashes, which are never 0. It spends 8 bytes on
// a slot of open tables that are at most three quarters full, and more only on hashes
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
	slots []uint64 // none, or a power of two of them; 0 is free
	used  int
}

func (s *hashSet) has(hash uint64) bool {
	return len(s.slots) > 0 && s.slots[s.slot(hash)] == hash
}

// insert adds a hash that is not there.
func (s *hashSet) insert(hash uint64) {
	if s.used >= len(s.slots)/4*3 {
		s.grow()
	}
	s.slots[s.slot(hash)] = hash
	s.used++
}

// slot returns where a hash is or would be.
func (s *hashSet) slot(hash uint64) uint64 {
	mask := uint64(len(s.slots) - 1)
	at := hash & mask
	for s.slots[at] != 0 && s.slots[at] != hash {
		at = (at + 1) & mask
	}
	return at
}

func (s *hashSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(8, 2*len(old)))
	for _, hash := range old {
		if hash != 0 {
			s.slots[s.slot(hash)] = hash
		}
	}
}
