package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/evenhand/evenhand/internal/platform/listen"
)

const (
	// DefaultDrain is how long a shutdown waits for calls to finish where
	// ListenOptions do not say.
	DefaultDrain = 10 * time.Second

	// receiveHeaderBytes is what the library reads of headers, which it refuses in words
	// of its own; up to there, those beyond maxHeaderBytes are refused in ours.
	receiveHeaderBytes = 2 * maxHeaderBytes
	maxConnections     = 4096
	readHeaderTimeout  = 10 * time.Second
	readTimeout        = time.Minute
	idleTimeout        = 2 * time.Minute
	// writeMargin is what a caller gets to read the answer, beyond the deadline of
	// the call.
	writeMargin = time.Minute
)

// ListenOptions say where and how a Server listens.
type ListenOptions struct {
	// Address is host:port; port 0 takes a free one. Beyond loopback it needs TLS, or
	// Insecure.
	Address string
	// TLS of the listener.
	TLS *tls.Config
	// Insecure allows an Address beyond loopback without TLS.
	Insecure bool
	// Drain is how long a shutdown waits for calls to finish; 0 means DefaultDrain.
	Drain time.Duration
}

// Server serves the gateway over HTTP/1.1, and HTTP/2 with TLS. Make it with NewServer.
type Server struct {
	gateway  *gateway
	http     *http.Server
	listener net.Listener
	tls      bool
	drain    time.Duration
}

// NewServer returns a server that listens already, so that a port in use is told at
// once; Run answers. It fails as NewHandler does, and where the address may not be
// listened on.
func NewServer(ctx context.Context, o Options, at ListenOptions) (*Server, error) {
	g, err := newGateway(o)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if at.Drain == 0 {
		at.Drain = DefaultDrain
	}
	deadline := o.Deadline
	if deadline == 0 {
		deadline = DefaultDeadline
	}
	listener, err := listen.Open(ctx, listen.Options{Address: at.Address, TLS: at.TLS, Insecure: at.Insecure,
		MaxConnections: maxConnections, Flag: "--http-addr"})
	if err != nil {
		return nil, err
	}
	return &Server{
		gateway: g,
		http: &http.Server{
			Handler: g.handler, TLSConfig: at.TLS, MaxHeaderBytes: receiveHeaderBytes,
			ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
			WriteTimeout: readTimeout + deadline + writeMargin, IdleTimeout: idleTimeout,
			DisableGeneralOptionsHandler: true,
			ErrorLog:                     slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
		},
		listener: listener, tls: at.TLS != nil, drain: at.Drain,
	}, nil
}

// Addr returns the address listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Ready returns nil where every service that the gateway calls can be reached and is
// ready, else which of them is not. It asks them, and waits 3 s at most.
func (s *Server) Ready(ctx context.Context) error {
	_, err := s.gateway.askServices(ctx)
	return err
}

// Run serves until the context ends, then lets calls finish for the drain time, and
// ends what is left. It returns nil after a shutdown. It may be called once.
func (s *Server) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() {
		if s.tls {
			served <- s.http.ServeTLS(s.listener, "", "")
		} else {
			served <- s.http.Serve(s.listener)
		}
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serving REST on %s: %w", s.listener.Addr(), err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.drain)
	defer cancel()
	if s.http.Shutdown(late) != nil {
		s.http.Close() // its error is that of the listener, which is closed
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving REST on %s: %w", s.listener.Addr(), err)
	}
	return nil
}

// Close releases the listener of a server that is never run.
func (s *Server) Close() error { return s.listener.Close() }
