package test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A monitor that knows only REST sees how far plans are behind, and that they catch up.
func TestR35HowFarPlansAreBehindIsAskedOverREST(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2026-01-01")
	s.await("all that was told", func() bool {
		feeds, _ := s.read("plans:following")["feeds"].([]any)
		require.ElementsMatch(t, []any{"accounts", "entitlements", "board", "plans"}, each(feeds, "service"))
		return !slices.ContainsFunc(feeds, func(feed any) bool {
			f := feed.(object)
			return f["behind"] != "0" || f["service"] == "accounts" && f["headPosition"] == "0"
		})
	})
}
