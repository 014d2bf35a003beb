package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Names of the indexes this package makes for itself; declared ones begin with a
// letter.
const (
	pendIndex  = "_pend"
	deadIndex  = "_dead"
	eventIndex = "_event"
	idIndex    = "_id_" // the server's own
)

// Codes of the errors of createIndexes.
const (
	codeCannotCreateIndex = 67
	codeIndexOptions      = 85
	codeIndexKeys         = 86
)

// codeExclusion is how the DocumentDB extension says codeDuplicate of an index that
// is being made.
var codeExclusion = sqlState("23P01")

// present is what a field of a unique or partial index has to be for the document to
// be in it. Unlike {$exists: true} it leaves out null, an empty array, and what a
// tombstone lacks.
var present = bson.E{Key: "$type", Value: bson.A{"string", "bool", "int", "long", "binData", "date"}}

// filtered says that an index holds only the documents that have all its fields.
func filtered(ix docstore.Index) bool { return ix.Unique || ix.Partial }

// Declare creates the collection's missing indexes, and with them the collection.
func (b *backend) Declare(ctx context.Context, spec docstore.Spec) error {
	var models []mongo.IndexModel
	for _, ix := range spec.Indexes {
		models = append(models, indexModel(ix))
	}
	if !spec.Silent {
		models = append(models, markIndex(pendIndex, "pend"))
	}
	models = append(models, markIndex(deadIndex, "dead"))
	if err := b.createIndexes(ctx, b.db.Collection(spec.Name), models); err != nil {
		return fmt.Errorf("indexes of collection %s: %w", spec.Name, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.specs[spec.Name] = spec
	return nil
}

func (b *backend) declareFeed(ctx context.Context) error {
	event := mongo.IndexModel{
		Keys:    bson.D{{Key: "source", Value: 1}, {Key: "n", Value: 1}},
		Options: options.Index().SetName(eventIndex).SetUnique(true),
	}
	if err := b.createIndexes(ctx, b.feed, []mongo.IndexModel{event}); err != nil {
		return fmt.Errorf("index of the feed: %w", err)
	}
	return nil
}

// indexModel orders by the fields and then by _id; a unique index needs no _id for
// that, and must not have it.
func indexModel(ix docstore.Index) mongo.IndexModel {
	var keys, filter bson.D
	for _, f := range ix.Fields {
		keys = append(keys, bson.E{Key: bodyField(f), Value: 1})
		filter = append(filter, bson.E{Key: bodyField(f), Value: bson.D{present}})
	}
	o := options.Index().SetName(ix.Name)
	if ix.Unique {
		o.SetUnique(true)
	} else {
		keys = append(keys, bson.E{Key: "_id", Value: 1})
	}
	if filtered(ix) {
		o.SetPartialFilterExpression(filter)
	}
	return mongo.IndexModel{Keys: keys, Options: o}
}

// markIndex finds, by id, the few documents on which a mark is true.
func markIndex(name, mark string) mongo.IndexModel {
	return mongo.IndexModel{
		Keys:    bson.D{{Key: mark, Value: 1}, {Key: "_id", Value: 1}},
		Options: options.Index().SetName(name).SetPartialFilterExpression(bson.D{{Key: mark, Value: true}}),
	}
}

func bodyField(path string) string { return "body." + path }

// createIndexes creates what is missing. Processes that start together may stand in
// each other's way on some servers, so it tries a few times.
func (b *backend) createIndexes(ctx context.Context, c *mongo.Collection, models []mongo.IndexModel) error {
	const attempts = 5
	for failed := 0; ; failed++ {
		_, err := c.Indexes().CreateMany(ctx, models)
		if err == nil {
			return nil
		}
		if explained := indexError(err); explained != nil {
			return &failure{kind: explained, cause: err}
		}
		if failed == attempts-1 || !errors.As(err, new(mongo.CommandError)) {
			return translate(ctx, err)
		}
		select {
		case <-time.After(time.Duration(1<<failed) * 50 * time.Millisecond):
		case <-ctx.Done():
			return translate(ctx, err)
		}
	}
}

// indexError explains what an operator has to do about an index that cannot be made.
func indexError(err error) error {
	for _, code := range mongo.ErrorCodes(err) {
		switch code {
		case codeIndexOptions, codeIndexKeys:
			return errors.New("one is there already with other fields or options: drop it, or declare the new one under another name")
		case codeDuplicate, codeExclusion:
			return errors.New("one is to be unique, and documents are there with equal values")
		case codeCannotCreateIndex:
			return errors.New("the server does not know what they need, unique and partial indexes with $type in the filter")
		}
	}
	return nil
}

// spec returns the declaration of a collection.
func (b *backend) spec(collection string) (docstore.Spec, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s, ok := b.specs[collection]
	if !ok {
		return docstore.Spec{}, fmt.Errorf("collection %q is not declared", collection)
	}
	return s, nil
}

// index returns the declaration of an index.
func (b *backend) index(collection, name string) (docstore.Index, error) {
	s, err := b.spec(collection)
	if err != nil {
		return docstore.Index{}, err
	}
	for _, ix := range s.Indexes {
		if ix.Name == name {
			return ix, nil
		}
	}
	return docstore.Index{}, fmt.Errorf("collection %s declares no index %q", collection, name)
}
