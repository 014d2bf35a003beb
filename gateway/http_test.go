package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

func TestHead(t *testing.T) {
	w := startWorld(t, nil)
	for _, path := range []string{"/v1/accounts/acme", "/v1/accounts?pageSize=20", "/livez", "/readyz", "/openapi.json"} {
		get, head := w.do(t, "GET", path, ""), w.do(t, "HEAD", path, "")
		require.Equal(t, 200, head.StatusCode)
		require.Empty(t, head.body)
		for _, header := range []string{"Content-Type", "ETag", "Cache-Control"} {
			require.Equal(t, get.Header.Get(header), head.Header.Get(header), "%s of %s", header, path)
		}
	}
	require.Equal(t, 404, w.do(t, "HEAD", "/v1/nonsense", "").StatusCode)
}

func TestOptions(t *testing.T) {
	w := startWorld(t, nil)
	a := w.do(t, "OPTIONS", "/v1/accounts/acme", "")
	require.Equal(t, 204, a.StatusCode)
	require.Equal(t, "GET, HEAD, PATCH, OPTIONS", a.Header.Get("Allow"))
	require.Equal(t, 204, w.do(t, "OPTIONS", "/livez", "").StatusCode)
	requireProblem(t, w.raw(t, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 404)
}

func TestAnswersAreCompressed(t *testing.T) {
	w := startWorld(t, nil)
	plain := w.do(t, "GET", "/v1/accounts?pageSize=50", "")
	require.Empty(t, plain.Header.Get("Content-Encoding"))
	require.Equal(t, "Accept-Encoding", plain.Header.Get("Vary"))
	require.EqualValues(t, len(plain.body), plain.ContentLength)
	zipped := w.do(t, "GET", "/v1/accounts?pageSize=50", "", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", zipped.Header.Get("Content-Encoding"))
	require.Less(t, len(zipped.body), len(plain.body)/4)
	r, err := gzip.NewReader(strings.NewReader(zipped.body))
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, plain.body, string(text))

	require.Empty(t, w.do(t, "GET", "/v1/accounts/acme", "", "Accept-Encoding", "gzip").Header.Get("Content-Encoding"), "too small")
	require.Equal(t, "gzip", w.do(t, "GET", "/openapi.json", "", "Accept-Encoding", "gzip").Header.Get("Content-Encoding"))
	require.Equal(t, 304, w.do(t, "GET", "/v1/accounts/acme", "", "Accept-Encoding", "gzip", "If-None-Match", `"7"`).StatusCode)
}

func TestCORS(t *testing.T) {
	const origin = "https://console.example.com"
	preflight := func(w *world, from string) answer {
		return w.do(t, "OPTIONS", "/v1/accounts/acme", "", "Authorization", "", "Origin", from,
			"Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "authorization,content-type,if-match")
	}
	off := startWorld(t, nil)
	require.Empty(t, off.do(t, "GET", "/v1/accounts/acme", "", "Origin", origin).Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, 401, preflight(off, origin).StatusCode)

	on := startWorld(t, func(o *gateway.Options) { o.CORSOrigins = []string{origin} })
	a := preflight(on, origin)
	require.Equal(t, 204, a.StatusCode)
	require.Equal(t, origin, a.Header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, a.Header.Get("Access-Control-Allow-Headers"), "if-match")
	require.Empty(t, preflight(on, "https://evil.example.com").Header.Get("Access-Control-Allow-Origin"))
	a = on.do(t, "GET", "/v1/accounts/acme", "", "Origin", origin)
	require.Equal(t, origin, a.Header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, a.Header.Get("Access-Control-Expose-Headers"), "Etag")
	require.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"))
	require.Equal(t, origin, on.do(t, "GET", "/v1/accounts/acme", "", "Origin", origin, "Authorization", "").Header.Get("Access-Control-Allow-Origin"),
		"a page can read that its token is missing")
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := gateway.NewHandler(gateway.Options{})
	require.ErrorContains(t, err, "authenticator")
	_, err = gateway.NewServer(t.Context(), gateway.Options{}, gateway.ListenOptions{})
	require.Error(t, err)
	for _, origin := range []string{"console.example.com", "https://console.example.com/", "ftp://x", "https://", ""} {
		o := gateway.Options{Authenticator: &auth.Keyring{}, CORSOrigins: []string{origin},
			Backends: gateway.Backends{Accounts: nowhere{}, Entitlements: nowhere{}, Board: nowhere{}, Plans: nowhere{}}}
		_, err := gateway.NewHandler(o)
		require.ErrorContains(t, err, "https://console.example.com", "%q", origin)
		o.CORSOrigins = nil
		_, err = gateway.NewServer(t.Context(), o, gateway.ListenOptions{Address: "0.0.0.0:0"})
		require.ErrorContains(t, err, "--insecure")
	}
}

func TestRequestIDs(t *testing.T) {
	w := startWorld(t, nil)
	require.Equal(t, "order-77:a/b", w.do(t, "GET", "/v1/accounts/acme", "", "X-Request-Id", "order-77:a/b").Header.Get("X-Request-Id"))
	require.Contains(t, w.log.String(), "request_id=order-77:a/b")
	p := requireProblem(t, w.do(t, "GET", "/v1/nonsense", "", "X-Request-Id", "order-78"), 404)
	require.Equal(t, "order-78", p["metadata"].(map[string]any)["requestId"])
	for _, bad := range []string{"", "a b", "<script>", "a\tb", strings.Repeat("a", 129), "é"} {
		got := w.do(t, "GET", "/livez", "", "X-Request-Id", bad).Header.Get("X-Request-Id")
		require.Regexp(t, `^[0-9a-f]{32}$`, got, "instead of %q", bad)
	}
}

func TestOneTraceFromGatewayToHandler(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	t.Cleanup(func() { require.NoError(t, tracers.Shutdown(context.Background())) })
	w := startWorld(t, func(o *gateway.Options) { o.Telemetry = telemetry.New(tracers, nil) })
	inHandler := make(chan trace.SpanContext, 1)
	w.accounts.fails = func(ctx context.Context) error {
		inHandler <- trace.SpanContextFromContext(ctx)
		return nil
	}
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	w.do(t, "GET", "/v1/accounts/acme", "", "Traceparent", "00-"+id+"-00f067aa0ba902b7-01")
	require.Equal(t, id, (<-inHandler).TraceID().String())
	require.Eventually(t, func() bool { return len(spans.GetSpans()) == 3 }, waitLong, waitStep)
	byName := map[string]tracetest.SpanStub{}
	for _, s := range spans.GetSpans() {
		require.Equal(t, id, s.SpanContext.TraceID().String())
		byName[fmt.Sprint(s.SpanKind, " ", s.Name)] = s
	}
	outer := byName["server GET /v1/{name=accounts/*}"]
	client, inner := byName["client evenhand.accounts.v1.AccountsService/GetAccount"], byName["server evenhand.accounts.v1.AccountsService/GetAccount"]
	require.Equal(t, "00f067aa0ba902b7", outer.Parent.SpanID().String())
	require.Equal(t, outer.SpanContext.SpanID(), client.Parent.SpanID())
	require.Equal(t, client.SpanContext.SpanID(), inner.Parent.SpanID())
	p := requireProblem(t, w.do(t, "GET", "/v1/nonsense", "", "Traceparent", "00-"+id+"-00f067aa0ba902b7-01"), 404)
	require.Equal(t, id, p["traceId"])
}

// Wherever a caller puts a token, it is in no span.
func TestTokensAreNeverTraced(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	t.Cleanup(func() { require.NoError(t, tracers.Shutdown(context.Background())) })
	w := startWorld(t, func(o *gateway.Options) { o.Telemetry = telemetry.New(tracers, nil) })
	token, err := auth.NewToken(rand.Reader)
	require.NoError(t, err)
	w.do(t, "GET", "/v1/accounts/acme", "")
	w.do(t, "GET", "/v1/accounts/acme?token="+token, "")
	w.do(t, "GET", "/v1/accounts/"+token, "")
	w.do(t, token, "/v1/accounts/acme", "")
	w.do(t, "POST", "/v1/accounts", `{"`+token+`": 1}`)
	w.do(t, "GET", "/v1/accounts/acme", "", "Authorization", "", "Authorization", "Bearer "+token)
	require.Eventually(t, func() bool { return len(spans.GetSpans()) >= 6+2 }, waitLong, waitStep)
	for _, s := range spans.GetSpans() {
		everything := fmt.Sprint(s.Name, s.Attributes, s.Events, s.Links, s.Status)
		require.NotContains(t, everything, token)
		require.NotContains(t, everything, tokenOf(auth.Admin))
	}
}

// Without telemetry a failure can still be found in the logs of both sides.
func TestTraceIDsWithoutTelemetry(t *testing.T) {
	w := startWorld(t, nil)
	w.accounts.fails = func(context.Context) error { return fmt.Errorf("it broke") }
	p := requireProblem(t, w.do(t, "GET", "/v1/accounts/acme", ""), 500)
	require.Regexp(t, `it broke.*trace_id=`+p["traceId"].(string), w.log.String())
}

func TestOnlyTheTokenGoesOn(t *testing.T) {
	w := startWorld(t, nil)
	got := make(chan metadata.MD, 1)
	w.accounts.fails = func(ctx context.Context) error {
		md, _ := metadata.FromIncomingContext(ctx)
		got <- md
		return nil
	}
	a := w.do(t, "GET", "/v1/accounts/acme", "", "Grpc-Metadata-X", "y", "Cookie", "a=b", "X-Forwarded-For", "1.2.3.4", "Te", "trailers")
	require.Equal(t, 200, a.StatusCode)
	md := <-got
	require.Equal(t, []string{"Bearer " + tokenOf(auth.Admin)}, md.Get("authorization"))
	for key := range md {
		require.Contains(t, []string{":authority", "authorization", "content-type", "user-agent", "grpc-accept-encoding", "traceparent"}, key)
	}
	for key := range a.Header {
		require.NotContains(t, key, "Grpc-")
	}
	require.Empty(t, a.Trailer)
}

func TestDeadlines(t *testing.T) {
	left := make(chan time.Duration, 1)
	w := startWorld(t, nil)
	w.entitlements.check = func(ctx context.Context) error {
		until, ok := ctx.Deadline()
		require.True(t, ok)
		left <- time.Until(until)
		return nil
	}
	const path = "/v1/accounts/acme/entitlements/thanks:check"
	w.do(t, "GET", path, "")
	require.LessOrEqual(t, <-left, gateway.DefaultDeadline)
	w.do(t, "GET", path, "", "Grpc-Timeout", "9S")
	require.LessOrEqual(t, <-left, 9*time.Second)
	w.do(t, "GET", path, "", "Grpc-Timeout", "99999999H")
	require.LessOrEqual(t, <-left, gateway.DefaultDeadline, "a caller may ask for less, not for more")

	slow := startWorld(t, func(o *gateway.Options) { o.Deadline = 20 * time.Millisecond })
	slow.entitlements.check = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	p := requireProblem(t, slow.do(t, "GET", path, ""), 504)
	require.Equal(t, "DEADLINE", p["reason"])
}

func TestLargeHeadersAreRefused(t *testing.T) {
	w := startWorld(t, nil)
	large := func(bytes int) answer {
		return w.raw(t, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: "+strings.Repeat("a", bytes)+"\r\n\r\n")
	}
	require.Equal(t, 200, large(64_000).StatusCode)
	for _, bytes := range []int{66_000, 120_000} {
		require.Contains(t, requireProblem(t, large(bytes), 431)["detail"], "65536")
	}
	require.Equal(t, 431, large(200_000).StatusCode, "in the library's words")
	p := requireProblem(t, w.raw(t, "GET /v1/accounts?filter="+strings.Repeat("a", 70_000)+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 431)
	require.Contains(t, p["detail"], "65536")
}

func TestAssets(t *testing.T) {
	w := startWorld(t, func(o *gateway.Options) {
		o.Assets = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic("a bug")
			}
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write(bytes.Repeat([]byte("<p>"), 1000))
		})
	})
	a := w.do(t, "GET", "/console/", "", "Authorization", "", "Accept-Encoding", "gzip")
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, "gzip", a.Header.Get("Content-Encoding"))
	require.Equal(t, 401, w.do(t, "GET", "/v1/x", "", "Authorization", "").StatusCode, "the API keeps its paths")
	p := requireProblem(t, w.do(t, "GET", "/panic", ""), 500)
	require.NotContains(t, p["detail"], "a bug")
	require.Contains(t, w.log.String(), "a bug")
}

func TestSecurityHeaders(t *testing.T) {
	w := startWorld(t, nil)
	for _, path := range []string{"/v1/accounts", "/livez", "/openapi.json", "/nonsense"} {
		h := w.do(t, "GET", path, "").Header
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'")
		require.Empty(t, h.Get("Strict-Transport-Security"), "not without TLS")
	}
}
