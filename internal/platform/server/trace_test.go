package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// From an HTTP request over a client connection to the handler of an RPC: one trace,
// each span the child of the one before.
func TestOneRequestIsOneTrace(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	traces := telemetry.New(telemetry.NewTracers(sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.WithSyncer(exporter)), nil)
	var seen string
	r := start(t, Options{Telemetry: traces}, accountsService(&accounts{
		get: func(ctx context.Context, _ *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
			seen = telemetry.TraceID(ctx)
			return &accountsv1.Account{}, nil
		}}))
	conn, err := r.Dial(append(traces.ClientOptions(), auth.Bearer(r.tokens[auth.Viewer]))...)
	require.NoError(t, err)
	defer conn.Close()

	ctx, span := traces.BeginHTTP(t.Context(), http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}, "GET")
	_, err = accountsv1.NewAccountsServiceClient(conn).GetAccount(ctx, &accountsv1.GetAccountRequest{Name: "accounts/acme"})
	require.NoError(t, err)
	span.End()

	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", seen)
	byParent := map[string]tracetest.SpanStub{}
	for _, s := range exporter.GetSpans() {
		require.Equal(t, seen, s.SpanContext.TraceID().String())
		for _, a := range s.Attributes {
			require.NotContains(t, a.Value.String(), r.tokens[auth.Viewer])
		}
		byParent[s.Parent.SpanID().String()] = s
	}
	var names []string
	for id := "00f067aa0ba902b7"; len(names) < 3; {
		s := byParent[id]
		names, id = append(names, s.SpanKind.String()+" "+s.Name), s.SpanContext.SpanID().String()
	}
	const rpc = "evenhand.accounts.v1.AccountsService/GetAccount"
	require.Equal(t, []string{"server GET", "client " + rpc, "server " + rpc}, names)
	require.Len(t, byParent, 3)
}

func TestTLSOnTheSocketAndNoneWithinTheProcess(t *testing.T) {
	certificate, roots := selfSigned(t)
	r := start(t, Options{Address: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}},
		accountsService(&accounts{get: func(context.Context, *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
			return &accountsv1.Account{}, nil
		}}))
	require.NoError(t, get(r.as(t, auth.Viewer), "accounts/acme"))
	conn, err := grpc.NewClient(r.Addr().String(), auth.Bearer(r.tokens[auth.Viewer]),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, get(conn, "accounts/acme"))
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
