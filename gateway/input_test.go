package gateway_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

type badInput struct {
	method, path, body string
	headers            []string
	code               int
	field              string // one of the fields named, if any
	says               string // part of the answer
}

var badInputs = map[string]badInput{
	"not JSON":                {"POST", "/v1/accounts", `{"displayName": "A",}`, nil, 400, "body", "line 1, column 21"},
	"not JSON, further down":  {"POST", "/v1/accounts", "{\n  \"displayName\": nope\n}", nil, 400, "body", "line 2, column 19"},
	"cut off":                 {"POST", "/v1/accounts", `{"displayName": "A"`, nil, 400, "body", "unexpected end"},
	"text after the value":    {"POST", "/v1/accounts", `{} {}`, nil, 400, "body", "line 1, column 4"},
	"bad UTF-8":               {"POST", "/v1/accounts", "{\"displayName\": \"\xff\"}", nil, 400, "body", "line 1, column 18"},
	"half a surrogate":        {"POST", "/v1/accounts", `{"displayName": "\ud800"}`, nil, 400, "account.displayName", "line 1, column 17"},
	"no object":               {"POST", "/v1/accounts", `[]`, nil, 400, "account", "must be an object"},
	"null":                    {"POST", "/v1/accounts", `null`, nil, 400, "account", "must be an object"},
	"empty":                   {"POST", "/v1/accounts", "", nil, 400, "", "needs a body"},
	"only spaces":             {"POST", "/v1/accounts", " \n", nil, 400, "", "needs a body"},
	"unknown field":           {"POST", "/v1/accounts", "{\n \"colour\": 1}", nil, 400, "account.colour", "line 2, column 2"},
	"unknown field, nested":   {"POST", "/v1/accounts", `{"goals": [{}, {"statment": "x"}]}`, nil, 400, "account.goals[1].statment", "there are statement, measure, targetDate"},
	"twice":                   {"POST", "/v1/accounts", `{"displayName": "A", "display_name": "B"}`, nil, 400, "account.displayName", "twice"},
	"wrong type":              {"POST", "/v1/accounts", `{"displayName": 5}`, nil, 400, "account.displayName", "must be a text"},
	"object for a text":       {"POST", "/v1/accounts", `{"displayName": {"a": [1, 2]}, "owner": 7}`, nil, 400, "account.owner", "and 1 more"},
	"text for a list":         {"POST", "/v1/accounts", `{"goals": "x"}`, nil, 400, "account.goals", "must be a list"},
	"null in a list":          {"POST", "/v1/accounts", `{"serviceTeam": [null]}`, nil, 400, "account.serviceTeam[0]", "null"},
	"null in a map":           {"POST", "/v1/accounts", `{"attributes": {"sector": null}}`, nil, 400, `account.attributes["sector"]`, "null"},
	"number in a map":         {"POST", "/v1/accounts", `{"attributes": {"sector": 5}}`, nil, 400, `account.attributes["sector"]`, "must be a text"},
	"text for a day":          {"POST", "/v1/accounts", `{"joinedDate": "1997-01-01"}`, nil, 400, "account.joinedDate", "must be a date"},
	"number out of range":     {"POST", "/v1/accounts", `{"joinedDate": {"year": 99999999999}}`, nil, 400, "account.joinedDate.year", "2147483647"},
	"number with a fraction":  {"POST", "/v1/accounts", `{"joinedDate": {"year": 1.5}}`, nil, 400, "account.joinedDate.year", "whole number"},
	"huge exponent":           {"POST", "/v1/accounts", `{"joinedDate": {"year": 1e999999999}}`, nil, 400, "account.joinedDate.year", "whole number"},
	"bad instant":             {"POST", "/v1/accounts", `{"createTime": "yesterday"}`, nil, 400, "account.createTime", "RFC 3339"},
	"unknown enum":            {"POST", "/v1/accounts", `{"state": "STATE_GREAT"}`, nil, 400, "account.state", "STATE_ACTIVE"},
	"two of a oneof":          {"POST", "/v1/schedule:publish", `{"yaml": "x", "schedule": {}}`, nil, 400, "schedule", "excludes yaml"},
	"nested too deep":         {"POST", "/v1/schedule:publish", `{"schedule":{"rules":[{"when":` + strings.Repeat(`{"all":{"conditions":[`, 60) + strings.Repeat(`]}}`, 60) + `}]}}`, nil, 400, "", "nested more than"},
	"brackets without end":    {"POST", "/v1/accounts", strings.Repeat(`[`, 100_000), nil, 400, "body", "exceeded max depth"},
	"too large":               {"POST", "/v1/accounts", `{"displayName": "` + strings.Repeat("a", 4<<20) + `"}`, nil, 400, "body", "4194304"},
	"body where none is":      {"GET", "/v1/accounts", `{"pageSize": 5}`, nil, 400, "", "takes no body"},
	"body of a delete":        {"DELETE", "/v1/accounts/acme/contacts/jo", `{"etag": "7"}`, nil, 400, "", "takes no body"},
	"rule of the schema":      {"POST", "/v1/accounts", `{"displayName": "` + strings.Repeat("a", 201) + `"}`, nil, 400, "account.displayName", "200"},
	"another name":            {"PATCH", "/v1/accounts/acme", `{"name": "accounts/other", "displayName": "A"}`, nil, 400, "account.name", "accounts/acme"},
	"another name, whole":     {"POST", "/v1/accounts/acme:activate", `{"name": "accounts/other"}`, nil, 400, "name", "accounts/acme"},
	"malformed name":          {"GET", "/v1/accounts/ACME", "", nil, 400, "name", "account's name"},
	"unknown parameter":       {"GET", "/v1/accounts?pagesize=5", "", nil, 400, `"pagesize"`, "there are pageSize, pageToken, filter, orderBy"},
	"two unknown parameters":  {"GET", "/v1/accounts?a=5&b=6", "", nil, 400, `"b"`, "and 1 more"},
	"parameter of the path":   {"GET", "/v1/accounts/acme?name=accounts/other", "", nil, 400, `"name"`, "it has none"},
	"parameter of the body":   {"POST", "/v1/accounts?account.displayName=A", `{}`, nil, 400, `"account.displayName"`, "not a parameter"},
	"parameter, whole body":   {"POST", "/v1/entitlements:batchCheck?asOf=2026-01-01T00:00:00Z", `{}`, nil, 400, `"asOf"`, "it has none"},
	"parameter not a number":  {"GET", "/v1/accounts?pageSize=many", "", nil, 400, "pageSize", "whole number"},
	"parameter too large":     {"GET", "/v1/accounts?pageSize=2147483648", "", nil, 400, "pageSize", "2147483647"},
	"parameter negative":      {"GET", "/v1/accounts?pageSize=-1", "", nil, 400, "pageSize", "0"},
	"parameter twice":         {"GET", "/v1/accounts?pageSize=1&pageSize=2", "", nil, 400, "pageSize", "2 times"},
	"parameter in two ways":   {"GET", "/v1/accounts?pageSize=1&page_size=1", "", nil, 400, "page_size", "again"},
	"parameter no truth":      {"POST", "/v1/accounts?prospect=yes", `{}`, nil, 400, "prospect", "true or false"},
	"parameter no UTF-8":      {"GET", "/v1/accounts?filter=%ff", "", nil, 400, "filter", "UTF-8"},
	"bad escape":              {"GET", "/v1/accounts?filter=%zz", "", nil, 400, "", "malformed"},
	"semicolon":               {"GET", "/v1/accounts?pageSize=1;filter=x", "", nil, 400, "", "malformed"},
	"bad day":                 {"GET", "/v1/accounts/acme/spend?asOfDate=1997-02-30", "", nil, 400, "asOfDate", "a day"},
	"day and its parts":       {"GET", "/v1/accounts/acme/spend?asOfDate=1997-02-28&asOfDate.year=1997", "", nil, 400, "asOfDate.year", "again"},
	"unknown part of a day":   {"GET", "/v1/accounts/acme/spend?asOfDate.hour=3", "", nil, 400, `"asOfDate.hour"`, "not a parameter"},
	"part of a text":          {"GET", "/v1/accounts?filter.x=3", "", nil, 400, `"filter.x"`, "not a parameter"},
	"bad instant in query":    {"GET", "/v1/accounts/acme/spend?asOf=now", "", nil, 400, "asOf", "RFC 3339"},
	"plus that is a space":    {"GET", "/v1/accounts/acme/spend?asOf=2026-01-01T00:00:00+02:00", "", nil, 400, "asOf", "%2B"},
	"unknown enum in query":   {"GET", "/v1/accounts/acme/entitlements/thanks:check?view=ALL", "", nil, 400, "view", "ENTITLEMENT_VIEW_FULL"},
	"undefined enum in query": {"GET", "/v1/accounts/acme/entitlements/thanks:check?view=99", "", nil, 400, "view", ""},
	"mask of unknown field":   {"PATCH", "/v1/accounts/acme?updateMask=displayName,colour", `{}`, nil, 400, "updateMask", "`colour`"},
	"mask into a list":        {"PATCH", "/v1/accounts/acme?updateMask=goals.statement", `{}`, nil, 400, "updateMask", "whole"},
	"key that means a path":   {"PATCH", "/v1/accounts/acme", `{"attributes": {"a.b": "x"}}`, nil, 400, `account.attributes["a.b"]`, "key"},
	"no JSON type":            {"POST", "/v1/accounts", `displayName=A`, []string{"Content-Type", "", "Content-Type", "text/plain"}, 415, "", "application/json"},
	"a real form":             {"POST", "/v1/accounts", `displayName=A`, []string{"Content-Type", "", "Content-Type", "application/x-www-form-urlencoded"}, 400, "", "line 1"},
	"latin-1":                 {"POST", "/v1/accounts", `{}`, []string{"Content-Type", "", "Content-Type", "application/json; charset=latin1"}, 415, "", "UTF-8"},
	"malformed type":          {"POST", "/v1/accounts", `{}`, []string{"Content-Type", "", "Content-Type", ";;"}, 415, "", "application/json"},
	"malformed type, no body": {"POST", "/v1/accounts/acme:activate?x=1", "", []string{"Content-Type", ";;"}, 400, `"x"`, ""},
	"merge patch for a post":  {"POST", "/v1/accounts", `{}`, []string{"Content-Type", "", "Content-Type", "application/merge-patch+json"}, 415, "", ""},
	"unknown encoding":        {"POST", "/v1/accounts", `{}`, []string{"Content-Encoding", "br"}, 415, "", "gzip"},
	"no gzip":                 {"POST", "/v1/accounts", `{}`, []string{"Content-Encoding", "gzip"}, 400, "", "gzip"},
	"not acceptable":          {"GET", "/v1/accounts", "", []string{"Accept", "text/html, application/json;q=0"}, 406, "", "Accept"},
	"bad timeout":             {"GET", "/v1/accounts", "", []string{"Grpc-Timeout", "soon"}, 400, "Grpc-Timeout", "500m"},
	"timeout of nothing":      {"GET", "/v1/accounts", "", []string{"Grpc-Timeout", "0S"}, 400, "Grpc-Timeout", ""},
	"bad idempotency key":     {"POST", "/v1/accounts", `{}`, []string{"Idempotency-Key", "once"}, 400, "Idempotency-Key", "UUID"},
	"two ids":                 {"POST", "/v1/accounts?requestId=6ba7b810-9dad-41d1-80b4-00c04fd430c8", `{}`, []string{"Idempotency-Key", "16fd2706-8baf-433b-82eb-8c7fada847da"}, 400, "requestId", "one of them"},
	"unquoted If-Match":       {"PATCH", "/v1/accounts/acme", `{}`, []string{"If-Match", "7"}, 400, "If-Match", "double quotes"},
	"open If-Match":           {"PATCH", "/v1/accounts/acme", `{}`, []string{"If-Match", `"7`}, 400, "If-Match", ""},
	"empty If-Match":          {"PATCH", "/v1/accounts/acme", `{}`, []string{"If-Match", `,`}, 400, "If-Match", ""},
	"too many in If-Match":    {"PATCH", "/v1/accounts/acme", `{}`, []string{"If-Match", `"1","2","3","4","5","6"`}, 400, "If-Match", "more than 5"},
	"If-Match without effect": {"POST", "/v1/accounts", `{}`, []string{"If-Match", `"7"`}, 400, "If-Match", "cannot be used"},
	"If-None-Match, change":   {"PATCH", "/v1/accounts/acme", `{}`, []string{"If-None-Match", `*`}, 400, "If-None-Match", "GET"},
	"two etags":               {"PATCH", "/v1/accounts/acme", `{"etag": "6"}`, []string{"If-Match", `"7"`}, 400, "account.etag", "If-Match"},
	"unknown path":            {"GET", "/v1/acounts", "", nil, 404, "", "/openapi.json"},
	"unknown action":          {"POST", "/v1/accounts/acme:promote", `{}`, nil, 404, "", ""},
	"empty action":            {"GET", "/v1/accounts/acme:", "", nil, 404, "", ""},
	"stream":                  {"POST", "/evenhand.accounts.v1.FeedService/WatchChanges", "", nil, 404, "", ""},
	"gRPC name":               {"POST", "/evenhand.accounts.v1.AccountsService/GetAccount", `{}`, nil, 404, "", ""},
	"trailing slash":          {"GET", "/v1/accounts/", "", nil, 404, "", ""},
	"two slashes":             {"GET", "/v1//accounts", "", nil, 404, "", ""},
	"dots":                    {"GET", "/v1/accounts/%2e%2e", "", nil, 404, "", ""},
	"encoded slash":           {"GET", "/v1/accounts%2Facme", "", nil, 404, "", ""},
	"encoded slash in an id":  {"GET", "/v1/accounts/acme%2Fcontacts", "", nil, 404, "", ""},
	"encoded backslash":       {"GET", "/v1/accounts/a%5Cb", "", nil, 404, "", ""},
	"encoded nothing":         {"GET", "/v1/accounts/a%00b", "", nil, 400, "name", ""},
	"path not UTF-8":          {"GET", "/v1/accounts/%ff", "", nil, 400, "", "UTF-8"},
	"wrong method":            {"PUT", "/v1/accounts/acme", `{}`, nil, 405, "", "GET, HEAD, PATCH, OPTIONS"},
	"unheard-of method":       {"BREW", "/v1/accounts", "", nil, 405, "", "GET, HEAD, POST, OPTIONS"},
	"get of an action":        {"GET", "/v1/accounts/acme:activate", "", nil, 405, "", "POST, OPTIONS"},
	"overridden method":       {"POST", "/v1/accounts/acme", `{}`, []string{"X-HTTP-Method-Override", "DELETE"}, 405, "", "GET, HEAD, PATCH, OPTIONS"},
}

