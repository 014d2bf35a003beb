package mongodb

import (
	"context"
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// duplicate is a record that a unique index refused.
type duplicate struct {
	at     int // its place in the batch
	record docstore.Record
	index  string // what the server's message names; "" where it names none
}

// The messages of MongoDB and of the DocumentDB extension.
var indexInMessage = []*regexp.Regexp{
	regexp.MustCompile(` index: (\w+) +dup key`),
	regexp.MustCompile(` Index '(\w+)'`),
}

// indexNamed returns the index that a server's message about a duplicate names. No
// error carries it otherwise, so a message that is not understood gives "".
func indexNamed(message string) string {
	for _, re := range indexInMessage {
		if m := re.FindStringSubmatch(message); m != nil {
			return m[1]
		}
	}
	return ""
}

// explain puts under failed what each duplicate is. An id in use comes before a
// unique index, whichever of the two the server found first.
func (b *backend) explain(ctx context.Context, spec docstore.Spec, ds []duplicate, failed map[int]error) error {
	if len(ds) == 0 {
		return nil
	}
	ids := make([]string, len(ds))
	for i, d := range ds {
		ids[i] = d.record.ID
	}
	c := b.db.Collection(spec.Name)
	dead, err := states(ctx, c, ids)
	if err != nil {
		return err
	}
	for _, d := range ds {
		isDead, there := dead[d.record.ID]
		switch {
		case isDead:
			failed[d.at] = docstore.ErrTombstone
		case there || d.index == idIndex:
			failed[d.at] = docstore.ErrExists
		default:
			failed[d.at] = b.duplicateIn(ctx, spec, d)
		}
	}
	return nil
}

// duplicateIn names the index; where the server's message does not, it looks for the
// document that stands in the way.
func (b *backend) duplicateIn(ctx context.Context, spec docstore.Spec, d duplicate) error {
	for _, ix := range spec.Indexes {
		if ix.Unique && ix.Name == d.index {
			return &docstore.DuplicateError{Index: ix.Name}
		}
	}
	for _, ix := range spec.Indexes {
		if !ix.Unique {
			continue
		}
		taken, err := b.taken(ctx, spec.Name, ix, d.record)
		if err != nil {
			return err
		}
		if taken {
			return &docstore.DuplicateError{Index: ix.Name}
		}
	}
	return docstore.ErrConflict // whatever stood in the way is gone
}

// taken says whether another document has the record's values in a unique index.
func (b *backend) taken(ctx context.Context, collection string, ix docstore.Index, r docstore.Record) (bool, error) {
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$ne", Value: r.ID}}}}
	for _, f := range ix.Fields {
		values, err := docstore.FieldValues(r.Body, strings.Split(f, "."))
		if err != nil || len(values) == 0 {
			return false, err
		}
		filter = append(filter, bson.E{Key: bodyField(f), Value: bson.D{{Key: "$in", Value: values}, present}})
	}
	n, err := b.db.Collection(collection).CountDocuments(ctx, filter, options.Count().SetLimit(1))
	return n > 0, translate(ctx, err)
}

// states returns which of the ids are there, and whether each is a tombstone.
func states(ctx context.Context, c *mongo.Collection, ids []string) (map[string]bool, error) {
	dead := map[string]bool{}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	marks := options.Find().SetProjection(bson.D{{Key: "v", Value: 1}, {Key: "dead", Value: 1}})
	rs, err := read(ctx, c, filter, marks, 0)
	for _, r := range rs {
		dead[r.ID] = r.Dead
	}
	return dead, err
}
