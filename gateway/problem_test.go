package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	"github.com/evenhand/evenhand/internal/platform/transcript"
	"github.com/evenhand/evenhand/proto/gen"
)

// requireProblem checks that an answer is a problem as the OpenAPI document describes
// it, and returns it.
func requireProblem(t testing.TB, a answer, code int) map[string]any {
	t.Helper()
	require.Equal(t, code, a.StatusCode, a.body)
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
	p := a.json(t)
	requireMatches(t, p, problemSchema(), "problem")
	require.Equal(t, "about:blank", p["type"])
	require.EqualValues(t, code, p["status"])
	require.NotEmpty(t, p["detail"])
	require.NotEmpty(t, p["traceId"])
	require.Equal(t, a.Header.Get("X-Request-Id"), p["metadata"].(map[string]any)["requestId"])
	return p
}

// problemSchema is what the OpenAPI document says of problems.
var problemSchema = sync.OnceValue(func() map[string]any {
	var doc struct {
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(gen.OpenAPI, &doc); err != nil {
		panic(err)
	}
	return doc.Components.Schemas["Problem"]
})

// requireMatches checks the parts of JSON Schema that the Problem schema uses.
func requireMatches(t testing.TB, value any, schema map[string]any, at string) {
	t.Helper()
	switch schema["type"] {
	case "object":
		object, ok := value.(map[string]any)
		require.True(t, ok, "%s is no object", at)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			require.Contains(t, object, name, at)
		}
		properties, _ := schema["properties"].(map[string]any)
		additional, _ := schema["additionalProperties"].(map[string]any)
		for name, member := range object {
			s, known := properties[name].(map[string]any)
			if !known {
				s = additional
			}
			require.NotNil(t, s, "%s.%s is not in the schema", at, name)
			requireMatches(t, member, s, at+"."+name)
		}
	case "array":
		list, ok := value.([]any)
		require.True(t, ok, "%s is no array", at)
		for i, element := range list {
			requireMatches(t, element, schema["items"].(map[string]any), fmt.Sprintf("%s[%d]", at, i))
		}
	case "string":
		require.IsType(t, "", value, at)
	case "integer":
		require.IsType(t, 0.0, value, at)
	default:
		t.Fatalf("%s: the test does not know the type %v", at, schema["type"])
	}
}

func fieldsOf(p map[string]any) []string {
	var list []string
	fields, _ := p["fields"].([]any)
	for _, f := range fields {
		list = append(list, f.(map[string]any)["field"].(string))
	}
	return list
}

