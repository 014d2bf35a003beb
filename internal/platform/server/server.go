// Package server is the gRPC server of every process: who calls is known before
// anything of the call is read, requests are validated against the rules in their
// schema, errors leave in one shape, and a shutdown lets calls finish.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"buf.build/go/protovalidate"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // callers may compress
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/listen"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

const (
	// MaxRequestBytes is the largest request message; a batch of 10,000 checks fits.
	MaxRequestBytes = 4 << 20
	// MaxAnswerBytes is the largest answer message.
	MaxAnswerBytes = 16 << 20
	// DefaultDrain is how long a shutdown waits for calls to finish.
	DefaultDrain = 10 * time.Second

	maxConnections       = 4096
	maxConcurrentStreams = 1000
	// streamWorkers is how many goroutines are kept to answer calls, since a new one
	// grows its stack anew for each. Calls beyond them get one of their own.
	streamWorkers = 64
	// receiveBytes is what the library reads of a message, which it refuses in words of
	// its own; up to there, a request beyond MaxRequestBytes is refused in ours.
	receiveBytes = 2 * MaxRequestBytes
	// pipeBytes is the buffer of each direction of a connection within the process: a few
	// of what gRPC writes at a time.
	pipeBytes = 128 << 10
)

// Options say how a server is set up.
type Options struct {
	// Address is host:port to listen on; empty for a server that is only reached
	// through Dial. Beyond loopback it needs TLS, or Insecure.
	Address string
	// TLS of the listener at Address.
	TLS *tls.Config
	// Insecure allows an Address beyond loopback without TLS.
	Insecure bool
	// Reflection answers what services there are, without a token.
	Reflection bool
	// Authenticator says whose token it is; wrap it in an auth.Cache.
	Authenticator auth.Authenticator
	// Faults say what the errors of domains and stores mean to callers.
	Faults fault.Table
	// Telemetry is telemetry.Off() where it is nil.
	Telemetry *telemetry.Telemetry
	// Logger is slog.Default() where it is nil.
	Logger *slog.Logger
	// Drain is how long a shutdown waits for calls to finish; 0 means DefaultDrain.
	Drain time.Duration
}

// Service is a part of the system: some gRPC services that are ready together.
type Service struct {
	// Name is what health checks ask for, besides the names of the gRPC services,
	// as `accounts`.
	Name string
	// Register registers the gRPC services.
	Register func(grpc.ServiceRegistrar)
	// Needs are what the service cannot do without; it is ready while all are met.
	Needs []Need
	// Encoded, where it is not nil, is given each message that the server has encoded,
	// of whichever service. The server is done with an answer then, so that its memory
	// may be used again.
	Encoded func(message any)
}

// Need is something that a service cannot do without, as its database.
type Need struct {
	// Name is a fixed word, as `database`. Health checks tell it to anybody.
	Name string
	// Ready returns nil where the need is met, else why not, which is only logged. It
	// is asked with every health check, by several callers at a time.
	Ready func(context.Context) error
}

// Server serves gRPC over TCP and within the process. Make it with New.
type Server struct {
	options   Options
	grpc      *grpc.Server
	pipe      *bufconn.Listener
	tcp       net.Listener
	health    *health
	validator protovalidate.Validator
	problems  []error

	draining  chan struct{}
	drainOnce sync.Once
	// recheck is how often the token of an open stream is looked at again.
	recheck time.Duration
}

