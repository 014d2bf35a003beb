package accounts

import (
	"crypto/sha256"
	"encoding/binary"
)

// hasher builds 16-byte keys from parts, so that different parts are different bytes:
// each kind of key has a letter, each text is preceded by its length, numbers are
// variable-length integers.
type hasher struct{ buf []byte }

// begin empties the hasher for a key of a kind.
func (h *hasher) begin(kind byte) { h.buf = append(h.buf[:0], kind) }

func (h *hasher) text(s string) {
	h.number(int64(len(s)))
	h.buf = append(h.buf, s...)
}

func (h *hasher) number(n int64) { h.buf = binary.AppendVarint(h.buf, n) }

// sum returns the first 16 bytes of the SHA-256 of the parts.
func (h *hasher) sum() (key Key) {
	full := sha256.Sum256(h.buf)
	copy(key[:], full[:])
	return key
}
