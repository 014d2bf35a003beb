package panel

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// BenchmarkLeximin solves pools of several shapes. The floor is the linear programme for
// the lowest probability alone, given the compositions of the answer: what is left of
// column generation where every panel is guessed right.
func BenchmarkLeximin(b *testing.B) {
	tests := []struct {
		name    string
		problem func(b *testing.B) *Problem
	}{
		{"sp500-12", instanceOr(pairs(1, pool(1, 503, 12, []int{11, 5, 4}, 1), 700))},
		{"synth-600", instanceOr(pairs(4, pool(4, 600, 25, []int{2, 4, 3, 5, 3}, 1), 80))},
		{"example-large", func(*testing.B) *Problem { return twoByTwo(200, 99, 200, 1, 999, 1000, 0) }},
		{"rotation-of-12-from-200", func(*testing.B) *Problem { return pairs(2, pool(2, 200, 12, []int{5, 4, 3}, 1), 60) }},
		{"1000-for-40-seats-6-categories", func(*testing.B) *Problem { return pairs(3, pool(3, 1000, 40, []int{2, 4, 3, 5, 3, 4}, 1), 100) }},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			p := tt.problem(b)
			var ours, floor time.Duration
			var panels, kinds int
			for b.Loop() {
				began := time.Now()
				s, err := Leximin(b.Context(), p, Options{})
				ours += time.Since(began)
				require.NoError(b, err)
				require.True(b, s.Proven)
				panels, kinds = len(s.Panels), len(s.Types)
				began = time.Now()
				lowest(b, s)
				floor += time.Since(began)
			}
			b.ReportMetric(ours.Seconds()/float64(b.N), "s/solve")
			b.ReportMetric(floor.Seconds()/float64(b.N), "s/floor")
			b.ReportMetric(floor.Seconds()/ours.Seconds(), "of-floor")
			b.ReportMetric(float64(panels), "panels")
			b.ReportMetric(float64(kinds), "kinds")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// instanceOr reads the instance of the benchmark's name, or takes one like it where there
// is no data.
func instanceOr(like *Problem) func(b *testing.B) *Problem {
	return func(b *testing.B) *Problem {
		folder := filepath.Join(os.Getenv("EVENHAND_TEST_DATA"), "panels", filepath.Base(b.Name()))
		if _, err := os.Stat(folder); err != nil {
			b.Log("no data: a generated pool of that shape")
			return like
		}
		return instance(b, folder)
	}
}

// lowest raises the lowest probability of those reached over the compositions given.
func lowest(b *testing.B, s *Solution) {
	lp := new(linear.LP)
	z := lp.Variable(1, 0, 1)
	for _, kind := range s.Types {
		need := 0.0
		if s.Marginals[kind.Members[0]] > 0 {
			need = float64(len(kind.Members))
		}
		lp.Row(0, linear.Inf, linear.Entry{Index: z, Value: -need})

	}
	whole := lp.Row(1, 1)
	for _, c := range s.Compositions {
		column := []linear.Entry{{Index: whole, Value: 1}}
		for t, n := range c.Counts {
			if n > 0 {
				column = append(column, linear.Entry{Index: t, Value: float64(n)})
			}
		}
		lp.Variable(0, 0, linear.Inf, column...)
	}
	status, err := lp.Maximize(b.Context())
	require.NoError(b, err)
	require.Equal(b, linear.Optimal, status)
	require.InDelta(b, s.Levels[0].Probability, lp.Objective(), 1e-6)
}
