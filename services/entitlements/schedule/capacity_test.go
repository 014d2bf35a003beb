package schedule

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// R16: a capacity can be compared with the load only where the use of a holder is stated.
func TestR16CapacityNeedsAnExpectedUse(t *testing.T) {
	const use = "expected_use_per_year: 12"
	for with, problem := range map[string]string{
		use + ", capacity_per_year: 2000":             "",
		"capacity_per_year: 2000":                     "without expected_use_per_year",
		use + ", capacity_per_year: 1000000000000001": "is out of range",
	} {
		s, err := Parse([]byte(strings.Replace(example, use, with, 1)))
		if problem != "" {
			require.ErrorContains(t, err, problem)
			continue
		}
		require.NoError(t, err)
		require.EqualValues(t, 2000, s.Benefits[0].CapacityPerYear)
		require.Contains(t, string(Format(s)), "capacity_per_year: 2000")
	}
}
