package test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R11, R40: customers are invited to a decision of ours. What was asked before and is
// unanswered keeps the session from opening, and leaves nothing behind; what they say is
// answered before the session is.
func TestR11R40AStrategySessionOverREST(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, name := range []string{"Harbour", "Brook"} {
		s.cli("accounts", "create", "--display-name", name)
	}
	s.await("the accounts", func() bool { // until the board service has heard of them
		status, _ := s.rest(http.MethodPost, "ideas:submit", object{"idea": object{"title": "Try", "account": "accounts/brook"}, "validateOnly": true})
		return status == http.StatusOK
	})
	s.post("solicitations?solicitationId=packing", object{"question": "What of packing?", "audience": object{"allAccounts": true},
		"closeDate": inDays(-5), "decisionDate": inDays(-1)})
	s.post("solicitations/packing:open", object{"openDate": inDays(-30)})
	idea := func(title, solicitation string, day int) string {
		return s.post("ideas:submit", object{"idea": object{"title": title, "account": "accounts/brook", "solicitation": solicitation,
			"submitDate": inDays(day)}})["idea"].(object)["name"].(string)
	}
	decline := func(idea string) {
		s.post(idea+":decide", object{"disposition": object{"outcome": "OUTCOME_DECLINE", "reason": "It costs more than it saves."}})
	}
	late := idea("Less plastic", "solicitations/packing", -10)

	const vans = "strategySessions/vans"
	s.post("strategySessions?strategySessionId=vans", object{"title": "Own vans", "question": "Should we deliver with our own vans?",
		"leaning": "Yes.", "leaningReason": "Carriers are late.", "facts": "It costs 4% more.", "channel": "CHANNEL_VISIT",
		"invited": []object{{"account": "accounts/harbour"}, {"account": "accounts/brook"}}, "startTime": time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339),
		"closeDate": inDays(10), "decisionDate": inDays(20)})
	for _, check := range []bool{true, false} {
		problem := s.refused("UNANSWERED_SOLICITATION", vans+":open", object{"validateOnly": check})
		require.Equal(t, []any{"solicitations/packing"}, each(problem["preconditions"], "subject"))
	}
	require.Equal(t, "STATE_DRAFT", s.read(vans)["state"])
	require.Len(t, s.read("solicitations")["solicitations"], 1, "nothing is left of what could not be asked")

	decline(late)
	opened := s.post(vans+":open", object{})
	require.Equal(t, "STATE_OPEN", opened["state"])
	asked := opened["solicitation"].(string)
	require.Equal(t, "STATE_OPEN", s.read(asked)["state"])
	require.Equal(t, "principals/local-admin", s.read(asked)["owner"])

	status, moved := s.rest(http.MethodPatch, vans+"?reason=The+figures+come+later.&updateMask=decisionDate", object{"decisionDate": inDays(30)})
	require.Equal(t, http.StatusOK, status, "%v", moved)
	require.Equal(t, fmt.Sprint(inDays(30)), fmt.Sprint(s.read(asked)["decisionDate"]))
	require.Equal(t, fmt.Sprint(inDays(20)), fmt.Sprint(s.read(asked)["lockDate"]), "putting the decision off does not put the lock off")

	said := idea("Tell us the hour", asked, 0)
	s.post(vans+":hold", object{"attendance": []object{{"account": "accounts/brook"}}})
	decision := object{"decision": object{"text": "Yes, at a fixed hour.", "reason": "You asked for it.", "changedBy": []string{said}}}
	problem := s.refused("STRATEGY_SESSION_UNDECIDED", vans+":answer", decision)
	require.Equal(t, []any{said}, each(problem["preconditions"], "subject"))
	decline(said)
	require.Equal(t, "STATE_ANSWERED", s.post(vans+":answer", decision)["state"])
	require.Equal(t, "STATE_ANSWERED", s.read(asked)["state"])
	s.await("what the board told", func() bool {
		got := s.read(vans)
		ideas, _ := got["ideas"].([]any)
		return len(ideas) == 1 && ideas[0].(object)["outcome"] == "OUTCOME_DECLINE"
	})
	report := s.read(vans + ":report?account=accounts/brook")["text"]
	require.Contains(t, report, "Tell us the hour")
	require.Contains(t, report, "What we did: We do not do it.")
	require.Contains(t, report, `Changed by "Tell us the hour".`)
}
