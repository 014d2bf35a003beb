package serve

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/evenhand/evenhand/internal/platform/listen"
	"github.com/evenhand/evenhand/internal/platform/server"
)

// peerRetry is how long at most a lost peer is left alone before it is tried again.
const peerRetry = 2 * time.Second

// dialPeer prepares a connection to a part of the system in another process; flag is the
// flag that gave the address.
func (c *Command) dialPeer(flag, address string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	transport, err := c.peerTransport(flag, address)
	if err != nil {
		return nil, err
	}
	retry := backoff.DefaultConfig
	retry.BaseDelay, retry.MaxDelay = 100*time.Millisecond, peerRetry
	conn, err := grpc.NewClient(address, append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: retry, MinConnectTimeout: 5 * time.Second}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(server.MaxAnswerBytes)),
	}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", flag, address, err)
	}
	return conn, nil
}

func (c *Command) peerTransport(flag, address string) (credentials.TransportCredentials, error) {
	if c.PeerCA != "" {
		pem, err := os.ReadFile(c.PeerCA)
		if err != nil {
			return nil, fmt.Errorf("--peer-ca: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--peer-ca: %s holds no certificate in PEM form", c.PeerCA)
		}
		return credentials.NewTLS(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}), nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%s %q is not host:port: %w", flag, address, err)
	}
	if !c.Insecure && !listen.Loopback(host) {
		return nil, fmt.Errorf("%s %s is another machine, and without TLS tokens would travel in clear text: "+
			"give --peer-ca, or accept the risk with --insecure", flag, address)
	}
	return insecure.NewCredentials(), nil
}

// serviceToken is the token with which this process calls others.
func (c *Command) serviceToken(getenv func(string) string) (string, error) {
	if token := strings.TrimSpace(getenv("EVENHAND_SERVICE_TOKEN")); token != "" {
		return token, nil
	}
	if c.TokenFile == "" {
		return "", fmt.Errorf("%s alone needs a token to call accounts with: give --token-file, or set EVENHAND_SERVICE_TOKEN; "+
			"`evenhand tokens create` makes one for a principal with the role service", c.Part)
	}
	text, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("--token-file: %s is empty", c.TokenFile)
	}
	return token, nil
}
