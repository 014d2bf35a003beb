package serve

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHeapGrowth(t *testing.T) {
	for _, c := range []struct {
		live, beside uint64
		percent      int
	}{
		{0, 0, gcPercent},
		{1 << 20, 0, mostGrowth},
		{leastHeap / 4, 0, 300},
		{leastHeap / 4, leastHeap / 8, 200},
		{leastHeap / 2, 0, 100},
		{leastHeap / 2, leastHeap / 2, 50},
		{leastHeap, 0, gcPercent},
		{10 * leastHeap, leastHeap, gcPercent},
	} {
		require.Equal(t, c.percent, growth(c.live, c.beside), "%+v", c)
	}
}

// How the heap grows is a setting of the process, so this runs in one of its own.
func TestHeapIsTunedAfterEachCollection(t *testing.T) {
	const variable = "EVENHAND_TEST_HEAP"
	if os.Getenv(variable) == "" {
		c := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		c.Env = append(os.Environ(), variable+"=1")
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	percent := func() uint64 {
		runtime.GC()
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	tuneHeap()
	require.Eventually(t, func() bool { return percent() > 2*gcPercent }, time.Minute, time.Millisecond, "a small heap grows more")
	large := make([]byte, 4*leastHeap)
	require.Eventually(t, func() bool { return percent() == gcPercent }, time.Minute, time.Millisecond, "a large one does not")
	runtime.KeepAlive(large)
	require.Eventually(t, func() bool { return percent() > 2*gcPercent }, time.Minute, time.Millisecond, "and when it is small again")
}