func TestBadInputIsNamedNever500(t *testing.T) {
	w := startWorld(t, nil)
	for name, in := range badInputs {
		t.Run(name, func(t *testing.T) {
			a := w.do(t, in.method, in.path, in.body, in.headers...)
			p := requireProblem(t, a, in.code)
			require.Contains(t, p["detail"], in.says)
			if in.field != "" {
				require.Contains(t, fieldsOf(p), in.field)
			}
			if in.code == http.StatusMethodNotAllowed {
				require.Equal(t, in.says, a.Header.Get("Allow"))
			}
		})
	}
	require.Empty(t, w.got.take(), "nothing reached a handler")
}

func TestMediaTypesThatAreTakenAreNamed(t *testing.T) {
	w := startWorld(t, nil)
	xml := []string{"Content-Type", "", "Content-Type", "text/xml"}
	require.Equal(t, "application/json", w.do(t, "POST", "/v1/accounts", "<a/>", xml...).Header.Get("Accept-Post"))
	require.Contains(t, w.do(t, "PATCH", "/v1/accounts/acme", "<a/>", xml...).Header.Get("Accept-Patch"), "application/merge-patch+json")
}

func TestR1HandSetLevelsAreRefused(t *testing.T) {
	w := startWorld(t, nil)
	tests := map[string]struct{ method, path, body, field string }{
		"tier":         {"POST", "/v1/accounts", `{"tier": "gold"}`, "account.tier"},
		"level":        {"PATCH", "/v1/accounts/acme", `{"level": 3}`, "account.level"},
		"camel case":   {"PATCH", "/v1/accounts/acme", `{"customerTier": {"name": "gold"}}`, "account.customerTier"},
		"snake case":   {"POST", "/v1/accounts", `{"vip_status": true, "displayName": "A"}`, "account.vip_status"},
		"rank, below":  {"POST", "/v1/accounts", `{"goals": [{"statement": "x", "rank": 1}]}`, "account.goals[0].rank"},
		"after others": {"POST", "/v1/accounts", `{"colour": 1, "grade": 1}`, "account.grade"},
		"in a request": {"POST", "/v1/accounts/acme:activate", `{"level": "gold"}`, "level"},
		"parameter":    {"POST", "/v1/accounts?tier=gold", `{}`, `"tier"`},
		"mask":         {"PATCH", "/v1/accounts/acme?updateMask=level", `{}`, "updateMask"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := requireProblem(t, w.do(t, tt.method, tt.path, tt.body), 400)
			require.Equal(t, "HAND_SET_LEVEL", p["reason"])
			require.Contains(t, fieldsOf(p), tt.field)
			require.Contains(t, w.do(t, tt.method, tt.path, tt.body).body, "published rules alone", "it says why")
		})
	}
	require.Empty(t, w.got.take())
}

