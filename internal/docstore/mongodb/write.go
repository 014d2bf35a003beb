package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Insert writes all records in one unordered insert.
func (b *backend) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	if len(records) == 0 {
		return nil
	}
	spec, err := b.spec(collection)
	if err != nil {
		return err
	}
	docs := make([]stored, len(records))
	for i, r := range records {
		docs[i] = storedOf(r)
	}
	c := b.db.Collection(collection)
	_, err = c.InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	if err == nil || lostReply(ctx, err) && written(ctx, c, records) {
		return nil
	}
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || unconfirmed(err) {
		return translate(ctx, err)
	}
	return b.refused(ctx, spec, records, bulk.WriteErrors)
}

// refused says for each record that was not written why.
func (b *backend) refused(ctx context.Context, spec docstore.Spec, records []docstore.Record, errs []mongo.BulkWriteError) error {
	var duplicates []duplicate
	failed := map[int]error{}
	for _, e := range errs {
		if e.HasErrorCode(codeDuplicate) {
			duplicates = append(duplicates, duplicate{at: e.Index, record: records[e.Index], index: indexNamed(e.Message)})
			continue
		}
		failed[e.Index] = translate(ctx, e.WriteError)
	}
	if err := b.explain(ctx, spec, duplicates, failed); err != nil {
		return err
	}
	return &docstore.BatchError{Failed: failed}
}

// Replace sets the new body and appends the new events to the outbox as it is then,
// in one atomic update of the document at the given version.
func (b *backend) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	spec, err := b.spec(collection)
	if err != nil {
		return err
	}
	c := b.db.Collection(collection)
	filter := bson.D{{Key: "_id", Value: r.ID}, {Key: "v", Value: ifVersion}}
	res, err := c.UpdateOne(ctx, filter, replacement(r))
	switch {
	case err != nil && lostReply(ctx, err) && written(ctx, c, []docstore.Record{r}):
		return nil
	case mongo.IsDuplicateKeyError(err) && !unconfirmed(err):
		return b.explainOne(ctx, spec, r, err)
	case err != nil:
		return translate(ctx, err)
	case res.MatchedCount == 1:
		return nil
	}
	there, err := states(ctx, c, []string{r.ID})
	if err != nil {
		return err
	}
	if _, ok := there[r.ID]; !ok {
		return docstore.ErrNotFound
	}
	return docstore.ErrConflict
}

// replacement is the update that makes the stored document r.
func replacement(r docstore.Record) bson.D {
	set := bson.D{{Key: "v", Value: r.Version}}
	unset := "dead"
	if r.Dead {
		set = append(set, bson.E{Key: "dead", Value: true})
		unset = "body"
	} else {
		set = append(set, bson.E{Key: "body", Value: r.Body})
	}
	update := bson.D{}
	if len(r.Out) > 0 {
		set = append(set, bson.E{Key: "pend", Value: true})
		update = bson.D{{Key: "$push", Value: bson.D{{Key: "out", Value: bson.D{{Key: "$each", Value: r.Out}}}}}}
	}
	return append(update,
		bson.E{Key: "$set", Value: set},
		bson.E{Key: "$unset", Value: bson.D{{Key: unset, Value: ""}}})
}
