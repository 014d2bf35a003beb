package sqlite

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// AppendFeed implements docstore.Backend.
func (b *backend) AppendFeed(ctx context.Context, events []docstore.FeedEvent) (int, error) {
	written, refused := 0, error(nil)
	err := b.write(ctx, func(c *conn) error {
		written, refused = 0, nil
		for _, e := range events {
			_, err := c.exec("INSERT INTO feed(pos, source, n, type, at, who, data, recorded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
				e.Position, e.Source, e.N, e.Type, e.At.UnixMilli(), e.Who, nullable(e.Data), e.Recorded.UnixMilli())
			position, name := violated(err)
			switch {
			case position:
				refused = docstore.ErrFenced
			case name:
				refused = docstore.ErrRepeated
			case err != nil:
				return err
			default:
				written++
				continue
			}
			return nil // what was written before it stays
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return written, refused
}

// ReadFeed implements docstore.Backend.
func (b *backend) ReadFeed(ctx context.Context, after int64, limit int) ([]docstore.FeedEvent, error) {
	var events []docstore.FeedEvent
	err := b.read(ctx, func(c *conn) error {
		return c.query("SELECT pos, source, recorded, n, type, at, who, data FROM feed WHERE pos > ? ORDER BY pos LIMIT ?",
			[]any{after, limit}, func(row []any) error {
				events = append(events, docstore.FeedEvent{
					Position: row[0].(int64), Source: row[1].(string), Recorded: instant(row[2]), Event: event(row[3:]),
				})
				return nil
			})
	})
	return events, err
}

// FeedBounds implements docstore.Backend.
func (b *backend) FeedBounds(ctx context.Context) (first, last int64, recorded time.Time, err error) {
	err = b.read(ctx, func(c *conn) error {
		return c.query("SELECT (SELECT min(pos) FROM feed), pos, recorded FROM feed ORDER BY pos DESC LIMIT 1", nil,
			func(row []any) error {
				first, last, recorded = row[0].(int64), row[1].(int64), instant(row[2])
				return nil
			})
	})
	return first, last, recorded, err
}

// LocateFeed implements docstore.Backend.
func (b *backend) LocateFeed(ctx context.Context, source string, n int64) (position int64, err error) {
	err = b.read(ctx, func(c *conn) error {
		return c.query("SELECT pos FROM feed WHERE source = ? AND n = ?", []any{source, n}, func(row []any) error {
			position = row[0].(int64)
			return nil
		})
	})
	return position, err
}

// trimStep is how many events one commit deletes, so that writers do not wait long.
const trimStep = 2000

// TrimFeed implements docstore.Backend.
func (b *backend) TrimFeed(ctx context.Context, upTo int64) error {
	for {
		deleted := int64(0)
		err := b.write(ctx, func(c *conn) error {
			res, err := c.exec("DELETE FROM feed WHERE pos IN"+
				" (SELECT pos FROM feed WHERE pos <= ? AND pos < (SELECT max(pos) FROM feed) ORDER BY pos LIMIT ?)", upTo, trimStep)
			if err == nil {
				deleted, err = res.RowsAffected()
			}
			return err
		})
		if err != nil || deleted < trimStep {
			return err
		}
	}
}
