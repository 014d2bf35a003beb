package pairs

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunTakesTurnsAndDropsTheWarmUp(t *testing.T) {
	var order strings.Builder
	ours := func(context.Context) (float64, error) { order.WriteByte('o'); return 50, nil }
	base := func(context.Context) (float64, error) { order.WriteByte('b'); return 100, nil }

	c, err := Run(t.Context(), Comparison{Target: 0.5}, ours, base)
	require.NoError(t, err)
	require.Equal(t, "ob"+"bo"+"ob"+"bo"+"ob"+"bo"+"ob"+"bo", order.String())
	require.Len(t, c.Ours, Count)
	require.Equal(t, 0.5, c.Ratio())
	require.True(t, c.Reached())
}

func TestRunStopsAtAnError(t *testing.T) {
	broken := func(context.Context) (float64, error) { return 0, errors.New("no server") }
	_, err := Run(t.Context(), Comparison{Name: "check"}, broken, broken)
	require.ErrorContains(t, err, "measuring check: no server")
}

func TestRatioIsOfPairsNotOfMedians(t *testing.T) {
	// The machine halves its speed half-way: every pair still says 0.8.
	c := Comparison{Ours: []float64{80, 80, 40, 40}, Base: []float64{100, 100, 50, 50}, Target: 0.9}
	require.InDelta(t, 0.8, c.Ratio(), 1e-9)
	require.False(t, c.Reached())

	var b strings.Builder
	require.NoError(t, Report(&b, []Comparison{c}))
	require.Contains(t, b.String(), "NOT reached")
}

func TestMedian(t *testing.T) {
	require.Zero(t, Median(nil))
	require.Equal(t, 2.0, Median([]float64{3, 1, 2}))
	require.Equal(t, 2.5, Median([]float64{4, 1, 2, 3}))
}
