package mongodb

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// feedName is the collection of the feed: {_id: position, source, n, type, at, who,
// data, recorded}, unique in (source, n).
const feedName = "feed"

// AppendFeed writes the events in one ordered insert, which the server ends at the
// first it refuses; so positions stay without gaps.
func (b *backend) AppendFeed(ctx context.Context, events []docstore.FeedEvent) (int, error) {
	if len(events) == 0 {
		return 0, nil
	}
	_, err := b.feed.InsertMany(ctx, events)
	var bulk mongo.BulkWriteException
	if err == nil {
		return len(events), nil
	}
	if !errors.As(err, &bulk) || unconfirmed(err) || len(bulk.WriteErrors) == 0 {
		return 0, translate(ctx, err)
	}
	first := bulk.WriteErrors[0]
	if !first.HasErrorCode(codeDuplicate) {
		return first.Index, translate(ctx, first.WriteError)
	}
	switch indexNamed(first.Message) {
	case idIndex:
		return first.Index, docstore.ErrFenced
	case eventIndex:
		return first.Index, docstore.ErrRepeated
	}
	taken, err := b.feed.CountDocuments(ctx, bson.D{{Key: "_id", Value: events[first.Index].Position}})
	switch {
	case err != nil:
		return first.Index, translate(ctx, err)
	case taken > 0:
		return first.Index, docstore.ErrFenced
	}
	return first.Index, docstore.ErrRepeated
}

// ReadFeed reads on by position. A majority read sees no position before those below
// it, since they were inserted in order.
func (b *backend) ReadFeed(ctx context.Context, after int64, limit int) ([]docstore.FeedEvent, error) {
	o := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit)).SetBatchSize(int32(min(limit+1, 1<<20)))
	cur, err := b.feed.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}}, o)
	if err != nil {
		return nil, translate(ctx, err)
	}
	var events []docstore.FeedEvent
	if err := cur.All(ctx, &events); err != nil {
		return nil, translate(ctx, err)
	}
	return events, nil
}

// FeedBounds reads the last position first, so that the first is never behind it.
func (b *backend) FeedBounds(ctx context.Context) (first, last int64, recorded time.Time, err error) {
	end, err := b.feedEnd(ctx, -1)
	if err != nil || end.Position == 0 {
		return 0, 0, time.Time{}, err
	}
	start, err := b.feedEnd(ctx, 1)
	if err != nil {
		return 0, 0, time.Time{}, err
	}
	return start.Position, end.Position, end.Recorded, nil
}

// feedEnd returns position and time of the event that is first in the direction, or
// zero for an empty feed.
func (b *backend) feedEnd(ctx context.Context, direction int) (docstore.FeedEvent, error) {
	var e docstore.FeedEvent
	err := b.feed.FindOne(ctx, bson.D{}, options.FindOne().
		SetSort(bson.D{{Key: "_id", Value: direction}}).
		SetProjection(bson.D{{Key: "recorded", Value: 1}})).Decode(&e)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return docstore.FeedEvent{}, nil
	}
	return e, translate(ctx, err)
}

// LocateFeed looks in the unique index of (source, n).
func (b *backend) LocateFeed(ctx context.Context, source string, n int64) (int64, error) {
	var e docstore.FeedEvent
	err := b.feed.FindOne(ctx, bson.D{{Key: "source", Value: source}, {Key: "n", Value: n}},
		options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})).Decode(&e)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, nil
	}
	return e.Position, translate(ctx, err)
}

// trimStep is how many events one command deletes, so that it ends in time.
const trimStep = 2000

// TrimFeed deletes in order of position, within a command as servers do a range of ids;
// the last event stays, because it is what tells the last position.
func (b *backend) TrimFeed(ctx context.Context, upTo int64) error {
	first, last, _, err := b.FeedBounds(ctx)
	if err != nil || last == 0 {
		return err
	}
	for upTo = min(upTo, last-1); first <= upTo; first += trimStep {
		until := min(upTo, first+trimStep-1)
		if _, err := b.feed.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$lte", Value: until}}}}); err != nil {
			return translate(ctx, err)
		}
	}
	return nil
}
