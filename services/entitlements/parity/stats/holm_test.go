package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// The figures are those of R's p.adjust(p, "holm").
func TestHolm(t *testing.T) {
	for _, test := range []struct{ p, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.03}, []float64{0.03}},
		{[]float64{0.01, 0.02, 0.03, 0.04, 0.05}, []float64{0.05, 0.08, 0.09, 0.09, 0.09}},
		{[]float64{0.04, 0.001, 0.03, 0.005, 0.9, 0.03}, []float64{0.12, 0.006, 0.12, 0.025, 0.9, 0.12}},
		{[]float64{0.7, 0.6}, []float64{1, 1}},
	} {
		got := stats.Holm(test.p)
		require.Len(t, got, len(test.want))
		for i := range got {
			assert.InDelta(t, test.want[i], got[i], 1e-12)
		}
	}
}
