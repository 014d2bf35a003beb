package test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R19: what extras cost is told by the command line and REST, as a share of revenue; what is above
// a limit is found, and stays so through a restart.
func TestR19CostsOfExtras(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", strings.Replace(metered, "unit: hour,", "unit: hour, unit_cost: 30.00,", 1)), "--effective", "2020-01-01")
		s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2020-01-01")
		paid := value(t, s.cli("revenue", "add", "acme", "600.00", "--currency", "USD", "--date", time.Now().AddDate(0, 0, -2).Format(time.DateOnly), "--source", "test"), "Consistency token")
		require.Equal(t, "yes", value(t, s.cli("check", "acme", "hours", "--consistency-token", paid), "Entitled"))
		used := s.cli("usage", "consume", "acme", "hours", "4", "--origin", "offered")
		s.cli("usage", "release", value(t, used, "Entry"), "1", "--reason", "It ended early.")

		const acme = "USD 90.00,3,0,USD 600.00,15.00 %\n"
		require.Equal(t, "by,of,cost,units,unknown_units,revenue,share\nall,accounts/acme,"+acme+"benefit,hours,"+acme+"rule,thanks-500,"+acme+"origin,offered,"+acme,
			s.cli("costs", "account", "acme", "--output", "csv"))
		require.Contains(t, s.cli("costs", "summary", "--output", "csv"), "accounts/acme,"+acme)
		require.Equal(t, 9, strings.Count(s.cli("costs", "trend", "--output", "csv"), "\n"))
		require.InDelta(t, 0.15, s.read("accounts/acme/cost")["total"].(object)["share"], 1e-12)
		require.Equal(t, "90", s.read("costs:summarize?groupBy=COST_GROUPING_RULE")["rows"].([]any)[0].(object)["cost"].(object)["units"])

		s.cli("costs", "limits", "create", "ten-percent", "--percent", "10", "--reason", "What the margin leaves.")
		require.Eventually(t, func() bool { return len(s.findings("state = OPEN")) == 1 }, time.Minute, 50*time.Millisecond)
		name := s.findings("state = OPEN")[0].(object)["name"].(string)
		require.Contains(t, s.cli("costs", "findings", "acknowledge", name, "--note", "Known."), "acknowledged")
		s.refused("COST_FINDING_STATE", name+":acknowledge", object{"note": "Again."})
		s.kill()
		s.restart()
		require.Len(t, s.findings("state = ACKNOWLEDGED"), 1)
		s.cli("costs", "limits", "update", "ten-percent", "--percent", "15")
		require.Eventually(t, func() bool { return len(s.findings("state = CLOSED")) == 1 }, time.Minute, 50*time.Millisecond)
		require.Len(t, s.findings(""), 1, "the same finding throughout")
	})
}

// findings are those about cost that a filter wants.
func (s *server) findings(filter string) []any {
	list, _ := s.read("costFindings?filter=" + url.QueryEscape(filter))["costFindings"].([]any)
	return list
}