func TestErrorsOfServicesBecomeProblems(t *testing.T) {
	w := startWorld(t, nil)
	tests := map[string]struct {
		err    error
		code   int
		reason string
		has    func(*testing.T, answer, map[string]any)
	}{
		"fields in the names of JSON": {
			fault.Invalid("account.service_team[0]", "must be a principal's name"), 400, "INVALID_ARGUMENT",
			func(t *testing.T, _ answer, p map[string]any) {
				require.Equal(t, []string{"account.serviceTeam[0]"}, fieldsOf(p))
				require.Equal(t, "account.serviceTeam[0]: must be a principal's name", p["detail"])
			},
		},
		"keys stay": {
			fault.Invalid(`account.attributes["big_sector"]`, "is not declared"), 400, "INVALID_ARGUMENT",
			func(t *testing.T, _ answer, p map[string]any) {
				require.Equal(t, []string{`account.attributes["big_sector"]`}, fieldsOf(p))
			},
		},
		"paths of a schedule file stay": {
			fault.New(fault.InvalidArgument, "SCHEDULE_INVALID", "two problems").
				WithField("rules[0].when.at_least", "12:5: is negative").WithField("time_zone", "3:1: unknown"),
			400, "SCHEDULE_INVALID",
			func(t *testing.T, _ answer, p map[string]any) {
				require.Equal(t, []string{"rules[0].when.at_least", "time_zone"}, fieldsOf(p))
			},
		},
		"preconditions": {
			fault.New(fault.FailedPrecondition, "ACCOUNT_STATE", "Closed.").WithCondition("ACCOUNT_STATE", account, "must be active"),
			400, "ACCOUNT_STATE",
			func(t *testing.T, _ answer, p map[string]any) {
				require.Equal(t, []any{map[string]any{"type": "ACCOUNT_STATE", "subject": account, "description": "must be active"}}, p["preconditions"])
			},
		},
		"not found": {fault.Missing("evenhand/Account", account), 404, "NOT_FOUND",
			func(t *testing.T, _ answer, p map[string]any) {
				require.Equal(t, account, p["metadata"].(map[string]any)["resource"])
			}},
		"exists":              {fault.New(fault.AlreadyExists, "ALREADY_EXISTS", "There."), 409, "ALREADY_EXISTS", nil},
		"conflict":            {fault.New(fault.Aborted, "CONFLICT", "Again."), 409, "CONFLICT", nil},
		"stale, not If-Match": {fault.New(fault.Aborted, "STALE_ETAG", "Read."), 409, "STALE_ETAG", nil},
		"too much": {fault.New(fault.ResourceExhausted, "RESOURCE_EXHAUSTED", "Slow down."), 429, "RESOURCE_EXHAUSTED",
			func(t *testing.T, a answer, _ map[string]any) { require.Equal(t, "1", a.Header.Get("Retry-After")) }},
		"not there": {fault.New(fault.Unavailable, "UNAVAILABLE", "Later."), 503, "UNAVAILABLE",
			func(t *testing.T, a answer, _ map[string]any) { require.NotEmpty(t, a.Header.Get("Retry-After")) }},
		"out of range": {fault.New(fault.OutOfRange, "FEED_OUT_OF_RANGE", "Old."), 400, "FEED_OUT_OF_RANGE", nil},
		"metadata": {fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "No.").With("permission", "accounts.read"), 403, "NOT_ASSIGNED",
			func(t *testing.T, _ answer, p map[string]any) {
				require.Equal(t, "accounts.read", p["metadata"].(map[string]any)["permission"])
			}},
		"secrets stay inside": {fmt.Errorf("dial mongodb://user:secret@db: refused"), 500, "INTERNAL",
			func(t *testing.T, a answer, _ map[string]any) { require.NotContains(t, a.body, "mongodb") }},
		"a status of its own": {status.Error(codes.NotFound, "nothing"), 404, "NOT_FOUND", nil},
		"deadline":            {context.DeadlineExceeded, 504, "DEADLINE", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w.accounts.fails = func(context.Context) error { return tt.err }
			a := w.do(t, "GET", "/v1/accounts/acme", "")
			p := requireProblem(t, a, tt.code)
			require.Equal(t, tt.reason, p["reason"])
			require.Equal(t, http.StatusText(tt.code), p["title"])
			require.Equal(t, "/v1/accounts/acme", p["instance"])
			if tt.has != nil {
				tt.has(t, a, p)
			}
		})
	}
}

func TestPanicIsAProblemAndLogged(t *testing.T) {
	w := startWorld(t, nil)
	w.accounts.fails = func(context.Context) error { panic("a bug") }
	p := requireProblem(t, w.do(t, "GET", "/v1/accounts/acme", ""), 500)
	require.NotContains(t, p["detail"], "a bug")
	require.Contains(t, w.log.String(), "a bug")
}

// away is a connection to a service that cannot be reached.
type away struct{ nowhere }

func (away) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return status.Error(codes.Unavailable, "dial tcp 10.0.0.7:9090: connection refused")
}

// Callers are not told what could not be reached; the log is.
func TestTheLogSaysWhyACallCannotBeAnsweredNow(t *testing.T) {
	keys, log := &auth.Keyring{}, &transcript.Transcript{}
	keys.Add(tokenOf(auth.Admin), auth.NewPrincipal("principals/admin", "", true, auth.Admin))
	h, err := gateway.NewHandler(gateway.Options{Authenticator: keys, Backends: gateway.Backends{Accounts: away{}, Entitlements: away{}, Board: away{}, Plans: away{}},
		Logger: telemetry.NewLogger(log, slog.LevelWarn, false)})
	require.NoError(t, err)
	w := serve(h, "GET", &url.URL{Path: "/v1/accounts/acme"}, "", nil)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Body.String(), "10.0.0.7")
	require.Regexp(t, `level=WARN msg=call .*error=.*10\.0\.0\.7:9090: connection refused`, log.String())
}