// New returns a server of these services that listens already, so that a port in use
// is told at once; Run answers. It fails where an RPC has no access option, or where
// the address may not be listened on.
func New(ctx context.Context, o Options, services ...Service) (*Server, error) {
	if o.Telemetry == nil {
		o.Telemetry = telemetry.Off()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Drain == 0 {
		o.Drain = DefaultDrain
	}
	if o.Authenticator == nil {
		return nil, errors.New("a server needs an authenticator")
	}
	validator, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("preparing validation: %w", err)
	}
	s := &Server{
		options: o, validator: validator, pipe: bufconn.Listen(pipeBytes),
		health: newHealth(o.Logger), draining: make(chan struct{}), recheck: auth.MaxAge,
	}
	var codec codec
	for _, service := range services {
		if service.Encoded != nil {
			codec.encoded = append(codec.encoded, service.Encoded)
		}
	}
	s.grpc = grpc.NewServer(s.grpcOptions(codec)...)
	for _, service := range services {
		s.health.add(service)
		registrar := &registrar{server: s, service: service}
		service.Register(registrar)
	}
	healthv1.RegisterHealthServer(&registrar{server: s}, s.health)
	if o.Reflection {
		// v1 and v1alpha. Both ask the registrar what there is.
		reflection.Register(&registrar{server: s})
	}
	if err := errors.Join(s.problems...); err != nil {
		s.Close()
		return nil, err
	}
	if o.Address != "" {
		s.tcp, err = listen.Open(ctx, listen.Options{Address: o.Address, TLS: o.TLS, Insecure: o.Insecure,
			MaxConnections: maxConnections, Flag: "--grpc-addr"})
		if err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Server) grpcOptions(codec codec) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.Creds(localOr(s.options.TLS)),
		grpc.ForceServerCodecV2(codec),
		grpc.UnknownServiceHandler(s.unknownMethod),
		grpc.WaitForHandlers(true),
		grpc.MaxRecvMsgSize(receiveBytes),
		grpc.MaxSendMsgSize(MaxAnswerBytes),
		grpc.MaxConcurrentStreams(maxConcurrentStreams),
		grpc.NumStreamWorkers(streamWorkers),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.MaxHeaderListSize(64 << 10),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
}

// Addr returns the address listened on, or nil where there is none.
func (s *Server) Addr() net.Addr {
	if s.tcp == nil {
		return nil
	}
	return s.tcp.Addr()
}

// Ready returns nil where every service is ready, else what each of them lacks and why.
func (s *Server) Ready(ctx context.Context) error {
	_, err := s.health.missing(ctx, s.health.needs[""])
	return err
}

// Dial returns a connection to this server that stays within the process. Close it
// before Run's context ends, or else calls on it fail as unavailable.
func (s *Server) Dial(opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := s.pipe.DialContext(ctx)
			if err != nil {
				return nil, err
			}
			return inProcess{conn}, nil
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxAnswerBytes)),
		grpc.WithDisableServiceConfig(),
	}, opts...)
	return grpc.NewClient("passthrough:///in-process", opts...)
}

// Run serves until the context ends, then says in health checks that it does not,
// tells streams to end, lets calls finish for the drain time, and ends what is left.
// It returns nil after a shutdown. It may be called once.
func (s *Server) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	serve := func(l net.Listener) {
		group.Go(func() error {
			if err := s.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				return fmt.Errorf("serving gRPC on %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	serve(inProcessListener{s.pipe})
	if s.tcp != nil {
		serve(s.tcp)
	}
	group.Go(func() error {
		<-ctx.Done()
		s.stop()
		return nil
	})
	return group.Wait()
}

func (s *Server) stop() {
	s.health.stop()
	s.drainOnce.Do(func() { close(s.draining) })
	late := time.AfterFunc(s.options.Drain, s.grpc.Stop)
	defer late.Stop()
	s.grpc.GracefulStop()
}

// Close releases the listeners of a server that is never run.
func (s *Server) Close() { s.grpc.Stop(); s.closeListeners() }

func (s *Server) closeListeners() {
	s.pipe.Close()
	if s.tcp != nil {
		s.tcp.Close()
	}
}

// localOr returns the credentials of a server that speaks TLS on its socket and none
// within the process.
func localOr(config *tls.Config) credentials.TransportCredentials {
	if config == nil {
		return insecure.NewCredentials()
	}
	return socketTLS{credentials.NewTLS(config)}
}

// socketTLS is TLS for all connections but those within the process.
type socketTLS struct {
	credentials.TransportCredentials
}

func (t socketTLS) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if _, ok := conn.(inProcess); ok {
		return insecure.NewCredentials().ServerHandshake(conn)
	}
	return t.TransportCredentials.ServerHandshake(conn)
}

func (t socketTLS) Clone() credentials.TransportCredentials {
	return socketTLS{t.TransportCredentials.Clone()}
}

// inProcess marks a connection that never leaves the process.
type inProcess struct{ net.Conn }

type inProcessListener struct{ net.Listener }

func (l inProcessListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return inProcess{conn}, nil
}
