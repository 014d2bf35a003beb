package gateway

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// readyTimeout bounds the question whether the services are ready; they take at most
// two seconds for their own.
const readyTimeout = 3 * time.Second

// readyPath is where probes ask; what they are told is logged when it changes.
const readyPath = "/readyz"

// What /readyz says of a service.
const (
	ready       = "ready"
	notReady    = "not ready"
	unreachable = "unreachable"
)

// readiness is the answer of /readyz: for all services together, and for each.
type readiness struct {
	Status   string            `json:"status"`
	Services map[string]string `json:"services"`
}

// live answers /livez: the process serves.
func (g *gateway) live(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]string{"status": "live"})
}

// ready answers /readyz: 200 where every service is ready, else 503; either way it
// says which is.
func (g *gateway) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	backends := map[string]grpc.ClientConnInterface{
		"accounts": g.options.Backends.Accounts, "entitlements": g.options.Backends.Entitlements,
	}
	answer := readiness{Status: ready, Services: map[string]string{}}
	var mu sync.Mutex
	var asked sync.WaitGroup
	for name, conn := range backends {
		asked.Go(func() {
			is := readyOf(ctx, conn, name)
			mu.Lock()
			defer mu.Unlock()
			answer.Services[name] = is
			if is != ready {
				answer.Status = notReady
			}
		})
	}
	asked.Wait()
	code := http.StatusOK
	if answer.Status != ready {
		code = http.StatusServiceUnavailable
	}
	if r.Context().Err() == nil { // of a caller who went away nothing is learnt
		g.noteReadiness(ctx, answer)
	}
	answerJSON(w, code, answer)
}

// lastSaid is what /readyz answered last; nothing before it was asked.
type lastSaid struct {
	mu       sync.Mutex
	answer   readiness
	wasReady bool
}

// noteReadiness logs the answer of /readyz where it is another than the last: probes
// ask every few seconds. Before everything was ready for the first time nothing is wrong.
func (g *gateway) noteReadiness(ctx context.Context, now readiness) {
	g.readyz.mu.Lock()
	defer g.readyz.mu.Unlock()
	last := g.readyz.answer
	if last.Status == now.Status && maps.Equal(last.Services, now.Services) {
		return
	}
	g.readyz.answer = now
	level := slog.LevelInfo
	if now.Status != ready && g.readyz.wasReady {
		level = slog.LevelWarn
	}
	g.readyz.wasReady = g.readyz.wasReady || now.Status == ready
	g.options.Logger.LogAttrs(ctx, level, now.Status, slog.Any("services", now.Services))
}

func readyOf(ctx context.Context, conn grpc.ClientConnInterface, name string) string {
	answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: name})
	switch {
	case err == nil && answer.GetStatus() == healthv1.HealthCheckResponse_SERVING:
		return ready
	case err == nil, status.Code(err) == codes.NotFound:
		return notReady
	}
	return unreachable
}

func answerJSON(w http.ResponseWriter, code int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil { // what is answered here always encodes
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}
