package requests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// R32: a review can waive a house rule by a benefit that is only proposed yet.
func TestR32WaiversInDrafts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		waiving := func(benefit, rule string) bool {
			found, err := f.Waiving(ctx, benefit, rule)
			require.NoError(t, err)
			return found
		}
		f.proposed(t, easier)
		require.False(t, waiving("no-fee", "late-fee"))
		d := f.proposed(t, strings.Replace(edition, "rules:\n", `  - {id: no-fee, promise: No late fee., kind: waiver, house_rule: late-fee}
rules:
  - {id: loyal, promise: Who stays ten years pays no late fee., when: {tenure: months, at_least: 120}, grants: [no-fee]}
`, 1))
		require.True(t, waiving("no-fee", "late-fee"))
		require.False(t, waiving("no-fee", "early-fee"))
		require.False(t, waiving("thanks", "late-fee"), "which waives nothing")
		_, err := f.RejectDraft(ctx, by(bob), bob, d.ID, d.Etag(), "Too dear")
		require.NoError(t, err)
		require.False(t, waiving("no-fee", "late-fee"), "it will not be published")
	})
}
