package test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Bands are quartiles until they are declared, by the command line and over REST.
func TestR36Bands(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", promise), "--effective", "1997-01-01")
		s.cli("revenue", "import", write(t, s.dir, "revenue.csv", "who,day,paid\nash,1997-03-01,10\nbirch,1997-03-02,20\ncedar,1997-03-03,30\nelm,1997-03-04,400\n"),
			"--column", "account=who", "--column", "date=day", "--column", "amount=paid", "--currency", "USD", "--create-accounts")
		require.Equal(t, "of,band,from,accounts\nspend,q1,,1\nspend,q2,USD 20.00,1\nspend,q3,USD 30.00,1\nspend,q4,USD 400.00,1\n",
			s.cli("bands", "show", "spend", "--as-of", "1997-12-31", "--output", "csv"))
		s.cli("accounts", "reach", "elm", "--followers", "90000")
		require.Contains(t, s.cli("bands", "list", "--as-of", "1997-12-31", "--output", "csv"), "reach,q1-q4,,1\nreach,unknown,,3\n")

		request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "http://"+s.http+"/v1/bandScales/spend",
			strings.NewReader(`{"bands": [{"id": "small"}, {"id": "large", "atLeastAmount": {"currencyCode": "USD", "units": "25"}}]}`))
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+s.token())
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s", body)
		var scale struct {
			Declared bool
			Etag     string
		}
		require.NoError(t, json.Unmarshal(body, &scale))
		require.True(t, scale.Declared)
		require.Equal(t, "of,band,from,accounts\nspend,small,,2\nspend,large,USD 25.00,2\n",
			s.cli("bands", "show", "spend", "--as-of", "1997-12-31", "--output", "csv"))
		require.Contains(t, s.cli("bands", "reset", "spend", "--etag", scale.Etag, "--output", "csv"), "q1-q4")
	})
}
