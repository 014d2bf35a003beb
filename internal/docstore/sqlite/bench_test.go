package sqlite_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
)

// chunk is a document such as an import writes: 500 entries, some 35 KB.
type chunk struct {
	Keys    [][]byte     `bson:"keys"`
	Entries []chunkEntry `bson:"entries"`
}

type chunkEntry struct {
	Account string `bson:"a"`
	Day     int32  `bson:"d"`
	Amount  int64  `bson:"m"`
}

const chunkEntries = 500

func newChunk() chunk {
	var c chunk
	for i := range chunkEntries {
		key := make([]byte, 16)
		_, _ = rand.Read(key)
		c.Keys = append(c.Keys, key)
		c.Entries = append(c.Entries, chunkEntry{Account: fmt.Sprintf("c-%05d", i*7919%23570), Day: int32(10000 + i), Amount: int64(i * 1999)})
	}
	return c
}

var chunks = docstore.Spec{Name: "chunks", Indexes: []docstore.Index{
	{Name: "keys", Fields: []string{"keys"}, Unique: true, Multikey: true},
}}

// perCommit is how many chunks each commit of the import benchmarks holds.
const perCommit = 8

func openBench(b *testing.B, opts sqlite.Options) *docstore.Store {
	b.Helper()
	backend, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), opts)
	require.NoError(b, err)
	s, err := docstore.OpenStore(b.Context(), backend, docstore.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	return s
}

// BenchmarkInsertChunks inserts chunk documents, eight to a commit, through the typed
// layer. One op is one chunk.
func BenchmarkInsertChunks(b *testing.B) {
	s := openBench(b, sqlite.Options{})
	c, err := docstore.OpenCollection[chunk](b.Context(), s, chunks)
	require.NoError(b, err)
	var n atomic.Int64
	importChunks(b, func(ctx context.Context, batch []chunk) error {
		docs := make([]docstore.New[chunk], len(batch))
		for i, body := range batch {
			docs[i] = docstore.New[chunk]{ID: fmt.Sprintf("import-%09d", n.Add(1)), Body: body,
				Events: []docstore.NewEvent{{Type: "imported", Data: bson.D{{Key: "entries", Value: len(body.Entries)}}}}}
		}
		return c.InsertMany(ctx, docs)
	})
}

// BenchmarkInsertChunksFloor is what SQLite itself needs for the same documents, index
// and durability: prepared multi-row statements on one connection.
func BenchmarkInsertChunksFloor(b *testing.B) {
	db := openRaw(b)
	insertDoc, err := db.Prepare("INSERT INTO doc(id, body) VALUES (?, ?)")
	require.NoError(b, err)
	const rows = 50
	insertKeys, err := db.Prepare("INSERT INTO keys(k, rid) VALUES (?, ?)" + strings.Repeat(", (?, ?)", rows-1))
	require.NoError(b, err)
	n := 0
	importChunks(b, func(ctx context.Context, batch []chunk) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		doc, key := tx.Stmt(insertDoc), tx.Stmt(insertKeys)
		defer doc.Close()
		defer key.Close()
		for _, body := range batch {
			raw, err := bson.Marshal(body)
			if err != nil {
				return err
			}
			n++
			res, err := doc.ExecContext(context.Background(), fmt.Sprintf("import-%09d", n), raw)
			if err != nil {
				return err
			}
			rid, err := res.LastInsertId()
			if err != nil {
				return err
			}
			keys := slices.SortedFunc(slices.Values(body.Keys), slices.Compare)
			for part := range slices.Chunk(keys, rows) {
				args := make([]any, 0, 2*rows)
				for _, k := range part {
					args = append(args, k, rid)
				}
				if _, err := key.ExecContext(context.Background(), args...); err != nil {
					return err
				}
			}
		}
		return tx.Commit()
	})
}

