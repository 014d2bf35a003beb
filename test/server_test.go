package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/platform/transcript"
)

// patience is how long anything may take that is not measured here. It bounds hanging
// tests, and says nothing about speed.
const patience = 5 * time.Minute

// server is a running `evenhand serve`.
type server struct {
	t          *testing.T
	dir        string // its working directory
	data       string // its data folder
	args       []string
	grpc, http string
	stdout     *transcript.Transcript
	stderr     *transcript.Transcript
	cmd        *exec.Cmd
	exited     chan struct{}
	exit       error
}

// serve starts a server with these arguments on free ports, and waits until it is ready.
// It is stopped when the test ends.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	s := launch(t, t.TempDir(), args...)
	s.awaitReady()
	return s
}

// launch starts a server and waits for its addresses.
func launch(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	s := &server{t: t, dir: dir, data: filepath.Join(dir, "data"), args: args}
	s.start("127.0.0.1:0", "127.0.0.1:0")
	t.Cleanup(s.cleanUp)
	return s
}

func (s *server) start(grpcAddr, httpAddr string) {
	s.t.Helper()
	args := append([]string{"serve"}, s.args...)
	for flag, value := range map[string]string{"--grpc-addr": grpcAddr, "--http-addr": httpAddr, "--data-dir": s.data} {
		if !contains(s.args, flag) {
			args = append(args, flag, value)
		}
	}
	s.cmd = exec.Command(binary, args...)
	s.cmd.Dir = s.dir
	s.stdout, s.stderr = &transcript.Transcript{}, &transcript.Transcript{}
	s.cmd.Stdout, s.cmd.Stderr = s.stdout, s.stderr
	require.NoError(s.t, s.cmd.Start())
	exited := make(chan struct{})
	s.exited = exited
	go func(cmd *exec.Cmd) {
		s.exit = cmd.Wait()
		close(exited)
	}(s.cmd)
	s.grpc = s.address("gRPC", grpcAddr)
	s.http = s.address("REST", httpAddr)
}

func contains(args []string, flag string) bool {
	for _, arg := range args {
		if arg == flag || strings.HasPrefix(arg, flag+"=") {
			return true
		}
	}
	return false
}

// address waits for a start-up line such as `gRPC   127.0.0.1:9090`.
func (s *server) address(what, wanted string) string {
	s.t.Helper()
	line := regexp.MustCompile(`(?m)^\s*` + what + `\s+(?:https?://)?(\S+:\d+)\s*$`)
	var found string
	s.await(what+" address", func() bool {
		match := line.FindStringSubmatch(s.stdout.String())
		if match != nil {
			found = match[1]
		}
		return match != nil || s.lacks(what)
	})
	return found
}

// lacks says whether a part that runs alone has no such address.
func (s *server) lacks(what string) bool {
	if len(s.args) == 0 {
		return false
	}
	return what == "gRPC" && s.args[0] == "gateway" || what == "REST" && slices.Contains([]string{"accounts", "entitlements", "board", "plans"}, s.args[0])
}

// await waits for something, and fails the test when the server ends before.
func (s *server) await(what string, done func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !done(); {
		select {
		case <-s.exited:
			if !done() {
				s.t.Fatalf("waiting for %s: the server ended: %v\n%s%s", what, s.exit, s.stdout, s.stderr)
			}
			return
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.t.Fatalf("waiting for %s: not within %s\n%s%s", what, patience, s.stdout, s.stderr)
		}
	}
}

func (s *server) awaitReady() {
	s.t.Helper()
	s.await("readiness", s.ready)
}

func (s *server) ready() bool {
	if s.http == "" {
		return s.run("", "health", "--server", s.grpc).code == 0
	}
	answer, err := http.Get("http://" + s.http + "/readyz")
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	<-s.exited
}

// stop asks the server to end, and requires that it does so well.
func (s *server) stop() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.exited:
		require.NoError(s.t, s.exit, s.stderr.String())
	case <-time.After(patience):
		s.kill()
		s.t.Fatalf("the server did not end\n%s", s.stderr)
	}
}

// restart starts the server again on the same addresses, and waits until it is ready.
func (s *server) restart() {
	s.t.Helper()
	s.start(s.grpc, s.http)
	s.awaitReady()
}

func (s *server) cleanUp() {
	select {
	case <-s.exited:
	default:
		s.kill()
	}
	if s.t.Failed() {
		s.t.Logf("server output, its end:\n%s%s", s.stdout, tail(s.stderr.String(), 2_000))
	}
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

// token is the administrator's.
func (s *server) token() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data, "admin-token"))
	require.NoError(s.t, err)
	return strings.TrimSpace(string(text))
}

// result is what a command printed, and its exit code.
type result struct {
	stdout, stderr string
	code           int
}

// cli runs a client command against the server, and requires that it succeeds.
func (s *server) cli(args ...string) string {
	s.t.Helper()
	got := s.try(args...)
	require.Zero(s.t, got.code, "evenhand %s\n%s%s", strings.Join(args, " "), got.stdout, got.stderr)
	return got.stdout
}

// try runs a client command against the server.
func (s *server) try(args ...string) result {
	s.t.Helper()
	return s.run("", append(args, "--server", s.grpc, "--data-dir", s.data)...)
}

// run runs evenhand in the server's working directory.
func (s *server) run(stdin string, args ...string) result {
	s.t.Helper()
	return execute(s.t.Context(), s.t, s.dir, stdin, args...)
}

func execute(ctx context.Context, t *testing.T, dir, stdin string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("evenhand %s: %v", strings.Join(args, " "), err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// stores runs a test on every store there is a server for.
func stores(t *testing.T, test func(t *testing.T, storeArgs []string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, nil) })
	t.Run("mongodb", func(t *testing.T) { test(t, mongoArgs(t)) })
}

// mongoArgs are the arguments for databases of the test's own, which are dropped when it
// ends.
func mongoArgs(t *testing.T) []string {
	t.Helper()
	uri := os.Getenv("EVENHAND_TEST_MONGODB_URI")
	if uri == "" {
		t.Skip("no MongoDB server: set EVENHAND_TEST_MONGODB_URI to run it")
	}
	return mongoArgsAt(t, uri)
}

func mongoArgsAt(t *testing.T, uri string) []string {
	t.Helper()
	prefix := fmt.Sprintf("evenhand_test_%08x", rand.Uint32())
	t.Cleanup(func() { dropDatabases(t, uri, prefix) })
	return []string{"--store", "mongodb", "--mongodb-uri", uri, "--mongodb-prefix", prefix}
}

func dropDatabases(t *testing.T, uri, prefix string) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Errorf("drop the test's databases: %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, service := range []string{"accounts", "entitlements", "board", "plans"} {
		if err := client.Database(prefix + "_" + service).Drop(ctx); err != nil {
			t.Errorf("drop the test's databases: %v", err)
		}
	}
	if err := client.Disconnect(ctx); err != nil {
		t.Errorf("drop the test's databases: %v", err)
	}
}

// value reads a labelled value of a command's table, as `Written  12`.
func value(t *testing.T, table, label string) string {
	t.Helper()
	match := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(label) + `  +(.*)$`).FindStringSubmatch(table)
	require.NotNil(t, match, "no %q in:\n%s", label, table)
	return match[1]
}

// write writes a file and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
