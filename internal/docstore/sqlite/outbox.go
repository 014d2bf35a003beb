package sqlite

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Pending implements docstore.Backend.
func (b *backend) Pending(ctx context.Context, collection, after string, limit int) ([]docstore.Record, error) {
	t, err := b.table(collection)
	if err != nil {
		return nil, err
	}
	var records []docstore.Record
	err = b.read(ctx, func(c *conn) error {
		return c.query("SELECT o.id, d.v, d.dead, o.n, o.type, o.at, o.who, o.data"+
			" FROM (SELECT DISTINCT id FROM "+t.out+" WHERE id > ? ORDER BY id LIMIT ?) p"+
			" CROSS JOIN "+t.out+" o ON o.id = p.id CROSS JOIN "+t.doc+" d ON d.id = o.id ORDER BY o.id, o.n",
			[]any{after, limit}, func(row []any) error {
				id := row[0].(string)
				if len(records) == 0 || records[len(records)-1].ID != id {
					records = append(records, docstore.Record{ID: id, Version: row[1].(int64), Dead: row[2] == int64(1)})
				}
				r := &records[len(records)-1]
				r.Out = append(r.Out, event(row[3:]))
				return nil
			})
	})
	return records, err
}

// event makes an event of the columns n, type, at, who, data.
func event(row []any) docstore.Event {
	e := docstore.Event{N: row[0].(int64), Type: row[1].(string), At: instant(row[2]), Who: row[3].(string)}
	e.Data, _ = row[4].([]byte)
	return e
}

func instant(ms any) time.Time { return time.UnixMilli(ms.(int64)).UTC() }

// Tombstones implements docstore.Backend.
func (b *backend) Tombstones(ctx context.Context, collection, after string, limit int) ([]docstore.Record, error) {
	t, err := b.table(collection)
	if err != nil {
		return nil, err
	}
	var records []docstore.Record
	err = b.read(ctx, func(c *conn) error {
		return collect(&records, c, "SELECT d.id, d.v, d.dead, NULL FROM "+t.doc+" d WHERE d.dead = 1 AND d.id > ?"+
			" AND NOT EXISTS (SELECT 1 FROM "+t.out+" o WHERE o.id = d.id) ORDER BY d.id LIMIT ?", after, limit)
	})
	return records, err
}

// Relayed implements docstore.Backend.
func (b *backend) Relayed(ctx context.Context, collection string, upTo map[string]int64) error {
	t, err := b.table(collection)
	if err != nil {
		return err
	}
	return b.write(ctx, func(c *conn) error {
		return c.atomically(func() error {
			for id, n := range upTo {
				if _, err := c.exec("DELETE FROM "+t.out+" WHERE id = ? AND n <= ?", id, n); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Purge implements docstore.Backend.
func (b *backend) Purge(ctx context.Context, collection, id string, version int64) error {
	t, err := b.table(collection)
	if err != nil {
		return err
	}
	return b.write(ctx, func(c *conn) error {
		_, err := c.exec("DELETE FROM "+t.doc+" WHERE id = ?1 AND v = ?2 AND dead = 1"+
			" AND NOT EXISTS (SELECT 1 FROM "+t.out+" WHERE id = ?1)", id, version)
		return err
	})
}