func TestQueryParameters(t *testing.T) {
	w := startWorld(t, nil)
	for _, query := range []string{"asOfDate=1997-12-31", "as_of_date=1997-12-31", "asOfDate.year=1997&asOfDate.month=12&asOfDate.day=31"} {
		a := w.do(t, "GET", "/v1/accounts/acme/entitlements/thanks:check?view=ENTITLEMENT_VIEW_BASIC&"+query, "")
		require.Equal(t, 200, a.StatusCode, a.body)
		r := one[*entitlementsv1.CheckEntitlementRequest](t, w)
		require.Equal(t, account, r.GetAccount())
		require.Equal(t, "thanks", r.GetBenefit())
		require.Equal(t, entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC, r.GetView())
		require.Equal(t, int32(1997), r.GetAsOfDate().GetYear())
		require.Equal(t, int32(12), r.GetAsOfDate().GetMonth())
		require.Equal(t, int32(31), r.GetAsOfDate().GetDay())
	}
	for _, query := range []string{"asOf=2026-01-01T00:00:00Z", "asOf=2026-01-01T02:00:00%2B02:00", "asOf=2025-12-31T19:00:00-05:00"} {
		w.do(t, "GET", "/v1/accounts/acme/entitlements/thanks%3Acheck?"+query, "")
		require.Equal(t, int64(1767225600), one[*entitlementsv1.CheckEntitlementRequest](t, w).GetAsOf().GetSeconds())
	}
	w.do(t, "GET", "/v1/accounts?pageSize=3&filter=state%20%3D%20STATE_ACTIVE&order_by=name", "")
	r := one[*accountsv1.ListAccountsRequest](t, w)
	require.Equal(t, "state = STATE_ACTIVE", r.GetFilter())
	require.Equal(t, "name", r.GetOrderBy())
	require.Equal(t, int32(3), r.GetPageSize())
	w.do(t, "POST", "/v1/accounts?accountId=acme&prospect=true", `{"displayName": "Acme"}`)
	created := one[*accountsv1.CreateAccountRequest](t, w)
	require.True(t, created.GetProspect())
	require.Equal(t, "acme", created.GetAccountId())
}

