package test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// metered is the promise with ten hours a year for who spends 500 within a year.
var metered = strings.Replace(strings.Replace(promise, "rules:\n",
	"  - {id: hours, promise: Ten hours a year with our experts., kind: metered, unit: hour, limit: 10, period: P1Y, resets: calendar, rollover: 2}\nrules:\n", 1),
	"grants: [thanks]", "grants: [thanks, hours]", 1)

// R18, R20: benefits are used through the command line and REST, and never beyond what is left.
func TestR18R20UsageOfAMeteredBenefit(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", metered), "--effective", "2020-01-01")
	s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2020-01-01")
	paid := value(t, s.cli("revenue", "add", "acme", "600.00", "--currency", "USD", "--date", time.Now().AddDate(0, 0, -2).Format(time.DateOnly), "--source", "test"), "Consistency token")
	require.Equal(t, "yes", value(t, s.cli("check", "acme", "hours", "--consistency-token", paid), "Entitled"))

	used := s.cli("usage", "consume", "acme", "hours", "4", "--origin", "asked-for", "--note", "Workshop")
	require.Equal(t, "6", value(t, used, "Left"))
	require.Equal(t, "thanks-500", value(t, used, "Rule"))
	reserved := s.cli("usage", "reserve", "acme", "hours", "5", "--origin", "offered")
	require.Equal(t, "1", value(t, reserved, "Left"))
	refused := s.try("usage", "consume", "acme", "hours", "2", "--origin", "offered")
	require.Equal(t, 1, refused.code)
	require.Contains(t, refused.stderr, "has 1 left")
	require.Equal(t, "4", value(t, s.cli("usage", "commit", value(t, reserved, "Reservation"), "2"), "Left"))
	require.Equal(t, "5", value(t, s.cli("usage", "release", value(t, used, "Entry"), "1", "--reason", "It ended early."), "Left"))
	balance := s.cli("usage", "balance", "acme", "hours")
	require.Equal(t, "5", value(t, balance, "Used"))
	require.Contains(t, balance, "By rule thanks-500 of schedule/versions/1 the limit is 10")
	require.Equal(t, 5, strings.Count(s.cli("usage", "history", "acme", "--output", "csv"), "\n"), "four entries below their names")

	b := s.read("accounts/acme/balances/hours")
	require.Equal(t, []any{"5", "10", "RESETS_CALENDAR"}, []any{b["left"], b["limit"], b["resets"]})
	out := s.post("accounts/acme/balances/hours:consume", object{"units": "5", "origin": "USAGE_ORIGIN_AUTOMATIC"})
	require.Equal(t, "0", out["balance"].(object)["left"])
	s.refused("USAGE_LIMIT", "accounts/acme/balances/hours:consume", object{"units": "1", "origin": "USAGE_ORIGIN_AUTOMATIC"})
	require.Len(t, s.read("accounts/-/usageNotices")["usageNotices"], 2)
}
