package gateway_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// yes is a connection on which every call succeeds, if what is sent can be sent.
type yes struct {
	nowhere
	sent func(proto.Message)
}

func (y yes) Invoke(_ context.Context, _ string, in, _ any, _ ...grpc.CallOption) error {
	if _, err := proto.Marshal(in.(proto.Message)); err != nil {
		return err // as the client of gRPC does
	}
	if y.sent != nil {
		y.sent(in.(proto.Message))
	}
	return nil
}

// handlerTo returns a gateway whose services say yes.
func handlerTo(t testing.TB, sent func(proto.Message)) http.Handler {
	keys := &auth.Keyring{}
	keys.Add(tokenOf(auth.Admin), auth.NewPrincipal("principals/admin", "admin", true, auth.Admin))
	h, err := gateway.NewHandler(gateway.Options{Authenticator: keys, Backends: gateway.Backends{Accounts: yes{sent: sent}, Entitlements: yes{sent: sent}, Board: yes{sent: sent}, Plans: yes{sent: sent}}})
	require.NoError(t, err)
	return h
}

// serve makes a call as an administrator, without a network.
func serve(h http.Handler, method string, u *url.URL, body string, headers http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
	r.Method, r.URL, r.Header = method, u, headers
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+tokenOf(auth.Admin))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// oddInputs are sent to every route: masks, filters, page tokens and etags that mean
// nothing, or something else.
var oddInputs = []struct{ query, body, condition string }{
	{},
	{"updateMask=*,displayName&validateOnly=1", `{}`, `"7"`},
	{"updateMask=.&updateMask=..", `{"name": "x/x1"}`, `W/"7"`},
	{"updateMask=attributes.&update_mask=goals.0", `{"attributes": {"": ""}, "etag": "\u0000"}`, `"a", W/"b" , "c"`},
	{"pageSize=-1&pageToken=AAAA&filter=a%3Db%20AND&orderBy=,,desc", `[]`, `*`},
	{"pageSize=2147483647&pageToken=%F0%9F%92%A9&filter=((((", `"x"`, `""`},
	{"asOf=0001-01-01T00:00:00Z&asOfDate=0001-01-01&consistencyToken=%00", `{"queries": [{}], "entries": [{}]}`, `"\"`},
	{"asOfDate.year=2026&asOfDate.month=&asOfDate.day=-0", `{"schedule": {"rules": [{"when": {}}]}}`, `,,`},
	{"requestId=x&etag=%22&view=-1&prospect=null", `{"etag": "7", "etag": "8"}`, `"7`},
}

// Whatever is sent, the answer is no server's fault.
func FuzzGateway(f *testing.F) {
	for _, in := range badInputs {
		path, query, _ := strings.Cut(in.path, "?")
		if len(in.body) < 10_000 {
			f.Add(in.method, path, query, in.body, `"7"`, "application/json")
		}
	}
	f.Add("PATCH", "/v1/accounts/acme", "updateMask=*&validateOnly=true", `{"attributes": {"a": null}, "goals": [{"targetDate": {"year": 1}}]}`, "*", "")
	f.Add("POST", "/v1/schedule:publish", "", `{"schedule": {"calendars": {"a": {"holidays": [{}]}}, "rules": [{"when": {"all": {"conditions": []}}}]}}`, `W/"a", "b"`, "")
	f.Add("GET", "/v1/accounts/a/entitlements/b:check", "asOfDate=2026-01-01&view=1", "", `"a"`, "")
	for _, o := range operations(f) {
		for _, in := range oddInputs {
			f.Add(o.method, o.path, in.query, in.body, in.condition, "application/json")
		}
	}
	h := handlerTo(f, nil)
	f.Fuzz(func(t *testing.T, method, path, query, body, condition, media string) {
		if method == http.MethodConnect {
			t.Skip("is for proxies")
		}
		headers := http.Header{}
		if condition != "" {
			headers.Set("If-Match", condition)
			headers.Set("If-None-Match", condition)
			if method != http.MethodGet {
				headers.Del("If-None-Match")
			}
		}
		if media != "" {
			headers.Set("Content-Type", media)
		}
		u := &url.URL{Path: "/" + strings.TrimPrefix(path, "/"), RawQuery: query}
		if raw, err := url.ParseRequestURI(u.Path); err == nil {
			u.Path, u.RawPath = raw.Path, raw.RawPath
		}
		w := serve(h, method, u, body, headers)
		require.Less(t, w.Code, 500, w.Body.String())
		if w.Code >= 400 {
			require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
			require.Contains(t, w.Body.String(), `"reason"`)
		}
	})
}

// What is accepted means what protobuf's own reader says it means.
func FuzzBodiesMeanWhatProtobufSays(f *testing.F) {
	f.Add(`{"queries": [{"account": "accounts/a", "benefit": "\u00e4"}], "asOf": "2026-01-01T00:00:00.5+01:00", "view": 2}`, false)
	f.Add(`{"asOfDate": {"year": "1997", "month": 1e0}, "view": "ENTITLEMENT_VIEW_FULL", "consistency_token": "x\ty\ud83d\ude00"}`, false)
	f.Add(`{"yaml": null, "schedule": {"id": "a", "calendars": {"": {"hours": "x"}}, "benefits": [{"limit": "5", "unitCost": {"units": -0, "nanos": 5}}]}}`, true)
	f.Add(`{"schedule": {"rules": [{"onRefund": 1, "when": {"any": {"conditions": [{"tenure": {"atLeastMonths": 3}}, {"spend": null}]}}}]}, "validateOnly": true}`, true)
	var got proto.Message
	h := handlerTo(f, func(m proto.Message) { got = proto.Clone(m) })
	f.Fuzz(func(t *testing.T, body string, publish bool) {
		want, path := proto.Message(&entitlementsv1.BatchCheckEntitlementsRequest{}), "/v1/entitlements:batchCheck"
		if publish {
			want, path = &entitlementsv1.PublishScheduleRequest{}, "/v1/schedule:publish"
		}
		got = nil
		w := serve(h, "POST", &url.URL{Path: path}, body, nil)
		err := protojson.Unmarshal([]byte(body), want)
		if w.Code == 200 && len(bytes.TrimSpace([]byte(body))) > 0 {
			require.NoError(t, err, "it was accepted")
			require.True(t, proto.Equal(want, got), "%v\n%v", want, got)
		} else if err == nil {
			require.Contains(t, w.Body.String(), "nested more than", "protobuf accepts it: %s", w.Body.String())
		}
	})
}
