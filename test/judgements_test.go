package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const waiverPromise = `
schedule: service-promise
currency: USD
time_zone: America/New_York
commitments:
  - {id: courtesy, promise: Every customer is treated with courtesy.}
benefits:
  - {id: no-late-fee, promise: No late-payment fee., kind: waiver, house_rule: late-fee}
rules:
  - id: partner-500
    promise: A customer who spends $500 within a year pays no late fee.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [no-late-fee]
    lasts: P12M
notice: {effective: 2024-01-01, reason: First edition}
`

// R32, R33: a house rule that is broken and a clause that is cited too often get one
// review each; a waiver is due by a rule or not at all; a review ends with a decision.
func TestR32R33WhatHappensTooOftenIsReviewed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	file := filepath.Join(t.TempDir(), "promise.yaml")
	require.NoError(t, os.WriteFile(file, []byte(waiverPromise), 0o600))
	s.cli("schedule", "publish", file)
	for _, name := range []string{"Harbour", "Brook"} {
		s.cli("accounts", "create", "--display-name", name)
	}
	s.cli("houserules", "create", "Who pays late pays a fee.", "--id", "late-fee", "--why", "Money costs interest.", "--review-at", "2", "--review-percent", "100")
	s.await("the accounts", func() bool {
		return s.try("houserules", "breach", "late-fee", "harbour", "enforced").code == 0
	})
	refused := s.try("houserules", "breach", "late-fee", "brook", "waived", "--benefit", "no-late-fee")
	require.Equal(t, 1, refused.code)
	require.Contains(t, refused.stderr, "A waiver is a benefit, for everyone who qualifies")
	s.await("all accounts to be counted", func() bool {
		return value(t, s.cli("houserules", "breach", "late-fee", "brook", "overlooked"), "Review") != ""
	})
	var reviews struct {
		Reviews []struct{ Name, Subject, Etag string }
	}
	require.NoError(t, json.Unmarshal([]byte(s.cli("reviews", "list", "-o", "json")), &reviews))
	require.Len(t, reviews.Reviews, 1)
	review := reviews.Reviews[0]
	require.Equal(t, "houseRules/late-fee", review.Subject)
	refused = s.try("reviews", "decide", review.Name, "waive", "--benefit", "courtesy", "--text", "For friends.")
	require.Contains(t, refused.stderr, "No account gets a waiver by itself")
	s.cli("reviews", "decide", review.Name, "waive", "--benefit", "no-late-fee", "--text", "Partners need not.", "--etag", review.Etag)

	s.cli("clauses", "create", "Liability", "--text", "Not for delays.", "--review-at", "2")
	s.cli("clauses", "cite", "liability", "--account", "brook")
	require.Contains(t, value(t, s.cli("clauses", "cite", "liability"), "Review"), "reviews/clause-liability-")

	s.cli("remedies", "create", "New parcel", "--action", "Send it again.", "--issue", "late-delivery", "--fact", "lost=yes", "--value", "12.50")
	require.Contains(t, s.cli("remedies", "suggest", "late-delivery", "--fact", "lost=yes"), "USD 12.50")
	found := s.post("remedies:suggest", object{"issue": "late-delivery", "facts": object{"lost": "yes"}})
	require.Equal(t, "remedies/new-parcel", found["remedies"].([]any)[0].(object)["name"])
}

// judge has the quokka break a house rule, and be cited a clause, until both are reviewed,
// and writes a remedy.
func (s *server) judge() {
	s.cli("houserules", "create", "Who pays late pays a fee.", "--id", "late-fee", "--why", "Money costs interest.", "--review-at", "1", "--review-percent", "0")
	s.cli("houserules", "breach", "late-fee", "quokka", "overlooked")
	s.cli("clauses", "create", "Liability", "--text", "Not for delays.", "--review-at", "1")
	s.cli("clauses", "cite", "liability", "--account", "quokka")
	s.cli("remedies", "create", "New parcel", "--action", "Send it again.", "--issue", "late-delivery", "--value", "12.50")
}
