package command

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Health is `evenhand health`.
type Health struct {
	Server   string        `default:"127.0.0.1:9090" env:"EVENHAND_SERVER" placeholder:"HOST:PORT" help:"gRPC address of the server (${default})."`
	HTTPAddr string        `name:"http-addr" placeholder:"HOST:PORT" help:"Ask the gateway's /readyz at this address instead."`
	TLS      bool          `name:"tls" help:"Use TLS with the certificates this machine trusts."`
	TLSCA    string        `name:"tls-ca" placeholder:"FILE" help:"Use TLS with the authority in this PEM file."`
	TLSCert  string        `name:"tls-cert" env:"EVENHAND_TLS_CERT" placeholder:"FILE" help:"Use TLS, and trust the server that has this very certificate (PEM, the first in the file) whatever its name, as one asked on loopback; --tls and --tls-ca win over it."`
	Timeout  time.Duration `default:"5s" placeholder:"DURATION" help:"How long to wait for the answer (${default})."`
}

// Help implements kong.HelpProvider.
func (*Health) Help() string {
	return `Exits with 0 when the server is ready to answer, and with 1 when not: what a container's health check needs. No token is used. Where EVENHAND_TLS_CERT gives the server its certificate, it tells this command to use TLS too.

Examples:

  evenhand health
  evenhand health --http-addr 127.0.0.1:8080`
}

// Run asks and prints.
func (c *Health) Run(env *Env) error {
	ctx, cancel := context.WithTimeout(env.Context, c.Timeout)
	defer cancel()
	if c.HTTPAddr != "" {
		return c.ready(ctx, env)
	}
	config, pin, err := c.tls()
	if err != nil {
		return err
	}
	connection := Connection{Server: c.Server, Insecure: true, Timeout: c.Timeout}
	transport, err := connection.over(config)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(c.Server, grpc.WithTransportCredentials(transport))
	if err != nil {
		return &usageError{fmt.Sprintf("--server %q: %v", c.Server, err)}
	}
	defer conn.Close()
	answer, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return pin.explain(c.Server, connection.explain(err, ""))
	}
	return tellHealth(env, answer.GetStatus() == healthpb.HealthCheckResponse_SERVING, answer.GetStatus().String())
}

// tls returns the TLS settings to ask with, nil for none, and the certificate they rest
// on, nil where they rest on an authority.
func (c *Health) tls() (*tls.Config, *pinned, error) {
	if c.TLSCert == "" || c.TLS || c.TLSCA != "" {
		config, err := clientTLS(c.TLS, c.TLSCA)
		return config, nil, err
	}
	known, err := pin(c.TLSCert)
	if err != nil {
		return nil, nil, err
	}
	config := known.config()
	return config, known, nil
}

func (c *Health) ready(ctx context.Context, env *Env) error {
	config, pin, err := c.tls()
	if err != nil {
		return err
	}
	scheme := "http"
	if config != nil {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+c.HTTPAddr+"/readyz", http.NoBody)
	if err != nil {
		return &usageError{fmt.Sprintf("--http-addr %q: %v", c.HTTPAddr, err)}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return pin.explain(c.HTTPAddr, fmt.Errorf("cannot reach the gateway: %w", err))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil {
		return fmt.Errorf("read the gateway's answer: %w", err)
	}
	text := answer.Status
	if json.Valid(body) {
		text += " " + string(body)
	}
	return tellHealth(env, answer.StatusCode == http.StatusOK, text)
}

func tellHealth(env *Env, ready bool, text string) error {
	if !ready {
		return &failure{message: "not ready: " + text}
	}
	_, err := fmt.Fprintln(env.Stdout, "ready")
	return err
}

// Version is `evenhand version`.
type Version struct{}

// Run prints it.
func (*Version) Run(env *Env) error {
	_, err := fmt.Fprintln(env.Stdout, "evenhand", env.Version)
	return err
}
