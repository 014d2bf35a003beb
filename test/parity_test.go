package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// parityReport is as much of `audit parity --output json` as others rely on.
type parityReport struct {
	Comparisons []struct {
		Metric string
		By     string
		Groups [2]string
		Within []string
		Counts [2]int
		Effect *struct {
			Kind             string
			Value, Low, High *float64
		}
		PValue    *float64 `json:"p_value"`
		PAdjusted *float64 `json:"p_adjusted"`
		Outcome   string
		Reason    string
	}
}

func (s *server) audit(t *testing.T, args ...string) parityReport {
	t.Helper()
	var r parityReport
	require.NoError(t, json.Unmarshal([]byte(s.cli(append([]string{"audit", "parity", "--output", "json"}, args...)...)), &r))
	return r
}

// unequal are 80 cases, of which those that came by phone take ten times as long.
func unequal() string {
	var b strings.Builder
	b.WriteString("case_id,account,issue,channel,role,opened,first_reply,resolved,remedy,remedy_value\n")
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for i := range 80 {
		channel, took := "Web Form", time.Duration(60+i)*time.Minute
		if i%2 == 1 {
			channel, took = "phone", 10*took
		}
		opened := at.Add(time.Duration(i) * time.Hour)
		fmt.Fprintf(&b, "%d,customer %d,Late Delivery,%s,Service Agent,%s,%s,%s,Refund,12.50\n", i, i%7, channel,
			opened.Format(time.RFC3339), opened.Add(took).Format("2006-01-02T15:04:05.000"), opened.Add(2*took).Format(time.RFC3339))
	}
	return b.String()
}

// A file of cases is imported and audited without a schedule.
func TestR24ImportedCasesAreAudited(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		file := write(t, s.dir, "cases.csv", unequal())
		columns := []string{"case", "import", file, "--column", "id=case_id", "--column", "account=account", "--column", "staff-role=role",
			"--column", "first-reply=first_reply", "--column", "resolved=resolved", "--column", "remedy=remedy", "--column", "remedy-value=remedy_value",
			"--create-accounts", "--output", "csv"}
		require.Contains(t, s.cli(columns...), "80,80,0,0,7,7")
		require.Contains(t, s.cli(columns...), "80,0,80,0,7,0")

		r := s.audit(t, "--from", "2026-01-01", "--to", "2026-01-31", "--by", "channel", "--within", "issue,spend-band")
		outcomes := map[string]string{}
		for _, c := range r.Comparisons {
			require.Equal(t, "channel", c.By)
			require.Equal(t, [2]string{"phone", "web-form"}, c.Groups)
			require.Equal(t, []string{"issue", "spend-band"}, c.Within)
			outcomes[c.Metric] = c.Outcome
			if c.Outcome == "finding" {
				require.Equal(t, [2]int{40, 40}, c.Counts)
				require.NotNil(t, c.PAdjusted)
				require.Greater(t, *c.Effect.Value, 1.05)
			}
		}
		require.Equal(t, map[string]string{
			"first-reply-time": "finding", "resolution-time": "finding", "breach-rate": "insufficient_data", "remedy-rate": "no_finding",
			"remedy-value": "no_finding", "escalation-rate": "insufficient_data", "reopen-rate": "insufficient_data",
		}, outcomes)
	})
}

// Real cases of a city are audited by channel: half of them are still open.
func TestR24CasesOfACity(t *testing.T) {
	t.Parallel()
	data := os.Getenv("EVENHAND_TEST_DATA")
	if data == "" {
		t.Skip("skipped: EVENHAND_TEST_DATA does not name the folder of real data")
	}
	s := serve(t)
	require.Contains(t, s.cli("case", "import", filepath.Join(data, "nyc311-requests.csv"), "--column", "id=case_id", "--column", "resolved=closed",
		"--account", "city-of-new-york", "--create-accounts", "--output", "csv"), "500,500,0,0,1,1")
	r := s.audit(t, "--from", "2023-12-10", "--to", "2023-12-10", "--by", "channel", "--within", "issue") // as the guide has it
	require.Len(t, r.Comparisons, 21)
	seen := map[string]bool{}
	for _, c := range r.Comparisons {
		seen[c.Metric+" "+c.Groups[0]+" "+c.Groups[1]] = true
		if c.Metric != "resolution-time" {
			require.Equal(t, "insufficient_data", c.Outcome, "nobody recorded that")
			require.Regexp(t, "^of no case of .* is the .* known$", c.Reason)
			continue
		}
		require.Equal(t, "no_finding", c.Outcome, "%v", c.Groups)
	}
	for _, groups := range []string{"mobile online", "mobile phone", "online phone"} {
		require.True(t, seen["resolution-time "+groups], "%v", seen)
	}
}
