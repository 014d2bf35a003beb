package test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R29: from a draft to places, the waiting list, and the rule that reads the programme;
// what was answered holds after the process was killed.
func TestR29AProgrammeFromItsCriteriaToWhoIsNext(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", promise), "--effective", "1997-01-01")
	for _, name := range []string{"Harbour", "Brook", "Mill"} {
		s.cli("accounts", "create", "--display-name", name, "--joined", "2024-01-31")
	}
	s.cli("accounts", "create", "--display-name", "Fresh", "--joined", time.Now().UTC().AddDate(0, -1, 0).Format(time.DateOnly))
	created := s.cli("programmes", "create", "Beta", "--summary", "Try the new portal first.", "--capacity", "1",
		"--criteria", "{tenure: months, at_least: 12}")
	require.Equal(t, "draft", value(t, created, "State"))
	require.Contains(t, s.try("programmes", "apply", "beta", "harbour").stderr, "publish it first")
	require.Equal(t, "open", value(t, s.cli("programmes", "publish", "beta"), "State"))

	s.await("the accounts", func() bool { return s.try("programmes", "apply", "beta", "harbour", "--validate-only").code == 0 })
	require.Equal(t, "enrolled", value(t, s.cli("programmes", "apply", "beta", "harbour"), "Standing"))
	require.Contains(t, s.try("programmes", "apply", "beta", "fresh").stderr, "12 months as a customer")
	require.Equal(t, "1", value(t, s.cli("programmes", "apply", "beta", "brook"), "Position"))
	status, third := s.rest(http.MethodPost, "programmes/beta/enrolments:apply", object{"account": "accounts/mill"})
	require.Equal(t, http.StatusOK, status, "%v", third)
	require.EqualValues(t, 2, third["position"])

	withRule := strings.Replace(promise, "rules:\n", "rules:\n  - id: testers\n    promise: Who tries the portal is thanked.\n    when: {programme: beta}\n    grants: [thanks]\n", 1)
	unknown := s.try("schedule", "publish", write(t, s.dir, "unknown.yaml", strings.Replace(withRule, "programme: beta", "programme: betta", 1)))
	require.Contains(t, unknown.stderr, `no programme "betta" is published (did you mean "beta"?)`)
	s.cli("schedule", "publish", write(t, s.dir, "second.yaml", withRule))
	require.Equal(t, "testers", value(t, s.cli("check", "harbour", "thanks"), "Rule"))
	require.Equal(t, "no", value(t, s.cli("check", "brook", "thanks"), "Entitled"))

	s.cli("programmes", "withdraw", "beta", "harbour")
	later := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	require.Equal(t, "testers", value(t, s.cli("check", "harbour", "thanks"), "Rule"), "until the day ends")
	require.Equal(t, "testers", value(t, s.cli("check", "brook", "thanks", "--as-of", later), "Rule"), "the next has the place from the next day on")
	s.kill()
	s.restart()
	s.awaitReady()
	var list struct {
		Enrolments []struct{ Account, Standing string }
	}
	require.NoError(t, json.Unmarshal(s.get("/v1/programmes/beta/enrolments", http.StatusOK), &list))
	var got []string
	for _, e := range list.Enrolments {
		got = append(got, e.Account+" "+e.Standing)
	}
	require.Equal(t, []string{"accounts/harbour STANDING_LEFT", "accounts/brook STANDING_ENROLLED", "accounts/mill STANDING_WAITING"}, got)
	require.Equal(t, "testers", value(t, s.cli("check", "brook", "thanks", "--as-of", later), "Rule"))
	require.Equal(t, "2", value(t, s.cli("programmes", "update", "beta", "--capacity", "2"), "Taken"), "a place more goes to who waits")
	require.Contains(t, s.try("programmes", "update", "beta", "--capacity", "1").stderr, "capacity can only grow")
	ended := s.cli("programmes", "end", "beta", "--on", time.Now().UTC().AddDate(1, 0, 0).Format(time.DateOnly), "--reason", "Released")
	require.Equal(t, "Released", value(t, ended, "Ends because"))
}
