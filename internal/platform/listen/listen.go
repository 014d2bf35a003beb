// Package listen opens the sockets of this system's servers, and refuses to open one
// that would carry tokens in clear text over a network.
package listen

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"golang.org/x/net/netutil"
)

// Options say where and how to listen.
type Options struct {
	// Address is host:port; port 0 picks a free one.
	Address string
	// TLS is required beyond loopback.
	TLS *tls.Config
	// Insecure allows an address beyond loopback without TLS.
	Insecure bool
	// MaxConnections is how many connections are served at once; further ones wait
	// to be accepted. 0 means no limit.
	MaxConnections int
	// Flag is the flag that gave the address, named in errors, as `--grpc-addr`.
	Flag string
}

// Open opens a TCP listener. TLS is up to the server that uses it. The error of a
// refused address says how to put it right.
func Open(ctx context.Context, o Options) (net.Listener, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("%s %q is not host:port: %w", o.Flag, o.Address, err)
	}
	if o.TLS == nil && !o.Insecure && !Loopback(host) {
		return nil, fmt.Errorf("%s %s can be reached from other machines, and without TLS tokens would travel in clear text: "+
			"give --tls-cert and --tls-key, or listen on 127.0.0.1, or accept the risk with --insecure", o.Flag, o.Address)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s %s: %w", o.Flag, o.Address, err)
	}
	if o.MaxConnections > 0 {
		l = netutil.LimitListener(l, o.MaxConnections)
	}
	return l, nil
}

// Loopback reports whether a host is only reachable from this machine: `localhost`,
// 127.0.0.0/8 or ::1. An empty host means all interfaces.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
