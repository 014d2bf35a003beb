// Package telemetry makes one request one trace, from gateway over service to store,
// counts calls, and writes logs that name the trace and never a token.
//
// It is configured by the standard OTEL_* variables and nothing else. Without any of
// them nothing is exported; trace ids that arrive are passed on and logged all the
// same. The Prometheus endpoint is OTEL_METRICS_EXPORTER=prometheus, which listens on
// OTEL_EXPORTER_PROMETHEUS_HOST and _PORT (localhost:9464), apart from the API.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.34.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

const scope = "github.com/evenhand/evenhand"

// propagator is W3C trace context; baggage is not passed on, since callers could put
// anything into it.
var propagator = propagation.TraceContext{}

// Telemetry is where spans and measurements of one process go. Make it with Start or
// New; Off is one that goes nowhere.
type Telemetry struct {
	tracer   trace.Tracer
	tracers  *Tracers // nil where tracers cannot be asked beforehand
	meter    metric.Meter
	tracing  bool
	metering bool
	shutdown []func(context.Context) error
}

// Off returns a Telemetry that records nothing.
func Off() *Telemetry { return New(nil, nil) }

// New returns a Telemetry over given providers, either of which may be nil.
func New(tracers trace.TracerProvider, meters metric.MeterProvider) *Telemetry {
	t := &Telemetry{tracing: tracers != nil, metering: meters != nil}
	t.tracers, _ = tracers.(*Tracers)
	if tracers == nil {
		tracers = tracenoop.NewTracerProvider()
	}
	if meters == nil {
		meters = metricnoop.NewMeterProvider()
	}
	t.tracer, t.meter = tracers.Tracer(scope), meters.Meter(scope)
	return t
}

// Start returns a Telemetry as the OTEL_* variables that getenv gives say. The service
// name is OTEL_SERVICE_NAME, else service. Shutdown ends what it started.
func Start(ctx context.Context, service, version string, getenv func(string) string) (*Telemetry, error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return Off(), nil
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName(service), semconv.ServiceVersion(version)),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	var shutdown []func(context.Context) error
	var tracers trace.TracerProvider
	if wanted(getenv, "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return nil, fmt.Errorf("starting the exporter of OTEL_TRACES_EXPORTER: %w", err)
		}
		if !autoexport.IsNoneSpanExporter(exporter) {
			p := NewTracers(samplerOf(getenv), sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
			tracers, shutdown = p, append(shutdown, p.Shutdown)
		}
	}
	var meters metric.MeterProvider
	if wanted(getenv, "OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("starting the exporter of OTEL_METRICS_EXPORTER: %w", err), stop(ctx, shutdown))
		}
		if !autoexport.IsNoneMetricReader(reader) {
			p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(about))
			meters, shutdown = p, append(shutdown, p.Shutdown)
		}
	}
	t := New(tracers, meters)
	t.shutdown = shutdown
	return t, nil
}

// wanted reports whether a signal is configured at all: the exporters' own default,
// OTLP to localhost, would otherwise fail noisily on every machine without collector.
func wanted(getenv func(string) string, exporter, endpoint string) bool {
	return getenv(exporter) != "" || getenv(endpoint) != "" || getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != ""
}

// Shutdown exports what is left and ends the exporters. It returns what went wrong,
// or the context's error when that took too long.
func (t *Telemetry) Shutdown(ctx context.Context) error { return stop(ctx, t.shutdown) }

func stop(ctx context.Context, shutdown []func(context.Context) error) error {
	var errs []error
	for _, f := range shutdown {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// Meter returns the meter for measurements of a package's own.
func (t *Telemetry) Meter() metric.Meter { return t.meter }

// start begins a span, or returns nil where the call is not sampled.
func (t *Telemetry) start(ctx context.Context, name string, kind trace.SpanKind, options []trace.SpanStartOption) (context.Context, trace.Span) {
	if !t.tracing {
		return ctx, nil
	}
	if t.tracers != nil {
		var sampled bool
		if ctx, sampled = t.tracers.ask(ctx, name, kind); !sampled {
			return ctx, nil
		}
	}
	return t.tracer.Start(ctx, name, options...)
}

// TraceID returns the id of the trace a context belongs to, in hexadecimal, or ""
// where it belongs to none.
func TraceID(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}
