package test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The purchases of an online music shop, January 1997 to June 1998, with answers known
// from elsewhere.
const (
	cdnowEntries   = "69659"
	cdnowCustomers = "23570"
	cdnowTotal     = "USD 2500315.63"
)

func cdnow(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("EVENHAND_TEST_DATA")
	if dir == "" {
		t.Skip("no data: set EVENHAND_TEST_DATA to a folder that holds cdnow-transactions.csv")
	}
	path, err := filepath.Abs(filepath.Join(dir, "cdnow-transactions.csv"))
	require.NoError(t, err)
	require.FileExists(t, path)
	return path
}

var cdnowColumns = []string{
	"--column", "account=customer_id", "--column", "date=date", "--column", "amount=amount_usd", "--currency", "USD", "--create-accounts",
}

func (s *server) importCDNOW(path string) string {
	s.t.Helper()
	return s.cli(append([]string{"revenue", "import", path}, cdnowColumns...)...)
}

// requireCDNOW checks the answers that are known.
func (s *server) requireCDNOW() {
	s.t.Helper()
	for _, tt := range []struct{ benefit, day, holders string }{
		{"thanks", "1997-12-31", "454\n"},
		{"thanks", "1998-06-30", "326\n"},
		{"hello", "1997-12-31", "5220\n"},
		{"hello", "1998-06-30", "2883\n"},
	} {
		require.Equal(s.t, result{tt.holders, "", 0}, s.try("holders", tt.benefit, "--as-of", tt.day, "--count"), "%+v", tt)
	}
}

func TestR17RealRevenue(t *testing.T) {
	t.Parallel()
	path := cdnow(t)
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		first := s.importCDNOW(path)
		require.Equal(t, cdnowEntries, value(t, first, "Read"))
		require.Equal(t, cdnowEntries, value(t, first, "Written"))
		require.Equal(t, "0", value(t, first, "Refused"))
		require.Equal(t, cdnowCustomers, value(t, first, "Accounts"))
		require.Equal(t, cdnowTotal, value(t, first, "Total"))

		again := s.importCDNOW(path)
		require.Equal(t, "0", value(t, again, "Written"))
		require.Equal(t, cdnowEntries, value(t, again, "Already there"))
		require.Contains(t, value(t, again, "Outcome"), "nothing changed")

		file := write(t, s.dir, "promise.yaml", promise)
		s.cli("schedule", "publish", file, "--effective", "1997-01-01")
		s.requireCDNOW()
		spend := s.cli("spend")
		require.Equal(t, cdnowEntries, value(t, spend, "Entries"))
		require.Equal(t, cdnowTotal, value(t, spend, "Total"))

		s.cli("projections", "rebuild")
		s.requireCDNOW()
		s.requireSameAnswers()
		s.stop()
		s.restart()
		s.requireCDNOW()
	})
}

// requireSameAnswers asks about one account by command line, REST and gRPC.
func (s *server) requireSameAnswers() {
	s.t.Helper()
	const account, benefit = "00001", "thanks"
	var cli, rest map[string]any
	require.NoError(s.t, json.Unmarshal([]byte(s.cli("check", account, benefit, "--as-of", "1997-12-31", "--output", "json")), &cli))
	body := s.get("/v1/accounts/"+account+"/entitlements/"+benefit+":check?asOfDate=1997-12-31", http.StatusOK)
	require.NoError(s.t, json.Unmarshal(body, &rest))
	for _, answer := range []map[string]any{cli, rest} {
		delete(answer, "age") // how old the answer may be differs from call to call
	}
	require.Equal(s.t, cli, rest)
	require.Equal(s.t, false, rest["entitled"])
	require.Contains(s.t, rest["reason"], "spends $500")

	answer := s.dynamicCheck("accounts/"+account, benefit)
	require.Equal(s.t, false, answer["entitled"])
}

// get fetches a REST path as the administrator.
func (s *server) get(path string, status int) []byte {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.http+path, http.NoBody)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+s.token())
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, status, answer.StatusCode, "%s\n%s", path, body)
	return body
}
