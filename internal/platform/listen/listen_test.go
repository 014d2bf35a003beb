package listen_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/listen"
)

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{"127.0.0.1": true, "127.8.9.1": true, "::1": true, "localhost": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "example.com": false, "localhost.example.com": false} {
		require.Equal(t, want, listen.Loopback(host), host)
	}
}

func TestOpen(t *testing.T) {
	for name, o := range map[string]listen.Options{
		"loopback":     {Address: "127.0.0.1:0"},
		"with TLS":     {Address: ":0", TLS: &tls.Config{MinVersion: tls.VersionTLS13}},
		"on own risk":  {Address: "0.0.0.0:0", Insecure: true},
		"with a limit": {Address: "localhost:0", MaxConnections: 3},
	} {
		l, err := listen.Open(t.Context(), o)
		require.NoError(t, err, name)
		require.NoError(t, l.Close())
	}
	for address, why := range map[string]string{"127.0.0.1": "host:port", "0.0.0.0:0": "clear text", ":0": "--insecure", "127.0.0.1:99999": "listening on"} {
		_, err := listen.Open(t.Context(), listen.Options{Address: address, Flag: "--grpc-addr"})
		require.ErrorContains(t, err, why)
		require.ErrorContains(t, err, "--grpc-addr", "names the flag")
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	l, err := listen.Open(t.Context(), listen.Options{Address: "127.0.0.1:0"})
	require.NoError(t, err)
	defer l.Close()
	_, err = listen.Open(t.Context(), listen.Options{Address: l.Addr().String(), Flag: "--http-addr"})
	require.ErrorContains(t, err, "--http-addr "+l.Addr().String())
}
