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
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "evenhand test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
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

	gateway := launch(t, t.TempDir(), "gateway", "--accounts-addr", s.grpc, "--entitlements-addr", s.grpc,
		"--peer-ca", cert, "--token-file", s.data+"/admin-token")
	gateway.awaitReady()
	gateway.data = s.data
	require.Contains(t, string(gateway.get("/v1/caller", 200)), "local-admin")
}
