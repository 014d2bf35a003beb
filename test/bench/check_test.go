package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	batchSize = 1000

	checkCalls = 40_000
	batchCalls = 960
	restCalls  = 20_000

	// The company of the check benchmarks.
	checkAccounts = 100_000
	checkEntries  = 300_000
)

// checks is a measure of CheckEntitlement over random accounts and benefits.
func checks(conns []*grpc.ClientConn, accounts int, view entitlementsv1.EntitlementView) pairs.Measure {
	clients := make([]entitlementsv1.EntitlementsServiceClient, len(conns))
	for i, conn := range conns {
		clients[i] = entitlementsv1.NewEntitlementsServiceClient(conn)
	}
	return load(checkCalls, func(ctx context.Context, caller int, random *rand.Rand) error {
		_, err := clients[caller%len(clients)].CheckEntitlement(ctx, &entitlementsv1.CheckEntitlementRequest{
			Account: "accounts/" + customer(random.IntN(accounts)), Benefit: benefits[random.IntN(len(benefits))], View: view,
		})
		return err
	})
}

// healthChecks is a measure of empty health checks.
func healthChecks(conns []*grpc.ClientConn) pairs.Measure {
	clients := make([]healthv1.HealthClient, len(conns))
	for i, conn := range conns {
		clients[i] = healthv1.NewHealthClient(conn)
	}
	return load(checkCalls, func(ctx context.Context, caller int, _ *rand.Rand) error {
		_, err := clients[caller%len(clients)].Check(ctx, &healthv1.HealthCheckRequest{})
		return err
	})
}

// batches is a measure of decisions made by BatchCheckEntitlements.
func batches(conns []*grpc.ClientConn, accounts int) pairs.Measure {
	clients := make([]entitlementsv1.EntitlementsServiceClient, len(conns))
	for i, conn := range conns {
		clients[i] = entitlementsv1.NewEntitlementsServiceClient(conn)
	}
	calls := load(batchCalls, func(ctx context.Context, caller int, random *rand.Rand) error {
		r := &entitlementsv1.BatchCheckEntitlementsRequest{Queries: make([]*entitlementsv1.EntitlementQuery, batchSize)}
		queries := make([]entitlementsv1.EntitlementQuery, batchSize)
		for i := range queries {
			queries[i].Account = "accounts/" + customer(random.IntN(accounts))
			queries[i].Benefit = benefits[random.IntN(len(benefits))]
			r.Queries[i] = &queries[i]
		}
		answer, err := clients[caller%len(clients)].BatchCheckEntitlements(ctx, r)
		if err == nil && len(answer.GetResults()) != batchSize {
			err = fmt.Errorf("%d results for %d queries", len(answer.GetResults()), batchSize)
		}
		return err
	})
	return func(ctx context.Context) (float64, error) {
		rate, err := calls(ctx)
		return rate * batchSize, err
	}
}

// rest is a measure of checks through the gateway.
func rest(b *testing.B, p *process, accounts int) pairs.Measure {
	client := browser(b)
	return load(restCalls, func(ctx context.Context, _ int, random *rand.Rand) error {
		return get(ctx, client, fmt.Sprintf("http://%s/v1/accounts/%s/entitlements/%s:check?view=ENTITLEMENT_VIEW_BASIC",
			p.http, customer(random.IntN(accounts)), benefits[random.IntN(len(benefits))]), p.token)
	})
}

// BenchmarkSystem measures checks of a company with 100,000 accounts, everything on.
func BenchmarkSystem(b *testing.B) {
	ours, base := loaded(b, checkAccounts, checkEntries), floor(b)
	conns, baseConns := dial(b, ours.grpc, ours.token), dial(b, base.grpc, base.token)
	basic, full := entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC, entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL

	b.Run("check-constant", func(b *testing.B) {
		compare(b, pairs.Comparison{Name: "CheckEntitlement, basic view", Floor: "same RPC and interceptors, constant", Unit: "calls", Target: 0.9},
			checks(conns, checkAccounts, basic), checks(baseConns, checkAccounts, basic))
	})
	b.Run("check-constant-roomy", func(b *testing.B) {
		best := floor(b, roomy)
		compare(b, pairs.Comparison{Name: "CheckEntitlement, basic view", Floor: "same, with as large a heap as a server's", Unit: "calls"},
			checks(conns, checkAccounts, basic), checks(dial(b, best.grpc, best.token), checkAccounts, basic))
	})
	b.Run("check-full-constant", func(b *testing.B) {
		compare(b, pairs.Comparison{Name: "CheckEntitlement, full view", Floor: "same RPC and interceptors, constant", Unit: "calls"},
			checks(conns, checkAccounts, full), checks(baseConns, checkAccounts, full))
	})
	b.Run("check-health", func(b *testing.B) {
		compare(b, pairs.Comparison{Name: "CheckEntitlement, basic view", Floor: "empty grpc-go health check", Unit: "calls", Target: 0.7},
			checks(conns, checkAccounts, basic), healthChecks(dial(b, base.health, "")))
	})
	b.Run("batch", func(b *testing.B) {
		compare(b, pairs.Comparison{Name: "BatchCheckEntitlements, 1,000 a call", Floor: "same call, constants", Unit: "decisions", Target: 0.5},
			batches(conns, checkAccounts), batches(baseConns, checkAccounts))
	})
	b.Run("rest", func(b *testing.B) {
		compare(b, pairs.Comparison{Name: "check through REST", Floor: "same route, constant handler", Unit: "calls", Target: 0.8},
			rest(b, ours, checkAccounts), rest(b, base, checkAccounts))
	})
}
