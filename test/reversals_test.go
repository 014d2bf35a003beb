package test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R18: what an account won by revenue that was reversed or refunded later is reported, with
// who booked it and what was used of it.
func TestR18BenefitsWonByRevenueTakenBackAreReported(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", metered), "--effective", "2020-01-01")
	for _, name := range []string{"Acme", "Honest", "Returner"} {
		s.cli("accounts", "create", "--display-name", name, "--joined", "2020-01-01")
	}
	today := time.Now().UTC()
	daysAgo := func(n int) string { return today.AddDate(0, 0, -n).Format(time.DateOnly) }
	add := func(account, day, units string, nanos int) object {
		at, err := time.Parse(time.DateOnly, day)
		require.NoError(t, err)
		out := s.post("accounts/"+account+"/revenueEntries", object{"source": "erp",
			"date":   object{"year": at.Year(), "month": at.Month(), "day": at.Day()},
			"amount": object{"currencyCode": "USD", "units": units, "nanos": nanos}})
		s.cli("check", account, "hours", "--consistency-token", out["consistencyToken"].(string))
		return out["revenueEntry"].(object)
	}
	mistake := add("acme", daysAgo(40), "600", 0)["name"].(string)
	add("honest", daysAgo(30), "700", 0)
	add("honest", daysAgo(20), "-200", 0)
	add("returner", daysAgo(30), "500", 0)
	add("returner", daysAgo(20), "0", -10_000_000)
	s.cli("usage", "consume", "acme", "hours", "4", "--origin", "asked-for")
	s.cli("revenue", "reverse", mistake, "--note", "Booked twice")

	asked := []string{"audit", "reversals", "--from", daysAgo(60), "--to", today.AddDate(0, 0, 1).Format(time.DateOnly)}
	var answer struct {
		ReversedBenefits []struct {
			Account, Benefit, Rule, ScheduleVersion, StartTime, EndTime, UsedUnits string
			Entries                                                                []struct {
				Entry, Source, Recorder, Reversal, Reverser, Note string
				Mistake                                           bool
				Amount                                            struct{ Units string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(s.cli(append(asked, "--output", "json")...)), &answer))
	found := map[string]int{}
	for i, b := range answer.ReversedBenefits {
		found[b.Account+" "+b.Benefit] = i
	}
	require.Len(t, found, 5, "hello, thanks and hours of one account, and what costs $500 of another: %v", found)
	acme := answer.ReversedBenefits[found["accounts/acme hours"]]
	require.Equal(t, []string{"thanks-500", "schedule/versions/1", "4"}, []string{acme.Rule, acme.ScheduleVersion, acme.UsedUnits})
	require.Len(t, acme.Entries, 1)
	by := acme.Entries[0]
	require.Equal(t, mistake, by.Entry)
	require.Equal(t, []any{"erp", "Booked twice", true, "600"}, []any{by.Source, by.Note, by.Mistake, by.Amount.Units})
	require.True(t, strings.HasPrefix(by.Recorder, "principals/"))
	require.Equal(t, by.Recorder, by.Reverser)
	returner := answer.ReversedBenefits[found["accounts/returner thanks"]]
	require.False(t, returner.Entries[0].Mistake)
	require.Contains(t, found, "accounts/returner hours")

	require.Equal(t, 6, strings.Count(s.cli(append(asked, "--output", "csv")...), "\n"), "five rows below their names")
	require.Equal(t, 4, strings.Count(s.cli(append(asked, "--filter", `account = "accounts/acme"`, "--output", "csv")...), "\n"))
	before := []string{"audit", "reversals", "--from", "2020-01-01", "--to", "2020-12-31", "--output", "csv"}
	require.Equal(t, 1, strings.Count(s.cli(before...), "\n"))

	path := fmt.Sprintf("reversedBenefits?from_date.year=%d&from_date.month=1&from_date.day=1&to_date.year=%d&to_date.month=12&to_date.day=31&page_size=3",
		today.Year()-1, today.Year())
	first := s.read(path)
	require.Len(t, first["reversedBenefits"], 3)
	rest := s.read(path + "&page_token=" + first["nextPageToken"].(string))
	require.Len(t, rest["reversedBenefits"], 2)
	require.Empty(t, rest["nextPageToken"])

	s.cli("principals", "create", "sam", "--role", "service-agent")
	s.cli("tokens", "create", "sam", "--file", filepath.Join(s.dir, "sam-token"))
	refused := s.try(append(asked, "--token-file", filepath.Join(s.dir, "sam-token"))...)
	require.Equal(t, 1, refused.code)
	require.Contains(t, refused.stderr, "parity.read")
}
