package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/mongodb"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	importEntries  = 70_000
	importAccounts = 23_570
	// settling is how long the system is left alone after the accounts were imported: what
	// it still writes of them in the background is no part of the revenue's import.
	settling = 10 * time.Second
)

// The collections that an import writes, with the indexes that the accounts service
// declares on them.
var (
	revenueSpec = docstore.Spec{Name: "revenue", Indexes: []docstore.Index{
		{Name: "keys", Fields: []string{"keys"}, Unique: true, Multikey: true},
		{Name: "accounts", Fields: []string{"accounts"}, Multikey: true},
	}}
	accountsSpec = docstore.Spec{Name: "accounts", Indexes: []docstore.Index{
		{Name: "external", Fields: []string{"source", "external_id"}, Unique: true, Partial: true},
		{Name: "external_id", Fields: []string{"external_id"}, Partial: true},
		{Name: "display_name", Fields: []string{"display_name"}},
		{Name: "owner", Fields: []string{"owner"}, Partial: true},
		{Name: "parent", Fields: []string{"parent"}, Partial: true},
		{Name: "state", Fields: []string{"state"}, Partial: true},
	}}
)

// database is one of the backends: how the system is told of it, and how it is opened
// without the system.
type database struct {
	name string
	args func(name string) []string
	open func(ctx context.Context, data, name string) (docstore.Backend, error)
}

func databases(b *testing.B) []database {
	all := []database{{
		name: "sqlite",
		args: func(string) []string { return nil },
		open: func(ctx context.Context, data, _ string) (docstore.Backend, error) {
			return sqlite.Open(ctx, filepath.Join(data, "accounts.db"), sqlite.Options{})
		},
	}}
	uri := os.Getenv("EVENHAND_TEST_MONGODB_URI")
	if uri == "" {
		b.Log("import on MongoDB is not measured: EVENHAND_TEST_MONGODB_URI is not set")
		return all
	}
	return append(all, database{
		name: "mongodb",
		args: func(name string) []string {
			return []string{"--store", "mongodb", "--mongodb-uri", uri, "--mongodb-prefix", name}
		},
		open: func(ctx context.Context, _, name string) (docstore.Backend, error) {
			return mongodb.Open(ctx, uri, name+"_accounts", mongodb.Options{})
		},
	})
}

// BenchmarkImport measures an import of a revenue file by the command line, until
// entitlements has applied it, beside a raw insert of the documents it wrote.
func BenchmarkImport(b *testing.B) {
	for _, db := range databases(b) {
		for _, fresh := range []bool{false, true} {
			name, what, target := "known-accounts", "revenue import, accounts known, "+db.name, 0.5
			if fresh {
				name, what, target = "create-accounts", "revenue import with --create-accounts, "+db.name, 0
			}
			b.Run(db.name+"/"+name, func(b *testing.B) {
				run := importRun{db: db, fresh: fresh, path: writeRevenue(b, b.TempDir(), importEntries, importAccounts)}
				compare(b, pairs.Comparison{Name: what, Floor: "raw insert of the same documents", Unit: "entries", Target: target},
					run.ours(b), run.floor(b))
			})
		}
	}
}

// importRun measures one kind of import. The documents that the floor inserts are those
// that the last import wrote.
type importRun struct {
	db       database
	fresh    bool // accounts are created by the import
	path     string
	chunks   []docstore.Record
	accounts []docstore.Record
}

func (r *importRun) ours(b *testing.B) pairs.Measure {
	return func(ctx context.Context) (float64, error) {
		dir := b.TempDir()
		data, name := filepath.Join(dir, "data"), fmt.Sprintf("bench%d", rand.Uint32())
		p := system(b, data, r.db.args(name)...)
		p.run(b, "schedule", "publish", writePromise(b, dir))
		if !r.fresh {
			p.run(b, "accounts", "import", customersOf(b, dir), "--column", "id=customer", "--source", "revenue.csv")
			time.Sleep(settling)
		}
		began := time.Now()
		p.importRevenue(b, r.path)
		rate := importEntries / time.Since(began).Seconds()
		p.end()
		return rate, r.remember(ctx, data, name)
	}
}

func customersOf(b *testing.B, dir string) string {
	b.Helper()
	path := filepath.Join(dir, "customers.csv")
	file, err := os.Create(path)
	require.NoError(b, err)
	fmt.Fprintln(file, "customer")
	for i := range importAccounts {
		fmt.Fprintln(file, customer(i))
	}
	require.NoError(b, file.Close())
	return path
}

// remember reads what the import has written.
func (r *importRun) remember(ctx context.Context, data, name string) error {
	backend, err := r.db.open(ctx, data, name)
	if err != nil {
		return err
	}
	defer backend.Close()
	r.chunks, err = everything(ctx, backend, revenueSpec)
	if err == nil && r.fresh {
		r.accounts, err = everything(ctx, backend, accountsSpec)
	}
	return err
}

func everything(ctx context.Context, backend docstore.Backend, spec docstore.Spec) ([]docstore.Record, error) {
	if err := backend.Declare(ctx, spec); err != nil {
		return nil, err
	}
	var all []docstore.Record
	q := docstore.Query{Limit: 100}
	for {
		page, err := backend.Find(ctx, spec.Name, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < q.Limit {
			return all, nil
		}
		q.After = []any{page[len(page)-1].ID}
	}
}

// floor inserts the documents into an empty database as fast as it takes them: a chunk
// at a time, and what accounts it created before it 1,000 at a time. The accounts that
// were known before are not inserted: the system had them too.
func (r *importRun) floor(b *testing.B) pairs.Measure {
	return func(ctx context.Context) (float64, error) {
		if r.chunks == nil { // the warm-up may begin with the floor
			if _, err := r.ours(b)(ctx); err != nil {
				return 0, err
			}
		}
		data, name := b.TempDir(), fmt.Sprintf("bench%d", rand.Uint32())
		backend, err := r.db.open(ctx, data, name)
		if err != nil {
			return 0, err
		}
		defer backend.Close()
		for _, spec := range []docstore.Spec{accountsSpec, revenueSpec} {
			if err := backend.Declare(ctx, spec); err != nil {
				return 0, err
			}
		}
		began := time.Now()
		for from := 0; from < len(r.accounts); from += 1000 {
			if err := backend.Insert(ctx, accountsSpec.Name, r.accounts[from:min(from+1000, len(r.accounts))]); err != nil {
				return 0, err
			}
		}
		for i := range r.chunks {
			if err := backend.Insert(ctx, revenueSpec.Name, r.chunks[i:i+1]); err != nil {
				return 0, err
			}
		}
		return importEntries / time.Since(began).Seconds(), nil
	}
}
