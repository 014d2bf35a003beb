package panel

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMostAgainstAllPanels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &Problem{Seats: rapid.IntRange(0, 4).Draw(t, "seats")}
		for _, name := range []string{"sector", "turn"} {
			c := Category{Name: name}
			for _, value := range []string{"x", "y", "z"} {
				low := rapid.IntRange(0, 1).Draw(t, "min")
				c.Values = append(c.Values, Quota{value, low, rapid.IntRange(low, 4).Draw(t, "max")})
			}
			p.Categories = append(p.Categories, c)
		}
		value := rapid.SampledFrom([]string{"x", "y", "z"})
		for i := range rapid.IntRange(0, 9).Draw(t, "pool") {
			p.Pool = append(p.Pool, Member{string(rune('a' + i)), []string{value.Draw(t, "sector"), value.Draw(t, "turn")}})
			if i > 0 && rapid.Bool().Draw(t, "conflict") {
				p.Conflicts = append(p.Conflicts, [2]int{i, rapid.IntRange(0, i-1).Draw(t, "with")})
			}
		}
		wanted, want := value.Draw(t, "value"), -1
		for set := range 1 << len(p.Pool) {
			var panel Panel
			n := 0
			for i, m := range p.Pool {
				if set>>i&1 == 1 {
					panel = append(panel, i)
					if m.Values[1] == wanted {
						n++
					}
				}
			}
			if p.Violation(panel) == nil {
				want = max(want, n)
			}
		}
		got, err := Most(t.Context(), p, "turn", wanted)
		if want < 0 {
			var none *InfeasibleError
			require.True(t, errors.As(err, &none), err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}
