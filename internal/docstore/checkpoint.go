package docstore

import (
	"context"
	"errors"
)

// Checkpoints keep, by name, how far followers of a feed have got. A follower whose
// projection is one document keeps the position there instead, in the same write; one
// that writes many documents makes each write safe to repeat, and its checkpoint
// after them.
type Checkpoints struct{ c *Collection[checkpoint] }

type checkpoint struct {
	Position int64 `bson:"position"`
}

// OpenCheckpoints opens the store's checkpoints.
func OpenCheckpoints(ctx context.Context, s *Store) (*Checkpoints, error) {
	c, err := OpenCollection[checkpoint](ctx, s, Spec{Name: "checkpoints", Silent: true})
	if err != nil {
		return nil, err
	}
	return &Checkpoints{c}, nil
}

// Get returns a follower's position, or 0 where it has none.
func (c *Checkpoints) Get(ctx context.Context, name string) (int64, error) {
	d, err := c.c.Get(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return d.Body.Position, err
}

// Advance moves a follower's position forward; one that is behind already stays.
func (c *Checkpoints) Advance(ctx context.Context, name string, position int64) error {
	_, err := c.c.Upsert(ctx, name, func(d *Doc[checkpoint]) error {
		d.Body.Position = max(d.Body.Position, position)
		return nil
	})
	return err
}

// Reset sets a follower's position whatever it was; 0 makes it begin anew.
func (c *Checkpoints) Reset(ctx context.Context, name string, position int64) error {
	_, err := c.c.Upsert(ctx, name, func(d *Doc[checkpoint]) error {
		d.Body.Position = position
		return nil
	})
	return err
}
