package telemetry

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"strconv"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracers is a tracer provider of which one can ask whether a call will be sampled,
// before anything is made ready for its span. Make it with NewTracers.
type Tracers struct {
	*sdktrace.TracerProvider
	sampler sdktrace.Sampler
}

// NewTracers returns a tracer provider that samples as sampler says.
func NewTracers(sampler sdktrace.Sampler, options ...sdktrace.TracerProviderOption) *Tracers {
	options = append(options, sdktrace.WithSampler(sampler), sdktrace.WithIDGenerator(idGenerator{}))
	return &Tracers{TracerProvider: sdktrace.NewTracerProvider(options...), sampler: sampler}
}

// samplerOf returns the sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG
// name; parentbased_always_on where they name none that is known, as OpenTelemetry
// has it.
func samplerOf(getenv func(string) string) sdktrace.Sampler {
	ratio := func() sdktrace.Sampler {
		r, err := strconv.ParseFloat(getenv("OTEL_TRACES_SAMPLER_ARG"), 64)
		if err != nil || r < 0 || r > 1 {
			r = 1
		}
		return sdktrace.TraceIDRatioBased(r)
	}
	switch getenv("OTEL_TRACES_SAMPLER") {
	case "always_on":
		return sdktrace.AlwaysSample()
	case "always_off":
		return sdktrace.NeverSample()
	case "traceidratio":
		return ratio()
	case "parentbased_always_off":
		return sdktrace.ParentBased(sdktrace.NeverSample())
	case "parentbased_traceidratio":
		return sdktrace.ParentBased(ratio())
	default:
		return sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
}

// ask returns whether a span of that name is sampled, and a context in which Start
// gives it the trace id that the sampler was asked about.
func (t *Tracers) ask(ctx context.Context, name string, kind trace.SpanKind) (context.Context, bool) {
	parent := trace.SpanContextFromContext(ctx)
	id := parent.TraceID()
	if !parent.IsValid() {
		id = newTraceID()
	}
	result := t.sampler.ShouldSample(sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id, Name: name, Kind: kind})
	if result.Decision == sdktrace.Drop {
		return ctx, false
	}
	return context.WithValue(ctx, traceIDKey{}, id), true
}

type traceIDKey struct{}

// idGenerator draws ids, and takes the trace id that was drawn already.
type idGenerator struct{}

func (idGenerator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, ok := ctx.Value(traceIDKey{}).(trace.TraceID)
	if !ok {
		id = newTraceID()
	}
	return id, newSpanID()
}

func (idGenerator) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return newSpanID() }

// Trace ids are names, not secrets, so the fast generator does.
func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}

func newSpanID() (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}

// EnsureTrace returns a context that belongs to a trace: the one it has, or a new one
// that nobody samples, so that errors and logs name one either way.
func EnsureTrace(ctx context.Context) context.Context {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: newTraceID(), SpanID: newSpanID()}))
}
