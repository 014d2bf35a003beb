package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// rowsPerInsert is how many index entries one statement inserts: fewer calls, and
// few different statements to keep prepared.
const rowsPerInsert = 50

// Insert implements docstore.Backend.
func (b *backend) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	t, err := b.table(collection)
	if err != nil {
		return err
	}
	var failed map[int]error
	err = b.write(ctx, func(c *conn) error {
		// The table as it is now: an index may have been declared since.
		if t, err = b.table(collection); err != nil {
			return err
		}
		failed = map[int]error{}
		for i, r := range records {
			err := c.atomically(func() error { return t.insert(c, r) })
			if broken(err) {
				return err
			}
			if err != nil {
				failed[i] = err
			}
		}
		return nil
	})
	if err == nil && len(failed) > 0 {
		err = &docstore.BatchError{Failed: failed}
	}
	return err
}

func (t *table) insert(c *conn, r docstore.Record) error {
	res, err := c.exec("INSERT INTO "+t.doc+"(id, v, dead, body) VALUES (?, ?, ?, ?)", r.ID, r.Version, r.Dead, body(r))
	if _, taken := violated(err); taken {
		return t.taken(c, r.ID)
	}
	if err != nil {
		return err
	}
	rid, err := res.LastInsertId()
	if err != nil {
		return err
	}
	for _, x := range t.indexes {
		entries, err := x.entries(r.Body)
		if err == nil {
			err = x.insert(c, rid, r.ID, entries, x.carried(r.Body))
		}
		if err != nil {
			return err
		}
	}
	return t.emit(c, r)
}

// taken says what stands under an id.
func (t *table) taken(c *conn, id string) error {
	err := docstore.ErrExists
	if e := c.query("SELECT dead FROM "+t.doc+" WHERE id = ?", []any{id}, func(row []any) error {
		if row[0] == int64(1) {
			err = docstore.ErrTombstone
		}
		return nil
	}); e != nil {
		return e
	}
	return err
}

// Replace implements docstore.Backend.
func (b *backend) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	if _, err := b.table(collection); err != nil {
		return err
	}
	return b.write(ctx, func(c *conn) error {
		t, err := b.table(collection)
		if err != nil {
			return err
		}
		return c.atomically(func() error { return t.replace(c, ifVersion, r) })
	})
}

func (t *table) replace(c *conn, ifVersion int64, r docstore.Record) error {
	var rid, version int64
	var old bson.Raw
	columns := "rid, v, x''"
	if len(t.indexes) > 0 {
		columns = "rid, v, body"
	}
	err := c.query("SELECT "+columns+" FROM "+t.doc+" WHERE id = ?", []any{r.ID}, func(row []any) error {
		rid, version = row[0].(int64), row[1].(int64)
		old, _ = row[2].([]byte)
		return nil
	})
	switch {
	case err != nil:
		return err
	case version == 0:
		return docstore.ErrNotFound
	case version != ifVersion:
		return docstore.ErrConflict
	}
	if _, err := c.exec("UPDATE "+t.doc+" SET v = ?, dead = ?, body = ? WHERE rid = ?", r.Version, r.Dead, body(r), rid); err != nil {
		return err
	}
	for _, x := range t.indexes {
		if err := x.update(c, rid, r.ID, old, r.Body); err != nil {
			return err
		}
	}
	return t.emit(c, r)
}

// body is what the body column holds; it is never null.
func body(r docstore.Record) []byte {
	if r.Body == nil {
		return []byte{}
	}
	return r.Body
}

// emit puts the record's events into its outbox.
func (t *table) emit(c *conn, r docstore.Record) error {
	for _, e := range r.Out {
		if _, err := c.exec("INSERT INTO "+t.out+"(id, n, type, at, who, data) VALUES (?, ?, ?, ?, ?, ?)",
			r.ID, e.N, e.Type, e.At.UnixMilli(), e.Who, nullable(e.Data)); err != nil {
			return fmt.Errorf("event %d: %w", e.N, err)
		}
	}
	return nil
}

func nullable(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

func (x *index) update(c *conn, rid int64, id string, before, after bson.Raw) error {
	old, err := x.entries(before)
	if err != nil {
		return err
	}
	now, err := x.entries(after)
	if err != nil {
		return err
	}
	gone, come, carried := difference(old, now), difference(now, old), x.carried(after)
	if !bytes.Equal(carried, x.carried(before)) {
		gone, come = old, now
	}
	for _, e := range gone {
		conditions := make([]string, len(e))
		for i := range e {
			conditions[i] = column(i) + " = ?"
		}
		where := strings.Join(conditions, " AND ")
		if !x.Unique {
			where, e = where+" AND id = ?", append(e, id)
		}
		if _, err := c.exec("DELETE FROM "+x.sql+" WHERE "+where, e...); err != nil {
			return err
		}
	}
	return x.insert(c, rid, id, come, carried)
}

// insert adds entries of a document, in the order given, with what the index carries.
func (x *index) insert(c *conn, rid int64, id string, entries []entry, carried []byte) error {
	if len(entries) == 0 {
		return nil
	}
	args := make([]any, 0, min(rowsPerInsert, len(entries))*x.width)
	for len(entries) > 0 {
		n, statement := 1, x.insertOne
		if len(entries) >= rowsPerInsert {
			n, statement = rowsPerInsert, x.insertMany
		}
		args = args[:0]
		for _, e := range entries[:n] {
			args = append(args, e...)
			if !x.Unique {
				args = append(args, id)
			}
			args = append(args, rid)
			if x.Carries != "" {
				args = append(args, nullable(carried))
			}
		}
		entries = entries[n:]
		_, err := c.exec(statement, args...)
		if taken, _ := violated(err); taken {
			return &docstore.DuplicateError{Index: x.Name}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
