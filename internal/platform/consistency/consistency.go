// Package consistency makes and reads the tokens that name a write, so that a later
// read can wait for it: an aggregate and its version, in an opaque text.
package consistency

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Token names a write. The zero Token names none.
type Token struct {
	// Aggregate is the document written, as the feed names its source.
	Aggregate string
	// Version is the aggregate's version right after the write.
	Version int64
}

const format = 1

// String returns the token as callers see it, and "" for the zero Token.
func (t Token) String() string {
	if t == (Token{}) {
		return ""
	}
	b := binary.AppendVarint([]byte{format}, t.Version)
	b = append(b, t.Aggregate...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// Parse reads a token; "" is the zero Token. What is none of ours, or was cut or
// changed on its way, is INVALID_ARGUMENT about the field.
func Parse(field, text string) (Token, error) {
	if text == "" {
		return Token{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 6 || b[0] != format {
		return Token{}, invalid(field)
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	version, n := binary.Varint(body[1:])
	if crc32.ChecksumIEEE(body) != sum || n <= 0 || version < 0 || len(body) == 1+n {
		return Token{}, invalid(field)
	}
	return Token{Aggregate: string(body[1+n:]), Version: version}, nil
}

func invalid(field string) error {
	return fault.Invalid(field, "is not a consistency token: pass on what a write returned, unchanged")
}
