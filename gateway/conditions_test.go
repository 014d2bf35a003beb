package gateway_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

func TestEtagsGoOutAndComeBack(t *testing.T) {
	w := startWorld(t, nil)
	a := w.do(t, "GET", "/v1/accounts/acme", "")
	require.Equal(t, `"7"`, a.Header.Get("ETag"))
	require.Equal(t, "private, no-cache", a.Header.Get("Cache-Control"))
	require.Equal(t, "7", a.json(t)["etag"])

	a = w.do(t, "GET", "/v1/accounts/acme/entitlements/thanks:check", "")
	require.Empty(t, a.Header.Get("ETag"), "a check has an age")
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	a = w.do(t, "PATCH", "/v1/accounts/acme", `{"displayName": "A"}`)
	require.Equal(t, `"8"`, a.Header.Get("ETag"))
}

func TestConditionalReads(t *testing.T) {
	w := startWorld(t, nil)
	tests := map[string]struct {
		header, value string
		code          int
	}{
		"known":               {"If-None-Match", `"7"`, 304},
		"known, weakly":       {"If-None-Match", `W/"7"`, 304},
		"known, in a list":    {"If-None-Match", `"5", "a,b" , "7"`, 304},
		"any":                 {"If-None-Match", `*`, 304},
		"another":             {"If-None-Match", `"6"`, 200},
		"as If-Match":         {"If-Match", `"7"`, 200},
		"any, as If-Match":    {"If-Match", `*`, 200},
		"stale, as If-Match":  {"If-Match", `"6"`, 412},
		"weakly, as If-Match": {"If-Match", `W/"7"`, 412},
	}
	for name, tt := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			t.Run(name+", "+method, func(t *testing.T) {
				a := w.do(t, method, "/v1/accounts/acme", "", tt.header, tt.value)
				require.Equal(t, tt.code, a.StatusCode, a.body)
				switch tt.code {
				case 304:
					require.Empty(t, a.body)
					require.Equal(t, `"7"`, a.Header.Get("ETag"))
					require.Equal(t, "private, no-cache", a.Header.Get("Cache-Control"))
					require.Empty(t, a.Header.Get("Content-Type"))
				case 412:
					require.Empty(t, a.Header.Get("ETag"))
				}
			})
		}
	}
}

func TestConditionalChanges(t *testing.T) {
	w := startWorld(t, nil)
	tests := map[string]struct {
		value string
		code  int
		calls int
	}{
		"right":                {`"7"`, 200, 1},
		"stale":                {`"6"`, 412, 1},
		"any":                  {`*`, 200, 1},
		"one of several":       {`"5", "6", "7", "8"`, 200, 3},
		"none of several":      {`"5", "6"`, 412, 2},
		"weak":                 {`W/"7"`, 412, 0},
		"weak among others":    {`W/"7", "6"`, 412, 1},
		"empty":                {`""`, 412, 0},
		"not one of ours":      {"\"\xe4\"", 412, 0},
		"weak, then the right": {`W/"5", "7"`, 200, 1},
	}
	changes := map[string]struct{ method, path, body string }{
		"in the resource":        {"PATCH", "/v1/accounts/acme", `{"displayName": "A"}`},
		"in the request":         {"POST", "/v1/accounts/acme:activate", `{}`},
		"in the request, unsaid": {"POST", "/v1/accounts/acme:activate", ``},
		"in the query":           {"DELETE", "/v1/accounts/acme/contacts/jo", ``},
		"of what is published":   {"POST", "/v1/schedule:publish", `{"yaml": "x"}`},
	}
	for name, tt := range tests {
		for where, c := range changes {
			t.Run(name+", "+where, func(t *testing.T) {
				a := w.do(t, c.method, c.path, c.body, "If-Match", tt.value)
				require.Equal(t, tt.code, a.StatusCode, a.body)
				require.Len(t, w.got.take(), tt.calls)
				if tt.code == 412 {
					require.Equal(t, "STALE_ETAG", requireProblem(t, a, 412)["reason"])
				}
			})
		}
	}
	t.Run("as a field it is a conflict", func(t *testing.T) {
		requireProblem(t, w.do(t, "PATCH", "/v1/accounts/acme", `{"displayName": "A", "etag": "6"}`), 409)
		requireProblem(t, w.do(t, "DELETE", "/v1/accounts/acme/contacts/jo?etag=6", ""), 409)
	})
	t.Run("both, and the same", func(t *testing.T) {
		w.got.take()
		require.Equal(t, 200, w.do(t, "PATCH", "/v1/accounts/acme", `{"etag": "7"}`, "If-Match", `"6", "7"`).StatusCode)
		require.Len(t, w.got.take(), 1)
	})
	t.Run("two headers", func(t *testing.T) {
		require.Equal(t, 200, w.do(t, "PATCH", "/v1/accounts/acme", `{"displayName": "A"}`, "If-Match", `"6"`, "If-Match", `"7"`).StatusCode)
	})
}

func TestIdempotencyKeyIsTheRequestID(t *testing.T) {
	w := startWorld(t, nil)
	const key = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
	for _, header := range []string{key, `"` + key + `"`, "6BA7B810-9DAD-41D1-80B4-00C04FD430C8"} {
		require.Equal(t, 200, w.do(t, "POST", "/v1/accounts", `{"displayName": "A"}`, "Idempotency-Key", header).StatusCode)
		require.Equal(t, key, one[*accountsv1.CreateAccountRequest](t, w).GetRequestId())
		require.Equal(t, 200, w.do(t, "POST", "/v1/schedule:publish", `{"yaml": "x"}`, "Idempotency-Key", header).StatusCode)
		require.Equal(t, key, one[*entitlementsv1.PublishScheduleRequest](t, w).GetRequestId())
		require.Equal(t, 200, w.do(t, "DELETE", "/v1/accounts/acme/contacts/jo", "", "Idempotency-Key", header).StatusCode)
		require.Equal(t, key, one[*accountsv1.DeleteContactRequest](t, w).GetRequestId())
	}
	require.Equal(t, 200, w.do(t, "POST", "/v1/accounts?requestId="+key, `{}`, "Idempotency-Key", key).StatusCode)
	w.got.take()
	require.Equal(t, 200, w.do(t, "POST", "/v1/accounts?requestId="+key, `{}`).StatusCode)
	require.Equal(t, key, one[*accountsv1.CreateAccountRequest](t, w).GetRequestId())
	require.Equal(t, 200, w.do(t, "GET", "/v1/accounts/acme", "", "Idempotency-Key", "not one").StatusCode, "a read has no use for it")
}

// A retry that names several etags finds that its request id was used with the right one.
func TestRetryWithSeveralEtags(t *testing.T) {
	w := startWorld(t, nil)
	w.accounts.reused = func(etag string) error {
		if etag == "6" {
			return fault.New(fault.AlreadyExists, "REQUEST_ID_REUSED", "Used with another payload.")
		}
		return nil
	}
	a := w.do(t, "POST", "/v1/accounts/acme:activate", `{}`, "If-Match", `"6", "7"`, "Idempotency-Key", "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
	require.Equal(t, 200, a.StatusCode, a.body)
}
