package auth

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// MaxAge is for how long an answer about a token is believed. It is counted from
	// before the question, so a revoked token is refused within this time.
	MaxAge = 5 * time.Second
	// lookupTimeout bounds one question, which serves all callers that wait for it.
	lookupTimeout = 4 * time.Second
	// cacheSize bounds the tokens remembered, those that are good and those that are
	// not apart, so that guesses cannot push good ones out.
	cacheSize = 10_000
)

// Cache remembers for MaxAge what an Authenticator said, of good and of unknown
// tokens alike, asks one question at a time per token, and does not remember
// failures. Make it with NewCache.
type Cache struct {
	source Authenticator
	now    func() time.Time
	flight singleflight.Group

	mu      sync.RWMutex
	good    map[Hash]remembered
	unknown map[Hash]remembered
}

type remembered struct {
	principal *Principal // nil for an unknown token
	until     time.Time
}

// NewCache returns an empty cache in front of source, which has to be the place where
// tokens are kept, not another cache.
func NewCache(source Authenticator, now func() time.Time) *Cache {
	return &Cache{source: source, now: now, good: map[Hash]remembered{}, unknown: map[Hash]remembered{}}
}

// Authenticate implements Authenticator.
func (c *Cache) Authenticate(ctx context.Context, hash Hash) (*Principal, error) {
	if r, ok := c.lookup(hash); ok {
		if r.principal == nil {
			return nil, ErrUnknownToken
		}
		return r.principal, nil
	}
	return c.question(ctx, hash)
}

// question asks the source, or waits for the answer to the same question. It is apart
// from Authenticate so that an answer that is remembered costs no allocation.
func (c *Cache) question(ctx context.Context, hash Hash) (*Principal, error) {
	answer := c.flight.DoChan(string(hash[:]), func() (any, error) {
		// Others wait for this answer too: it must not end with the first caller.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		return c.ask(ctx, hash)
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-answer:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Principal), nil
	}
}

func (c *Cache) lookup(hash Hash) (remembered, bool) {
	c.mu.RLock()
	r, ok := c.good[hash]
	if !ok {
		r, ok = c.unknown[hash]
	}
	c.mu.RUnlock()
	return r, ok && c.now().Before(r.until)
}

func (c *Cache) ask(ctx context.Context, hash Hash) (*Principal, error) {
	asked := c.now()
	p, err := c.source.Authenticate(ctx, hash)
	if err != nil && !errors.Is(err, ErrUnknownToken) {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.good, hash)
	delete(c.unknown, hash)
	into := c.good
	if err != nil {
		into = c.unknown
	}
	makeRoom(into, asked)
	into[hash] = remembered{principal: p, until: asked.Add(MaxAge)}
	return p, err
}

// makeRoom drops what has expired from a full map, and if that is nothing, some
// tenth of it: map order is random, and what is dropped is only asked again.
func makeRoom(m map[Hash]remembered, now time.Time) {
	if len(m) < cacheSize {
		return
	}
	for h, r := range m {
		if !now.Before(r.until) {
			delete(m, h)
		}
	}
	for h := range m {
		if len(m) <= cacheSize*9/10 {
			return
		}
		delete(m, h)
	}
}
