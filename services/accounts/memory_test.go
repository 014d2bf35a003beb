package accounts

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	manyRows     = 250_000
	mostResident = 192 << 10 // KiB
)

// A file of many rows is imported, by a process of its own, in bounded memory. (The
// tests of the built binary do it with two million, and 256 MiB.)
func TestImportOfManyRowsInBoundedMemory(t *testing.T) {
	if !long() {
		t.Skip("skipped: takes minutes; set EVENHAND_TEST_LONG=1")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("skipped: this system does not say in /proc how much memory a process takes")
	}
	if os.Getenv("EVENHAND_TEST_CHILD") == "1" {
		importManyRows(t)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), "EVENHAND_TEST_CHILD=1")
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	found := regexp.MustCompile(`resident (\d+) KiB`).FindSubmatch(out)
	require.NotNil(t, found, "%s", out)
	resident, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	t.Logf("at most %d MiB resident", resident>>10)
	require.Less(t, resident, mostResident)
}

func importManyRows(t *testing.T) {
	f := onSQLite(t)
	made := 0
	next := func(context.Context) ([]RevenueRow, error) {
		rows := make([]RevenueRow, 1000)
		for i := range rows {
			rows[i] = RevenueRow{Line: int64(made + 2), Account: fmt.Sprintf("%06d", made*7919%100_000),
				Date: (FirstDay + 40_000 + Day(made/5000)).String(), Amount: fmt.Sprintf("%d.%02d", made%997, made%100)}
			made++
		}
		if made == manyRows {
			return rows, io.EOF
		}
		return rows, nil
	}
	result, err := f.Imports.Revenue(t.Context(), someone, revenueStart("big"), next, &reported{})
	require.NoError(t, err)
	require.EqualValues(t, manyRows, result.Import.State.Counts.Written)
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	peak := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, peak)
	fmt.Printf("resident %s KiB\n", peak[1])
}
