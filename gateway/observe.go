package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

const requestIDHeader = "X-Request-Id"

// observation is what becomes known of a call on its way, for its span and log.
type observation struct {
	http.ResponseWriter
	status int
	route  *route
	// failure is why the call failed, where that was not the caller's fault.
	failure error
}

// WriteHeader notes the status.
func (o *observation) WriteHeader(status int) {
	if o.status == 0 && status >= 200 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write notes the status that is implied.
func (o *observation) Write(b []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return o.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (o *observation) Unwrap() http.ResponseWriter { return o.ResponseWriter }

type observationKey struct{}

func observationOf(ctx context.Context) *observation {
	return ctx.Value(observationKey{}).(*observation)
}

// observe gives each call its request id and its place in a trace, and records how it
// ended, panics included. Paths hold names, or a secret, which is hidden, and are
// redacted all the same; queries are never recorded.
func (g *gateway) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		r = hideSecret(r)
		ctx, span := g.options.Telemetry.BeginHTTP(r.Context(), r.Header, knownMethod(r.Method))
		defer span.End()
		id := requestID(ctx, r)
		o := &observation{ResponseWriter: w}
		ctx = context.WithValue(telemetry.WithRequestID(ctx, id), observationKey{}, o)
		r = r.WithContext(ctx)
		w.Header().Set(requestIDHeader, id)
		protect(w.Header(), r)
		defer func() {
			if panicked := recover(); panicked != nil {
				g.panicked(o, r, panicked)
			}
			g.record(ctx, span, o, r, time.Since(started))
		}()
		next.ServeHTTP(o, r)
	})
}

// protect sets what browsers need to know of every answer; assets may relax it.
func protect(h http.Header, r *http.Request) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// requestID returns the caller's id of the call where it is a sane one, else that of
// the trace.
func requestID(ctx context.Context, r *http.Request) string {
	given := r.Header.Get(requestIDHeader)
	if given == "" || len(given) > 128 {
		return telemetry.TraceID(ctx)
	}
	for _, c := range []byte(given) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return telemetry.TraceID(ctx)
		}
	}
	return given
}

var errPanicked = fault.New(fault.Internal, fault.ReasonInternal, rpcstatus.Internal)

func (g *gateway) panicked(o *observation, r *http.Request, what any) {
	if err, ok := what.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(what)
	}
	g.options.Logger.ErrorContext(r.Context(), "call panicked", "panic", fmt.Sprint(what), "stack", string(debug.Stack()))
	if o.status == 0 {
		g.refuse(o, r, http.StatusInternalServerError, errPanicked)
	}
}

func (g *gateway) record(ctx context.Context, span trace.Span, o *observation, r *http.Request, took time.Duration) {
	status := o.status
	if status == 0 {
		status = http.StatusOK
	}
	template := ""
	if o.route != nil {
		template = o.route.template
	}
	if span.IsRecording() {
		if template != "" {
			span.SetName(knownMethod(r.Method) + " " + template)
		}
		span.SetAttributes(attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("http.route", template),
			attribute.String("url.path", telemetry.Redact(r.URL.Path)), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(otelcodes.Error, http.StatusText(status))
		}
	}
	if g.duration.Enabled(ctx) {
		g.duration.Record(ctx, took.Seconds(), metric.WithAttributes(attribute.String("http.request.method", knownMethod(r.Method)),
			attribute.String("http.route", template), attribute.Int("http.response.status_code", status)))
	}
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError && r.URL.Path != readyPath {
		level = slog.LevelWarn
	}
	if !g.options.Logger.Enabled(ctx, level) {
		return
	}
	attributes := []slog.Attr{slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.Duration("took", took)}
	if o.failure != nil {
		attributes = append(attributes, slog.Any("error", o.failure))
	}
	g.options.Logger.LogAttrs(ctx, level, "call", attributes...)
}

// knownMethod bounds the methods that traces and metrics tell apart.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "_OTHER"
}
