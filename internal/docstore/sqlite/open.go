package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Options tune the database. The zero value serves.
type Options struct {
	// Readers is the number of reading connections; 4 by default.
	Readers int
	// WriterCache and ReaderCache are the page caches of the writing and of each
	// reading connection, in KiB; 16 MiB and 2 MiB by default.
	WriterCache, ReaderCache int
	// Checkpoint is the length of the write-ahead log, in pages, from which on it is
	// copied into the database; 64 MiB worth of pages by default. A longer one writes
	// pages that change often (random keys) fewer times, and takes longer to read after
	// a crash.
	Checkpoint int
	// PageSize is the page size of a new database in bytes; 4096 by default.
	PageSize int
}

func (o Options) withDefaults() Options {
	set := func(v *int, to int) {
		if *v <= 0 {
			*v = to
		}
	}
	set(&o.Readers, 4)
	set(&o.WriterCache, 16<<10)
	set(&o.ReaderCache, 2<<10)
	set(&o.PageSize, 4096)
	set(&o.Checkpoint, 64<<20/o.PageSize)
	return o
}

// backend implements docstore.Backend.
type backend struct {
	path    string
	lock    *os.File
	writer  *writer
	readers chan *conn
	dialled int           // reading connections
	closing chan struct{} // closed by Close
	once    sync.Once

	mu     sync.RWMutex
	tables map[string]*table

	// commits counts transactions committed.
	commits atomic.Int64
}

// Open opens the database in the file at path, creating it where there is none, for
// its owner alone to read. No second process can have it open: that one gets
// docstore.ErrLocked.
func Open(ctx context.Context, path string, opts Options) (docstore.Backend, error) {
	opts = opts.withDefaults()
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	b := &backend{
		path:    path,
		lock:    lock,
		readers: make(chan *conn, opts.Readers),
		closing: make(chan struct{}),
		tables:  map[string]*table{},
	}
	if err := b.connect(ctx, opts); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, errors.Join(err, b.Close()))
	}
	return b, nil
}

func (b *backend) connect(ctx context.Context, opts Options) error {
	if err := createPrivate(b.path); err != nil {
		return err
	}
	w, err := dial(b.path,
		fmt.Sprintf("PRAGMA page_size=%d", opts.PageSize),
		"PRAGMA journal_mode=WAL",
		fmt.Sprintf("PRAGMA cache_size=-%d", opts.WriterCache),
		fmt.Sprintf("PRAGMA wal_autocheckpoint=%d", opts.Checkpoint),
		fmt.Sprintf("PRAGMA journal_size_limit=%d", 2*opts.Checkpoint*opts.PageSize))
	if err != nil {
		return err
	}
	b.writer = newWriter(w, &b.commits)
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(b.path)); err != nil {
		return err
	}
	for range opts.Readers {
		r, err := dial(b.path, fmt.Sprintf("PRAGMA cache_size=-%d", opts.ReaderCache), "PRAGMA query_only=ON")
		if err != nil {
			return err
		}
		b.readers <- r
		b.dialled++
	}
	return nil
}

// createPrivate creates the file of a new database, which nobody else may read. SQLite
// takes an empty file for a new database, and gives its log and index the same mode.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// dial opens a connection. What every connection has in common is set here.
func dial(path string, pragmas ...string) (*conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c, err := newConn((&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String())
	if err != nil {
		return nil, err
	}
	common := []string{"PRAGMA synchronous=FULL", "PRAGMA busy_timeout=10000", "PRAGMA temp_store=MEMORY", "PRAGMA mmap_size=0"}
	for _, pragma := range append(pragmas, common...) {
		if err := c.query(pragma, nil, func([]any) error { return nil }); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", pragma, err), c.close())
		}
	}
	return c, nil
}

// prepare makes the tables that every database has and reads what is declared.
func (b *backend) prepare(ctx context.Context) error {
	return b.write(ctx, func(c *conn) error {
		for _, ddl := range []string{
			`CREATE TABLE IF NOT EXISTS feed(
				pos INTEGER PRIMARY KEY, source TEXT NOT NULL, n INTEGER NOT NULL, type TEXT NOT NULL,
				at INTEGER NOT NULL, who TEXT NOT NULL, data BLOB, recorded INTEGER NOT NULL, UNIQUE(source, n))`,
			`CREATE TABLE IF NOT EXISTS meta_indexes(
				collection TEXT NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, is_unique INTEGER NOT NULL,
				partial INTEGER NOT NULL, multikey INTEGER NOT NULL, PRIMARY KEY(collection, name)) WITHOUT ROWID`,
		} {
			if _, err := c.exec(ddl); err != nil {
				return err
			}
		}
		return addCarries(c)
	})
}

// addCarries gives a database of an earlier version the column of what indexes carry.
func addCarries(c *conn) error {
	there := int64(0)
	err := c.query("SELECT count(*) FROM pragma_table_info('meta_indexes') WHERE name = 'carries'", nil, func(row []any) error {
		there = row[0].(int64)
		return nil
	})
	if err == nil && there == 0 {
		_, err = c.exec("ALTER TABLE meta_indexes ADD COLUMN carries TEXT NOT NULL DEFAULT ''")
	}
	return err
}

// syncDir makes new names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return fsyncDir(d)
}

// Embedded is true: the lock file keeps every other process out.
func (b *backend) Embedded() bool { return true }

// Ping reads from the database.
func (b *backend) Ping(ctx context.Context) error {
	return b.read(ctx, func(c *conn) error {
		return c.query("SELECT count(*) FROM meta_indexes", nil, func([]any) error { return nil })
	})
}

// write runs an operation on the writing connection and returns after its commit.
func (b *backend) write(ctx context.Context, op func(*conn) error) error {
	return b.writer.do(ctx, op)
}

// read runs queries on a reading connection.
func (b *backend) read(ctx context.Context, op func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-b.closing:
		return docstore.ErrClosed
	default:
	}
	select {
	case c := <-b.readers:
		defer func() { b.readers <- c }()
		return op(c)
	case <-ctx.Done():
		return ctx.Err()
	case <-b.closing:
		return docstore.ErrClosed
	}
}

// Close ends the operations under way, copies the log into the database and lets
// other processes open it.
func (b *backend) Close() (err error) {
	b.once.Do(func() {
		close(b.closing)
		err = errors.Join(b.closeConnections(), b.lock.Close())
	})
	return err
}

// closeConnections waits for reads and writes under way.
func (b *backend) closeConnections() error {
	var errs []error
	if b.writer != nil {
		b.writer.stop()
	}
	for range b.dialled {
		errs = append(errs, (<-b.readers).close())
	}
	if b.writer != nil {
		errs = append(errs, b.writer.conn.close()) // the last one, so that it empties the log
	}
	return errors.Join(errs...)
}
