package test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R26: a programme that only a newcomer got into, and what it gives, are found until an existing
// account has a place too.
func TestR26WhatOnlyNewCustomersHaveIsFound(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", promise), "--effective", "1997-01-01")
	for _, name := range []string{"Harbour", "Mill"} {
		s.cli("accounts", "create", "--display-name", name, "--joined", "2020-01-31")
	}
	s.cli("accounts", "create", "--display-name", "Fresh", "--joined", time.Now().UTC().AddDate(0, -2, 0).Format(time.DateOnly))
	s.cli("programmes", "create", "Beta", "--summary", "Try the new portal first.", "--capacity", "1", "--criteria", "{tenure: months, at_least: 1}")
	s.cli("programmes", "publish", "beta")
	s.await("the accounts", func() bool { return s.try("programmes", "apply", "beta", "fresh", "--validate-only").code == 0 })
	s.cli("programmes", "apply", "beta", "fresh")
	s.await("the account", func() bool { return s.try("programmes", "apply", "beta", "mill", "--validate-only").code == 0 })
	s.cli("programmes", "apply", "beta", "mill")
	s.cli("schedule", "publish", write(t, s.dir, "second.yaml", strings.Replace(promise, "rules:\n",
		"rules:\n  - id: testers\n    promise: Who tries the portal is thanked.\n    when: {programme: beta}\n    grants: [thanks]\n", 1)))

	found := s.cli("audit", "loyalty")
	require.Contains(t, found, "programmes/beta: 1 of the 1 accounts that joined on ")
	require.Contains(t, found, "No place is left; of the existing accounts 2 meet the criteria and can wait for one. The next would be accounts/mill, number 1 on the waiting list.")
	require.Contains(t, found, "2 findings. Newcomers joined on ")
	rows := strings.Split(strings.TrimSpace(s.cli("audit", "loyalty", "--findings", "--output", "csv")), "\n")
	require.Len(t, rows, 3, "the benefit and the programme below the names")
	require.True(t, strings.HasPrefix(rows[2], "programmes/beta,,1,1,0,2,2,no-place,mill,1,,"), rows[2])
	require.Contains(t, s.cli("audit", "loyalty", "--within", "P1M"), "0 findings.", "who joined two months ago is not new then")
	require.Contains(t, s.try("audit", "loyalty", "--within", "soon").stderr, "is not a period")

	asked := s.read("loyaltyCheck?within=P1Y")
	require.EqualValues(t, 2, asked["findings"])
	thanks := asked["offers"].([]any)[0].(object)
	require.Equal(t, []any{"thanks", "1", "0", "REASON_CONDITIONS_UNMET"}, []any{thanks["benefit"], thanks["newcomers"], thanks["existing"], thanks["reason"]})
	status, problem := s.rest(http.MethodGet, "loyaltyCheck?within=P0D", nil)
	require.Equal(t, http.StatusBadRequest, status, "%v", problem)

	s.cli("programmes", "update", "beta", "--capacity", "2")
	require.Contains(t, s.cli("audit", "loyalty"), "0 findings.")

	s.cli("principals", "create", "sam", "--role", "service-agent")
	s.cli("tokens", "create", "sam", "--file", filepath.Join(s.dir, "sam-token"))
	refused := s.try("audit", "loyalty", "--token-file", filepath.Join(s.dir, "sam-token"))
	require.Equal(t, 1, refused.code)
	require.Contains(t, refused.stderr, "parity.read")
}
