package accounts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// long says whether heavy properties run.
func long() bool { return os.Getenv("EVENHAND_TEST_LONG") == "1" }

// cases is how many cases of a property that writes much run: all that rapid draws on
// the embedded store, on a server three tenths, which differ in nothing but the store;
// and a tenth where heavy properties do not run.
func (f *fixture) cases() int {
	switch {
	case !long():
		return 10
	case f.backend.Embedded():
		return 100
	}
	return 30
}

// drawRow makes a row of a random file: few accounts, days and amounts, so that equal
// rows are common, and some that are refused.
func drawRow(t *rapid.T) RevenueRow {
	return RevenueRow{
		Account: rapid.SampledFrom([]string{"a", "B.1", "c c", "00001", "d", "e", "f", ""}).Draw(t, "account"),
		Date:    rapid.SampledFrom([]string{"2026-01-01", "2026-01-02", "2024-02-29", "2026-01-01", "2023-02-29"}).Draw(t, "date"),
		Amount:  rapid.SampledFrom([]string{"1.00", "1", "-2.50", "0.00", "1.00", "x"}).Draw(t, "amount"),
	}
}

// model is what a file says: the postings of its good rows.
func model(rows []RevenueRow) (good map[posting]int, refused int) {
	good = map[posting]int{}
	usd := Currency{"USD", 2}
	for _, row := range rows {
		on, dayErr := ParseDay(row.Date)
		minor, amountErr := usd.ParseAmount(row.Amount)
		if row.Account == "" || dayErr != nil || amountErr != nil {
			refused++
			continue
		}
		good[posting{slug(row.Account), on, minor, "USD", ""}]++
	}
	return good, refused
}

func sum(of map[posting]int) (n int64) {
	for _, count := range of {
		n += int64(count)
	}
	return n
}

// Whatever files are imported, again, grown, and by several at once: the ledger is what
// the files say, and every row is accounted for.
func TestTheLedgerIsWhatTheFilesSay(t *testing.T) {
	if !long() {
		t.Log("a tenth of the cases: set EVENHAND_TEST_LONG=1 for all")
	}
	onEveryStore(t, func(t *testing.T, f *fixture) {
		cases := 0
		rapid.Check(t, func(t *rapid.T) {
			if cases++; cases > f.cases() {
				return
			}
			batch := fmt.Sprint("batch ", cases)
			before := f.postings(t)
			step := rapid.SampledFrom([]int{1, 7, 499, 1000}).Draw(t, "step")
			size := rapid.SampledFrom([]int{5, 50, 2600}).Draw(t, "size")
			var file []RevenueRow
			for round := range rapid.IntRange(1, 3).Draw(t, "rounds") {
				for range rapid.IntRange(0, size).Draw(t, "rows") {
					row := drawRow(t)
					row.Line = int64(len(file) + 2)
					file = append(file, row)
				}
				known := f.postings(t)
				want, refused := model(file)
				importers := rapid.IntRange(1, 3).Draw(t, "importers")
				counts, errs := make([]Counts, importers), make([]error, importers)
				var group sync.WaitGroup
				for i := range importers {
					group.Go(func() {
						var result ImportResult
						result, errs[i] = f.Imports.Revenue(context.Background(), someone, revenueStart(batch), rowsOf(slices.Clone(file), step), &reported{})
						counts[i] = result.Import.State.Counts
					})
				}
				group.Wait()
				require.NoError(t, errors.Join(errs...))
				written := int64(0)
				for _, c := range counts {
					require.EqualValues(t, refused, c.Refused)
					require.Equal(t, sum(want), c.Written+c.AlreadyThere)
					written += c.Written
				}
				now := f.postings(t)
				require.Equal(t, sum(now)-sum(known), written, "round %d: each entry was written once", round)
				expected := maps.Clone(before)
				for p, n := range want {
					expected[p] += n
				}
				require.Equal(t, expected, now)
				again, _ := f.importRevenue(t, revenueStart(batch), slices.Clone(file), step)
				require.Zero(t, again.Written, "a second import changes nothing")
				require.Equal(t, sum(want), again.AlreadyThere)
			}
		})
	})
}
