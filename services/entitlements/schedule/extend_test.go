package schedule

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

const edition = `
schedule: service-promise
currency: USD
time_zone: America/New_York
commitments:
  - {id: courtesy, promise: Every customer is treated with courtesy.}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature}
rules:
  - id: spend-500
    promise: Who spends $500 within a year is thanked.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [thanks]
notice: {effective: 1997-01-01, reason: First edition, minimum: P90D}
`

func TestExtendAddsRulesBehindThoseThereAre(t *testing.T) {
	before, err := Parse([]byte(edition))
	require.NoError(t, err)
	next, err := Extend(before, []byte(`
benefits:
  - {id: shipping, promise: Free shipping., kind: feature, unit_cost: 4.50}
rules:
  - id: loyal
    promise: Who stays ten years gets free shipping and a note of thanks.
    when: {tenure: months, at_least: 120}
    grants: [shipping, thanks]
`), "Asked for by customers who stay")
	require.NoError(t, err)
	require.Len(t, next.Rules, 2)
	require.Equal(t, []string{"loyal"}, next.NewRules(before))
	require.Equal(t, []string{"spend-500", "loyal"}, next.NewRules(nil))
	require.EqualValues(t, 450, *next.Benefits[1].UnitCost)
	require.Equal(t, Notice{Effective: civil.Never, Reason: "Asked for by customers who stay", Minimum: before.Notice.Minimum}, next.Notice)
	require.Len(t, before.Rules, 1, "the edition before stays as it was")
	again, err := Parse(Format(next))
	require.NoError(t, err)
	require.Equal(t, next, again)
}

func TestExtendNamesProblemsWhereTheFragmentHasThem(t *testing.T) {
	before, err := Parse([]byte(edition))
	require.NoError(t, err)
	for fragment, want := range map[string]string{
		"rules:\n  - {id: spend-500, promise: Thanks to who spends $300., when: {spend: trailing-12-months, at_least: 300.00}, grants: [thanks]}": "2:10: rules[0].id: the rule \"spend-500\" is already at rules[0]",
		"rules:\n  - {id: acme, promise: Thanks to Acme., when: {account: acme, at_least: 1}, grants: [thanks]}":                                  "2:49: rules[0].when.account:",
		"rules:\n  - {id: free, promise: Thanks to who stays a year., when: {tenure: months, at_least: 12}, grants: [no-such]}":                   "rules[0].grants[0]",
		"benefits:\n  - {id: shipping, promise: Free shipping., kind: feature}":                                                                   "no rule is added",
		"commitments: []": "there is no key \"commitments\"",
	} {
		_, err := Extend(before, []byte(fragment), "Why")
		require.ErrorContains(t, err, want, fragment)
	}
}
