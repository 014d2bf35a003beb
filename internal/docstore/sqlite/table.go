package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// table is a collection with the statements that serve it.
type table struct {
	name    string
	doc     string // quoted names of its tables
	out     string
	indexes []*index
}

// index is an index that is kept up to date: every one ever declared.
type index struct {
	docstore.Index
	sql   string // quoted name of its table
	paths [][]string
	// insertOne and insertMany are the statements that insert one entry, and rowsPerInsert.
	insertOne, insertMany string
	width                 int // how many values an entry takes
}

func quote(parts ...string) string { return `"` + strings.Join(parts, ".") + `"` }

func newTable(name string) *table {
	return &table{name: name, doc: quote("doc", name), out: quote("out", name)}
}

func newIndex(collection string, ix docstore.Index) *index {
	x := &index{Index: ix, sql: quote("idx", collection, ix.Name)}
	for _, f := range ix.Fields {
		x.paths = append(x.paths, strings.Split(f, "."))
	}
	columns := x.stored()
	x.width = len(columns)
	row := "(" + strings.Repeat("?, ", x.width-1) + "?)"
	x.insertOne = "INSERT INTO " + x.sql + "(" + strings.Join(columns, ", ") + ") VALUES " + row
	x.insertMany = x.insertOne + strings.Repeat(", "+row, rowsPerInsert-1)
	return x
}

// stored are all columns that an entry has values for.
func (x *index) stored() []string {
	columns := strings.Split(x.columns(), ", ")
	if !x.Unique {
		columns = append(columns, "id")
	}
	columns = append(columns, "rid")
	if x.Carries != "" {
		columns = append(columns, "carried")
	}
	return columns
}

// columns are the field columns, "f0, f1".
func (x *index) columns() string {
	names := make([]string, len(x.Fields))
	for i := range names {
		names[i] = column(i)
	}
	return strings.Join(names, ", ")
}

func column(i int) string { return fmt.Sprintf("f%d", i) }

func (x *index) ddl() string {
	if x.Unique {
		return fmt.Sprintf("CREATE TABLE %s(%s, rid INTEGER NOT NULL, PRIMARY KEY(%[2]s)) WITHOUT ROWID", x.sql, x.columns())
	}
	carried := ""
	if x.Carries != "" {
		carried = ", carried BLOB"
	}
	return fmt.Sprintf("CREATE TABLE %s(%s, id TEXT NOT NULL, rid INTEGER NOT NULL%s, PRIMARY KEY(%[2]s, id)) WITHOUT ROWID", x.sql, x.columns(), carried)
}

// Declare creates the collection and its missing indexes, filling those from the
// documents there are.
func (b *backend) Declare(ctx context.Context, spec docstore.Spec) error {
	b.mu.RLock()
	old := b.tables[spec.Name]
	b.mu.RUnlock()
	err := b.write(ctx, func(c *conn) error {
		return c.atomically(func() error {
			t, err := declare(c, spec)
			if err == nil {
				// In the writer's goroutine, so that no write in between misses an index.
				b.setTable(spec.Name, t)
			}
			return err
		})
	})
	if err != nil {
		b.setTable(spec.Name, old)
		return fmt.Errorf("declare collection %s: %w", spec.Name, err)
	}
	return nil
}

func (b *backend) setTable(name string, t *table) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t == nil {
		delete(b.tables, name)
		return
	}
	b.tables[name] = t
}

func (b *backend) table(name string) (*table, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if t := b.tables[name]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("collection %q was not declared", name)
}

