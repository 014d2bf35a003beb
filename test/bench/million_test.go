package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	manyAccounts, manyEntries = 1_000_000, 10_000_000
	fewAccounts, fewEntries   = 23_570, 70_000
)

// BenchmarkMillion measures a company of a million accounts and ten million entries:
// start-up with a warm store, resident memory, and checks beside those of a company of
// 23,570 accounts. Loading it takes minutes.
func BenchmarkMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("a million accounts take minutes to load; not with -short")
	}
	dir := b.TempDir()
	data := filepath.Join(dir, "data")
	p := system(b, data)
	p.run(b, "schedule", "publish", writePromise(b, dir))
	path := writeRevenue(b, dir, manyEntries, manyAccounts)
	began := time.Now()
	p.importRevenue(b, path)
	fmt.Printf("\nimported %d entries of %d accounts in %.0f s\n", manyEntries, manyAccounts, time.Since(began).Seconds())
	require.NoError(b, os.Remove(path))
	now, peak := p.resident(b)
	fmt.Printf("resident after the import %.0f MiB, at the most %.0f MiB\n", now, peak)
	p.end()

	began = time.Now()
	many := system(b, data)
	start := time.Since(began)
	fmt.Printf("start-up with a warm store %.1f s (to reach: at most 30 s)\n", start.Seconds())

	few := loaded(b, fewAccounts, fewEntries)
	basic := entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC
	compare(b, pairs.Comparison{Name: "checks with 1,000,000 accounts", Floor: "with 23,570 accounts", Unit: "calls", Target: 0.9},
		checks(dial(b, many.grpc, many.token), manyAccounts, basic), checks(dial(b, few.grpc, few.token), fewAccounts, basic))

	now, peak = many.resident(b)
	fmt.Printf("resident with the load on it %.0f MiB, at the most %.0f MiB (to reach: at most 1,024 MiB)\n", now, peak)
	b.ReportMetric(start.Seconds(), "s-start")
	b.ReportMetric(peak, "MiB-peak")
}
