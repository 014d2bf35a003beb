package test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// ledger is a generated revenue file, and what is known of it.
type ledger struct {
	path  string
	rows  int64
	cents int64
}

// writeLedger writes a revenue file of any size, the same for the same seed. Some rows
// repeat others, some are refunds.
func writeLedger(t *testing.T, dir string, rows, accounts int, seed uint64) ledger {
	t.Helper()
	l := ledger{path: filepath.Join(dir, "ledger.csv"), rows: int64(rows)}
	file, err := os.Create(l.path)
	require.NoError(t, err)
	w := bufio.NewWriterSize(file, 1<<20)
	random := rand.New(rand.NewPCG(seed, 0))
	_, err = fmt.Fprintln(w, "customer_id,date,amount_usd")
	require.NoError(t, err)
	for range rows {
		cents := random.Int64N(20_000) - 500
		l.cents += cents
		sign, size := "", cents
		if cents < 0 {
			sign, size = "-", -cents
		}
		_, err := fmt.Fprintf(w, "c%06d,%04d-%02d-%02d,%s%d.%02d\n", random.IntN(accounts),
			2023+random.IntN(3), 1+random.IntN(12), 1+random.IntN(28), sign, size/100, size%100)
		require.NoError(t, err)
	}
	require.NoError(t, w.Flush())
	require.NoError(t, file.Close())
	return l
}

func (l ledger) total() string {
	return fmt.Sprintf("USD %d.%02d", l.cents/100, l.cents%100)
}
