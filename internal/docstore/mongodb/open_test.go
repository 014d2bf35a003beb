package mongodb

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testURI is where the server for tests is; without one the test is skipped.
func testURI(t testing.TB) string {
	t.Helper()
	uri := os.Getenv("EVENHAND_TEST_MONGODB_URI")
	if uri == "" {
		t.Skip("skipped: EVENHAND_TEST_MONGODB_URI does not name a MongoDB server (deploy/mongodb/local up starts one)")
	}
	return uri
}

// openTest opens a database of the test's own, which is dropped at its end.
func openTest(t testing.TB, opts Options) *backend {
	t.Helper()
	opened, err := Open(t.Context(), testURI(t), "test_"+strings.ToLower(rand.Text()), opts)
	require.NoError(t, err)
	b := opened.(*backend)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, b.db.Drop(ctx))
		require.NoError(t, b.Close())
	})
	return b
}

func TestOpenRefusesWeakerGuarantees(t *testing.T) {
	for option, says := range map[string]string{
		"w=1":                             "w=1",
		"w=0":                             "w=0",
		"journal=false":                   "journal=false",
		"readConcernLevel=local":          "readConcernLevel=local",
		"readPreference=secondary":        "readPreference=secondary",
		"w=majority&journal=false":        "journal=false",
		"readPreference=nearest&w=1":      "w=1",
		"readConcernLevel=available":      "readConcernLevel=available",
		"readPreference=primaryPreferred": "readPreference=primaryPreferred",
	} {
		_, err := Open(t.Context(), "mongodb://127.0.0.1:1/?"+option, "x", Options{})
		require.ErrorContains(t, err, says, option)
		require.ErrorContains(t, err, "take it out", option)
	}
}

func TestWhatTheConnectionStringSaysCounts(t *testing.T) {
	const seconds = time.Second
	for options, want := range map[string]settings{
		"":                                 {"evenhand-x", 0, 64, 20 * seconds, 10 * seconds, 15 * seconds},
		"appName=reports":                  {"reports", 0, 64, 20 * seconds, 10 * seconds, 15 * seconds},
		"maxPoolSize=7":                    {"evenhand-x", 0, 7, 20 * seconds, 10 * seconds, 15 * seconds},
		"minPoolSize=100":                  {"evenhand-x", 100, 100, 20 * seconds, 10 * seconds, 15 * seconds},
		"minPoolSize=3":                    {"evenhand-x", 3, 64, 20 * seconds, 10 * seconds, 15 * seconds},
		"timeoutMS=9000":                   {"evenhand-x", 0, 64, 9 * seconds, 10 * seconds, 15 * seconds},
		"connectTimeoutMS=3000":            {"evenhand-x", 0, 64, 20 * seconds, 3 * seconds, 15 * seconds},
		"serverSelectionTimeoutMS=2000":    {"evenhand-x", 0, 64, 20 * seconds, 10 * seconds, 2 * seconds},
		"minPoolSize=1&maxPoolSize=0":      {"evenhand-x", 1, 0, 20 * seconds, 10 * seconds, 15 * seconds},
		"retryWrites=false&maxPoolSize=70": {"evenhand-x", 0, 70, 20 * seconds, 10 * seconds, 15 * seconds},
	} {
		o, err := clientOptions("mongodb://127.0.0.1:1/?"+options, Options{AppName: "evenhand-x", Timeout: 20 * seconds}.withDefaults())
		require.NoError(t, err, options)
		got := settings{*o.AppName, *o.MinPoolSize, *o.MaxPoolSize, *o.Timeout, *o.ConnectTimeout, *o.ServerSelectionTimeout}
		require.Equal(t, want, got, options)
	}
}

// settings are an app name, the least and the most connections, and the times for an
// operation, for a connection and for finding a server.
type settings struct {
	app                      string
	least, most              uint64
	operation, dial, finding time.Duration
}

func TestOpenSaysWhatIsWrongWithAnOption(t *testing.T) {
	for options, says := range map[string]string{
		"minPoolSize=9&maxPoolSize=5":         "minPoolSize must be less than or equal to maxPoolSize",
		"timeoutMS=0":                         "timeoutMS=0",
		"authMechanism=GSSAPI":                "GSSAPI",
		"tls=true&tlsCAFile=no/such/file.pem": "no/such/file.pem",
	} {
		_, err := Open(t.Context(), "mongodb://root:hunter2@127.0.0.1:1/?"+options, "x", Options{Timeout: time.Millisecond})
		require.ErrorContains(t, err, says, options)
		require.NotErrorIs(t, err, docstore.ErrUnavailable, options)
		require.NotContains(t, err.Error(), "cannot be read: want", options)
		require.NotContains(t, err.Error(), "hunter2", options)
	}
}

func TestOpenDoesNotQuotePasswords(t *testing.T) {
	for _, uri := range []string{
		"mongodb://user:sec/ret@127.0.0.1:1/",
		"mongodb://user:secret@127.0.0.1:port/",
		"postgres://user:secret@127.0.0.1/",
		"mongodb://user:secret@127.0.0.1:1/?w=none&tls=maybe",
	} {
		_, err := Open(t.Context(), uri, "x", Options{Timeout: time.Second})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sec")
	}
}

func TestOpenWithoutServer(t *testing.T) {
	_, err := Open(t.Context(), "mongodb://root:hunter2@127.0.0.1:1/", "x", Options{Timeout: time.Second})
	require.ErrorIs(t, err, docstore.ErrUnavailable)
	require.ErrorContains(t, err, `MongoDB at 127.0.0.1:1, database "x": database is not available: `)
	require.ErrorContains(t, err, "connection refused", "it says why")
	require.NotContains(t, err.Error(), "hunter2")
}
