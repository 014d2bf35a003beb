package test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A board is made on the command line, read over REST, and dissolved for good.
func TestABoardFromItsCreationToItsEnd(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		unknown := s.try("board", "create", "--display-name", "Lost", "--time-zone", "America/New_York", "--manager", "mara")
		require.Equal(t, 1, unknown.code)
		require.Contains(t, unknown.stderr, "principals/mara does not exist")
		s.cli("principals", "create", "mara", "--role", "account-manager")
		created := s.cli("board", "create", "--id", "advisory", "--display-name", "Customer Advisory Board",
			"--time-zone", "America/New_York", "--manager", "mara")
		require.Equal(t, "boards/advisory", value(t, created, "Board"))
		require.Contains(t, s.cli("board", "list", "--manager", "mara", "-o", "csv"), "boards/advisory,Customer Advisory Board,active")
		require.NotContains(t, s.cli("board", "list", "--manager", "ines"), "advisory")

		wrong := s.try("board", "create", "--display-name", "Lost", "--time-zone", "Middle/Earth")
		require.Equal(t, 1, wrong.code)
		require.Contains(t, wrong.stderr, "Middle/Earth")

		s.cli("board", "update", "advisory", "--purpose", "Tells us what to build.")
		var board map[string]any
		require.NoError(t, json.Unmarshal(s.get("/v1/boards/advisory", http.StatusOK), &board))
		require.Equal(t, "Tells us what to build.", board["purpose"])

		require.Equal(t, "closed", value(t, s.cli("board", "close", "advisory", "--reason", "Its work is done."), "State"))
		again := s.try("board", "update", "advisory", "--purpose", "More.")
		require.Equal(t, 1, again.code)
		require.Contains(t, again.stderr, "closed")
	})
}

// boardRules are those of a board of twelve candidates. The alternates are all who are not
// drawn: of fewer, none may be from Energy, and nobody could follow the only one who is.
const boardRules = `
seats: 3
term_months: 36
grace_days: 7
max_terms: 2
cooling_off_months: 12
rotation: {rule: "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU", start: "2027-03-01T10:00"}
categories:
  - name: sector
    other: another
    quotas:
      - {value: Energy, min: 1, max: 2}
      - {value: another, min: 0, max: 3}
conflicts: {same_attributes: [sub-industry]}
quorum: {percent: 50}
alternates: {count: 9, answer_days: 14}
`

// A charter is a file: what is wrong with it is told with its place, and a version that
// was published is shown again.
func TestACharterIsPublishedFromAFile(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("board", "create", "--id", "advisory", "--display-name", "Advisory", "--time-zone", "Europe/Paris")
	publish := func(rules string, more ...string) result {
		path := write(t, t.TempDir(), "charter.yaml", rules)
		return s.try(append([]string{"board", "charter", "publish", "advisory", path, "--reason", "The first"}, more...)...)
	}
	for wrong, told := range map[string]string{
		"seats: three":       `line 1:8: seats has to be a whole number, not "three"`,
		"seats: 3\nseatz: 4": `line 2:1: there is no field "seatz" here`,
		"- seats":            "line 1:1: this has to be fields with their values",
		"":                   "the file is empty",
		strings.Replace(boardRules, "max_terms: 2", "max_terms: 0", 1): "max_terms",
	} {
		refused := publish(wrong)
		require.Equal(t, 1, refused.code, wrong)
		require.Contains(t, refused.stderr, told)
	}
	require.Zero(t, publish(boardRules, "--validate-only").code)
	require.Equal(t, 1, s.try("board", "charter", "show", "advisory").code, "it was only checked")

	published := publish(boardRules, "--effective", "2027-01-01")
	require.Zero(t, published.code, published.stderr)
	shown := s.cli("board", "charter", "show", "advisory")
	require.Equal(t, "boards/advisory/charters/1", value(t, shown, "Charter"))
	require.Equal(t, "Energy 1-2, another 0-3", value(t, shown, "Quotas by sector"))
	require.Contains(t, s.cli("board", "charter", "list", "advisory", "-o", "csv"), "boards/advisory/charters/1,2027-01-01,3,36,")
}

// Candidates come from a file with the people who consented; the same file again changes
// nothing, and what is wrong with a row is told by its line.
func TestCandidatesAreImported(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		s.cli("board", "create", "--id", "advisory", "--display-name", "Advisory", "--time-zone", "Europe/Paris")
		for _, name := range []string{"Harbour", "Brook", "Mill"} {
			s.cli("accounts", "create", "--display-name", name)
		}
		volunteers := write(t, t.TempDir(), "volunteers.csv", "customer,person,mail,until\n"+
			"harbour,Ines Roth,ines@harbour.example,2099-12-31\nbrook,,,\nnobody,Jo,,\nmill,Sam,,2099-02-30\n")
		args := []string{"board", "candidates", "import", "advisory", volunteers, "--column", "account=customer",
			"--column", "contact-name=person", "--column", "contact-email=mail", "--column", "until=until"}
		for range 2 {
			got := s.try(args...)
			require.Equal(t, 1, got.code)
			require.Contains(t, got.stderr, `line 4: there is no account "nobody"`)
			require.Contains(t, got.stderr, "line 5: until: there is no day 2099-02-30 in the calendar")
			require.Equal(t, "2", value(t, got.stdout, "Candidates"))
			list := s.cli("board", "candidates", "list", "advisory", "-o", "csv")
			require.Contains(t, list, "accounts/harbour,Harbour,consented,accounts/harbour/contacts/ines-roth,2099-12-31,")
			require.Contains(t, list, "accounts/brook,Brook,nominated,,,")
		}
		require.Contains(t, s.cli("accounts", "contacts", "list", "harbour", "-o", "csv"), "ines@harbour.example")

		require.Equal(t, "withdrawn", value(t, s.cli("board", "candidates", "withdraw", "advisory", "harbour", "--reason", "No time."), "State"))
		refused := s.try("board", "candidates", "consent", "advisory", "harbour", "ines-roth")
		require.Equal(t, 1, refused.code)
		require.Contains(t, refused.stderr, "nominate it anew")
		require.Equal(t, "consented", value(t, s.cli("board", "candidates", "nominate", "advisory", "harbour", "--contact", "ines-roth"), "State"))
	})
}
