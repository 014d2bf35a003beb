package server

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

const (
	up   = healthv1.HealthCheckResponse_SERVING
	down = healthv1.HealthCheckResponse_NOT_SERVING
)

// supply is what a service needs, and may be away.
type supply struct{ away atomic.Bool }

func (s *supply) need(name string) Need {
	return Need{Name: name, Ready: func(context.Context) error {
		if s.away.Load() {
			return errors.New("dial mongodb://db1.internal:27017: connection refused")
		}
		return nil
	}}
}

// probed is a server of accounts, which needs a database, and of a feed, which needs
// accounts and nothing else.
type probed struct {
	*running
	database, source supply
	client           healthv1.HealthClient
}

func startProbed(t *testing.T) *probed {
	t.Helper()
	p := &probed{}
	first := accountsService(&accounts{})
	first.Needs = []Need{p.database.need("database")}
	second := Service{Name: "feed", Register: func(grpc.ServiceRegistrar) {}, Needs: []Need{p.source.need("accounts-feed")}}
	p.running = start(t, Options{}, first, second)
	p.client = healthv1.NewHealthClient(p.as(t, "")) // no token
	return p
}

func (p *probed) check(t *testing.T, name string) healthv1.HealthCheckResponse_ServingStatus {
	t.Helper()
	answer, err := p.client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: name})
	require.NoError(t, err)
	return answer.GetStatus()
}

func TestHealthNamesWhatIsMissing(t *testing.T) {
	p := startProbed(t)
	tests := []struct {
		name           string
		database, feed bool // away
		want           map[string]healthv1.HealthCheckResponse_ServingStatus
	}{
		{"nothing is missing", false, false, map[string]healthv1.HealthCheckResponse_ServingStatus{
			"": up, "accounts": up, "evenhand.accounts.v1.AccountsService": up, "accounts/database": up, "feed": up, "feed/accounts-feed": up}},
		{"the database", true, false, map[string]healthv1.HealthCheckResponse_ServingStatus{
			"": down, "accounts": down, "evenhand.accounts.v1.AccountsService": down, "accounts/database": down, "feed": up, "feed/accounts-feed": up}},
		{"the feed", false, true, map[string]healthv1.HealthCheckResponse_ServingStatus{
			"": down, "accounts": up, "evenhand.accounts.v1.AccountsService": up, "accounts/database": up, "feed": down, "feed/accounts-feed": down}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p.database.away.Store(tt.database)
			p.source.away.Store(tt.feed)
			all, err := p.client.List(t.Context(), &healthv1.HealthListRequest{})
			require.NoError(t, err)
			listed := map[string]healthv1.HealthCheckResponse_ServingStatus{}
			for name, is := range all.GetStatuses() {
				listed[name] = is.GetStatus()
				require.Equal(t, is.GetStatus(), p.check(t, name), name)
			}
			require.Equal(t, tt.want, listed)
			require.NotContains(t, all.String(), "db1.internal")
		})
	}
	_, err := p.client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "plans"})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = p.client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "accounts/feed"})
	require.Equal(t, codes.NotFound, status.Code(err))
}

// Who starts a server learns why it is not ready.
func TestReadySaysWhatIsMissingAndWhy(t *testing.T) {
	p := startProbed(t)
	require.NoError(t, p.Ready(t.Context()))
	p.database.away.Store(true)
	p.source.away.Store(true)
	err := p.Ready(t.Context())
	require.ErrorContains(t, err, "accounts needs its database: dial mongodb://db1.internal:27017: connection refused")
	require.ErrorContains(t, err, "feed needs its accounts-feed")
}

// Whatever probes ask, and however often, the log says once that something is missing,
// and why, and once that it is there again.
func TestWhatIsMissingIsLoggedWhenThatChanges(t *testing.T) {
	p := startProbed(t)
	p.database.away.Store(true) // at the start: whoever starts the server waits, and tells
	logged := func() []string {
		for range 3 {
			p.check(t, "")
			p.check(t, "accounts")
			_, err := p.client.List(t.Context(), &healthv1.HealthListRequest{})
			require.NoError(t, err)
		}
		return strings.Split(strings.TrimSpace(p.log.String()), "\n")
	}
	require.Equal(t, []string{""}, logged())
	p.database.away.Store(false)
	require.Equal(t, []string{""}, logged())
	p.database.away.Store(true)
	lines := logged()
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], `level=WARN msg="not ready" service=accounts need=database error="dial mongodb://db1.internal:27017: connection refused"`)
	p.database.away.Store(false)
	lines = logged()
	require.Len(t, lines, 2)
	require.Contains(t, lines[1], `level=INFO msg="ready again" service=accounts need=database`)
}

// A probe that does not wait for the answer says nothing about the service.
func TestProbesThatGoAwayAreNotLogged(t *testing.T) {
	p := startProbed(t)
	require.NoError(t, p.Ready(t.Context()))
	p.database.away.Store(true)
	gone, leave := context.WithCancel(t.Context())
	leave()
	require.Error(t, p.Ready(gone))
	require.Empty(t, p.log.String())
}

func TestAShutdownIsNoNeed(t *testing.T) {
	p := startProbed(t)
	p.health.stop()
	require.Equal(t, down, p.check(t, "accounts"))
	all, err := p.client.List(t.Context(), &healthv1.HealthListRequest{})
	require.NoError(t, err)
	require.Equal(t, down, all.GetStatuses()["accounts"].GetStatus())
	require.NotContains(t, all.GetStatuses(), "accounts/database")
}