func declare(c *conn, spec docstore.Spec) (*table, error) {
	t := newTable(spec.Name)
	for _, ddl := range []string{
		"CREATE TABLE IF NOT EXISTS " + t.doc + `(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
			v INTEGER NOT NULL, dead INTEGER NOT NULL, body BLOB NOT NULL)`,
		"CREATE INDEX IF NOT EXISTS " + quote("dead", spec.Name) + " ON " + t.doc + "(id) WHERE dead = 1",
		"CREATE TABLE IF NOT EXISTS " + t.out + `(id TEXT NOT NULL, n INTEGER NOT NULL, type TEXT NOT NULL,
			at INTEGER NOT NULL, who TEXT NOT NULL, data BLOB, PRIMARY KEY(id, n)) WITHOUT ROWID`,
	} {
		if _, err := c.exec(ddl); err != nil {
			return nil, err
		}
	}
	if err := t.load(c); err != nil {
		return nil, err
	}
	for _, ix := range spec.Indexes {
		if err := t.declare(c, ix); err != nil {
			return nil, fmt.Errorf("index %s: %w", ix.Name, err)
		}
	}
	return t, nil
}

// load reads the indexes declared so far, by this version of the program or another.
func (t *table) load(c *conn) error {
	return c.query("SELECT name, fields, is_unique, partial, multikey, carries FROM meta_indexes WHERE collection = ?", []any{t.name},
		func(row []any) error {
			t.indexes = append(t.indexes, newIndex(t.name, docstore.Index{
				Name: row[0].(string), Fields: strings.Fields(row[1].(string)),
				Unique: row[2] == int64(1), Partial: row[3] == int64(1), Multikey: row[4] == int64(1), Carries: row[5].(string),
			}))
			return nil
		})
}

func (t *table) index(name string) (*index, error) {
	for _, x := range t.indexes {
		if x.Name == name {
			return x, nil
		}
	}
	return nil, fmt.Errorf("collection %s has no index %q", t.name, name)
}

func (t *table) declare(c *conn, ix docstore.Index) error {
	if x, err := t.index(ix.Name); err == nil {
		if !slices.Equal(x.Fields, ix.Fields) || x.Unique != ix.Unique || x.Partial != ix.Partial || x.Multikey != ix.Multikey {
			return fmt.Errorf("it is there with another definition (%+v); an index that changes needs a new name", x.Index)
		}
		if x.Carries == ix.Carries {
			return nil
		}
		if err := t.drop(c, x); err != nil {
			return err
		}
	}
	x := newIndex(t.name, ix)
	if _, err := c.exec(x.ddl()); err != nil {
		return err
	}
	if _, err := c.exec("INSERT INTO meta_indexes(collection, name, fields, is_unique, partial, multikey, carries) VALUES (?, ?, ?, ?, ?, ?, ?)",
		t.name, ix.Name, strings.Join(ix.Fields, " "), ix.Unique, ix.Partial, ix.Multikey, ix.Carries); err != nil {
		return err
	}
	t.indexes = append(t.indexes, x)
	return t.fill(c, x)
}

// drop takes an index away that is made anew.
func (t *table) drop(c *conn, x *index) error {
	if _, err := c.exec("DROP TABLE " + x.sql); err != nil {
		return err
	}
	t.indexes = slices.DeleteFunc(slices.Clone(t.indexes), func(other *index) bool { return other == x })
	_, err := c.exec("DELETE FROM meta_indexes WHERE collection = ? AND name = ?", t.name, x.Name)
	return err
}

// fill builds an index from the documents there are, some at a time.
func (t *table) fill(c *conn, x *index) error {
	type source struct {
		rid  int64
		id   string
		body bson.Raw
	}
	for last := int64(-1); ; {
		var docs []source
		err := c.query("SELECT rid, id, body FROM "+t.doc+" WHERE rid > ? AND dead = 0 ORDER BY rid LIMIT 100", []any{last},
			func(row []any) error {
				docs = append(docs, source{row[0].(int64), row[1].(string), row[2].([]byte)})
				return nil
			})
		if err != nil || len(docs) == 0 {
			return err
		}
		for _, d := range docs {
			entries, err := x.entries(d.body)
			if err == nil {
				err = x.insert(c, d.rid, d.id, entries, x.carried(d.body))
			}
			if err != nil {
				return fmt.Errorf("document %q: %w", d.id, err)
			}
		}
		last = docs[len(docs)-1].rid
	}
}
