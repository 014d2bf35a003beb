package cost

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Sums are exact, in whatever order, and at their bound where they are beyond it.
func TestR19SumsAgreeWithBigNumbers(t *testing.T) {
	most := big.NewInt(decision.MaxTotal)
	rapid.Check(t, func(t *rapid.T) {
		var s sum
		want := new(big.Int)
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			units := rapid.OneOf(rapid.Int64Range(-1e9, 1e9), rapid.Int64Range(-3, 3)).Draw(t, "units")
			minor := rapid.OneOf(rapid.Int64Range(0, schedule.MaxAmount), rapid.Int64Range(0, 500)).Draw(t, "minor")
			s.add(units, minor)
			want.Add(want, new(big.Int).Mul(big.NewInt(units), big.NewInt(minor)))
		}
		switch {
		case want.Cmp(most) > 0:
			want = most
		case want.Cmp(new(big.Int).Neg(most)) < 0:
			want = new(big.Int).Neg(most)
		}
		require.Equal(t, want.Int64(), s.minor())
	})
}
