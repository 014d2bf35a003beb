package mongodb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// claims lets the writers of one process who bring the same values to a unique index
// write one after the other. A server would sort them out as well; but in the DocumentDB
// extension they deadlock, each waiting for the others, and it undoes one of them each
// time it looks for deadlocks: 64 writers wait for half a minute.
type claims struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when it is held no longer
}

// claim holds what the records bring to the unique indexes until release is called. It
// waits at most so long for other holders: without it, all is still right, and slow.
func (c *claims) claim(ctx context.Context, spec docstore.Spec, records []docstore.Record, atMost time.Duration) (release func()) {
	keys := claimed(spec, records)
	if len(keys) == 0 {
		return func() {}
	}
	late := time.NewTimer(atMost)
	defer late.Stop()
	for {
		busy := c.take(keys)
		if busy == nil {
			return func() { c.release(keys) }
		}
		select {
		case <-busy:
		case <-late.C:
			return func() {}
		case <-ctx.Done():
			return func() {}
		}
	}
}

// take holds all keys, or none where one is held: then it returns what is closed when
// that one is free.
func (c *claims) take(keys map[string]bool) (busy <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range keys {
		if held, ok := c.held[key]; ok {
			return held
		}
	}
	free := make(chan struct{})
	for key := range keys {
		c.held[key] = free
	}
	return nil
}

func (c *claims) release(keys map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var free chan struct{}
	for key := range keys {
		free = c.held[key]
		delete(c.held, key)
	}
	close(free)
}

// claimed are the values of the records in the unique indexes. Indexes over arrays are
// left out: they may hold hundreds of values of each record, and few writers share any.
func claimed(spec docstore.Spec, records []docstore.Record) map[string]bool {
	keys := map[string]bool{}
	for _, ix := range spec.Indexes {
		if !ix.Unique || ix.Multikey {
			continue
		}
		for _, r := range records {
			if key, ok := claimKey(spec.Name, ix, r); ok {
				keys[key] = true
			}
		}
	}
	return keys
}

// claimKey is the same for the same values; ok is false where the index has none.
func claimKey(collection string, ix docstore.Index, r docstore.Record) (key string, ok bool) {
	key = collection + "." + ix.Name
	for _, field := range ix.Fields {
		values, err := docstore.FieldValues(r.Body, strings.Split(field, "."))
		if err != nil || len(values) == 0 {
			return "", false
		}
		key += fmt.Sprintf("\x00%v", values)
	}
	return key, true
}
