package gateway_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

func TestShutdownLetsCallsFinish(t *testing.T) {
	w := startWorld(t, nil)
	entered, leave := make(chan struct{}), make(chan struct{})
	w.accounts.fails = func(context.Context) error {
		close(entered)
		<-leave
		return nil
	}
	done := make(chan answer)
	go func() { done <- w.do(t, "GET", "/v1/accounts/acme", "") }()
	<-entered
	w.end()
	close(leave)
	require.Equal(t, 200, (<-done).StatusCode)
}

func TestTLS(t *testing.T) {
	// Only its certificate, for 127.0.0.1, and the client that trusts it are used.
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	o := gateway.Options{Authenticator: &auth.Keyring{}, Backends: gateway.Backends{Accounts: nowhere{}, Entitlements: nowhere{}, Board: nowhere{}, Plans: nowhere{}}}
	s, err := gateway.NewServer(t.Context(), o, gateway.ListenOptions{Address: "127.0.0.1:0",
		TLS: &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	client := certified.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	resp, err := client.Get("https://" + s.Addr().String() + "/livez")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, 2, resp.ProtoMajor)
	require.NotEmpty(t, resp.Header.Get("Strict-Transport-Security"))
	client.CloseIdleConnections()
	cancel()
	require.NoError(t, <-ended)
}

func TestPortInUseIsToldAtOnce(t *testing.T) {
	o := gateway.Options{Authenticator: &auth.Keyring{}, Backends: gateway.Backends{Accounts: nowhere{}, Entitlements: nowhere{}, Board: nowhere{}, Plans: nowhere{}}}
	first, err := gateway.NewServer(t.Context(), o, gateway.ListenOptions{Address: "127.0.0.1:0"})
	require.NoError(t, err)
	_, err = gateway.NewServer(t.Context(), o, gateway.ListenOptions{Address: first.Addr().String()})
	require.ErrorContains(t, err, "--http-addr")
	require.NoError(t, first.Close())
}

func TestCallsAreMeasuredByRoute(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	w := startWorld(t, func(o *gateway.Options) { o.Telemetry = telemetry.New(nil, meters) })
	w.do(t, "GET", "/v1/accounts/acme", "")
	w.do(t, "GET", "/v1/accounts/other", "")
	w.do(t, "BREW", "/v1/nonsense", "")
	got := map[string]uint64{}
	require.Eventually(t, func() bool {
		var all metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(context.Background(), &all))
		clear(got)
		calls := uint64(0)
		for _, scope := range all.ScopeMetrics {
			for _, m := range scope.Metrics {
				if m.Name != "http.server.request.duration" {
					continue
				}
				for _, point := range m.Data.(metricdata.Histogram[float64]).DataPoints {
					require.Less(t, point.Bounds[0], 0.001, "calls take less than a thousandth of a second")
					method, _ := point.Attributes.Value("http.request.method")
					route, _ := point.Attributes.Value("http.route")
					got[method.AsString()+" "+route.AsString()] += point.Count
					calls += point.Count
				}
			}
		}
		return calls == 3
	}, waitLong, waitStep)
	require.Equal(t, map[string]uint64{"GET /v1/{name=accounts/*}": 2, "_OTHER ": 1}, got)
}
