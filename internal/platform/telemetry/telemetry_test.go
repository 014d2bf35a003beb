package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sampled   = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	traceID   = "4bf92f3577b34da6a3ce929d0e0e4736"
)

func incoming(traceparent string) context.Context {
	return metadata.NewIncomingContext(context.Background(), metadata.Pairs("traceparent", traceparent))
}

func traced(t *testing.T, sampler sdktrace.Sampler) (*Telemetry, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	return New(NewTracers(sampler, sdktrace.WithSyncer(exporter)), nil), exporter
}

func TestACallIsInTheTraceItNames(t *testing.T) {
	for name, test := range map[string]struct {
		sampler sdktrace.Sampler
		parent  string
		spans   int
	}{
		"sampled":             {sdktrace.ParentBased(sdktrace.NeverSample()), sampled, 1},
		"not sampled":         {sdktrace.ParentBased(sdktrace.AlwaysSample()), unsampled, 0},
		"sampled in any case": {sdktrace.AlwaysSample(), unsampled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			telemetry, exporter := traced(t, test.sampler)
			m, err := telemetry.Method("/evenhand.v1.S/M")
			require.NoError(t, err)
			ctx, call := m.Begin(incoming(test.parent))
			require.Equal(t, traceID, TraceID(ctx))
			call.End(ctx, codes.Internal)
			spans := exporter.GetSpans()
			require.Len(t, spans, test.spans)
			for _, s := range spans {
				require.Equal(t, "evenhand.v1.S/M", s.Name)
				require.Equal(t, traceID, s.SpanContext.TraceID().String())
				require.Equal(t, "00f067aa0ba902b7", s.Parent.SpanID().String())
				require.Equal(t, "Internal", s.Status.Description)
			}
		})
	}
}

// A sampler that is asked twice with different ids would square the ratio.
func TestARatioIsKept(t *testing.T) {
	telemetry, exporter := traced(t, sdktrace.TraceIDRatioBased(0.5))
	m, err := telemetry.Method("/s/m")
	require.NoError(t, err)
	const calls = 4000
	for range calls {
		ctx, call := m.Begin(context.Background())
		call.End(ctx, codes.OK)
	}
	got, sd := float64(len(exporter.GetSpans())), math.Sqrt(calls*0.25)
	require.InDelta(t, calls/2, got, 8*sd)
}

func TestTraceparentsThatAreNone(t *testing.T) {
	telemetry, _ := traced(t, sdktrace.NeverSample())
	m, err := telemetry.Method("/s/m")
	require.NoError(t, err)
	for _, bad := range []string{"", "x", sampled[1:], "ff" + sampled[2:], "00-00000000000000000000000000000000-00f067aa0ba902b7-01"} {
		ctx, call := m.Begin(incoming(bad))
		require.Empty(t, TraceID(ctx), bad)
		call.End(ctx, codes.OK)
	}
}

func TestAnHTTPRequestIsAlwaysInATrace(t *testing.T) {
	on, exporter := traced(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
	for _, telemetry := range []*Telemetry{Off(), on} {
		ctx, span := telemetry.BeginHTTP(context.Background(), http.Header{"Traceparent": {unsampled}}, "GET")
		require.Equal(t, traceID, TraceID(ctx))
		require.False(t, span.IsRecording())
		span.End()
		ctx, span = telemetry.BeginHTTP(context.Background(), http.Header{}, "GET")
		require.Len(t, TraceID(ctx), 32)
		span.End()
	}
	require.Len(t, exporter.GetSpans(), 1)
}

func TestTheTraceIsPassedOn(t *testing.T) {
	require.Equal(t, context.Background(), inject(context.Background()), "no trace, nothing to pass on")
	ctx := EnsureTrace(context.Background())
	md, _ := metadata.FromOutgoingContext(inject(ctx))
	require.Len(t, md.Get("traceparent"), 1)
	require.Contains(t, md.Get("traceparent")[0], TraceID(ctx))
	require.Equal(t, ctx, EnsureTrace(ctx))
}

func TestCallsAreCountedByMethodAndCode(t *testing.T) {
	reader := metric.NewManualReader()
	m, err := New(nil, metric.NewMeterProvider(metric.WithReader(reader))).Method("/evenhand.v1.S/M")
	require.NoError(t, err)
	for _, code := range []codes.Code{codes.OK, codes.OK, codes.NotFound, codes.Code(99)} {
		ctx, call := m.Begin(context.Background())
		call.End(ctx, code)
	}
	var got metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &got))
	histogram := got.ScopeMetrics[0].Metrics[0]
	require.Equal(t, "rpc.server.duration", histogram.Name)
	counts := map[int64]uint64{}
	for _, p := range histogram.Data.(metricdata.Histogram[float64]).DataPoints {
		service, _ := p.Attributes.Value("rpc.service")
		require.Equal(t, "evenhand.v1.S", service.AsString())
		code, _ := p.Attributes.Value("rpc.grpc.status_code")
		counts[code.AsInt64()] = p.Count
	}
	require.Equal(t, map[int64]uint64{0: 2, 5: 1, 16: 1}, counts)
}

