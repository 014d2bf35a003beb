package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// readyTimeout bounds the question whether the services are ready; they take at most
// two seconds for their own.
const readyTimeout = 3 * time.Second

// readyPath is where probes ask; what they are told is logged when it changes.
const readyPath = "/readyz"

// What /readyz says of a service; what it lacks stands behind notReady.
const (
	ready       = "ready"
	notReady    = "not ready"
	unreachable = "unreachable"
)

// readiness is the answer of /readyz: for all services together, and for each. It is
// for anybody to read, so that it holds fixed words only.
type readiness struct {
	Status   string            `json:"status"`
	Services map[string]string `json:"services"`
}

// live answers /livez: the process serves.
func (g *gateway) live(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]string{"status": "live"})
}

// ready answers /readyz: 200 where every service is ready, else 503; either way it
// says which is, and what the others lack, as `not ready: database`.
func (g *gateway) ready(w http.ResponseWriter, r *http.Request) {
	answer, err := g.askServices(r.Context())
	code := http.StatusOK
	if answer.Status != ready {
		code = http.StatusServiceUnavailable
	}
	if r.Context().Err() == nil { // of a caller who went away nothing is learnt
		g.noteReadiness(r.Context(), answer, err)
	}
	answerJSON(w, code, answer)
}

// askServices asks every service whether it is ready. The error says more of those that
// are not.
func (g *gateway) askServices(ctx context.Context) (readiness, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	names := []string{"accounts", "entitlements", "board", "plans"}
	to := g.options.Backends
	conns := []grpc.ClientConnInterface{to.Accounts, to.Entitlements, to.Board, to.Plans}
	is, errs := make([]string, len(names)), make([]error, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		asking.Go(func() { is[i], errs[i] = readyOf(ctx, conns[i], name) })
	}
	asking.Wait()
	answer := readiness{Status: ready, Services: map[string]string{}}
	for i, name := range names {
		answer.Services[name] = is[i]
		if is[i] != ready {
			answer.Status = notReady
		}
	}
	return answer, errors.Join(errs...)
}

// lastSaid is what /readyz answered last; nothing before it was asked.
type lastSaid struct {
	mu       sync.Mutex
	answer   readiness
	wasReady bool
}

// noteReadiness logs the answer of /readyz where it is another than the last: probes
// ask every few seconds. Before everything was ready for the first time nothing is wrong.
func (g *gateway) noteReadiness(ctx context.Context, now readiness, err error) {
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
	attrs := []slog.Attr{slog.Any("services", now.Services)}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	g.options.Logger.LogAttrs(ctx, level, now.Status, attrs...)
}

// readyOf asks a service by the health of all that its process serves: that names also
// what it lacks, as `accounts/database`.
func readyOf(ctx context.Context, conn grpc.ClientConnInterface, name string) (string, error) {
	answer, err := healthv1.NewHealthClient(conn).List(ctx, &healthv1.HealthListRequest{})
	if err != nil {
		return unreachable, fmt.Errorf("%s is unreachable: %w", name, err)
	}
	if answer.GetStatuses()[name].GetStatus() == healthv1.HealthCheckResponse_SERVING {
		return ready, nil
	}
	var lacks []string
	for served, health := range answer.GetStatuses() {
		need, ofService := strings.CutPrefix(served, name+"/")
		if ofService && health.GetStatus() == healthv1.HealthCheckResponse_NOT_SERVING {
			lacks = append(lacks, need)
		}
	}
	is := notReady
	if len(lacks) > 0 {
		slices.Sort(lacks)
		is += ": " + strings.Join(lacks, ", ")
	}
	return is, fmt.Errorf("%s is %s", name, is)
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
