package sqlite

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Get implements docstore.Backend.
func (b *backend) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	t, err := b.table(collection)
	if err != nil {
		return nil, err
	}
	records := make([]docstore.Record, 0, len(ids))
	err = b.read(ctx, func(c *conn) error {
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := collect(&records, c, "SELECT id, v, dead, body FROM "+t.doc+" WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
	return records, err
}

// collect appends the records that a query for id, v, dead, body returns.
func collect(records *[]docstore.Record, c *conn, sql string, args ...any) error {
	return c.query(sql, args, func(row []any) error {
		r := docstore.Record{ID: row[0].(string), Version: row[1].(int64), Dead: row[2] == int64(1)}
		r.Body, _ = row[3].([]byte)
		*records = append(*records, r)
		return nil
	})
}

// Find implements docstore.Backend.
func (b *backend) Find(ctx context.Context, collection string, q docstore.Query) ([]docstore.Record, error) {
	t, err := b.table(collection)
	if err != nil {
		return nil, err
	}
	s := scan{from: t.doc + " d", order: []string{"d.id"}}
	if q.Index != "" {
		x, err := t.index(q.Index)
		if err != nil {
			return nil, err
		}
		// CROSS JOIN keeps the index outside.
		s.from = x.sql + " x CROSS JOIN " + t.doc + " d ON d.rid = x.rid"
		s.order = nil
		s.fix(x, q.Equal)
		// In a unique index the fields alone are an order.
		if !x.Unique {
			s.order = append(s.order, "x.id")
		} else if len(s.order) == 0 {
			s.order = []string{"d.id"}
		}
	}
	s.where("d.dead = 0")
	sql, args := s.sql("d.id, d.v, d.dead, d.body", q)
	var records []docstore.Record
	err = b.read(ctx, func(c *conn) error { return collect(&records, c, sql, args...) })
	return records, err
}

// Entries implements docstore.Backend. Tombstones have no entries.
func (b *backend) Entries(ctx context.Context, collection string, q docstore.Query) ([]docstore.Entry, []any, error) {
	t, err := b.table(collection)
	if err != nil {
		return nil, nil, err
	}
	x, err := t.index(q.Index)
	if err != nil {
		return nil, nil, err
	}
	s := scan{from: x.sql + " x"}
	s.fix(x, q.Equal)
	s.order = append(s.order, "x.id")
	sql, args := s.sql("x.carried, "+strings.Join(s.order, ", "), q)
	entries := make([]docstore.Entry, 0, min(q.Limit, 1<<16))
	var last []any
	err = b.read(ctx, func(c *conn) error {
		return c.query(sql, args, func(row []any) error {
			e := docstore.Entry{ID: row[len(row)-1].(string)}
			e.Carried, _ = row[0].([]byte)
			entries = append(entries, e)
			last = append(last[:0], row[1:]...)
			return nil
		})
	})
	return entries, last, err
}

// scan is a query in an order.
type scan struct {
	from       string
	conditions []string
	args       []any
	order      []string
}

func (s *scan) where(condition string, args ...any) {
	s.conditions = append(s.conditions, condition)
	s.args = append(s.args, columnValues(args)...)
}

// fix fixes the leading fields of an index, and orders by the others.
func (s *scan) fix(x *index, equal []any) {
	for i := range x.Fields {
		if i < len(equal) {
			s.where("x."+column(i)+" = ?", equal[i])
		} else {
			s.order = append(s.order, "x."+column(i))
		}
	}
}

// sql is the statement that selects columns.
func (s *scan) sql(columns string, q docstore.Query) (string, []any) {
	if q.From != nil && (q.Descending || !passed(q, q.From)) {
		s.where(s.order[0]+" >= ?", q.From)
	}
	if q.To != nil && (!q.Descending || !passed(q, q.To)) {
		s.where(s.order[0]+" < ?", q.To)
	}
	beyond, direction := " > ", ""
	if q.Descending {
		beyond, direction = " < ", " DESC"
	}
	if q.After != nil {
		n := len(s.order)
		s.where("("+strings.Join(s.order, ", ")+")"+beyond+"("+strings.Repeat("?, ", n-1)+"?)", q.After[:n]...)
	}
	sql := "SELECT " + columns + " FROM " + s.from
	if len(s.conditions) > 0 {
		sql += " WHERE " + strings.Join(s.conditions, " AND ")
	}
	sql += " ORDER BY " + strings.Join(s.order, direction+", ") + direction + " LIMIT ?"
	return sql, append(s.args, int64(q.Limit))
}

// passed says that a query goes on from beyond its bound. SQLite would begin at the bound
// all the same, if it were told of it, and walk through all pages before.
func passed(q docstore.Query, bound any) bool {
	if q.After == nil {
		return false
	}
	c := compareValues(columnValue(q.After[0]), columnValue(bound))
	return !q.Descending && c >= 0 || q.Descending && c < 0
}

// lookupSizes are how many values one statement looks up, so that few different ones
// are prepared.
var lookupSizes = []int{1, 16, 256}

// Lookup implements docstore.Backend.
func (b *backend) Lookup(ctx context.Context, collection, index string, values []any) ([]docstore.Record, error) {
	t, err := b.table(collection)
	if err != nil {
		return nil, err
	}
	x, err := t.index(index)
	if err != nil {
		return nil, err
	}
	var records []docstore.Record
	seen := map[int64]bool{}
	err = b.read(ctx, func(c *conn) error {
		for rest := columnValues(values); len(rest) > 0; {
			if err := ctx.Err(); err != nil {
				return err
			}
			size := lookupSizes[len(lookupSizes)-1]
			for _, s := range lookupSizes {
				if len(rest) <= s {
					size = s
					break
				}
			}
			args := append([]any{}, rest[:min(size, len(rest))]...)
			rest = rest[len(args):]
			for len(args) < size {
				args = append(args, args[0])
			}
			// First which documents, then those not read yet: one may have many values.
			var found []int64
			if err := c.query("SELECT DISTINCT rid FROM "+x.sql+" WHERE f0 IN ("+strings.Repeat("?, ", size-1)+"?)", args,
				func(row []any) error { found = append(found, row[0].(int64)); return nil }); err != nil {
				return err
			}
			for _, rid := range found {
				if seen[rid] {
					continue
				}
				seen[rid] = true
				if err := collect(&records, c, "SELECT id, v, dead, body FROM "+t.doc+" WHERE rid = ? AND dead = 0", rid); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return records, err
}
