package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// A million cases in 200 strata, A a third of them, log-normal times in whole seconds.
const (
	benchmarkCases  = 1_000_000
	benchmarkStrata = 200
)

func benchmarkTimes(n int, scale float64, random *rand.Rand) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = math.Floor(scale * 14_400 * math.Exp(random.NormFloat64()))
	}
	return times
}

func benchmarkSamples() []stats.Sample {
	random := rand.New(rand.NewPCG(7, 8))
	strata := make([]stats.Sample, benchmarkStrata)
	const each = benchmarkCases / benchmarkStrata
	for i := range strata {
		strata[i].A = benchmarkTimes(each/3, 1.02, random)
		strata[i].B = benchmarkTimes(each-each/3, 1, random)
	}
	return strata
}

func BenchmarkVanElteren(b *testing.B) {
	samples := stats.NewSamples(benchmarkSamples())
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := samples.VanElteren(); !ok {
			b.Fatal("no answer")
		}
	}
}

func BenchmarkRatio(b *testing.B) {
	samples := stats.NewSamples(benchmarkSamples())
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := samples.Ratio(0.95); !ok {
			b.Fatal("no answer")
		}
	}
}

func benchmarkDurations() stats.Durations {
	random := rand.New(rand.NewPCG(9, 10))
	group := func(times []float64) (l stats.Lifetimes) {
		for _, took := range times {
			if watched := random.Float64() * 50_000; took <= watched {
				l.Done = append(l.Done, took)
			} else {
				l.Open = append(l.Open, watched)
			}
		}
		return l
	}
	strata := make([]stats.DurationStratum, benchmarkStrata)
	for i, s := range benchmarkSamples() {
		strata[i] = stats.DurationStratum{A: group(s.A), B: group(s.B)}
	}
	return stats.NewDurations(strata)
}

func BenchmarkLogRank(b *testing.B) {
	durations := benchmarkDurations()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := durations.LogRank(); !ok {
			b.Fatal("no answer")
		}
	}
}

func BenchmarkCensoredRatio(b *testing.B) {
	durations := benchmarkDurations()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := durations.Ratio(0.95); !ok {
			b.Fatal("no answer")
		}
	}
}