func openRaw(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "floor.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16384)&_pragma=wal_autocheckpoint(16384)")
	require.NoError(b, err)
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	for _, ddl := range []string{
		"CREATE TABLE doc(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL)",
		"CREATE TABLE keys(k, rid INTEGER NOT NULL, PRIMARY KEY(k)) WITHOUT ROWID",
	} {
		_, err := db.Exec(ddl)
		require.NoError(b, err)
	}
	return db
}

func importChunks(b *testing.B, insert func(context.Context, []chunk) error) {
	ready := make([]chunk, 64*perCommit)
	for i := range ready {
		ready[i] = newChunk()
	}
	b.ResetTimer()
	for done := 0; done < b.N; done += perCommit {
		batch := make([]chunk, min(perCommit, b.N-done))
		for i := range batch {
			batch[i] = ready[(done+i)%len(ready)]
			if done >= len(ready) { // keys are unique
				for _, k := range batch[i].Keys {
					_, _ = rand.Read(k)
				}
			}
		}
		if err := insert(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*chunkEntries)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkUpdate updates one document after the other, each durably.
func BenchmarkUpdate(b *testing.B) {
	s := openBench(b, sqlite.Options{})
	c, err := docstore.OpenCollection[chunkEntry](b.Context(), s, docstore.Spec{Name: "docs"})
	require.NoError(b, err)
	for i := range 1000 {
		_, err := c.Insert(b.Context(), fmt.Sprint(i), chunkEntry{})
		require.NoError(b, err)
	}
	change := func(d *docstore.Doc[chunkEntry]) error { d.Body.Amount++; d.Emit("changed", nil); return nil }
	for _, callers := range []int{1, 32} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var n atomic.Int64
			b.SetParallelism(max(1, callers/2))
			if callers == 1 {
				for b.Loop() {
					_, err := c.Update(context.Background(), fmt.Sprint(n.Add(1)%1000), change)
					require.NoError(b, err)
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := c.Update(context.Background(), fmt.Sprint(n.Add(1)%1000), change); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
	b.Run("relayed/callers=32", func(b *testing.B) {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = s.RunRelay(ctx) }()
		require.NoError(b, s.Flush(ctx))
		b.ResetTimer()
		var n atomic.Int64
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := c.Update(context.Background(), fmt.Sprint(n.Add(1)%1000), change); err != nil {
					b.Error(err)
				}
			}
		})
		require.NoError(b, s.Flush(ctx))
		cancel()
		<-ended
	})
	b.Run("one hot document/callers=32", func(b *testing.B) {
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := c.Update(context.Background(), "0", change); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkGet reads documents by id.
func BenchmarkGet(b *testing.B) {
	s := openBench(b, sqlite.Options{})
	c, err := docstore.OpenCollection[chunkEntry](b.Context(), s, docstore.Spec{Name: "docs"})
	require.NoError(b, err)
	for i := range 1000 {
		_, err := c.Insert(b.Context(), fmt.Sprint(i), chunkEntry{})
		require.NoError(b, err)
	}
	i := 0
	for b.Loop() {
		i++
		if _, err := c.Get(context.Background(), fmt.Sprint(i%1000)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRelay moves one event of each of many documents into the feed. One op is
// one event.
func BenchmarkRelay(b *testing.B) {
	s := openBench(b, sqlite.Options{})
	c, err := docstore.OpenCollection[chunkEntry](b.Context(), s, docstore.Spec{Name: "docs"})
	require.NoError(b, err)
	var docs []docstore.New[chunkEntry]
	for i := range b.N {
		docs = append(docs, docstore.New[chunkEntry]{ID: fmt.Sprint(i), Events: []docstore.NewEvent{{Type: "born", Data: bson.D{{Key: "i", Value: i}}}}})
	}
	for part := range slices.Chunk(docs, 1000) {
		require.NoError(b, c.InsertMany(b.Context(), part))
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	b.ResetTimer()
	go func() { defer close(ended); _ = s.RunRelay(ctx) }()
	for {
		head, err := s.Feed().Head(b.Context())
		require.NoError(b, err)
		if head >= int64(b.N) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	cancel()
	<-ended
}
