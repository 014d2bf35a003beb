// Package test tests the built binary from outside, as its users meet it: by the command
// line, REST and gRPC. `make test-long` runs the heavy ones too.
package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the path of the evenhand under test.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds the binary once and runs the tests.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "evenhand-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "evenhand")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X main.version=under-test", "-o", binary, "../cmd/evenhand")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build evenhand:", err)
		return 1
	}
	return m.Run()
}

// long skips a test that takes long, unless it is asked for.
func long(t *testing.T) {
	t.Helper()
	if !isLong() {
		t.Skip("takes long: set EVENHAND_TEST_LONG=1 to run it")
	}
}

func isLong() bool { return os.Getenv("EVENHAND_TEST_LONG") != "" }