func TestBodies(t *testing.T) {
	w := startWorld(t, nil)
	for name, body := range map[string]string{
		"both spellings":  `{"queries": [{"account": "accounts/a", "benefit": "x"}], "as_of": "2026-01-01T00:00:00Z"}`,
		"byte order":      `{"asOf": "2026-01-01T01:00:00+01:00", "queries": [{"benefit": "x", "account": "accounts/a"}]}`,
		"nulls are unset": `{"queries": [{"account": "accounts/a", "benefit": "x"}], "asOfDate": null, "asOf": "2026-01-01T00:00:00Z", "consistencyToken": null}`,
		"escapes":         `{"queries": [{"account": "\u0061ccounts\/a", "benefit": "x"}], "asOf": "2026-01-01T00:00:00.000Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do(t, "POST", "/v1/entitlements:batchCheck", body)
			require.Equal(t, 200, a.StatusCode, a.body)
			r := one[*entitlementsv1.BatchCheckEntitlementsRequest](t, w)
			require.Len(t, r.GetQueries(), 1)
			require.Equal(t, "accounts/a", r.GetQueries()[0].GetAccount())
			require.Equal(t, int64(1767225600), r.GetAsOf().GetSeconds())
			require.Nil(t, r.GetAsOfDate())
		})
	}
	require.Equal(t, 200, w.do(t, "POST", "/v1/accounts/acme:activate", "").StatusCode, "a body that is the whole request may be left out")
	require.Equal(t, account, one[*accountsv1.ActivateAccountRequest](t, w).GetName())
	require.Equal(t, 200, w.do(t, "POST", "/v1/accounts", "{}", "Content-Type", "", "Content-Type", "application/x-www-form-urlencoded").StatusCode, "curl -d")
	require.Equal(t, 200, w.do(t, "POST", "/v1/accounts", "{}", "Content-Type", "", "Content-Type", "application/json; charset=UTF-8", "Accept", "text/html, */*;q=0.1").StatusCode)
	require.Equal(t, 200, w.do(t, "POST", "/v1/accounts", "{}", "Content-Type", "").StatusCode)
}

func TestRequestBodiesMayBeGzip(t *testing.T) {
	w := startWorld(t, nil)
	zip := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		return b.String()
	}
	a := w.do(t, "POST", "/v1/accounts", zip(`{"displayName": "Acme"}`), "Content-Encoding", "gzip")
	require.Equal(t, 200, a.StatusCode, a.body)
	require.Equal(t, "Acme", one[*accountsv1.CreateAccountRequest](t, w).GetAccount().GetDisplayName())

	bomb := zip(`{"displayName": "` + strings.Repeat("a", 64<<20) + `"}`)
	require.Less(t, len(bomb), 1<<20)
	p := requireProblem(t, w.do(t, "POST", "/v1/accounts", bomb, "Content-Encoding", "gzip"), 400)
	require.Contains(t, p["detail"], "4194304")
	whole := zip(`{"displayName": "Acme"}`)
	requireProblem(t, w.do(t, "POST", "/v1/accounts", whole[:len(whole)-9], "Content-Encoding", "gzip"), 400)
	requireProblem(t, w.do(t, "POST", "/v1/accounts", zip("{"), "Content-Encoding", "gzip"), 400)
}
