package test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The instant alone is printed, without a server, and wrong flags end with 2.
func TestR13ClockDueOffline(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "promise.yaml", promise)
	due := func(args ...string) result {
		return execute(t.Context(), t, dir, "", append([]string{"clock", "due", path, "--calendar"}, args...)...)
	}
	got := due("office", "--from", "1997-12-24T17:00:00", "--within", "1h30m", "--pause", "1997-12-26T09:15:00/1997-12-26T10:00:00")
	require.Equal(t, 0, got.code, got.stderr)
	require.Equal(t, "1997-12-26T10:45:00-05:00\n", got.stdout)
	require.Empty(t, got.stderr)

	require.Equal(t, 2, due("ofice", "--from", "1997-12-24T17:00:00", "--within", "1h").code)
	require.Equal(t, 2, due("office", "--from", "1997-04-06T02:30:00", "--within", "1h").code, "clocks jumped over it")
	require.Equal(t, 2, due("office", "--from", "1997-12-24T17:00:00", "--within", "soon").code)
}
