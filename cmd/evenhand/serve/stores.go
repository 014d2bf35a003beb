package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/mongodb"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
)

// leaseTerm is how long the work of a process that died on a shared database waits for
// another: with it, the system is ready again within 10 s of a crash. An embedded
// database's leases are taken at once.
const leaseTerm = 6 * time.Second

// sqliteOptions keep the page caches small, since SQLite's allocator here takes two bytes
// for each byte cached: a server that imports millions of rows stays below 256 MiB. What
// boards and plans write and read over and over is smaller still. More connections that
// read than there are processors would not read sooner what the system has in memory.
func sqliteOptions(service string) sqlite.Options {
	readers := min(4, max(2, runtime.GOMAXPROCS(0)))
	if service == partBoard || service == partPlans {
		return sqlite.Options{Readers: 2, WriterCache: 1 << 10, ReaderCache: 1 << 9}
	}
	return sqlite.Options{Readers: readers, WriterCache: 2 << 10, ReaderCache: 1 << 9}
}

// openStore opens the database of one service: a file of its own in the data folder, or
// a database of its own on the MongoDB server.
func (p *process) openStore(ctx context.Context, service string) (*docstore.Store, error) {
	observer, err := p.observeStore(service)
	if err != nil {
		return nil, err
	}
	backend, err := p.options.awaitBackend(ctx, service, p.log)
	if err != nil {
		return nil, err
	}
	options := docstore.Options{Now: p.env.Now, Log: p.log.With("service", service)}
	if !backend.Embedded() {
		options.LeaseTerm = leaseTerm
	}
	store, err := docstore.OpenStore(ctx, docstore.Observed(backend, observer), options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the store of %s: %w", service, err), backend.Close())
	}
	return store, nil
}

// databaseRetry is the time between attempts to reach a database.
const databaseRetry = 500 * time.Millisecond

// awaitBackend opens the database, waiting for it where it is not available yet: the two
// are often started together.
func (c *Command) awaitBackend(ctx context.Context, service string, log *slog.Logger) (docstore.Backend, error) {
	waiting, cancel := context.WithTimeout(ctx, c.DatabaseWait)
	defer cancel()
	for level := slog.LevelWarn; ; level = slog.LevelDebug { // once aloud
		backend, err := c.openBackend(ctx, service)
		if !errors.Is(err, docstore.ErrUnavailable) {
			return backend, err
		}
		log.Log(ctx, level, "waiting for the database", "service", service, "error", err)
		select {
		case <-time.After(databaseRetry):
		case <-waiting.Done():
			return nil, err
		}
	}
}

// databaseName is what the database of a service is called.
func (c *Command) databaseName(service string) string {
	if c.Store == "mongodb" {
		return c.MongoDBPrefix + "_" + service
	}
	return service + ".db"
}

func (c *Command) openBackend(ctx context.Context, service string) (docstore.Backend, error) {
	if c.Store == "mongodb" {
		backend, err := mongodb.Open(ctx, c.MongoDBURI, c.databaseName(service), mongodb.Options{AppName: "evenhand-" + service})
		if err != nil {
			return nil, fmt.Errorf("--mongodb-uri: %w", err)
		}
		return backend, nil
	}
	path := filepath.Join(c.DataDir, c.databaseName(service))
	backend, err := sqlite.Open(ctx, path, sqliteOptions(service))
	if errors.Is(err, docstore.ErrLocked) {
		return nil, fmt.Errorf("the data folder %s is in use by another evenhand: stop that one, or name another folder with --data-dir (%w)", c.DataDir, err)
	}
	return backend, err
}
