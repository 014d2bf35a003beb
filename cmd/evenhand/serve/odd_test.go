package serve

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/telemetry"
	"github.com/evenhand/evenhand/proto/gen"
)

// operation is one of the OpenAPI document, with its example of a body.
type operation struct{ method, path, body string }

// operations returns them all; what their paths name is called x1, where it has to be.
func operations(t testing.TB) []operation {
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Example json.RawMessage }
			}
		}
	}
	require.NoError(t, json.Unmarshal(gen.OpenAPI, &doc))
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	var all []operation
	for path, methods := range doc.Paths {
		path = strings.ReplaceAll(path, "{version}", "1")
		for method, o := range methods {
			all = append(all, operation{strings.ToUpper(method), parameter.ReplaceAllString(path, "x1"),
				string(o.RequestBody.Content["application/json"].Example)})
		}
	}
	require.Greater(t, len(all), 40)
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

// furniture is what the odd calls find.
var furniture = []operation{
	{"POST", "/v1/accounts?accountId=x1", `{"displayName": "X"}`},
	{"POST", "/v1/accounts/x1/contacts?contactId=x1", `{"displayName": "X"}`},
	{"POST", "/v1/principals?principalId=x1", `{"displayName": "X", "person": true, "roles": ["ROLE_VIEWER"]}`},
	{"POST", "/v1/schedule:publish", `{"yaml": "schedule: s\ncurrency: USD\ntime_zone: UTC\nbenefits:\n- {id: x1, promise: Free shipping., kind: feature}\nrules:\n` +
		`- {id: r, promise: A customer who spends $500 within a year gets free shipping., when: {spend: trailing-12-months, at_least: 500.00}, grants: [x1], lasts: P0D}\n` +
		`notice: {effective: 1997-01-01, reason: First edition}\n"}`},
	{"POST", "/v1/accounts/x1/revenueEntries", `{"date": {"year": 2026, "month": 1, "day": 2}, "amount": {"currencyCode": "USD", "units": "5"}, "source": "s", "externalId": "1"}`},
}

// Whatever is sent, to whichever call, over the real services: the answer is no fault of
// the server's.
func FuzzWholeServer(f *testing.F) {
	all := operations(f)
	for i, o := range all {
		for _, query := range []string{"", "validateOnly=true", "pageSize=2147483647&pageToken=AAAA", "pageToken=%00&filter=((", "filter=state%3DNOPE&orderBy=,,",
			"asOf=0001-01-01T00:00:00Z", "asOfDate=9999-12-31", "consistencyToken=AAAA", "updateMask=*", "updateMask=attributes.&requestId=x"} {
			f.Add(uint(i), query, o.body, "")
		}
		for _, body := range []string{`{}`, `[]`, strings.ReplaceAll(o.body, `"7"`, `""`), strings.ReplaceAll(o.body, `:"`, `:"\u0000`),
			strings.ReplaceAll(o.body, "2026", "-2147483648"), strings.ReplaceAll(o.body, "2026", "2147483647")} {
			f.Add(uint(i), "", body, `W/"x", "y"`)
		}
	}
	p := running(f, telemetry.Off(), io.Discard)
	call := func(t testing.TB, o operation, condition string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), o.method, "http://"+p.rest.Addr().String()+o.path, strings.NewReader(o.body))
		if err != nil {
			t.Skip("is no request")
		}
		request.Header.Set("Authorization", "Bearer "+p.adminToken)
		request.Header.Set("Content-Type", "application/json")
		if condition != "" {
			request.Header.Set("If-Match", condition)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Skip("cannot be sent")
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(body)
	}
	for _, o := range furniture {
		status, body := call(f, o, "")
		require.Equal(f, http.StatusOK, status, "%s %s: %s", o.method, o.path, body)
	}
	f.Fuzz(func(t *testing.T, which uint, query, body, condition string) {
		o := all[which%uint(len(all))]
		if strings.Contains(query, " ") || len(query)+len(condition) > 64<<10 {
			t.Skip("is no HTTP, or longer than is read: the library refuses it in its own words")
		}
		if query != "" {
			o.path += "?" + query
		}
		if o.method == http.MethodGet || o.method == http.MethodDelete {
			body = ""
		}
		status, told := call(t, operation{o.method, o.path, body}, condition)
		require.Less(t, status, http.StatusInternalServerError, "%s %s %s: %s", o.method, o.path, body, told)
		if status >= http.StatusBadRequest {
			require.Contains(t, told, `"reason"`)
		}
	})
}
