package docstore

import (
	"context"
	"errors"
	"time"
)

// Expire deletes up to limit documents, the oldest first, in which the instant of an
// index is before a given one. More says that there are others. A document that is
// changed meanwhile stays. The index has that one field.
func (c *Collection[T]) Expire(ctx context.Context, index string, before time.Time, limit int) (more bool, err error) {
	page, err := c.Find(ctx, Query{Index: index, To: before, Limit: limit})
	if err != nil {
		return false, err
	}
	for _, d := range page.Docs {
		err := c.Delete(ctx, d.ID, d.Version)
		if err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) {
			return false, err
		}
	}
	return page.Next != nil, nil
}

// Expire deletes up to limit effects of before an instant, and says whether there are
// more. A request that comes again after that is taken for a new one.
func (l *EffectLedger) Expire(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	return l.c.Expire(ctx, effectsByTime, before, limit)
}
