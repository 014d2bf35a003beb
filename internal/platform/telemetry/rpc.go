package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const codeCount = int(codes.Unauthenticated) + 1

// Method observes the calls of one RPC on its server. All that is the same for every
// call is prepared once, so that a call that is not sampled costs next to nothing
// (the usual stats handler costs a third of an empty call).
type Method struct {
	telemetry *Telemetry
	name      string
	start     []trace.SpanStartOption
	duration  metric.Float64Histogram
	record    [codeCount][]metric.RecordOption
}

// Method returns the observer of the RPC `/service/method`.
func (t *Telemetry) Method(fullMethod string) (*Method, error) {
	m := &Method{telemetry: t, name: strings.TrimPrefix(fullMethod, "/")}
	service, method, _ := strings.Cut(m.name, "/")
	attributes := []attribute.KeyValue{
		attribute.String("rpc.system", "grpc"),
		attribute.String("rpc.service", service),
		attribute.String("rpc.method", method),
	}
	m.start = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...)}
	for code := range m.record {
		set := attribute.NewSet(append(attributes[:3:3], attribute.Int("rpc.grpc.status_code", code))...)
		m.record[code] = []metric.RecordOption{metric.WithAttributeSet(set)}
	}
	var err error
	m.duration, err = t.meter.Float64Histogram("rpc.server.duration", metric.WithUnit("ms"),
		metric.WithDescription("Duration of calls, from the first byte decoded to the answer given."),
		metric.WithExplicitBucketBoundaries(buckets...))
	return m, err
}

// buckets are milliseconds; checks take microseconds, imports minutes.
var buckets = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 30000, 120000}

// Call is one call under observation.
type Call struct {
	method  *Method
	span    trace.Span
	started time.Time
}

// Begin starts observing a call: in the trace its traceparent names, if it has one.
func (m *Method) Begin(ctx context.Context) (context.Context, Call) {
	call := Call{method: m}
	if m.telemetry.metering {
		call.started = time.Now()
	}
	if parent := metadata.ValueFromIncomingContext(ctx, "traceparent"); len(parent) == 1 {
		ctx = propagator.Extract(ctx, traceparent(parent[0]))
	}
	ctx, call.span = m.telemetry.start(ctx, m.name, trace.SpanKindServer, m.start)
	return ctx, call
}

// End ends the observation with the code the caller gets.
func (c *Call) End(ctx context.Context, code codes.Code) {
	index := min(int(code), codeCount-1)
	if !c.started.IsZero() {
		c.method.duration.Record(ctx, float64(time.Since(c.started).Nanoseconds())/1e6, c.method.record[index]...)
	}
	if c.span == nil {
		return
	}
	if c.span.IsRecording() {
		c.span.SetAttributes(attribute.Int("rpc.grpc.status_code", int(code)))
		if serverFailed(code) {
			c.span.SetStatus(otelcodes.Error, code.String())
		}
	}
	c.span.End()
}

// serverFailed reports the codes that are the server's fault; for others the span of
// a server is no error (OpenTelemetry's conventions for gRPC).
func serverFailed(code codes.Code) bool {
	switch code {
	case codes.Unknown, codes.DeadlineExceeded, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss:
		return true
	}
	return false
}

// traceparent carries the one header of a trace context.
type traceparent string

func (t traceparent) Get(key string) string {
	if key == "traceparent" {
		return string(t)
	}
	return ""
}
func (traceparent) Set(string, string) {}
func (traceparent) Keys() []string     { return []string{"traceparent"} }

// ClientOptions makes a client connection pass the trace of its caller on, with a
// span for each call that is sampled.
func (t *Telemetry) ClientOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(t.unaryClient),
		grpc.WithChainStreamInterceptor(t.streamClient),
	}
}

func (t *Telemetry) unaryClient(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	var span trace.Span
	if trace.SpanContextFromContext(ctx).IsSampled() {
		ctx, span = t.tracer.Start(ctx, strings.TrimPrefix(method, "/"), trace.WithSpanKind(trace.SpanKindClient))
		defer span.End()
	}
	err := invoke(inject(ctx), method, req, reply, conn, opts...)
	if err != nil && span != nil {
		span.SetStatus(otelcodes.Error, status.Code(err).String())
	}
	return err
}

// streamClient passes the trace on; a stream gets no span on the client's side, where
// its end may never be seen.
func (t *Telemetry) streamClient(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(inject(ctx), desc, conn, method, opts...)
}

func inject(ctx context.Context) context.Context {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	carrier := outgoing{}
	propagator.Inject(ctx, carrier)
	return metadata.AppendToOutgoingContext(ctx, "traceparent", carrier["traceparent"])
}

type outgoing map[string]string

func (o outgoing) Get(key string) string { return o[key] }
func (o outgoing) Set(key, value string) { o[key] = value }
func (o outgoing) Keys() []string        { return nil }
