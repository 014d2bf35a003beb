package panel

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// manyKinds is a problem with far more compositions than are counted: sixty members who
// are all different.
func manyKinds() *Problem {
	p := &Problem{Seats: 20, Categories: []Category{{Name: "town"}}}
	for i := range 60 {
		town := strconv.Itoa(i)
		p.Categories[0].Values = append(p.Categories[0].Values, Quota{Value: town, Max: 1})
		p.Pool = append(p.Pool, Member{ID: "m" + town, Values: []string{town}})
	}
	return p
}

// More samples are wanted than anybody has time for.
func TestEstimatesEndWithTheTimeLimit(t *testing.T) {
	const wanted = 1 << 50
	for _, mode := range []Mode{ModeUniform, ModeGreedy} {
		o := ModeOptions{Options: Options{TimeLimit: time.Second}, Samples: wanted}
		r, err := Solve(t.Context(), manyKinds(), mode, o)
		require.NoError(t, err, mode)
		require.Positive(t, r.Samples, mode)
		require.Less(t, r.Samples, wanted, mode)
		require.Contains(t, r.Method, "within the time limit", mode)
		sum := 0.0
		for _, probability := range r.Marginals {
			sum += probability
		}
		require.InDelta(t, 20, sum, 1e-6, "of %s: each panel has as many", mode)

		o.TimeLimit = time.Nanosecond
		_, err = Solve(t.Context(), manyKinds(), mode, o)
		require.ErrorIs(t, err, ErrTimeLimit, mode)
	}
}