// Whatever else is wrong with a call, without a token it is 401.
func TestAuthenticationComesFirst(t *testing.T) {
	w := startWorld(t, nil)
	calls := map[string]struct{ method, path, body, headers string }{
		"right":                  {method: "GET", path: "/v1/accounts/acme"},
		"malformed body":         {method: "PATCH", path: "/v1/accounts/acme", body: "{"},
		"bad mask":               {method: "PATCH", path: "/v1/accounts/acme?updateMask=nonsense", body: "{}"},
		"malformed If-Match":     {method: "PATCH", path: "/v1/accounts/acme", body: "{}", headers: "If-Match: 7"},
		"wrong media type":       {method: "POST", path: "/v1/accounts", body: "x", headers: "Content-Type: text/plain"},
		"huge body":              {method: "POST", path: "/v1/accounts", body: strings.Repeat(" ", 5<<20)},
		"unknown parameter":      {method: "GET", path: "/v1/accounts?nonsense=1"},
		"unknown path":           {method: "GET", path: "/v1/nonsense"},
		"root":                   {method: "GET", path: "/v1"},
		"wrong method":           {method: "PUT", path: "/v1/accounts/acme"},
		"options":                {method: "OPTIONS", path: "/v1/accounts/acme"},
		"encoded slash":          {method: "GET", path: "/v1/accounts%2Facme"},
		"encoded prefix":         {method: "GET", path: "/%76%31/accounts/acme"},
		"two slashes":            {method: "GET", path: "/v1//accounts"},
		"not acceptable":         {method: "GET", path: "/v1/accounts", headers: "Accept: text/html"},
		"bad timeout":            {method: "GET", path: "/v1/accounts", headers: "Grpc-Timeout: soon"},
		"smuggled metadata":      {method: "GET", path: "/v1/accounts", headers: "Grpc-Metadata-Authorization: Bearer " + tokenOf(auth.Admin)},
		"bad idempotency key":    {method: "POST", path: "/v1/accounts", body: "{}", headers: "Idempotency-Key: x"},
		"path that is not UTF-8": {method: "GET", path: "/v1/accounts/%ff"},
	}
	credentials := map[string]string{"none": "", "unknown": "Bearer evh_unknown", "another scheme": "Basic YTpi", "empty": "Bearer "}
	for name, c := range calls {
		for kind, credential := range credentials {
			t.Run(name+", "+kind, func(t *testing.T) {
				headers := []string{"Authorization", ""}
				if credential != "" {
					headers = append(headers, "Authorization", credential)
				}
				if c.headers != "" {
					key, value, _ := strings.Cut(c.headers, ": ")
					headers = append(headers, key, "", key, value)
				}
				a := w.do(t, c.method, c.path, c.body, headers...)
				p := requireProblem(t, a, http.StatusUnauthorized)
				require.Equal(t, "UNAUTHENTICATED", p["reason"])
				require.Contains(t, a.Header.Get("WWW-Authenticate"), `Bearer realm="evenhand"`)
				require.Equal(t, credential != "", strings.Contains(a.Header.Get("WWW-Authenticate"), "invalid_token"))
			})
		}
	}
	require.Empty(t, w.got.take(), "nothing reached a service")
}

func TestPermissionComesBeforeTheBody(t *testing.T) {
	w := startWorld(t, nil)
	for _, body := range []string{`{"displayName": "A"}`, `{`, `{"tier": "gold"}`} {
		p := requireProblem(t, w.do(t, "POST", "/v1/accounts", body, "Authorization", "", "Authorization", "Bearer "+tokenOf(auth.Viewer)), 403)
		require.Equal(t, "accounts.create", p["metadata"].(map[string]any)["permission"])
	}
	require.Empty(t, w.got.take())
}

func TestWithoutToken(t *testing.T) {
	w := startWorld(t, nil)
	for _, path := range []string{"/livez", "/readyz", "/openapi.json"} {
		require.Equal(t, 200, w.do(t, "GET", path, "", "Authorization", "").StatusCode, path)
		a := w.do(t, "POST", path, "{}", "Authorization", "")
		requireProblem(t, a, 405)
		require.Equal(t, "GET, HEAD, OPTIONS", a.Header.Get("Allow"))
	}
	for _, path := range []string{"/", "/metrics", "/healthz", "/v2/accounts", "/V1/accounts", "/x/../v1x", "/debug/pprof/"} {
		requireProblem(t, w.do(t, "GET", path, "", "Authorization", ""), 404)
	}
}

func TestTokensAreNeverLogged(t *testing.T) {
	w := startWorld(t, nil)
	w.do(t, "GET", "/v1/accounts/acme", "")
	w.do(t, "GET", "/v1/accounts/acme?token="+tokenOf(auth.Admin), "")
	w.accounts.fails = func(context.Context) error { return fmt.Errorf("it broke") }
	w.do(t, "GET", "/v1/accounts/acme", "")
	log := w.log.String()
	require.Contains(t, log, "/v1/accounts/acme")
	for _, role := range auth.Roles() {
		require.NotContains(t, log, tokenOf(role))
	}
}
