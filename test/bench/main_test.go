// Package bench measures the whole system as its users meet it, over loopback, beside
// floors measured in the same run: `make bench`. Method and results are in
// docs/benchmarks.md.
package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// floorVariable turns this test binary into the floor's server: the floor runs in a
// process of its own, as the system does.
const floorVariable = "EVENHAND_BENCH_FLOOR"

func TestMain(m *testing.M) {
	if os.Getenv(floorVariable) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := serveFloor(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// program builds the program once, and returns its path.
func program(b *testing.B) string {
	b.Helper()
	built, err := build()
	require.NoError(b, err)
	return built
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "evenhand-bench")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "evenhand")
	c := exec.Command("go", "build", "-trimpath", "-o", path, "github.com/evenhand/evenhand/cmd/evenhand")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})
