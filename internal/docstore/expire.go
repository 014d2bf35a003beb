package docstore

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// expireTogether is how many documents are deleted at a time.
const expireTogether = 16

// Expire deletes up to limit documents, the oldest first, in which the instant of an
// index is before a given one. More says that there are others. A document that is
// changed meanwhile stays. The index has that one field. In a silent collection it also
// takes away what deletions left that were broken off by a crash.
func (c *Collection[T]) Expire(ctx context.Context, index string, before time.Time, limit int) (more bool, err error) {
	page, err := c.Find(ctx, Query{Index: index, To: before, Limit: limit})
	if err != nil {
		return false, err
	}
	deletions, deleting := errgroup.WithContext(ctx)
	deletions.SetLimit(expireTogether)
	for _, d := range page.Docs {
		deletions.Go(func() error {
			err := c.Delete(deleting, d.ID, d.Version)
			if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
				return nil
			}
			return err
		})
	}
	if err := deletions.Wait(); err != nil {
		return false, err
	}
	if c.spec.Silent {
		err = c.store.purgeCollection(ctx, c.spec)
	}
	return page.Next != nil, err
}

// Expire deletes up to limit effects of before an instant, and says whether there are
// more. A request that comes again after that is taken for a new one.
func (l *EffectLedger) Expire(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	return l.c.Expire(ctx, effectsByTime, before, limit)
}
