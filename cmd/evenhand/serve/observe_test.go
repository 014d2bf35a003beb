package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

// One request is measured at the gateway, at the service and at the store, and no token
// is in any attribute.
func TestOneRequestIsMeasuredFromGatewayToStore(t *testing.T) {
	reader := metric.NewManualReader()
	p := running(t, telemetry.New(nil, metric.NewMeterProvider(metric.WithReader(reader))), io.Discard)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.rest.Addr().String()+"/v1/accounts/nobody", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+p.adminToken)
	before := measured(t, reader, p.adminToken)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNotFound, answer.StatusCode)

	var after map[measurement]uint64
	gateway := measurement{name: "http.server.request.duration", what: "/v1/{name=accounts/*}", outcome: "404"}
	require.Eventually(t, func() bool { // the gateway records when the answer is on its way already
		after = measured(t, reader, p.adminToken)
		return after[gateway] == before[gateway]+1
	}, time.Minute, 10*time.Millisecond)
	for _, layer := range []measurement{
		{name: "rpc.server.duration", what: "evenhand.accounts.v1.AccountsService/GetAccount", outcome: "5"},
		{name: "db.client.operation.duration", what: "sqlite accounts.db get accounts"},
	} {
		require.Equal(t, before[layer]+1, after[layer], "%v of %v", layer, after)
	}
	require.Positive(t, after[measurement{name: "db.client.operation.duration", what: "sqlite entitlements.db declare pages"}],
		"what belongs to no request is measured too")
}

// measurement is what a histogram counts: the attributes of one point, joined.
type measurement struct{ name, what, outcome string }

func measured(t *testing.T, reader metric.Reader, secret string) map[measurement]uint64 {
	t.Helper()
	var got metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &got))
	counts := map[measurement]uint64{}
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
				text := func(key attribute.Key) string {
					value, _ := p.Attributes.Value(key)
					require.NotContains(t, value.String(), secret)
					return value.String()
				}
				of := measurement{name: m.Name}
				switch m.Name {
				case "http.server.request.duration":
					of.what, of.outcome = text("http.route"), text("http.response.status_code")
				case "rpc.server.duration":
					of.what, of.outcome = text("rpc.service")+"/"+text("rpc.method"), text("rpc.grpc.status_code")
				default:
					of.what = fmt.Sprintf("%s %s %s %s", text("db.system.name"), text("db.namespace"), text("db.operation.name"), text("db.collection.name"))
					of.outcome = text("error.type")
				}
				counts[of] += p.Count
			}
		}
	}
	return counts
}

func TestStoreErrorType(t *testing.T) {
	for want, err := range map[string]error{
		"canceled":          fmt.Errorf("get: %w", context.Canceled),
		"deadline_exceeded": fmt.Errorf("%w: %w", docstore.ErrUnavailable, context.DeadlineExceeded),
		"unavailable":       &docstore.BatchError{Failed: map[int]error{0: docstore.ErrExists, 1: docstore.ErrUnavailable}},
		"conflict":          docstore.ErrConflict,
		"exists":            &docstore.BatchError{Failed: map[int]error{3: docstore.ErrTombstone}},
		"duplicate":         &docstore.BatchError{Failed: map[int]error{3: &docstore.DuplicateError{Index: "external"}}},
		"_OTHER":            errors.New("disk full"),
	} {
		require.Equal(t, want, storeErrorType(err))
	}
}
