package accounts

import "github.com/cespare/xxhash/v2"

// hash64 is the hash by which rows of a batch are counted. It must stay the same for
// ever: two entries whose hashes collide count as equal, which is harmless only
// because they do in every import of the same file.
func hash64(b []byte) uint64 { return max(xxhash.Sum64(b), 1) }

// maxCounted bounds a counter to 128 MiB.
const maxCounted = 12 << 20

// counter counts occurrences of 64-bit hashes, which are never 0. It spends 8 bytes on
// a slot of an open table that is at most three quarters full, and more only on
// hashes that occur again: a map would take three times as much.
type counter struct {
	slots []uint64 // a power of two of them; 0 is free
	used  int
	again map[uint64]uint32
}

// add counts a hash and returns how often it had occurred before; false, and the hash
// is not counted, where there are too many different ones.
func (c *counter) add(hash uint64) (before uint32, ok bool) {
	if c.used >= len(c.slots)/4*3 {
		if c.used >= maxCounted {
			return 0, false
		}
		c.grow()
	}
	if c.insert(hash) {
		c.used++
		return 0, true
	}
	if c.again == nil {
		c.again = map[uint64]uint32{}
	}
	c.again[hash]++
	return c.again[hash], true
}

// insert puts a hash in its slot and says whether it was new.
func (c *counter) insert(hash uint64) bool {
	mask := uint64(len(c.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		switch c.slots[at] {
		case hash:
			return false
		case 0:
			c.slots[at] = hash
			return true
		}
	}
}

func (c *counter) grow() {
	old := c.slots
	c.slots = make([]uint64, max(1024, 2*len(old)))
	for _, hash := range old {
		if hash != 0 {
			c.insert(hash)
		}
	}
}
