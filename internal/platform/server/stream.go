package server

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
)

func (g *guard) stream(desc grpc.StreamDesc) grpc.StreamHandler {
	handler := desc.Handler
	return func(srv any, ss grpc.ServerStream) (err error) {
		ctx, call := g.observer.Begin(ss.Context())
		defer func() { err = g.finish(ctx, &call, err, recover()) }()
		ctx, err = g.admit(ctx)
		if err != nil {
			return err
		}
		ctx, release := g.supervise(ctx, desc)
		defer release()
		return handler(srv, &guardedStream{ServerStream: ss, guard: g, ctx: ctx})
	}
}

// supervise returns a context that ends when the stream may not go on: when its token
// is refused by now, or when the server begins to shut down. Streams that the client
// sends have the drain time to finish instead; one that only the server ends would
// keep a shutdown waiting. The function returned frees what that takes.
func (g *guard) supervise(ctx context.Context, desc grpc.StreamDesc) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	draining := g.server.draining
	if desc.ClientStreams {
		draining = nil
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(g.server.recheck)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-draining:
				cancel(errShutdown)
			case <-tick.C:
				if err := g.stillAllowed(ctx); err != nil {
					cancel(err)
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled); <-watched }
}

// stillAllowed returns why a stream's caller may not call any more. Where that cannot
// be found out now, the stream goes on.
func (g *guard) stillAllowed(ctx context.Context) error {
	if g.access.Anonymous {
		return nil
	}
	p, err := auth.IdentifyCaller(ctx, g.server.options.Authenticator)
	if err != nil {
		if auth.Refused(err) {
			return err
		}
		return nil
	}
	return g.access.Allow(p)
}

// guardedStream validates what is received, and ends with its context.
type guardedStream struct {
	grpc.ServerStream
	guard *guard
	ctx   context.Context
}

func (s *guardedStream) Context() context.Context { return s.ctx }

func (s *guardedStream) RecvMsg(m any) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return s.guard.receive(m, s.ServerStream.RecvMsg)
}

func (s *guardedStream) SendMsg(m any) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return s.ServerStream.SendMsg(m)
}
