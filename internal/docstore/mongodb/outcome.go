package mongodb

import (
	"bytes"
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// lostReply says that a write may have been made although it failed, and that there
// is still time to look.
func lostReply(ctx context.Context, err error) bool {
	return ctx.Err() == nil && mongo.IsNetworkError(err)
}

// written says whether every record stands in the collection as it was to be written:
// at its version, with its body, and with its events at the end of the outbox. A
// record without events has nothing that tells its writer from another who made the
// same change, so for one it says no; as it does where the events are already
// relayed, and where the database cannot be read.
func written(ctx context.Context, c *mongo.Collection, records []docstore.Record) bool {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	found, err := read(ctx, c, filter, options.Find(), 0)
	if err != nil {
		return false
	}
	there := map[string]docstore.Record{}
	for _, r := range found {
		there[r.ID] = r
	}
	for _, r := range records {
		if !same(there[r.ID], r) {
			return false
		}
	}
	return true
}

// same says whether the stored record is what a write of r leaves.
func same(stored, r docstore.Record) bool {
	earlier := len(stored.Out) - len(r.Out)
	if len(r.Out) == 0 || earlier < 0 || stored.Version != r.Version || stored.Dead != r.Dead || !bytes.Equal(stored.Body, r.Body) {
		return false
	}
	for i, e := range stored.Out[earlier:] {
		w := r.Out[i]
		if e.N != w.N || e.Type != w.Type || !e.At.Equal(w.At) || e.Who != w.Who || !bytes.Equal(e.Data, w.Data) {
			return false
		}
	}
	return true
}
