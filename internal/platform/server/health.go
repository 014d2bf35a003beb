package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

const (
	readyTimeout  = 2 * time.Second
	watchInterval = time.Second
)

// health answers grpc.health.v1 by asking for what the services need. The empty name
// stands for all of them together, `accounts/database` for one need of one service:
// since an answer holds no text, that is how others learn what is missing.
type health struct {
	healthv1.UnimplementedHealthServer
	log     *slog.Logger
	needs   map[string][]*need // by name
	stopped chan struct{}
	once    sync.Once
}

// need is a Need of a service, and how it was when it was asked for last.
type need struct {
	Need
	service string
	mu      sync.Mutex
	met     bool // at least once
	missing bool // last
}

func newHealth(log *slog.Logger) *health {
	return &health{log: log, needs: map[string][]*need{"": nil}, stopped: make(chan struct{})}
}

// add makes a service known, before the first question.
func (h *health) add(s Service) {
	h.needs[s.Name] = nil
	for _, asked := range s.Needs {
		n := &need{Need: asked, service: s.Name}
		h.needs[s.Name+"/"+asked.Name] = []*need{n}
		h.needs[s.Name] = append(h.needs[s.Name], n)
		h.needs[""] = append(h.needs[""], n)
	}
}

// alias makes a gRPC service of a service known.
func (h *health) alias(name, grpcService string) { h.needs[grpcService] = h.needs[name] }

func (h *health) stop() { h.once.Do(func() { close(h.stopped) }) }

func (h *health) isStopped() bool {
	select {
	case <-h.stopped:
		return true
	default:
		return false
	}
}

// Check implements grpc.health.v1: NOT_FOUND for a service that is not here.
func (h *health) Check(ctx context.Context, r *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	s := h.status(ctx, r.GetService())
	if s == healthv1.HealthCheckResponse_SERVICE_UNKNOWN {
		return nil, status.Errorf(codes.NotFound, "there is no service %q here", r.GetService())
	}
	return &healthv1.HealthCheckResponse{Status: s}, nil
}

// List implements grpc.health.v1. At a shutdown it says nothing of needs: none of them
// is why.
func (h *health) List(ctx context.Context, _ *healthv1.HealthListRequest) (*healthv1.HealthListResponse, error) {
	stopped := h.isStopped()
	var missing []*need
	if !stopped {
		missing, _ = h.missing(ctx, h.needs[""])
	}
	answer := &healthv1.HealthListResponse{Statuses: map[string]*healthv1.HealthCheckResponse{}}
	for name, needs := range h.needs {
		if stopped && strings.Contains(name, "/") {
			continue
		}
		lacks := slices.ContainsFunc(needs, func(n *need) bool { return slices.Contains(missing, n) })
		answer.Statuses[name] = &healthv1.HealthCheckResponse{Status: serving(!stopped && !lacks)}
	}
	return answer, nil
}

// Watch implements grpc.health.v1: the status now, and whenever it has changed.
func (h *health) Watch(r *healthv1.HealthCheckRequest, stream healthv1.Health_WatchServer) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	last := healthv1.HealthCheckResponse_UNKNOWN
	for {
		if s := h.status(stream.Context(), r.GetService()); s != last {
			if err := stream.Send(&healthv1.HealthCheckResponse{Status: s}); err != nil {
				return err
			}
			last = s
		}
		select {
		case <-stream.Context().Done():
			return context.Cause(stream.Context())
		case <-tick.C:
		}
	}
}

func (h *health) status(ctx context.Context, name string) healthv1.HealthCheckResponse_ServingStatus {
	needs, known := h.needs[name]
	switch {
	case !known:
		return healthv1.HealthCheckResponse_SERVICE_UNKNOWN
	case h.isStopped():
		return healthv1.HealthCheckResponse_NOT_SERVING
	}
	missing, _ := h.missing(ctx, needs)
	return serving(len(missing) == 0)
}

func serving(yes bool) healthv1.HealthCheckResponse_ServingStatus {
	if yes {
		return healthv1.HealthCheckResponse_SERVING
	}
	return healthv1.HealthCheckResponse_NOT_SERVING
}

// missing asks for all these needs at the same time, and returns which are not met, and
// why.
func (h *health) missing(ctx context.Context, needs []*need) (missing []*need, why error) {
	limited, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	errs := make([]error, len(needs))
	var asking sync.WaitGroup
	for i, n := range needs {
		asking.Go(func() { errs[i] = n.Ready(limited) })
	}
	asking.Wait()
	for i, n := range needs {
		if ctx.Err() == nil { // of a caller who went away nothing is learnt
			n.note(ctx, h.log, errs[i])
		}
		if errs[i] != nil {
			missing = append(missing, n)
			errs[i] = fmt.Errorf("%s needs its %s: %w", n.service, n.Name, errs[i])
		}
	}
	return missing, errors.Join(errs...)
}

// note logs why a need is not met any more, and when it is again, once each: probes ask
// every few seconds. Until it is met for the first time that is for whoever starts the
// server to tell, who waits for it with Server.Ready.
func (n *need) note(ctx context.Context, log *slog.Logger, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case err != nil && n.met && !n.missing:
		log.WarnContext(ctx, "not ready", "service", n.service, "need", n.Name, "error", err)
	case err == nil && n.met && n.missing:
		log.InfoContext(ctx, "ready again", "service", n.service, "need", n.Name)
	}
	n.met = n.met || err == nil
	n.missing = err != nil
}
