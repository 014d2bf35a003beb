package bench

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// promise is a schedule with what schedules have: kinds of benefits, a bundle, terms,
// refunds, alternatives.
const promise = `schedule: bench
currency: USD
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:00-17:30"}
commitments:
  - {id: first-reply, promise: Every customer gets a first reply within 4 working hours., clock: {from: opened, to: first_reply, within: 4h, calendar: office}}
benefits:
  - {id: free-shipping, promise: Free shipping on every order., kind: feature, unit_cost: 4.50, expected_use_per_year: 12}
  - {id: expert-hours, promise: Ten hours a year with our own experts., kind: metered, unit: hour, limit: 10, period: P1Y, unit_cost: 120.00}
  - {id: late-fee-waiver, promise: No late-payment fee., kind: waiver, house_rule: late-payment-fee}
bundles:
  - {id: partner, display_name: Partner, benefits: [free-shipping, expert-hours, late-fee-waiver]}
rules:
  - {id: partner-500, promise: A customer who spends $500 within a year becomes a Partner., when: {spend: trailing-12-months, at_least: 500.00}, grants: [partner], lasts: P12M}
  - {id: shipping-100, promise: A customer who spends $100 within a year ships free., when: {spend: trailing-12-months, at_least: 100.00}, grants: [free-shipping]}
  - {id: loyal, promise: Three years with us waive the late fee., when: {any: [{tenure: months, at_least: 36}, {spend: since-joining, at_least: 2000.00}]}, grants: [late-fee-waiver]}
notice: {effective: 2023-01-01, reason: Benchmark}
`

// benefits are those of the promise.
var benefits = []string{"free-shipping", "expert-hours", "late-fee-waiver"}

// writePromise writes the schedule file and returns its path.
func writePromise(b *testing.B, dir string) string {
	b.Helper()
	path := filepath.Join(dir, "schedule.yaml")
	require.NoError(b, os.WriteFile(path, []byte(promise), 0o600))
	return path
}

// customer is the external id of the i-th customer.
func customer(i int) string { return fmt.Sprintf("c%07d", i) }

// writeRevenue writes a revenue file in which every customer has at least one entry
// where there are as many rows as customers; the same file for the same numbers.
func writeRevenue(b *testing.B, dir string, rows, customers int) string {
	b.Helper()
	path := filepath.Join(dir, "revenue.csv")
	file, err := os.Create(path)
	require.NoError(b, err)
	w := bufio.NewWriterSize(file, 1<<20)
	fmt.Fprintln(w, "customer,date,amount")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		who := i
		if i >= customers {
			who = random.IntN(customers)
		}
		sign, cents := "", random.IntN(20_000)
		if random.IntN(40) == 0 {
			sign = "-"
		}
		fmt.Fprintf(w, "%s,%d-%02d-%02d,%s%d.%02d\n", customer(who),
			2023+random.IntN(3), 1+random.IntN(12), 1+random.IntN(28), sign, cents/100, cents%100)
	}
	require.NoError(b, w.Flush())
	require.NoError(b, file.Close())
	return path
}

// importRevenue imports a file of writeRevenue; it returns when all of it is applied.
func (p *process) importRevenue(b *testing.B, path string) {
	b.Helper()
	p.run(b, "revenue", "import", path, "--column", "account=customer", "--column", "date=date",
		"--column", "amount=amount", "--currency", "USD", "--create-accounts")
}

// loaded starts a system that holds so many customers and entries and the promise.
func loaded(b *testing.B, customers, entries int) *process {
	b.Helper()
	dir := b.TempDir()
	p := system(b, filepath.Join(dir, "data"))
	p.run(b, "schedule", "publish", writePromise(b, dir))
	path := writeRevenue(b, dir, entries, customers)
	p.importRevenue(b, path)
	require.NoError(b, os.Remove(path))
	return p
}
