package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/cmd/evenhand/demo"
	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

// process is what one evenhand serve runs.
type process struct {
	options   *Command
	env       *command.Env
	telemetry *telemetry.Telemetry
	log       *slog.Logger

	// keys are the tokens with which the parts of this process call each other.
	keys auth.Keyring
	// authenticator says whose token a caller carries.
	authenticator auth.Authenticator
	// services are what the gRPC server serves.
	services []server.Service
	faults   fault.Table
	// parts run in this order, and are stopped from the last to the first.
	parts []lifecycle.Part
	// following are the services that follow others: through the gRPC server, so that they
	// begin after it and end before.
	following []lifecycle.Part
	// to are the connections to the parts, which carry no token of their own.
	to map[string]grpc.ClientConnInterface
	// own are the connections to accounts that the other parts call it by in their own name.
	own map[string]*lateConn
	// admin is a connection of the administrator, for the demo.
	admin grpc.ClientConnInterface
	// historyClock is the clock of the services of whose past the demo tells.
	historyClock *demo.Clock

	adminToken string
	grpc       *server.Server
	rest       *gateway.Server
	closers    []func() error // run from the last to the first
}

// lateConn is a connection that is made after those who will use it: within a process
// the server that is called can only be made when all its services are.
type lateConn struct{ grpc.ClientConnInterface }

// assemble makes everything, from the stores up, and listens.
func (p *process) assemble(ctx context.Context) error {
	c := p.options
	if c.Part != partGateway {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return fmt.Errorf("--data-dir: %w", err)
		}
	}
	if c.runs(partAccounts) {
		if err := p.addAccounts(ctx); err != nil {
			return err
		}
	}
	if c.needsAccounts() {
		if err := p.meetOthers(); err != nil {
			return err
		}
	}
	if c.runs(partEntitlements) {
		if err := p.addEntitlements(ctx); err != nil {
			return err
		}
	}
	if c.runs(partBoard) {
		if err := p.addBoard(ctx); err != nil {
			return err
		}
	}
	if c.runs(partPlans) {
		if err := p.addPlans(ctx); err != nil {
			return err
		}
	}
	p.authenticator = auth.NewCache(p.authenticator, p.env.Now)
	if c.Part != partGateway {
		if err := p.addServer(ctx); err != nil {
			return err
		}
	}
	p.parts = append(p.parts, p.following...)
	if c.runs(partGateway) {
		return p.addGateway(ctx)
	}
	return nil
}

// meetOthers connects to the parts in other processes. Accounts also says whose tokens
// callers carry.
func (p *process) meetOthers() error {
	c := p.options
	token, err := c.serviceToken(p.env.Getenv)
	if err != nil {
		return command.UsageError(err)
	}
	own, err := p.dial("--accounts-addr", c.AccountsAddr, auth.Bearer(token))
	if err != nil {
		return err
	}
	p.own = map[string]*lateConn{c.Part: {own}}
	p.authenticator = newRemoteAuthenticator(own, p.log)
	if c.Part != partGateway {
		return nil
	}
	p.to = map[string]grpc.ClientConnInterface{}
	for part, peer := range c.peers() {
		if p.to[part], err = p.dial(peer.flag, peer.address); err != nil {
			return err
		}
	}
	return nil
}

// ownConn is a part's own connection to accounts; within one process it is made later.
func (p *process) ownConn(part string) *lateConn {
	if p.own[part] == nil {
		if p.own == nil {
			p.own = map[string]*lateConn{}
		}
		p.own[part] = &lateConn{}
	}
	return p.own[part]
}

func (p *process) dial(flag, address string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	conn, err := p.options.dialPeer(flag, address, append(p.telemetry.ClientOptions(), opts...)...)
	if err != nil {
		return nil, command.UsageError(err)
	}
	p.closers = append(p.closers, conn.Close)
	return conn, nil
}

// addServer makes the gRPC server of the services, and this process's connections to it.
func (p *process) addServer(ctx context.Context) error {
	c := p.options
	config, err := c.serverTLS()
	if err != nil {
		return err
	}
	p.grpc, err = server.New(ctx, server.Options{
		Address: c.GRPCAddr, TLS: config, Insecure: c.Insecure, Reflection: c.reflects(),
		Authenticator: p.authenticator, Faults: p.faults, Telemetry: p.telemetry, Logger: p.log, Drain: c.Drain,
	}, p.services...)
	if err != nil {
		return listening(err)
	}
	p.parts = append(p.parts, lifecycle.Part{Name: "gRPC", Run: p.grpc.Run})
	if c.Part != "" {
		return nil
	}
	return p.meetSelf()
}

// meetSelf makes the connections within this process, which runs everything.
func (p *process) meetSelf() error {
	plain, err := p.dialSelf()
	if err != nil {
		return err
	}
	p.to = map[string]grpc.ClientConnInterface{partAccounts: plain, partEntitlements: plain, partBoard: plain, partPlans: plain}
	for part, late := range p.own {
		token, err := p.keys.Issue(part, rand.Reader)
		if err != nil {
			return err
		}
		if late.ClientConnInterface, err = p.dialSelf(auth.Bearer(token)); err != nil {
			return err
		}
	}
	p.admin, err = p.dialSelf(auth.Bearer(p.adminToken))
	return err
}

func (p *process) dialSelf(opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	conn, err := p.grpc.Dial(append(p.telemetry.ClientOptions(), opts...)...)
	if err != nil {
		return nil, fmt.Errorf("connect within the process: %w", err)
	}
	p.closers = append(p.closers, conn.Close)
	return conn, nil
}

// dialAs connects within the process as whoever has a token; the caller closes it.
func (p *process) dialAs(token string) (*grpc.ClientConn, error) {
	conn, err := p.grpc.Dial(append(p.telemetry.ClientOptions(), auth.Bearer(token))...)
	if err != nil {
		return nil, fmt.Errorf("connect within the process: %w", err)
	}
	return conn, nil
}

// addGateway makes the REST server.
func (p *process) addGateway(ctx context.Context) error {
	c := p.options
	config, err := c.serverTLS()
	if err != nil {
		return err
	}
	p.rest, err = gateway.NewServer(ctx, gateway.Options{
		Backends:      gateway.Backends{Accounts: p.to[partAccounts], Entitlements: p.to[partEntitlements], Board: p.to[partBoard], Plans: p.to[partPlans]},
		Authenticator: p.authenticator, CORSOrigins: c.CORSOrigin, Telemetry: p.telemetry, Logger: p.log,
	}, gateway.ListenOptions{Address: c.HTTPAddr, TLS: config, Insecure: c.Insecure, Drain: c.Drain})
	if err != nil {
		return listening(err)
	}
	p.parts = append(p.parts, lifecycle.Part{Name: "REST", Run: p.rest.Run})
	return nil
}

// listening says what to do when an address is taken.
func listening(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: stop what listens there, perhaps another evenhand, or name another address; port 0 takes a free one", err)
	}
	return err
}

// close frees what was made, the last first.
func (p *process) close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		if err := p.closers[i](); err != nil {
			p.log.Warn("closing failed", "error", err)
		}
	}
}
