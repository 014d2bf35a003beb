package mongodb

import (
	"context"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Pending reads the index of documents marked pend.
func (b *backend) Pending(ctx context.Context, collection, after string, limit int) ([]docstore.Record, error) {
	spec, err := b.spec(collection)
	if err != nil || spec.Silent {
		return nil, err
	}
	filter := bson.D{{Key: "pend", Value: true}, {Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}}
	o := options.Find().SetHint(pendIndex).SetSort(bson.D{{Key: "_id", Value: 1}}).SetProjection(bson.D{{Key: "body", Value: 0}})
	return read(ctx, b.db.Collection(collection), filter, o, limit)
}

// Tombstones reads the index of documents marked dead.
func (b *backend) Tombstones(ctx context.Context, collection, after string, limit int) ([]docstore.Record, error) {
	filter := bson.D{
		{Key: "dead", Value: true},
		{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}},
		{Key: "pend", Value: nil}, // absent
	}
	o := options.Find().SetHint(deadIndex).SetSort(bson.D{{Key: "_id", Value: 1}})
	return read(ctx, b.db.Collection(collection), filter, o, limit)
}

// Relayed empties, in one bulk write, the outboxes that hold nothing newer; that is
// nearly always all of them. Only if it was not, a second one takes the relayed
// events out of those that do. Each step is atomic on its document, so that an event
// written between them stays, and so does the mark.
func (b *backend) Relayed(ctx context.Context, collection string, upTo map[string]int64) error {
	if len(upTo) == 0 {
		return nil
	}
	together := map[int64][]string{} // a write for each n is far faster than one for each id
	for _, id := range slices.Sorted(maps.Keys(upTo)) {
		together[upTo[id]] = append(together[upTo[id]], id)
	}
	var empty, shorten []mongo.WriteModel
	for n, ids := range together {
		these := bson.E{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}
		newest := bson.D{{Key: "$not", Value: bson.D{{Key: "$gt", Value: n}}}}
		empty = append(empty, mongo.NewUpdateManyModel().
			SetFilter(bson.D{these, {Key: "out.n", Value: newest}}).
			SetUpdate(bson.D{{Key: "$unset", Value: bson.D{{Key: "out", Value: ""}, {Key: "pend", Value: ""}}}}))
		relayed := bson.D{{Key: "n", Value: bson.D{{Key: "$lte", Value: n}}}}
		shorten = append(shorten, mongo.NewUpdateManyModel().
			SetFilter(bson.D{these}).
			SetUpdate(bson.D{{Key: "$pull", Value: bson.D{{Key: "out", Value: relayed}}}}))
	}
	c, unordered := b.db.Collection(collection), options.BulkWrite().SetOrdered(false)
	again := again{b: b}
	defer again.done()
	for {
		res, err := c.BulkWrite(ctx, empty, unordered)
		if err == nil && res.MatchedCount < int64(len(upTo)) {
			_, err = c.BulkWrite(ctx, shorten, unordered)
		}
		if !hasAny(err, codesAgain) || !again.may(ctx) {
			return translate(ctx, err)
		}
	}
}

// Purge deletes a tombstone that has nothing more to tell.
func (b *backend) Purge(ctx context.Context, collection, id string, version int64) error {
	_, err := b.db.Collection(collection).DeleteOne(ctx, bson.D{
		{Key: "_id", Value: id},
		{Key: "v", Value: version},
		{Key: "dead", Value: true},
		{Key: "pend", Value: nil}, // absent
	})
	return translate(ctx, err)
}
