package bands

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestQuartiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []int64
		want   []Band
	}{
		{"none", nil, []Band{{"q1-q4", Lowest}}},
		{"one", []int64{7}, []Band{{"q1-q4", Lowest}}},
		{"all the same", []int64{5, 5, 5, 5, 5}, []Band{{"q1-q4", Lowest}}},
		{"eight", []int64{80, 10, 70, 20, 60, 30, 50, 40}, []Band{{"q1", Lowest}, {"q2", 30}, {"q3", 50}, {"q4", 70}}},
		{"three", []int64{1, 2, 3}, []Band{{"q1-q2", Lowest}, {"q3", 2}, {"q4", 3}}},
		{"most spend nothing", []int64{0, 0, 0, 0, 0, 5, 7, 9}, []Band{{"q1-q3", Lowest}, {"q4", 7}}},
		{"a tie over two borders", []int64{1, 2, 5, 5, 5, 5, 5, 9}, []Band{{"q1", Lowest}, {"q2-q4", 5}}},
		{"refunds", []int64{-30, -20, 0, 10}, []Band{{"q1", Lowest}, {"q2", -20}, {"q3", 0}, {"q4", 10}}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, quartiles(slices.Clone(c.values))) })
	}
}

// Quartiles are a scale that could be declared; each band has an account, equal values are
// in one band, and without ties no band has more than a quarter, rounded up.
func TestQuartilesProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(-20, 20), 0, 60).Draw(t, "values")
		distinct := rapid.Bool().Draw(t, "distinct")
		if distinct {
			slices.Sort(values)
			values = slices.Compact(values)
		}
		bands := quartiles(slices.Clone(values))
		require.NoError(t, validate(bands))
		require.Equal(t, bands, quartiles(rapid.Permutation(values).Draw(t, "order")), "the order does not matter")
		counts := make([]int, len(bands))
		for _, v := range values {
			at := find(bands, v)
			require.GreaterOrEqual(t, v, bands[at].AtLeast)
			if at+1 < len(bands) {
				require.Less(t, v, bands[at+1].AtLeast)
			}
			counts[at]++
		}
		for i, n := range counts {
			require.True(t, n > 0 || len(values) == 0, "%s is empty", bands[i].ID)
			if distinct && len(values) >= 4 {
				require.LessOrEqual(t, n, (len(values)+3)/4)
			}
		}
	})
}

func TestValidate(t *testing.T) {
	many := []Band{{"b", Lowest}}
	for len(many) <= MaxBands {
		many = append(many, Band{"b", int64(len(many))})
	}
	for _, c := range []struct {
		name  string
		bands []Band
		want  string
	}{
		{"none", nil, "a scale has 1 to 20 bands, and this one has 0"},
		{"too many", many, "and this one has 21"},
		{"a first with a bound", []Band{{"a", 0}}, "the first band has no lower bound"},
		{"a second without", []Band{{"a", Lowest}, {"b", Lowest}}, "only the first band has no lower bound"},
		{"out of order", []Band{{"a", Lowest}, {"b", 9}, {"c", 9}}, `"c" begins no later than the band before it`},
		{"an id twice", []Band{{"a", Lowest}, {"a", 9}}, `"a" is the id of two bands`},
		{"no id", []Band{{"", Lowest}}, "is not lower-case letters"},
		{"unknown", []Band{{"unknown", Lowest}}, "choose another id"},
	} {
		t.Run(c.name, func(t *testing.T) { require.ErrorContains(t, validate(c.bands), c.want) })
	}
	require.NoError(t, validate([]Band{{"all", Lowest}}))
}
