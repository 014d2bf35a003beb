package gateway_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

func BenchmarkCheckThroughREST(b *testing.B) {
	w := startWorld(b, func(o *gateway.Options) { o.Logger = slog.New(slog.DiscardHandler) })
	b.Run("REST", func(b *testing.B) {
		for b.Loop() {
			w.do(b, "GET", "/v1/accounts/acme/entitlements/thanks:check", "")
			w.got.take()
		}
	})
	b.Run("gRPC", func(b *testing.B) {
		client := entitlementsv1.NewEntitlementsServiceClient(w.conns["entitlements"])
		ctx := metadata.AppendToOutgoingContext(b.Context(), "authorization", "Bearer "+tokenOf(auth.Admin))
		for b.Loop() {
			_, err := client.CheckEntitlement(ctx, &entitlementsv1.CheckEntitlementRequest{Account: account, Benefit: "thanks"})
			require.NoError(b, err)
			w.got.take()
		}
	})
	b.Run("handler alone", func(b *testing.B) {
		h := handlerTo(b, nil)
		u := &url.URL{Path: "/v1/accounts/acme/entitlements/thanks:check"}
		for b.Loop() {
			require.Equal(b, 200, serve(h, "GET", u, "", nil).Code)
		}
	})
	b.Run("empty HTTP handler", func(b *testing.B) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) }))
		defer s.Close()
		to := *w
		to.url = s.URL
		for b.Loop() {
			to.do(b, "GET", "/", "")
		}
	})
}

func BenchmarkReadBatch(b *testing.B) {
	r := &entitlementsv1.BatchCheckEntitlementsRequest{}
	for range 1000 {
		r.Queries = append(r.Queries, &entitlementsv1.EntitlementQuery{Account: account, Benefit: "thanks"})
	}
	body, err := protojson.Marshal(r)
	require.NoError(b, err)
	b.Run("gateway", func(b *testing.B) {
		h := handlerTo(b, nil)
		for b.Loop() {
			require.Equal(b, 200, serve(h, "POST", &url.URL{Path: "/v1/entitlements:batchCheck"}, string(body), nil).Code)
		}
	})
	b.Run("protojson alone", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, protojson.Unmarshal(body, &entitlementsv1.BatchCheckEntitlementsRequest{}))
		}
	})
}
