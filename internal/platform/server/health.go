package server

import (
	"context"
	"slices"
	"sync"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"google.golang.org/grpc/codes"
)

const (
	readyTimeout  = 2 * time.Second
	watchInterval = time.Second
)

// health answers grpc.health.v1 by asking the services themselves. The empty name
// stands for all of them together.
type health struct {
	healthv1.UnimplementedHealthServer
	mu      sync.RWMutex
	ready   map[string][]func(context.Context) error
	stopped chan struct{}
	once    sync.Once
}

func newHealth() *health {
	return &health{ready: map[string][]func(context.Context) error{"": nil}, stopped: make(chan struct{})}
}

func (h *health) add(name, grpcService string, ready func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ready == nil {
		ready = func(context.Context) error { return nil }
	}
	h.ready[grpcService] = append(h.ready[grpcService], ready)
	if _, known := h.ready[name]; !known {
		h.ready[name] = append(h.ready[name], ready)
		h.ready[""] = append(h.ready[""], ready)
	}
}

func (h *health) stop() { h.once.Do(func() { close(h.stopped) }) }

// Check implements grpc.health.v1: NOT_FOUND for a service that is not here.
func (h *health) Check(ctx context.Context, r *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	s, known := h.status(ctx, r.GetService())
	if !known {
		return nil, status.Errorf(codes.NotFound, "there is no service %q here", r.GetService())
	}
	return &healthv1.HealthCheckResponse{Status: s}, nil
}

// List implements grpc.health.v1.
func (h *health) List(ctx context.Context, _ *healthv1.HealthListRequest) (*healthv1.HealthListResponse, error) {
	h.mu.RLock()
	names := make([]string, 0, len(h.ready))
	for name := range h.ready {
		names = append(names, name)
	}
	h.mu.RUnlock()
	slices.Sort(names)
	answer := &healthv1.HealthListResponse{Statuses: map[string]*healthv1.HealthCheckResponse{}}
	for _, name := range names {
		s, _ := h.status(ctx, name)
		answer.Statuses[name] = &healthv1.HealthCheckResponse{Status: s}
	}
	return answer, nil
}

// Watch implements grpc.health.v1: the status now, and whenever it has changed.
func (h *health) Watch(r *healthv1.HealthCheckRequest, stream healthv1.Health_WatchServer) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	last := healthv1.HealthCheckResponse_UNKNOWN
	for {
		s, known := h.status(stream.Context(), r.GetService())
		if !known {
			s = healthv1.HealthCheckResponse_SERVICE_UNKNOWN
		}
		if s != last {
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

func (h *health) status(ctx context.Context, name string) (healthv1.HealthCheckResponse_ServingStatus, bool) {
	h.mu.RLock()
	checks, known := h.ready[name]
	h.mu.RUnlock()
	if !known {
		return healthv1.HealthCheckResponse_SERVICE_UNKNOWN, false
	}
	select {
	case <-h.stopped:
		return healthv1.HealthCheckResponse_NOT_SERVING, true
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for _, ready := range checks {
		if ready(ctx) != nil {
			return healthv1.HealthCheckResponse_NOT_SERVING, true
		}
	}
	return healthv1.HealthCheckResponse_SERVING, true
}
