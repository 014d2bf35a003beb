package decision

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// TestR17HoldersOnRealData counts holders on the purchases of the CDNOW data
// set, cdnow-transactions.csv in the folder EVENHAND_TEST_DATA.
func TestR17HoldersOnRealData(t *testing.T) {
	folder := os.Getenv("EVENHAND_TEST_DATA")
	if folder == "" {
		t.Skip("EVENHAND_TEST_DATA names no folder with cdnow-transactions.csv")
	}
	file, err := os.Open(filepath.Join(folder, "cdnow-transactions.csv"))
	if os.IsNotExist(err) {
		t.Skip("cdnow-transactions.csv is not in the folder EVENHAND_TEST_DATA")
	}
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)

	usd, err := schedule.LookupCurrency("USD")
	require.NoError(t, err)
	entries, total := map[string][]Bucket{}, int64(0)
	for _, row := range rows[1:] {
		minor, err := usd.ParseAmount(row[3])
		require.NoError(t, err)
		entries[row[0]] = append(entries[row[0]], Bucket{day(row[1]), minor})
		total += minor
	}
	require.Len(t, rows[1:], 69659)
	require.Len(t, entries, 23570)
	require.Equal(t, "$2,500,315.63", usd.Format(total))

	for _, c := range []struct {
		cents         int64
		end1997, june int
	}{{50000, 454, 326}, {10000, 5220, 2883}} {
		z := zone("America/New_York")
		b := compile(t, Company{Zone: z}, Version{Number: 1, From: z.Start(day("1997-01-01")),
			Schedule: promise(schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, c.cents)})})
		var end1997, june int
		for _, bought := range entries {
			l := ledger(t, bought...)
			timeline := b.Timeline(Account{Ledger: l, Joined: l.First(), ActiveFrom: l.First(), ClosedOn: civil.Never})
			for asOf, count := range map[civil.Day]*int{day("1997-12-31"): &end1997, day("1998-06-30"): &june} {
				d, err := timeline.At(z.End(asOf), "gift")
				require.NoError(t, err)
				if d.Entitled() {
					*count++
				}
			}
		}
		require.Equal(t, []int{c.end1997, c.june}, []int{end1997, june}, "at %s", usd.Format(c.cents))
	}
}