func TestOnlyTheStandardVariablesConfigure(t *testing.T) {
	for name, test := range map[string]struct {
		env              map[string]string
		tracing, metrics bool
	}{
		"nothing":       {nil, false, false},
		"console":       {map[string]string{"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "console"}, true, true},
		"none":          {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}, false, false},
		"disabled":      {map[string]string{"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"}, false, false},
		"an OTLP place": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range test.env {
				t.Setenv(key, value) // the exporters read it themselves
			}
			telemetry, err := Start(t.Context(), "evenhand", "test", func(key string) string { return test.env[key] })
			require.NoError(t, err)
			require.Equal(t, test.tracing, telemetry.tracing)
			require.Equal(t, test.metrics, telemetry.metering)
			require.NoError(t, telemetry.Shutdown(t.Context()))
		})
	}
	t.Setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
	_, err := Start(t.Context(), "evenhand", "test", func(string) string { return "carrier-pigeon" })
	require.ErrorContains(t, err, "OTEL_TRACES_EXPORTER")
}

func TestSamplersByName(t *testing.T) {
	for name, want := range map[string]string{
		"": "ParentBased{root:AlwaysOnSampler", "always_on": "AlwaysOnSampler", "always_off": "AlwaysOffSampler",
		"traceidratio": "TraceIDRatioBased{0.25}", "parentbased_traceidratio": "ParentBased{root:TraceIDRatioBased{0.25}",
		"parentbased_always_off": "ParentBased{root:AlwaysOffSampler", "unheard_of": "ParentBased{root:AlwaysOnSampler",
	} {
		got := samplerOf(func(key string) string {
			return map[string]string{"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": "0.25"}[key]
		})
		require.Contains(t, got.Description(), want, name)
	}
}

func TestLogsNameTheTraceAndNoToken(t *testing.T) {
	const token = "evh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, json := range []bool{false, true} {
		var out bytes.Buffer
		log := NewLogger(&out, slog.LevelInfo, json).With("server", "one").WithGroup("call")
		ctx := trace.ContextWithSpanContext(t.Context(), trace.SpanContextFromContext(EnsureTrace(t.Context())))
		log.ErrorContext(WithRequestID(ctx, "req-7"), "refused "+token, "authorization", "Basic Zm9vOmJhcg==", "header", "Bearer swordfish",
			"error", errors.New("dial mongodb://root:hunter2@10.0.0.7: "+token), slog.Group("in", "token", "opensesame"))
		text := out.String()
		require.Contains(t, text, TraceID(ctx))
		require.Contains(t, text, "req-7")
		require.Contains(t, text, "mongodb://root:[redacted]@10.0.0.7")
		// None of these can be part of a trace's id, which is drawn in hexadecimal digits.
		for _, secret := range []string{token, "Zm9v", "swordfish", "hunter2", "opensesame"} {
			require.NotContains(t, text, secret)
		}
	}
}
