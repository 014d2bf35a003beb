package resource

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Call is on whose behalf a change is made, and by what it is recognised when it is
// asked for again.
type Call struct {
	// Principal is the resource name of the principal, as principals/anna.
	Principal string
	// Method names what is asked for, as accounts.update.
	Method string
	// RequestID is the caller's; without one no call is taken for a retry.
	RequestID string
	// Payload is the request, encoded deterministically: the same id with another
	// payload is refused.
	Payload []byte
}

// Context returns a context whose events name the principal.
func (c Call) Context(ctx context.Context) context.Context {
	return docstore.WithPrincipal(ctx, c.Principal)
}

// Request is what the call is recognised by; only for one with a request id.
func (c Call) Request() docstore.Request {
	return docstore.NewRequest(c.Principal, c.Method, c.RequestID, c.Payload)
}

// NewID makes the id of what the call creates, where the caller gives none: of its
// request, so that a retry meets what the first call created, or else a random one. Nil
// random is crypto/rand.
func (c Call) NewID(random io.Reader) (string, error) {
	if c.RequestID != "" {
		return c.Request().DocumentID(), nil
	}
	if random == nil {
		random = rand.Reader
	}
	var b [10]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return idEncoding.EncodeToString(b[:]), nil
}

// Repeats says whether the call is one that was carried out, come again;
// ErrRequestIDReused where it came with another payload.
func (c Call) Repeats(earlier docstore.Request) (bool, error) {
	if c.RequestID == "" {
		return false, nil
	}
	request := c.Request()
	switch {
	case !bytes.Equal(earlier.Key, request.Key):
		return false, nil
	case !bytes.Equal(earlier.Digest, request.Digest):
		return false, c.Reused()
	}
	return true, nil
}

// Reused is ErrRequestIDReused for the call.
func (c Call) Reused() error {
	text := fmt.Sprintf("request id %s came before with another request: use a new id for a new request", c.RequestID)
	return ErrRequestIDReused.Saying("%s.", text).WithField("request_id", "%s", text)
}
