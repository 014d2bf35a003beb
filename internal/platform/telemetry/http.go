package telemetry

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/trace"
)

// httpStart is what the span of every HTTP request begins with.
var httpStart = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// BeginHTTP begins observing an HTTP request: in the trace that its traceparent names,
// or in a new one, which nobody samples where tracing is off, so that logs and errors
// name a trace either way. The span is never nil; end it. Name it by the method, and
// by method and route once that is known, never by the path, which may hold anything.
func (t *Telemetry) BeginHTTP(ctx context.Context, header http.Header, name string) (context.Context, trace.Span) {
	if parent := header.Get("Traceparent"); parent != "" {
		ctx = propagator.Extract(ctx, traceparent(parent))
	}
	ctx, span := t.start(ctx, name, trace.SpanKindServer, httpStart)
	if span == nil {
		ctx = EnsureTrace(ctx)
		span = trace.SpanFromContext(ctx) // records nothing
	}
	return ctx, span
}
