package telemetry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Store observes the operations of one database: each is measured, and those that serve
// a request whose trace is sampled are spans of it. The attributes of a measurement are
// prepared once for each operation, collection and outcome that occurs.
type Store struct {
	telemetry *Telemetry
	about     []attribute.KeyValue
	errorType func(error) string
	duration  metric.Float64Histogram
	now       func() time.Time

	// prepared is replaced as a whole by those who hold preparing, and so is read
	// without a lock.
	prepared  atomic.Pointer[map[storeOutcome][]metric.RecordOption]
	preparing sync.Mutex
}

// storeOutcome is what measurements tell apart.
type storeOutcome struct{ operation, collection, errorType string }

// storeBuckets are seconds; a read of an embedded database takes microseconds, a batch
// of an import on another machine may take seconds.
var storeBuckets = []float64{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30}

// Store returns the observer of a database: system is its kind, as `sqlite`, and
// namespace its name. The function errorType puts an error, never nil, into one of a
// few classes, as `unavailable`.
func (t *Telemetry) Store(system, namespace string, errorType func(error) string) (*Store, error) {
	s := &Store{
		telemetry: t, errorType: errorType, now: time.Now,
		about: []attribute.KeyValue{attribute.String("db.system.name", system), attribute.String("db.namespace", namespace)},
	}
	s.prepared.Store(&map[storeOutcome][]metric.RecordOption{})
	var err error
	s.duration, err = t.meter.Float64Histogram("db.client.operation.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of operations of the store, those in the background among them."),
		metric.WithExplicitBucketBoundaries(storeBuckets...))
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of the store %s: %w", namespace, err)
	}
	return s, nil
}

// Begin starts observing an operation on a collection, or on none where that is empty;
// size is the number of documents or values handed over, or the limit of a query. The
// operation runs with the context that is returned, and its outcome is told to the
// function.
func (s *Store) Begin(ctx context.Context, operation, collection string, size int) (context.Context, func(error)) {
	var span trace.Span
	if trace.SpanFromContext(ctx).IsRecording() {
		ctx, span = s.telemetry.tracer.Start(ctx, "store."+operation, trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(append(s.attributes(operation, collection), attribute.Int("db.operation.batch.size", size))...))
	}
	if span == nil && !s.telemetry.metering {
		return ctx, unobserved
	}
	var started time.Time
	if s.telemetry.metering {
		started = s.now()
	}
	return ctx, func(err error) {
		outcome := storeOutcome{operation: operation, collection: collection}
		if err != nil {
			outcome.errorType = s.errorType(err)
		}
		if s.telemetry.metering {
			s.duration.Record(ctx, s.now().Sub(started).Seconds(), s.record(outcome)...)
		}
		if span != nil {
			end(span, outcome.errorType, err)
		}
	}
}

func unobserved(error) {}

func end(span trace.Span, errorType string, err error) {
	if err != nil {
		span.SetAttributes(attribute.String("error.type", errorType))
		span.SetStatus(otelcodes.Error, Redact(err.Error()))
	}
	span.End()
}

// attributes returns what spans and measurements say alike.
func (s *Store) attributes(operation, collection string) []attribute.KeyValue {
	attributes := append(slices.Clone(s.about), attribute.String("db.operation.name", operation))
	if collection != "" {
		attributes = append(attributes, attribute.String("db.collection.name", collection))
	}
	return attributes
}

// record returns the prepared attributes of an outcome.
func (s *Store) record(o storeOutcome) []metric.RecordOption {
	if options, ok := (*s.prepared.Load())[o]; ok {
		return options
	}
	s.preparing.Lock()
	defer s.preparing.Unlock()
	attributes := s.attributes(o.operation, o.collection)
	if o.errorType != "" {
		attributes = append(attributes, attribute.String("error.type", o.errorType))
	}
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
	prepared := maps.Clone(*s.prepared.Load())
	prepared[o] = options
	s.prepared.Store(&prepared)
	return options
}
