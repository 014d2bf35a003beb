package mongodb

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// inMax is how many values go into one $in.
const inMax = 10_000

// Get reads by id, and puts what it finds in the order asked.
func (b *backend) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	c := b.db.Collection(collection)
	there := make(map[string]docstore.Record, len(ids))
	for some := range slices.Chunk(ids, inMax) {
		filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: some}}}}
		rs, err := read(ctx, c, filter, options.Find().SetProjection(withoutOutbox), len(some))
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			there[r.ID] = r
		}
	}
	records := make([]docstore.Record, 0, len(there))
	for _, id := range ids {
		if r, ok := there[id]; ok {
			records = append(records, r)
		}
	}
	return records, nil
}

// Lookup reads by the values of a single-field index.
func (b *backend) Lookup(ctx context.Context, collection, index string, values []any) ([]docstore.Record, error) {
	ix, err := b.index(collection, index)
	if err != nil {
		return nil, err
	}
	c := b.db.Collection(collection)
	var records []docstore.Record
	seen := map[string]bool{}
	for some := range slices.Chunk(values, inMax) {
		s := indexScan(ix)
		s.conditions = append(s.conditions, is(bodyField(ix.Fields[0]), "$in", some))
		rs, err := read(ctx, c, s.filter(), options.Find().SetProjection(withoutOutbox), 0)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			if !seen[r.ID] {
				seen[r.ID] = true
				records = append(records, r)
			}
		}
	}
	return records, nil
}

// Entries implements docstore.Backend: the server sends no more of a document than its id,
// the fields of the index and what that carries.
func (b *backend) Entries(ctx context.Context, collection string, q docstore.Query) ([]docstore.Entry, []any, error) {
	ix, err := b.index(collection, q.Index)
	if err != nil {
		return nil, nil, err
	}
	projection := bson.D{{Key: bodyField(ix.Carries), Value: 1}}
	for _, f := range ix.Fields {
		projection = append(projection, bson.E{Key: bodyField(f), Value: 1})
	}
	records, err := b.find(ctx, collection, ix, q, projection)
	if err != nil || len(records) == 0 {
		return nil, nil, err
	}
	entries := make([]docstore.Entry, len(records))
	for i, r := range records {
		entries[i].ID = r.ID
		_, entries[i].Carried, _ = r.Body.Lookup(ix.Carries).BinaryOK()
	}
	last, err := docstore.Place(records[len(records)-1], ix.Fields[len(q.Equal):])
	return entries, last, err
}

// Find reads the stretches of the index that make up the query, in order, until it
// has enough.
func (b *backend) Find(ctx context.Context, collection string, q docstore.Query) ([]docstore.Record, error) {
	var ix docstore.Index
	if q.Index != "" {
		var err error
		if ix, err = b.index(collection, q.Index); err != nil {
			return nil, err
		}
	}
	return b.find(ctx, collection, ix, q, withoutOutbox)
}

func (b *backend) find(ctx context.Context, collection string, ix docstore.Index, q docstore.Query, projection bson.D) ([]docstore.Record, error) {
	scans, err := scansOf(ix, q)
	if err != nil {
		return nil, fmt.Errorf("query of %s: %w", collection, err)
	}
	c := b.db.Collection(collection)
	var records []docstore.Record
	seen := map[string]bool{} // a document may move between them meanwhile
	for _, s := range scans {
		o := options.Find().SetProjection(projection)
		if len(s.sort) > 0 {
			o.SetSort(s.sort)
		}
		rs, err := read(ctx, c, s.filter(), o, q.Limit-len(records))
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			if !seen[r.ID] {
				seen[r.ID] = true
				records = append(records, r)
			}
		}
		if len(records) >= q.Limit {
			break
		}
	}
	return records, nil
}
