// Package paging is how lists are cut into pages (AIP-158): a page token holds where
// the next page begins, in terms of the last item seen (keyset), so that pages stay
// right while rows are written.
package paging

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

const (
	// DefaultSize is the size of a page where none is asked for.
	DefaultSize = 50
	// MaxSize is the most items a page has.
	MaxSize = 1000
)

// Request is a list request.
type Request interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// Page says which page is asked for. C is what a service needs to go on: a small
// struct that JSON can hold, as the id of the last item, or the instant that all pages
// are for.
type Page[C any] struct {
	// Size is the most items to return, 1 to MaxSize.
	Size int
	// After is where to go on: the cursor that the page before was left with. It is
	// nil on the first page.
	After *C

	binding [sha256.Size]byte
}

// Read returns the page that a request asks for. A token that is not ours, was
// changed, or belongs to a request that differs in anything but page_size is
// INVALID_ARGUMENT with INVALID_PAGE_TOKEN.
func Read[C any](r Request) (Page[C], error) {
	p := Page[C]{Size: int(r.GetPageSize()), binding: bind(r)}
	switch {
	case p.Size < 0:
		return p, fault.Invalid("page_size", "must not be negative")
	case p.Size == 0:
		p.Size = DefaultSize
	case p.Size > MaxSize:
		p.Size = MaxSize
	}
	if r.GetPageToken() == "" {
		return p, nil
	}
	content, err := base64.RawURLEncoding.DecodeString(r.GetPageToken())
	if err != nil || len(content) < 1+sumSize || content[0] != format {
		return p, invalid("is not a page token: pass on next_page_token of the page before, unchanged")
	}
	cursor := content[1+sumSize:]
	if sum := p.sum(cursor); !bytes.Equal(content[1:1+sumSize], sum[:sumSize]) {
		return p, invalid("belongs to another request, or was changed: only page_size may differ from page to page")
	}
	p.After = new(C)
	if err := json.Unmarshal(cursor, p.After); err != nil {
		return p, invalid("is of another version of the server: begin again with the first page")
	}
	return p, nil
}

// Next returns the token of the page after this one, which begins behind cursor.
func (p Page[C]) Next(cursor C) (string, error) {
	content, err := json.Marshal(cursor)
	if err != nil {
		return "", err
	}
	sum := p.sum(content)
	token := append([]byte{format}, sum[:sumSize]...)
	return base64.RawURLEncoding.EncodeToString(append(token, content...)), nil
}

const (
	format  = 1
	sumSize = 16
)

// sum binds a cursor to its request. It is no signature: a page is authorised like any
// other call, and a forged cursor could only name another place in the same list.
func (p Page[C]) sum(cursor []byte) [sha256.Size]byte {
	return sha256.Sum256(append(p.binding[:], cursor...))
}

// bind digests a request without its page_size and page_token.
func bind(r Request) [sha256.Size]byte {
	m := proto.Clone(r).ProtoReflect()
	fields := m.Descriptor().Fields()
	m.Clear(fields.ByName("page_size"))
	m.Clear(fields.ByName("page_token"))
	// Marshalling a valid message cannot fail; one that is not valid UTF-8 was
	// refused when it was decoded.
	content, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m.Interface())
	return sha256.Sum256(append([]byte(m.Descriptor().FullName()+"\x00"), content...))
}

func invalid(description string) error {
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidPageToken, "page_token: %s", description).
		WithField("page_token", "%s", description)
}
