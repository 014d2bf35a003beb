package telemetry

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
)

func storeOf(t *testing.T, telemetry *Telemetry) *Store {
	t.Helper()
	s, err := telemetry.Store("sqlite", "accounts", func(err error) string { return "type of " + err.Error() })
	require.NoError(t, err)
	return s
}

func metered() (*Telemetry, *metric.ManualReader) {
	reader := metric.NewManualReader()
	return New(nil, metric.NewMeterProvider(metric.WithReader(reader))), reader
}

// durations are the points of the store's histogram, by their attributes.
func durations(t *testing.T, reader metric.Reader) map[string]metricdata.HistogramDataPoint[float64] {
	t.Helper()
	var got metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &got))
	histogram := got.ScopeMetrics[0].Metrics[0]
	require.Equal(t, "db.client.operation.duration", histogram.Name)
	require.Equal(t, "s", histogram.Unit)
	points := map[string]metricdata.HistogramDataPoint[float64]{}
	for _, p := range histogram.Data.(metricdata.Histogram[float64]).DataPoints {
		key := ""
		for _, name := range []string{"db.system.name", "db.namespace", "db.operation.name", "db.collection.name", "error.type"} {
			value, _ := p.Attributes.Value(attribute.Key(name))
			key += "/" + value.AsString()
		}
		points[key] = p
	}
	return points
}

func TestOperationsAreMeasuredByCollectionAndOutcome(t *testing.T) {
	telemetry, reader := metered()
	s := storeOf(t, telemetry)
	var now time.Time
	s.now = func() time.Time { return now }
	for _, op := range []struct {
		operation, collection string
		took                  time.Duration
		err                   error
	}{
		{"get", "accounts", 20 * time.Microsecond, nil},
		{"get", "accounts", 2 * time.Second, nil},
		{"get", "accounts", time.Second, errors.New("x")},
		{"get", "revenue", time.Second, nil},
		{"read_feed", "", time.Second, nil},
	} {
		_, done := s.Begin(t.Context(), op.operation, op.collection, 1)
		now = now.Add(op.took)
		done(op.err)
	}
	counts, sums := map[string]uint64{}, map[string]float64{}
	for key, p := range durations(t, reader) {
		counts[key], sums[key] = p.Count, p.Sum
		require.Equal(t, storeBuckets, p.Bounds)
	}
	require.Equal(t, map[string]uint64{
		"/sqlite/accounts/get/accounts/": 2, "/sqlite/accounts/get/accounts/type of x": 1,
		"/sqlite/accounts/get/revenue/": 1, "/sqlite/accounts/read_feed//": 1,
	}, counts)
	require.InDelta(t, 2.00002, sums["/sqlite/accounts/get/accounts/"], 1e-9)
}

// An operation of a canceled request is measured all the same.
func TestCanceledOperationsAreMeasured(t *testing.T) {
	telemetry, reader := metered()
	s := storeOf(t, telemetry)
	ctx, cancel := context.WithCancel(t.Context())
	_, done := s.Begin(ctx, "get", "accounts", 1)
	cancel()
	done(ctx.Err())
	require.Len(t, durations(t, reader), 1)
}

func TestMeasuringManyAtOnceLosesNone(t *testing.T) {
	telemetry, reader := metered()
	s := storeOf(t, telemetry)
	var group errgroup.Group
	collections := []string{"a", "b", "c", "d"}
	for range 8 {
		group.Go(func() error {
			for i := range 400 {
				_, done := s.Begin(t.Context(), "get", collections[i%len(collections)], 1)
				done(nil)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	points := durations(t, reader)
	require.Len(t, points, len(collections))
	for key, p := range points {
		require.EqualValues(t, 800, p.Count, key)
	}
}

// Where nobody listens an operation costs nothing, and no clock is read; where somebody
// does, nothing is made for it but the function that ends it.
func TestOperationsAreCheap(t *testing.T) {
	s := storeOf(t, Off())
	s.now = func() time.Time { t.Error("the clock was read"); return time.Time{} }
	failed := errors.New("x")
	observe := func() {
		ctx, done := s.Begin(context.Background(), "get", "accounts", 1)
		require.Equal(t, context.Background(), ctx)
		done(failed)
	}
	observe()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, done := s.Begin(context.Background(), "get", "accounts", 1)
		done(failed)
	}))

	traces, _ := traced(t, sdktrace.AlwaysSample())
	s = storeOf(t, traces)
	s.now = func() time.Time { t.Error("the clock was read"); return time.Time{} }
	observe() // in the background: no request, no span

	telemetry, _ := metered()
	s = storeOf(t, telemetry)
	s.record(storeOutcome{operation: "get", collection: "accounts"})
	prepared := s.prepared.Load()
	for range 10 {
		_, done := s.Begin(context.Background(), "get", "accounts", 1)
		done(nil)
	}
	require.Same(t, prepared, s.prepared.Load())
}

func TestOperationsOfATracedRequestAreSpans(t *testing.T) {
	const secret = "mongodb://root:hunter2@10.0.0.7"
	telemetry, exporter := traced(t, sdktrace.AlwaysSample())
	s := storeOf(t, telemetry)
	parent, request := telemetry.tracer.Start(t.Context(), "request")
	ctx, done := s.Begin(parent, "insert", "accounts", 7)
	require.NotEqual(t, parent, ctx)
	done(errors.New(secret))
	request.End()
	spans := exporter.GetSpans()
	require.Len(t, spans, 2)
	require.Equal(t, "store.insert", spans[0].Name)
	require.Equal(t, request.SpanContext().SpanID(), spans[0].Parent.SpanID())
	require.Equal(t, trace.SpanKindClient, spans[0].SpanKind)
	require.Equal(t, sdktrace.Status{Code: otelcodes.Error, Description: "mongodb://root:[redacted]@10.0.0.7"}, spans[0].Status)
	require.Empty(t, spans[0].Events, "an event would quote the error")
	attributes := map[string]string{}
	for _, a := range spans[0].Attributes {
		attributes[string(a.Key)] = a.Value.String()
	}
	require.Equal(t, map[string]string{
		"db.system.name": "sqlite", "db.namespace": "accounts", "db.operation.name": "insert", "db.collection.name": "accounts",
		"db.operation.batch.size": "7", "error.type": "type of " + secret,
	}, attributes)
}
