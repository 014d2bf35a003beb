package consistency_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/consistency"
)

func TestTokensComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := consistency.Token{Aggregate: rapid.StringN(1, 200, 200).Draw(t, "aggregate"), Version: rapid.Int64Min(0).Draw(t, "version")}
		got, err := consistency.Parse("consistency_token", token.String())
		require.NoError(t, err)
		require.Equal(t, token, got)
	})
	none, err := consistency.Parse("consistency_token", consistency.Token{}.String())
	require.NoError(t, err)
	require.Zero(t, none)
}

func TestOtherTextsAreRefused(t *testing.T) {
	good := consistency.Token{Aggregate: "accounts/acme", Version: 7}.String()
	for _, bad := range []string{"x", "!", good[1:], good[:len(good)-1], good + "A", "B" + good[1:]} {
		_, err := consistency.Parse("consistency_token", bad)
		require.ErrorContains(t, err, "consistency_token", bad)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if token, err := consistency.Parse("f", text); err == nil {
			require.Equal(t, text, token.String())
		}
	})
}
