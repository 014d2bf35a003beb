package houserules

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

func TestHouseRulesAreWrittenChangedAndRetired(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		rule := Rule{Text: "No refunds after 30 days.", Why: "Goods age.", Owner: "ben"}
		checked, err := f.Create(t.Context(), request("a"), "", rule, true)
		require.NoError(t, err)
		require.Equal(t, "no-refunds-after-30-days", checked.ID)
		_, err = f.Get(t.Context(), checked.ID)
		require.ErrorIs(t, err, resource.ErrNotFound)

		made, err := f.Create(t.Context(), request("a"), "", rule, false)
		require.NoError(t, err)
		require.Equal(t, DefaultThreshold, made.State.Threshold)
		f.directory.gone = "ben" // a retry is not checked anew
		again, err := f.Create(t.Context(), request("a"), "", rule, false)
		require.NoError(t, err)
		require.Equal(t, made.Etag(), again.Etag())
		f.directory.gone = ""
		_, err = f.Create(t.Context(), someone, "", rule, false)
		require.ErrorIs(t, err, resource.ErrExists)

		owner, monthly := "cleo", tally.Threshold{Count: 4, Window: tally.Month}
		changed, err := f.Update(t.Context(), request("b"), made.ID, made.Etag(), Patch{Owner: &owner, Threshold: &monthly})
		require.NoError(t, err)
		require.Equal(t, "cleo", changed.State.Owner)
		require.Equal(t, monthly, changed.State.Threshold)
		_, err = f.Update(t.Context(), someone, made.ID, made.Etag(), Patch{Owner: &owner})
		require.ErrorIs(t, err, resource.ErrStale)
		nobody := "nobody"
		_, err = f.Update(t.Context(), someone, made.ID, "", Patch{Owner: &nobody})
		require.ErrorContains(t, err, "principals/nobody does not exist")

		_, err = f.Retire(t.Context(), someone, made.ID, "", "")
		require.ErrorContains(t, err, "reason: is empty")
		retired, err := f.Retire(t.Context(), someone, made.ID, changed.Etag(), "Reviewed in November.")
		require.NoError(t, err)
		require.Equal(t, Retired, retired.State.State)
		_, err = f.Update(t.Context(), someone, made.ID, "", Patch{Owner: &owner})
		requireReason(t, err, "HOUSE_RULE_STATE")
		_, err = f.Retire(t.Context(), someone, made.ID, "", "Again.")
		requireReason(t, err, "HOUSE_RULE_STATE")
		_, _, err = f.Record(t.Context(), someone, Breach{Rule: made.ID, Account: "acme", Response: Enforced}, false)
		requireReason(t, err, "HOUSE_RULE_STATE")

		page, err := f.List(t.Context(), RuleQuery{Owner: &owner, Size: 10})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
}

func TestARuleSaysWhatItIsForAndWhoAnswers(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	for text, r := range map[string]Rule{
		"house_rule.text":                  {Why: "x", Owner: "ben", Text: ""},
		"house_rule.why":                   {Text: "x", Owner: "ben"},
		"house_rule.owner":                 {Text: "x", Why: "y"},
		"principals/nobody does not exist": {Text: "x", Why: "y", Owner: "nobody"},
		"house_rule.review_threshold":      {Text: "x", Why: "y", Owner: "ben", Threshold: tally.Threshold{Count: 1, Window: "week"}},
	} {
		_, err := f.Create(t.Context(), someone, "x", r, false)
		require.ErrorContains(t, err, text)
	}
}
