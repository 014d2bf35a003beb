package command

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// The container's health check asks over TLS when the server has a certificate, trusts
// that one alone, and sends no token.
func TestHealthTrustsTheCertificateItIsGiven(t *testing.T) {
	var mu sync.Mutex
	var authorizations []string
	see := func(values []string) {
		mu.Lock()
		defer mu.Unlock()
		authorizations = append(authorizations, values...)
	}
	rest := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		see(r.Header["Authorization"])
	}))
	defer rest.Close()
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&rest.TLS.Certificates[0])), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			md, _ := metadata.FromIncomingContext(ctx)
			see(md.Get("authorization"))
			return handle(ctx, req)
		}))
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	defer func() { server.Stop(); require.NoError(t, <-ended) }()

	certificate := func(der []byte) string {
		key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})
		return file(t, "cert.pem", string(key)+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	}
	right := certificate(rest.Certificate().Raw)
	wrong := certificate(append([]byte{0}, rest.Certificate().Raw[1:]...))
	for _, address := range [][]string{
		{"--server", listener.Addr().String()},
		{"--http-addr", rest.Listener.Addr().String()},
	} {
		ask := func(args ...string) result {
			return execute(t, "", "", append(append([]string{"health"}, address...), args...)...)
		}
		got := ask("--tls-cert", right)
		require.Zero(t, got.code, got.stderr)
		require.Equal(t, "ready\n", got.stdout)
		require.Equal(t, ExitFailed, ask().code, "in clear text")
		got = ask("--tls-cert", wrong)
		require.Equal(t, ExitFailed, got.code)
		require.Contains(t, got.stderr, "another certificate than the one in "+wrong)
		require.Contains(t, got.stderr, "restart the server")
		for _, aloud := range [][]string{{"--tls"}, {"--tls-ca", right}} {
			both := ask(append(aloud, "--tls-cert", wrong)...)
			require.Equal(t, ask(aloud...), both, "what is asked for aloud wins")
			require.Equal(t, aloud[0] == "--tls-ca", both.code == 0, both.stderr)
		}

		t.Setenv("EVENHAND_TLS_CERT", right)
		require.Zero(t, ask().code, "as in a container")
		t.Setenv("EVENHAND_TLS_CERT", "")
	}
	mu.Lock()
	defer mu.Unlock()
	require.Empty(t, authorizations)
	require.Contains(t, execute(t, "", "", "health", "--tls-cert", file(t, "no.pem", "no")).stderr, "no certificate in PEM form")
	require.Contains(t, execute(t, "", "", "health", "--tls-cert", "nowhere.pem").stderr, "--tls-cert: open nowhere.pem")
}
