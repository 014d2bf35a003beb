package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certificate writes a self-signed certificate for this machine and its key.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	return selfSigned(t, dir, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
}

// selfSigned writes a certificate of whom the template names, and its key.
func selfSigned(t *testing.T, dir string, template *x509.Certificate) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber, template.Subject = big.NewInt(1), pkix.Name{CommonName: "evenhand test"}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert = write(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	key = write(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	return cert, key
}

// With a certificate the server speaks TLS only, to the command line and between its
// parts.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	s := launch(t, dir, "--tls-cert", cert, "--tls-key", key, "--grpc-addr", "0.0.0.0:0")
	_, port, err := net.SplitHostPort(s.grpc)
	require.NoError(t, err)
	s.grpc = net.JoinHostPort("127.0.0.1", port)
	healthy := func() bool { return s.run("", "health", "--http-addr", s.http, "--tls-ca", cert).code == 0 }
	s.await("readiness", healthy)
	require.Contains(t, s.cli("caller", "--tls-ca", cert), "principals/local-admin")
	require.Equal(t, 1, s.try("caller").code, "in clear text nothing answers")
	require.Equal(t, 1, s.try("caller", "--tls").code, "an unknown authority is not trusted")

	gateway := launch(t, t.TempDir(), "gateway", "--accounts-addr", s.grpc, "--entitlements-addr", s.grpc, "--board-addr", s.grpc,
		"--plans-addr", s.grpc, "--peer-ca", cert, "--token-file", s.data+"/admin-token")
	gateway.awaitReady()
	gateway.data = s.data
	require.Contains(t, string(gateway.get("/v1/caller", 200)), "local-admin")
}

// A container's health check knows nothing but the container's variables, and asks on
// loopback a server whose certificate names the machine as others call it.
func TestHealthOfAServerWithACertificate(t *testing.T) {
	cert, key := selfSigned(t, t.TempDir(), &x509.Certificate{DNSNames: []string{"evenhand.example"}})
	t.Setenv("EVENHAND_TLS_CERT", cert)
	t.Setenv("EVENHAND_TLS_KEY", key)
	s := launch(t, t.TempDir())
	s.await("readiness", func() bool { return s.run("", "health", "--http-addr", s.http).code == 0 })
	got := s.run("", "health", "--server", s.grpc)
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, 1, s.run("", "health", "--server", s.grpc, "--tls-ca", cert).code, "its name is not the one asked for")

	other, _ := certificate(t, t.TempDir())
	t.Setenv("EVENHAND_TLS_CERT", other)
	for _, address := range [][]string{{"--server", s.grpc}, {"--http-addr", s.http}} {
		got := s.run("", append([]string{"health"}, address...)...)
		require.Equal(t, 1, got.code)
		require.Contains(t, got.stderr, "another certificate than the one in "+other)
	}
}
