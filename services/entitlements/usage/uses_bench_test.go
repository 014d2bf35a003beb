package usage

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// fill writes balances of so many entries each, of which the latest are in the balance
// and the others in the ledger, moveAt on a page.
func (f *fixture) fill(t testing.TB, accounts, entries, latest int) {
	var balances []docstore.New[balance]
	var ledger []docstore.New[page]
	flush := func(least int) {
		if len(balances) >= least {
			require.NoError(t, f.ledger.InsertMany(t.Context(), ledger))
			require.NoError(t, f.balances.InsertMany(t.Context(), balances))
			ledger, balances = ledger[:0], balances[:0]
		}
	}
	for a := range accounts {
		b := balance{Account: fmt.Sprint("a-", a), Benefit: "hours"}
		for n := range entries {
			e := Entry{ID: fmt.Sprint(a, "-", n), Account: b.Account, Benefit: b.Benefit, Type: Used, Units: 1, Day: day("2026-02-01"),
				At: noon("2026-02-01").Add(time.Duration(n) * time.Hour), Origin: AskedFor, Rule: "partner", Version: 1, Who: "principals/anna"}
			e.Seq = int64(n + 1)
			b.Count.add(&e)
			require.NoError(t, b.Recent.add(e))
			if n+1 < entries-latest && b.kept() < moveAt || n+1 > entries-latest {
				continue
			}
			p := pageOf(&b, b.Moved)
			ledger = append(ledger, docstore.New[page]{ID: pageID(balanceID(b.Account, b.Benefit), p.First), Body: p})
			b.drop(p.Last)
		}
		balances = append(balances, docstore.New[balance]{ID: balanceID(b.Account, b.Benefit), Body: b})
		flush(500)
	}
	flush(0)
}

// BenchmarkUses reads a million entries of 20,000 accounts.
func BenchmarkUses(b *testing.B) {
	for store := range teststore.Backends {
		b.Run(store, func(b *testing.B) {
			f := start(b, teststore.Backends[store](b))
			f.fill(b, 20_000, 50, 20)
			for b.Loop() {
				var units int64
				require.NoError(b, f.Uses(b.Context(), "", func(e *Entry) { units += e.Adds() }))
				require.EqualValues(b, 1_000_000, units)
			}
		})
	}
}
