package serve

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

// observeStore makes each operation of a store a span of the request it serves. What
// runs in the background belongs to no request and gets none.
func observeStore(system string) docstore.Observer {
	return func(ctx context.Context, op docstore.Operation) (context.Context, func(error)) {
		parent := trace.SpanFromContext(ctx)
		if !parent.IsRecording() {
			return ctx, func(error) {}
		}
		ctx, span := parent.TracerProvider().Tracer("github.com/evenhand/evenhand").Start(ctx, "store."+op.Name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("db.system.name", system),
			attribute.String("db.collection.name", op.Collection),
			attribute.Int("db.operation.batch.size", op.Size),
		))
		return ctx, func(err error) {
			if err != nil {
				span.SetStatus(codes.Error, telemetry.Redact(err.Error()))
			}
			span.End()
		}
	}
}
