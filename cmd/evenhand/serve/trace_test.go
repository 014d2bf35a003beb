package serve

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is everything in this process, on free ports.
func running(t testing.TB, tel *telemetry.Telemetry, log io.Writer) *process {
	t.Helper()
	c := &Command{
		DataDir: t.TempDir(), GRPCAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Store: "sqlite", Drain: 10 * time.Second,
	}
	require.NoError(t, c.check())
	p := &process{
		options: c, telemetry: tel, log: slog.New(slog.NewTextHandler(log, nil)), faults: slices.Clone(storeFaults),
		env: &command.Env{Context: t.Context(), Now: time.Now, Stdout: io.Discard, Getenv: func(string) string { return "" }},
	}
	t.Cleanup(p.close)
	require.NoError(t, p.assemble(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- lifecycle.Run(ctx, p.parts...) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
		http.DefaultClient.CloseIdleConnections()
	})
	require.True(t, p.awaitReady(t.Context()))
	return p
}

// One request is one trace, from the gateway over the service to the store, and no
// token is in it.
func TestOneRequestIsOneTrace(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	tracers := telemetry.NewTracers(sdktrace.AlwaysSample(), sdktrace.WithSyncer(exporter))
	var log bytes.Buffer // read when everything has ended
	t.Run("request", func(t *testing.T) { requestTrace(t, tracers, exporter, &log) })
	require.NotContains(t, log.String(), "evh_")
}

func requestTrace(t *testing.T, tracers *telemetry.Tracers, exporter *tracetest.InMemoryExporter, log io.Writer) {
	p := running(t, telemetry.New(tracers, nil), log)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.rest.Addr().String()+"/v1/accounts/nobody", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+p.adminToken)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	request.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusNotFound, answer.StatusCode)

	spans := map[string]tracetest.SpanStub{} // by id
	for _, span := range exporter.GetSpans() {
		if span.SpanContext.TraceID().String() == trace {
			spans[span.SpanContext.SpanID().String()] = span
		}
	}
	var path []tracetest.SpanStub // the longest, from a span of the store to the root
	for _, span := range spans {
		if p := pathToRoot(spans, span); strings.HasPrefix(span.Name, "store.") && len(p) > len(path) {
			path = p
		}
	}
	require.GreaterOrEqual(t, len(path), 3, "gateway, service and store, of %v", names(spans))
	require.True(t, slices.ContainsFunc(path, func(s tracetest.SpanStub) bool { return strings.HasSuffix(s.Name, "AccountsService/GetAccount") }))
	require.Equal(t, "00f067aa0ba902b7", path[len(path)-1].Parent.SpanID().String(), "the caller's trace goes on")
	for _, span := range exporter.GetSpans() {
		for _, attribute := range span.Attributes {
			require.NotContains(t, attribute.Value.String(), p.adminToken)
		}
		require.NotContains(t, span.Status.Description, p.adminToken)
	}
}

// pathToRoot is a span and those above it.
func pathToRoot(spans map[string]tracetest.SpanStub, span tracetest.SpanStub) []tracetest.SpanStub {
	path := []tracetest.SpanStub{span}
	for {
		parent, ok := spans[span.Parent.SpanID().String()]
		if !ok {
			return path
		}
		path, span = append(path, parent), parent
	}
}

func names(spans map[string]tracetest.SpanStub) []string {
	var out []string
	for _, span := range spans {
		out = append(out, span.Name)
	}
	slices.Sort(out)
	return out
}
