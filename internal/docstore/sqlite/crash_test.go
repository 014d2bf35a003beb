package sqlite

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

// childVariable makes the test binary a process that writes to a database until it is
// killed, or childWrites times, and says on its standard output what was acknowledged.
const (
	childVariable = "EVENHAND_TEST_SQLITE_CHILD"
	childOnce     = "EVENHAND_TEST_SQLITE_ONE_WRITER"
	childWrites   = 40
)

type counted struct {
	Count int64 `bson:"count"`
}

func child(path string) {
	must := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	ctx := context.Background()
	b, err := Open(ctx, path, Options{Checkpoint: 50}) // many checkpoints, to be killed in them too
	must(err)
	s, err := docstore.OpenStore(ctx, b, docstore.Options{})
	must(err)
	c, err := docstore.OpenCollection[counted](ctx, s, docstore.Spec{Name: "counters"})
	must(err)
	up := func(id string) {
		d, err := c.Upsert(ctx, id, func(d *docstore.Doc[counted]) error { d.Body.Count++; d.Emit("up", nil); return nil })
		must(err)
		fmt.Printf("acknowledged %s %d\n", id, d.Body.Count)
	}
	if os.Getenv(childOnce) != "" {
		for range childWrites {
			up("x")
		}
		must(s.Close())
		return
	}
	go func() { must(s.RunRelay(ctx)) }()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				up(fmt.Sprintf("%d-%d", w, i%50))
			}
		})
	}
	wg.Wait()
}

func startChild(t *testing.T, path string, command ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command = append(command, self)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"="+path)
	return cmd
}

// Whatever was acknowledged before kill -9 is there afterwards, and the feed is whole.
// (That it is on disk, and not only in the page cache, is for the next test.)
func TestKilledAtRandomMoments(t *testing.T) {
	rounds := 4
	if os.Getenv("EVENHAND_TEST_LONG") != "" {
		rounds = 60
	}
	path := filepath.Join(t.TempDir(), "test.db")
	acknowledged := map[string]int64{}
	for range rounds {
		cmd := startChild(t, path)
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(stdout)
		for n, kill := 0, 1+rand.IntN(3000); lines.Scan(); n++ {
			var id string
			var count int64
			if _, err := fmt.Sscanf(lines.Text(), "acknowledged %s %d", &id, &count); err == nil {
				acknowledged[id] = max(acknowledged[id], count)
			} else {
				require.NotContains(t, lines.Text(), "error")
			}
			if n == kill {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait())
		checkAfterKill(t, path, acknowledged)
	}
}

func checkAfterKill(t *testing.T, path string, acknowledged map[string]int64) {
	b, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	s, err := docstore.OpenStore(t.Context(), b, docstore.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	c, err := docstore.OpenCollection[counted](t.Context(), s, docstore.Spec{Name: "counters"})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.RunRelay(ctx) }()
	defer func() { cancel(); <-ended }()
	require.NoError(t, s.Flush(ctx))

	counts := map[string]int64{}
	for d, err := range c.All(t.Context(), docstore.Query{}) {
		require.NoError(t, err)
		require.Equal(t, d.Body.Count, d.Version)
		counts[c.Source(d.ID)] = d.Body.Count
	}
	for id, count := range acknowledged {
		require.GreaterOrEqual(t, counts[c.Source(id)], count, "acknowledged and lost: %s", id)
	}
	seen := map[string]int64{}
	for position := int64(0); ; {
		events, err := s.Feed().Read(t.Context(), position, 1000)
		require.NoError(t, err)
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			require.Equal(t, seen[e.Source]+1, e.N, "%s at position %d", e.Source, e.Position)
			seen[e.Source], position = e.N, e.Position
		}
	}
	require.Equal(t, counts, seen)
}

// No acknowledgement leaves before the log it is in has been synchronised with the
// disk.
func TestAcknowledgedAfterSync(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: that replies wait for the disk is not checked here")
	}
	path := filepath.Join(t.TempDir(), "test.db")
	log := filepath.Join(t.TempDir(), "strace.log")
	cmd := startChild(t, path, strace, "-f", "-y", "-s", "32", "-o", log, "-e", "trace=write,pwrite64,fsync,fdatasync")
	cmd.Env = append(cmd.Env, childOnce+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "ptrace") {
		t.Skipf("strace may not trace here: %s", out)
	}
	require.NoError(t, err, "%s", out)
	require.Equal(t, childWrites, bytes.Count(out, []byte("acknowledged")))

	trace, err := os.ReadFile(log)
	require.NoError(t, err)
	acknowledged, written, synced, dirty := 0, 0, 0, false
	syncing := map[string]bool{} // by thread, for calls that strace shows in two parts
	call := regexp.MustCompile(`^(\d+) +(.*)$`)
	for line := range strings.Lines(string(trace)) {
		m := call.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		thread, what := m[1], m[2]
		sync := strings.HasPrefix(what, "fsync(") || strings.HasPrefix(what, "fdatasync(")
		switch {
		case strings.HasPrefix(what, "pwrite64(") && strings.Contains(what, "-wal"):
			written, dirty = written+1, true
		case sync && strings.Contains(what, "-wal") && strings.Contains(what, "unfinished"):
			syncing[thread] = true
		case sync && strings.Contains(what, "-wal"), strings.Contains(what, "sync resumed") && syncing[thread]:
			require.Contains(t, what, "= 0")
			delete(syncing, thread)
			synced, dirty = synced+1, false
		case strings.HasPrefix(what, "write(1<") && strings.Contains(what, "acknowledged"):
			acknowledged++
			require.False(t, dirty, "reply %d left before its log was on disk", acknowledged)
			require.GreaterOrEqual(t, synced, acknowledged)
		}
	}
	require.Equal(t, childWrites, acknowledged)
	require.Greater(t, written, childWrites)
}
