package docstore

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Request names a call that a client may send again without knowing whether the
// first one worked, and says what it asked for.
type Request struct {
	// Key is 16 bytes derived from the principal, the method and the request id.
	Key []byte `bson:"key"`
	// Digest is 16 bytes derived from the payload.
	Digest []byte `bson:"digest"`
}

// NewRequest makes the name of a request. The payload must be encoded
// deterministically. Where the client gave no request id, id must be a fresh random
// one.
func NewRequest(who, method, id string, payload []byte) Request {
	return Request{Key: digest([]byte(who), []byte(method), []byte(id)), Digest: digest(payload)}
}

// DocumentID is the id of the document that the request creates, where the server
// chooses it, or the end of that id: 26 characters of [0-9a-v].
func (r Request) DocumentID() string { return idOf(r.Key) }

// made says whether the request made an id, rather than the client.
func (r Request) made(id string) bool { return strings.HasSuffix(id, r.DocumentID()) }

// repeats says whether the request is the one given, come again; ErrRequestReused
// where only the id is the same.
func (r Request) repeats(first Request) (bool, error) {
	if string(r.Key) != string(first.Key) {
		return false, nil
	}
	if string(r.Digest) != string(first.Digest) {
		return false, ErrRequestReused
	}
	return true, nil
}

// digest is the first half of a SHA-256 over parts, each after its length.
func digest(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write(p)
	}
	return h.Sum(nil)[:16]
}

var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

func idOf(b []byte) string { return idEncoding.EncodeToString(b) }

// CreatedBy is embedded (bson:",inline") in the body of a document that a request
// creates: the effect and its record are one write.
type CreatedBy struct {
	Request Request `bson:"created_by"`
}

// CreatedByRequest returns where the body keeps the request.
func (c *CreatedBy) CreatedByRequest() *Request { return &c.Request }

// CreateOnce inserts a document on behalf of a request: under an id the client chose,
// or one that ends in request.DocumentID. When the same request comes again it returns
// the document as it is now, and true. Otherwise ErrRequestReused for the same request
// id with another payload, ErrExists for a document that another request created,
// ErrConflict for one that kept coming and going, and, where the id ends in
// request.DocumentID, ErrTombstone for one that was deleted since. (An id that a client
// chose is free again after a deletion, even for the same request.)
func CreateOnce[T any, P interface {
	*T
	CreatedByRequest() *Request
}](ctx context.Context, c *Collection[T], id string, request Request, body T, events ...NewEvent) (Doc[T], bool, error) {
	*P(&body).CreatedByRequest() = request
	d, err := c.createOnce(ctx, New[T]{ID: id, Body: body, Events: events}, request, func(found *T) Request {
		return *P(found).CreatedByRequest()
	})
	switch {
	case err == nil:
		return d, false, nil
	case errors.Is(err, errRepeated):
		return d, true, nil
	}
	return Doc[T]{}, false, c.failed("create", id, err)
}

// errRepeated comes with the document that the same request created before.
var errRepeated = errors.New("request was served before")

func (c *Collection[T]) createOnce(ctx context.Context, n New[T], request Request, creator func(*T) Request) (Doc[T], error) {
	for failed := 0; failed < attempts; failed++ {
		d, err := c.tryCreateOnce(ctx, n, request, creator)
		if !errors.Is(err, errWentAway) {
			return d, err
		}
		if err := c.store.backoff(ctx, failed); err != nil {
			return Doc[T]{}, err
		}
	}
	return Doc[T]{}, ErrConflict
}

// errWentAway says that a document was in the way and was deleted before it was read.
var errWentAway = errors.New("document was deleted meanwhile")

func (c *Collection[T]) tryCreateOnce(ctx context.Context, n New[T], request Request, creator func(*T) Request) (Doc[T], error) {
	r, err := c.insert(ctx, n)
	if errors.Is(err, ErrTombstone) && !request.made(n.ID) {
		r, err = c.revive(ctx, n) // an id that a client chose may be used again
	}
	if err == nil {
		return Doc[T]{ID: n.ID, Version: r.Version, Body: n.Body}, nil
	}
	if !errors.Is(err, ErrExists) {
		return Doc[T]{}, err
	}
	found, err := c.Get(ctx, n.ID)
	if errors.Is(err, ErrNotFound) {
		return Doc[T]{}, errWentAway
	}
	if err != nil {
		return Doc[T]{}, err
	}
	repeated, err := request.repeats(creator(&found.Body))
	switch {
	case err != nil:
		return Doc[T]{}, err
	case !repeated:
		return Doc[T]{}, ErrExists
	}
	return found, errRepeated
}

// String names the request for messages.
func (r Request) String() string { return fmt.Sprintf("request %s", r.DocumentID()) }
