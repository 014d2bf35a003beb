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
	defer b.claims.claim(ctx, spec, records, b.patience)()
	c := b.db.Collection(collection)
	places := make([]int, len(records))
	for i := range places {
		places[i] = i
	}
	failed := map[int]error{}
	var duplicates []duplicate
	again := again{b: b}
	defer again.done()
	for len(places) > 0 {
		errs, err := insertMany(ctx, c, records, places)
		if err != nil {
			return err
		}
		var undone []int
		for _, e := range errs {
			place := places[e.Index]
			switch {
			case e.HasErrorCode(codeDuplicate):
				duplicates = append(duplicates, duplicate{at: place, record: records[place], index: indexNamed(e.Message)})
			case hasAny(e.WriteError, codesAgain):
				undone = append(undone, place)
				fallthrough // it stays failed unless it is made again
			default:
				failed[place] = translate(ctx, e.WriteError)
			}
		}
		if len(undone) == 0 || !again.may(ctx) {
			break
		}
		for _, place := range undone {
			delete(failed, place)
		}
		places = undone
	}
	if err := b.explain(ctx, spec, duplicates, failed); err != nil {
		return err
	}
	if len(failed) > 0 {
		return &docstore.BatchError{Failed: failed}
	}
	return nil
}

// insertMany inserts the records at the places, and returns what the server says of
// those among them that it did not write.
func insertMany(ctx context.Context, c *mongo.Collection, records []docstore.Record, places []int) ([]mongo.BulkWriteError, error) {
	docs := make([]stored, len(places))
	sent := make([]docstore.Record, len(places))
	for i, place := range places {
		sent[i] = records[place]
		docs[i] = storedOf(sent[i])
	}
	_, err := c.InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	if err == nil || lostReply(ctx, err) && written(ctx, c, sent) {
		return nil, nil
	}
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || unconfirmed(err) {
		return nil, translate(ctx, err)
	}
	return bulk.WriteErrors, nil
}

// Replace sets the new body and appends the new events to the outbox as it is then,
// in one atomic update of the document at the given version.
func (b *backend) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	spec, err := b.spec(collection)
	if err != nil {
		return err
	}
	defer b.claims.claim(ctx, spec, []docstore.Record{r}, b.patience)()
	c := b.db.Collection(collection)
	filter := bson.D{{Key: "_id", Value: r.ID}, {Key: "v", Value: ifVersion}}
	res, err := c.UpdateOne(ctx, filter, replacement(r))
	again := again{b: b}
	defer again.done()
	for hasAny(err, codesAgain) && again.may(ctx) {
		res, err = c.UpdateOne(ctx, filter, replacement(r))
	}
	switch {
	case err != nil && lostReply(ctx, err) && written(ctx, c, []docstore.Record{r}):
		return nil
	case mongo.IsDuplicateKeyError(err) && !unconfirmed(err):
		return b.duplicateIn(ctx, spec, duplicate{record: r, index: indexNamed(err.Error())})
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
