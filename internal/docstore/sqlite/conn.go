package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// conn is one connection with its prepared statements. It talks to the driver
// directly: database/sql's pool would add cost to each of the many small statements
// of a write, and its pooling is not wanted here. It is for one goroutine at a time.
type conn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
	args  []driver.NamedValue // reused
}

func newConn(dsn string) (*conn, error) {
	raw, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &conn{raw: raw, stmts: map[string]driver.Stmt{}}, nil
}

func (c *conn) prepare(sql string) (driver.Stmt, error) {
	if s := c.stmts[sql]; s != nil {
		return s, nil
	}
	s, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, sql)
	}
	c.stmts[sql] = s
	return s, nil
}

// bind makes driver arguments of values, which are string, int64, int, bool, []byte
// or nil.
func (c *conn) bind(values []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, v := range values {
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args
}

// exec runs a statement that returns no rows.
func (c *conn) exec(sql string, values ...any) (driver.Result, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return nil, err
	}
	return s.(driver.StmtExecContext).ExecContext(context.Background(), c.bind(values))
}

// query runs a statement and calls row with each row, whose values are string, int64,
// []byte or nil; the slice is reused.
func (c *conn) query(sql string, values []any, row func(row []any) error) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), c.bind(values))
	if err != nil {
		return err
	}
	dest := make([]driver.Value, len(rows.Columns()))
	out := make([]any, len(dest))
	for {
		if err := rows.Next(dest); err != nil {
			if errors.Is(err, io.EOF) {
				return rows.Close()
			}
			return errors.Join(err, rows.Close())
		}
		for i, v := range dest {
			out[i] = v
		}
		if err := row(out); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// atomically runs op so that it is done whole or, where it fails, not at all.
func (c *conn) atomically(op func() error) error {
	if _, err := c.exec("SAVEPOINT op"); err != nil {
		return err
	}
	err := op()
	if broken(err) {
		return err // nothing can be saved
	}
	if err != nil {
		if _, err := c.exec("ROLLBACK TO op"); err != nil {
			return err
		}
	}
	if _, err := c.exec("RELEASE op"); err != nil {
		return err
	}
	return err
}

// broken says whether an operation failed for reasons of the database (disk full,
// I/O error, …), after which the transaction may be gone, and not for its own.
func broken(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff != sqlite3.SQLITE_CONSTRAINT
}

// violated says whether a statement failed because its key is there already: in the
// primary key, or in another unique index.
func violated(err error) (primary, other bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false, false
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return true, false
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return false, true
	}
	return false, false
}
