package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger returns a logger that writes to w, as JSON or as text, adds the trace and
// request ids of the context, and blots out tokens.
func NewLogger(w io.Writer, level slog.Leveler, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	var h slog.Handler = slog.NewTextHandler(w, options)
	if json {
		h = slog.NewJSONHandler(w, options)
	}
	return slog.New(tracedHandler{h})
}

type tracedHandler struct{ slog.Handler }

// Handle adds trace_id, span_id and request_id.
func (h tracedHandler) Handle(ctx context.Context, record slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		record.AddAttrs(slog.String("trace_id", sc.TraceID().String()))
		if sc.HasSpanID() {
			record.AddAttrs(slog.String("span_id", sc.SpanID().String()))
		}
	}
	if id := RequestID(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h tracedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracedHandler{h.Handler.WithAttrs(attrs)}
}

func (h tracedHandler) WithGroup(name string) slog.Handler {
	return tracedHandler{h.Handler.WithGroup(name)}
}

const blot = "[redacted]"

// secretKeys are attributes whose values are secrets whatever they look like.
var secretKeys = map[string]bool{"authorization": true, "token": true, "secret": true, "password": true, "cookie": true}

// secretText is what a token looks like in a text: one of ours, whatever follows
// "Bearer", and the password in the URL of a database.
var secretText = regexp.MustCompile(`evh_[A-Za-z0-9_-]{20,}|(?i:bearer)\s+[^\s",]+|(://[^:/@\s]*):[^@/\s]+@`)

func redact(_ []string, a slog.Attr) slog.Attr {
	if secretKeys[strings.ToLower(a.Key)] {
		return slog.String(a.Key, blot)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Redact(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(Redact(errorText(err)))
		}
	}
	return a
}

// errorText is the error's text in which an error that has more to say in a log (a
// slog.LogValuer) says that: slog itself asks only the outermost.
func errorText(err error) string {
	var within interface {
		error
		slog.LogValuer
	}
	if !errors.As(err, &within) {
		return err.Error()
	}
	words := within.LogValue().Resolve().String()
	before, after, found := strings.Cut(err.Error(), within.Error())
	if !found {
		return err.Error() + ": " + words
	}
	return before + words + after
}

// Redact returns the text with tokens and passwords blotted out.
func Redact(text string) string {
	return secretText.ReplaceAllStringFunc(text, func(match string) string {
		if strings.HasPrefix(match, "://") {
			user, _, _ := strings.Cut(match[3:], ":")
			return "://" + user + ":" + blot + "@"
		}
		return blot
	})
}

type requestIDKey struct{}

// WithRequestID returns a context whose logs carry a request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the request id of a context, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
