package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// stored is a document as the server keeps it. Pend is true as long as Out is not
// empty.
type stored struct {
	ID      string           `bson:"_id"`
	Version int64            `bson:"v"`
	Body    bson.Raw         `bson:"body,omitempty"`
	Out     []docstore.Event `bson:"out,omitempty"`
	Pend    bool             `bson:"pend,omitempty"`
	Dead    bool             `bson:"dead,omitempty"`
}

func storedOf(r docstore.Record) stored {
	return stored{ID: r.ID, Version: r.Version, Body: r.Body, Out: r.Out, Pend: len(r.Out) > 0, Dead: r.Dead}
}

func (s stored) record() docstore.Record {
	return docstore.Record{ID: s.ID, Version: s.Version, Body: s.Body, Out: s.Out, Dead: s.Dead}
}

// read returns what a find gives, up to limit documents where that is positive.
func read(ctx context.Context, c *mongo.Collection, filter bson.D, o *options.FindOptionsBuilder, limit int) ([]docstore.Record, error) {
	if limit > 0 {
		// One batch more than the limit: the server then closes the cursor by itself.
		o.SetLimit(int64(limit)).SetBatchSize(int32(min(limit+1, 1<<20)))
	}
	cur, err := c.Find(ctx, filter, o)
	if err != nil {
		return nil, translate(ctx, err)
	}
	var docs []stored
	if err := cur.All(ctx, &docs); err != nil {
		return nil, translate(ctx, err)
	}
	records := make([]docstore.Record, len(docs))
	for i, d := range docs {
		records[i] = d.record()
	}
	return records, nil
}

// withoutOutbox is the projection of reads for users.
var withoutOutbox = bson.D{{Key: "out", Value: 0}, {Key: "pend", Value: 0}}
