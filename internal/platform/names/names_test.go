package names_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/names"
)

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"BRK.B": "brk-b", "00001": "00001", "Crème & Co.": "creme-co", "--a--": "a", "": "", "日本": "", "A": "a",
		"İstanbul": "istanbul", "ﬁne": "fine", strings.Repeat("a", 62) + ".b": strings.Repeat("a", 62), "a\x00b": "a-b", "\xff": "",
	} {
		require.Equal(t, want, names.Slug(in), in)
	}
}

func TestEverySlugIsAnIDAndItsOwnSlug(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slug := names.Slug(rapid.String().Draw(t, "s"))
		if slug != "" {
			require.True(t, names.IsID(slug), slug)
			require.Equal(t, slug, names.Slug(slug))
		}
	})
}

func TestIsID(t *testing.T) {
	for id, want := range map[string]bool{"a": true, "0": true, "a-b-": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "A": false, "a_b": false, "a/b": false, strings.Repeat("a", 64): false, "é": false} {
		require.Equal(t, want, names.IsID(id), id)
	}
}

func TestParse(t *testing.T) {
	ids, ok := names.Parse("accounts/acme/contacts/jane", "accounts", "contacts")
	require.True(t, ok)
	require.Equal(t, []string{"acme", "jane"}, ids)
	require.Equal(t, "accounts/acme/contacts/jane", names.Join("accounts", "acme", "contacts", "jane"))
	for _, bad := range []string{"", "accounts", "accounts/", "accounts/A", "account/acme", "accounts/acme/", "/accounts/acme"} {
		_, ok := names.ID(bad, "accounts")
		require.False(t, ok, bad)
	}
}

func TestR1NamesOfHandSetLevels(t *testing.T) {
	for name, want := range map[string]bool{
		"tier": true, "level": true, "Tier": true, "customerTier": true, "loyalty_level": true, "account-grade": true, "VIP": true,
		"isVIP": true, "tier2": true, "goldMember": true, "LEVEL": true,
		"displayName": false, "frontier": false, "leveler": false, "marigold": false, "region": false, "": false,
	} {
		require.Equal(t, want, names.IsHandSetLevel(name), name)
	}
}

func TestFirstAndLastOfANameWhoseFormIsKnown(t *testing.T) {
	const name = "accounts/acme/contacts/jane"
	require.Equal(t, "acme", names.First(name, "accounts"))
	require.Equal(t, "acme", names.First("accounts/acme", "accounts"))
	require.Empty(t, names.First(name, "principals"))
	require.Empty(t, names.First("", "accounts"))
	require.Equal(t, "jane", names.Last(name))
}
