package resource

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
)

// GetMany returns those of the aggregates that exist, by id.
func (t *Table[T, P]) GetMany(ctx context.Context, ids []string) (map[string]Stored[T], error) {
	docs, err := t.docs.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Stored[T], len(docs))
	for _, d := range docs {
		found[d.ID] = t.stored(d)
	}
	return found, nil
}

// Versions returns the versions of those of the aggregates that exist, by id.
func (t *Table[T, P]) Versions(ctx context.Context, ids []string) (map[string]int64, error) {
	docs, err := t.docs.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	versions := make(map[string]int64, len(docs))
	for _, d := range docs {
		versions[d.ID] = d.Version
	}
	return versions, nil
}

// CreateMany writes new aggregates, each for itself, and says which could not be: their
// ids or unique values are taken. It looks at no request id.
func (t *Table[T, P]) CreateMany(ctx context.Context, call Call, ids []string, states []T, event string) (failed map[int]bool, err error) {
	at := t.now()
	docs := make([]docstore.New[record[T]], len(ids))
	for i := range ids {
		*P(&states[i]).times() = Times{Created: at, Updated: at}
		docs[i] = docstore.New[record[T]]{ID: ids[i], Body: record[T]{State: states[i]},
			Events: []docstore.NewEvent{{Type: event, Data: t.kind.Tell(states[i])}}}
	}
	err = t.docs.InsertMany(call.Context(ctx), docs)
	var batch *docstore.BatchError
	if !errors.As(err, &batch) {
		return nil, err
	}
	failed = make(map[int]bool, len(batch.Failed))
	for i, err := range batch.Failed {
		var duplicate *docstore.DuplicateError
		if !errors.Is(err, docstore.ErrExists) && !errors.As(err, &duplicate) {
			return nil, err
		}
		failed[i] = true
	}
	return failed, nil
}

// lookupSize and lookups are how many values a lookup asks for at a time, and how many
// of them run at once: servers of the MongoDB protocol take far longer for one with
// thousands of values than for many small ones.
const (
	lookupSize = 100
	lookups    = 4
)

// Lookup returns the aggregates in which the field of a single-field index has (or,
// multikey, contains) one of the values, in no order.
func (t *Table[T, P]) Lookup(ctx context.Context, index string, values ...any) ([]Stored[T], error) {
	parts := slices.Collect(slices.Chunk(values, lookupSize))
	found := make([][]docstore.Doc[record[T]], len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, part := range parts {
		group.Go(func() (err error) {
			found[i], err = t.docs.Lookup(ctx, index, part...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all []Stored[T]
	for _, d := range slices.Concat(found...) {
		all = append(all, t.stored(d))
	}
	return all, nil
}
