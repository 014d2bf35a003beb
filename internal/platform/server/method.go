package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

// registrar puts a guard before each method of the services registered with it.
//
// Guards wrap the methods' handlers, where interceptors would run only after the
// request was decoded: authentication comes before the body. It also lets each guard
// hold what belongs to its method, so that a call looks nothing up.
type registrar struct {
	server  *Server
	service Service
}

// RegisterService implements grpc.ServiceRegistrar. What is wrong with a service is
// told by New.
func (r *registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	guarded := *desc
	guarded.Methods = nil
	for _, m := range desc.Methods {
		if g := r.guard(desc.ServiceName, m.MethodName); g != nil {
			guarded.Methods = append(guarded.Methods, grpc.MethodDesc{MethodName: m.MethodName, Handler: g.unary(m.Handler)})
		}
	}
	guarded.Streams = nil
	for _, stream := range desc.Streams {
		if g := r.guard(desc.ServiceName, stream.StreamName); g != nil {
			stream.Handler = g.stream(stream)
			guarded.Streams = append(guarded.Streams, stream)
		}
	}
	r.server.grpc.RegisterService(&guarded, impl)
	if r.service.Name != "" {
		r.server.health.alias(r.service.Name, desc.ServiceName)
	}
}

// GetServiceInfo tells the reflection service what there is.
func (r *registrar) GetServiceInfo() map[string]grpc.ServiceInfo {
	return r.server.grpc.GetServiceInfo()
}

func (r *registrar) guard(service, method string) *guard {
	access, err := auth.AccessOf(service, method)
	if err != nil {
		r.server.problems = append(r.server.problems, err)
		return nil
	}
	observer, err := r.server.options.Telemetry.Method("/" + service + "/" + method)
	if err != nil {
		r.server.problems = append(r.server.problems, fmt.Errorf("preparing the metrics of %s.%s: %w", service, method, err))
		return nil
	}
	return &guard{server: r.server, access: access, observer: observer, name: service + "/" + method}
}

// guard is what stands before one method.
type guard struct {
	server   *Server
	access   auth.Access
	observer *telemetry.Method
	name     string
	// down says that the last call that got as far found something missing.
	down atomic.Bool
}

type unaryHandler = func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error)

func (g *guard) unary(handler unaryHandler) unaryHandler {
	return func(srv any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (answer any, err error) {
		ctx, call := g.observer.Begin(ctx)
		defer func() { err = g.finish(ctx, &call, err, recover()) }()
		ctx, err = g.admit(ctx)
		if err != nil {
			return nil, err
		}
		return handler(srv, ctx, func(m any) error { return g.receive(m, dec) }, nil)
	}
}

// admit lets the caller in, or says why not.
func (g *guard) admit(ctx context.Context) (context.Context, error) {
	if g.access.Anonymous {
		return ctx, nil
	}
	p, err := auth.IdentifyCaller(ctx, g.server.options.Authenticator)
	if err != nil {
		return ctx, err
	}
	if err := g.access.Allow(p); err != nil {
		return ctx, err
	}
	return auth.NewContext(ctx, p), nil
}

// receive decodes and validates a message.
func (g *guard) receive(m any, dec func(any) error) error {
	r := received{message: m}
	if err := dec(&r); err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	return g.server.validate(m)
}

// finish turns what a handler returned, or panicked with, into what the caller gets.
func (g *guard) finish(ctx context.Context, call *telemetry.Call, err error, panicked any) error {
	if err == nil && panicked == nil {
		if g.down.Load() && g.down.Swap(false) {
			g.server.options.Logger.InfoContext(ctx, "calls succeed again", "method", g.name)
		}
		call.End(ctx, codes.OK)
		return nil
	}
	if panicked != nil {
		err = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
	}
	err = told(ctx, err)
	s := rpcstatus.From(err, g.server.options.Faults)
	if s.Code() == codes.Internal || panicked != nil {
		g.server.options.Logger.ErrorContext(ctx, "call failed", "method", g.name, "error", err)
	} else if s.Code() == codes.Unavailable {
		g.server.options.Logger.Log(ctx, g.unavailable(err), "call failed", "method", g.name, "error", err)
	}
	call.End(ctx, s.Code())
	return s.Err()
}

// unavailable returns how loudly to log that a call could not be answered now: what a
// service needs is missed once, aloud, however many callers try again. A fault that
// says itself when to ask again, as for a write that is on its way, is no failure.
func (g *guard) unavailable(err error) slog.Level {
	if f := g.server.options.Faults.Find(err); f != nil && f.RetryAfter > 0 {
		return slog.LevelDebug
	}
	if g.down.Swap(true) {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

var errShutdown = fault.New(fault.Unavailable, fault.ReasonUnavailable, "The server is shutting down; connect again.").
	WithRetry(time.Second)

// told returns why a stream was told to end, where it was, instead of that its context
// ended.
func told(ctx context.Context, err error) error {
	var why *fault.Error
	if errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &why) {
		return why
	}
	return err
}

// unknownMethod answers calls of methods that there are not.
func (s *Server) unknownMethod(_ any, stream grpc.ServerStream) error {
	if _, err := auth.IdentifyCaller(stream.Context(), s.options.Authenticator); err != nil {
		return rpcstatus.From(err, s.options.Faults).Err()
	}
	method, _ := grpc.MethodFromServerStream(stream)
	return rpcstatus.Of(fault.New(fault.Unimplemented, fault.ReasonUnimplemented, "There is no method %s on this server.", method)).Err()
}
