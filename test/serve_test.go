package test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What keeps a server from starting is told in a line that says what to do.
func TestServeRefusesToStart(t *testing.T) {
	t.Parallel()
	running := serve(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	notAFolder := write(t, t.TempDir(), "file", "")
	free := []string{"--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"}
	tests := []struct {
		name string
		args []string
		code int
		told []string
	}{
		{"data folder in use", append([]string{"--data-dir", running.data}, free...), 1, []string{running.data, "in use", "--data-dir"}},
		{"gRPC port in use", []string{"--grpc-addr", taken.Addr().String(), "--http-addr", "127.0.0.1:0"}, 1, []string{taken.Addr().String(), "--grpc-addr", "in use"}},
		{"HTTP port in use", []string{"--http-addr", taken.Addr().String(), "--grpc-addr", "127.0.0.1:0"}, 1, []string{taken.Addr().String(), "--http-addr", "in use"}},
		{"data folder is a file", append([]string{"--data-dir", notAFolder}, free...), 1, []string{notAFolder}},
		{"no URI", []string{"--store", "mongodb"}, 2, []string{"--mongodb-uri"}},
		{"bad URI", append([]string{"--store", "mongodb", "--mongodb-uri", "mongo://nowhere:secret@x"}, free...), 1, []string{"--mongodb-uri", "mongodb://"}},
		{"nobody at the URI", append([]string{"--store", "mongodb", "--mongodb-uri", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500", "--database-wait", "1s"}, free...), 1, []string{"127.0.0.1:1"}},
		{"unknown part", []string{"plans"}, 2, []string{"plans"}},
		{"half of TLS", []string{"--tls-cert", "x.pem"}, 2, []string{"--tls-key"}},
		{"part without its peers", []string{"entitlements"}, 2, []string{"--accounts-addr"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := execute(t.Context(), t, t.TempDir(), "", append([]string{"serve"}, tt.args...)...)
			require.Equal(t, tt.code, got.code, got.stderr)
			for _, part := range tt.told {
				require.Contains(t, got.stderr, part)
			}
			require.NotContains(t, got.stderr, "secret")
		})
	}
}

// The token's file is made under every store, and only its owner can read it.
func TestTokenFile(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		info, err := os.Stat(filepath.Join(s.data, "admin-token"))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		text, err := os.ReadFile(filepath.Join(s.data, "admin-token"))
		require.NoError(t, err)
		require.Equal(t, s.token()+"\n", string(text))
		require.Contains(t, s.stdout.String(), "admin-token")
	})
}

// Each part in a process of its own answers as all do in one.
func TestPartsInProcessesOfTheirOwn(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		dir := t.TempDir()
		accounts := launch(t, dir, append([]string{"accounts"}, storeArgs...)...)
		accounts.awaitReady()
		token := filepath.Join(accounts.data, "admin-token")
		board := launch(t, t.TempDir(), append([]string{"board", "--accounts-addr", accounts.grpc, "--token-file", token}, storeArgs...)...)
		board.awaitReady()
		entitlements := launch(t, t.TempDir(), append([]string{
			"entitlements", "--accounts-addr", accounts.grpc, "--board-addr", board.grpc, "--token-file", token,
		}, storeArgs...)...)
		entitlements.awaitReady()
		plans := launch(t, t.TempDir(), append([]string{"plans", "--accounts-addr", accounts.grpc, "--entitlements-addr", entitlements.grpc,
			"--board-addr", board.grpc, "--token-file", token}, storeArgs...)...)
		plans.awaitReady()
		gateway := launch(t, t.TempDir(), "gateway", "--accounts-addr", accounts.grpc, "--entitlements-addr", entitlements.grpc,
			"--board-addr", board.grpc, "--plans-addr", plans.grpc, "--token-file", token)
		gateway.awaitReady()

		l := writeLedger(t, dir, 1_000, 50, 3)
		imported := accounts.run("", append([]string{
			"revenue", "import", l.path, "--server", accounts.grpc, "--data-dir", accounts.data, "--retry-for", "0s",
		}, cdnowColumns...)...)
		require.Contains(t, value(t, imported.stdout, "Written"), "1000")

		entitlements.data = accounts.data // whose token it accepts
		file := write(t, dir, "promise.yaml", promise)
		entitlements.cli("schedule", "publish", file, "--effective", "2023-01-01")
		entitlements.await("the ledger", func() bool {
			got := entitlements.try("spend")
			return got.code == 0 && strings.Contains(got.stdout, l.total())
		})
		count := entitlements.cli("holders", "thanks", "--as-of", "2024-06-30", "--count")
		gateway.data = accounts.data
		body := gateway.get("/v1/benefits/thanks/holders:count?asOfDate=2024-06-30", 200)
		require.Contains(t, string(body), `"`+strings.TrimSpace(count)+`"`)

		entitlements.cli("schedule", "publish", write(t, dir, "adviser.yaml", adviser))
		entitlements.awaitReady()
		require.Contains(t, entitlements.cli("check", "c000001", "dinner"), "1 more completed term on an advisory board (rule adviser)")
		for _, s := range []*server{gateway, entitlements, board, accounts} {
			s.stop()
		}
	})
}

// A graceful end leaves the data folder free for the next.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("accounts", "create", "--display-name", "Harbour & Sons")
	s.stop()
	s.restart()
	require.Contains(t, s.cli("accounts", "get", "harbour-sons"), "Harbour & Sons")
	require.Equal(t, "evenhand under-test\n", s.run("", "version").stdout)
}
