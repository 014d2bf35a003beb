package usage

// filter remembers which requests made the entries that left a balance: for one that did
// it says so, for nearly all others that they did not, so that these need not be looked for
// in the ledger. It is a Bloom filter: in a balance of a hundred entries it is wrong about one
// in a thousand requests, of 400 about one in twelve; when it is full, each is looked for.
type filter []byte

const (
	filterSize = 256 // bytes
	filterBits = 4   // of each request
	// filterHolds is how many requests make it wrong about nearly every second other one.
	filterHolds = 900
)

// add remembers a request by its key.
func (f *filter) add(key []byte) {
	if len(*f) == 0 {
		*f = make(filter, filterSize)
	}
	for i := range filterBits {
		at, bit := place(key, i)
		(*f)[at] |= bit
	}
}

// may is false only for a request that was not added.
func (f filter) may(key []byte) bool {
	if len(f) == 0 {
		return false
	}
	for i := range filterBits {
		if at, bit := place(key, i); f[at]&bit == 0 {
			return false
		}
	}
	return true
}

// place is where the filter has one of a key's bits: a key is a digest, of which any part is
// as good as another.
func place(key []byte, i int) (at int, bit byte) {
	n := int(key[2*i])<<8 | int(key[2*i+1])
	return n / 8 % filterSize, 1 << (n % 8)
}
