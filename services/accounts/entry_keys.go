package accounts

import (
	"encoding/base32"
	"strings"
)

// The kinds of entry keys; each begins the bytes that are hashed.
const (
	keyExternal   = 'e' // source, external id
	keyOccurrence = 'o' // batch, account, day, minor, currency, occurrence
	keyReversal   = 'c' // key of the entry taken back
	keyRequest    = 'r' // request, place in it
	keyOfRequest  = 'q' // request: not an entry's, but kept beside those
)

var entryEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// EntryID returns the resource id of an entry: its key in lower-case base32.
func (k Key) EntryID() string { return strings.ToLower(entryEncoding.EncodeToString(k[:])) }

// parseEntryID is the inverse of EntryID.
func parseEntryID(id string) (k Key, ok bool) {
	b, err := entryEncoding.DecodeString(strings.ToUpper(id))
	if err != nil || len(b) != len(k) {
		return k, false
	}
	copy(k[:], b)
	return k, k.EntryID() == id
}

// external makes the key of an entry that its source numbers.
func (h *hasher) external(source, id string) Key {
	h.begin(keyExternal)
	h.text(source)
	h.text(id)
	return h.sum()
}

// reversal makes the key of the entry that takes another back: there is one at most.
func (h *hasher) reversal(of Key) Key {
	h.begin(keyReversal)
	h.text(string(of[:]))
	return h.sum()
}

// request makes the key of the entry at a place in a request, or with place -1 that of
// the request itself.
func (h *hasher) request(key []byte, place int) Key {
	h.begin(keyRequest)
	if place < 0 {
		h.begin(keyOfRequest)
	}
	h.text(string(key))
	h.number(int64(place))
	return h.sum()
}

// occurrences makes the keys of a batch's entries that their source does not number:
// equal ones are told apart by how many there were before.
type occurrences struct {
	hasher hasher
	prefix int
	counts counter
}

func newOccurrences(batch string) *occurrences {
	o := &occurrences{}
	o.hasher.begin(keyOccurrence)
	o.hasher.text(batch)
	o.prefix = len(o.hasher.buf)
	return o
}

// next makes the key of the next entry; false where the batch has more different
// entries than can be counted.
func (o *occurrences) next(e *entry) (Key, bool) {
	h := &o.hasher
	h.buf = h.buf[:o.prefix]
	h.text(e.account)
	h.number(int64(e.day))
	h.number(e.minor)
	h.text(e.currency)
	n, ok := o.counts.add(hash64(h.buf))
	h.number(int64(n))
	return h.sum(), ok
}
