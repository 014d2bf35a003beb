package parity

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// seeds is how many seeds a test of chances takes: few, or all where there is time.
func seeds(few, all int) int {
	if os.Getenv("EVENHAND_TEST_LONG") == "1" {
		return all
	}
	return few
}

// A finding takes chance and a difference that matters, which together are rarer than 5 %.
func TestR24EqualTreatmentSeldomGivesFindings(t *testing.T) {
	n := seeds(10, 500)
	wrong := 0
	for seed := range n {
		if run(t, simulated{cases: 20_000, open: 0.1}.make(t, uint64(seed)), byChannel).Count(Finding) > 0 {
			wrong++
		}
	}
	t.Logf("findings in %d of %d", wrong, n)
	require.LessOrEqual(t, float64(wrong), 0.05*float64(n))
}

// Of open cases less is known: with a fifth of them open, 9 of 10 is what is asked.
func TestR24ASlowChannelIsFound(t *testing.T) {
	for _, slow := range []string{"email", "phone", "web"} {
		for open, share := range map[float64]float64{0: 0.95, 0.2: 0.9} {
			n, found := seeds(4, 100), 0
			for seed := range n {
				r := run(t, simulated{cases: 20_000, slow: slow, slower: 1.1, open: open}.make(t, uint64(seed)), byChannel)
				if slices.ContainsFunc(r.Comparisons, func(c Comparison) bool { return c.Outcome == Finding && c.Worse == slow }) {
					found++
				}
			}
			t.Logf("%s, %g open: found in %d of %d", slow, open, found, n)
			require.GreaterOrEqual(t, found, int(share*float64(n)), "%s, %g open", slow, open)
		}
	}
}
