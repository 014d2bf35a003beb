package accounts

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// What an entry is known by is fixed by the first import of its batch: otherwise all of
// it would be recorded again, and counted twice, without a word.
func TestABatchKeepsWhatItsEntriesAreKnownBy(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		rows := []RevenueRow{
			{Line: 2, Account: "acme", Date: "2026-01-10", Amount: "10", ExternalID: "1"},
			{Line: 3, Account: "acme", Date: "2026-01-10", Amount: "10", ExternalID: "2"},
		}
		run := func(start RevenueImportStart) (Counts, error) {
			result, err := f.Imports.Revenue(ctx, someone, start, rowsOf(rows, 1), &reported{})
			return result.Import.State.Counts, err
		}
		with := func(batch, source string, ids bool) RevenueImportStart {
			start := revenueStart(batch) // which says that the file may have grown
			start.Source, start.HasExternalIDs = source, ids
			return start
		}
		for _, batch := range []struct {
			name, text string
			ids        bool
		}{
			{"numbered.csv", "was imported before with the source's ids of its entries, now without", true},
			{"plain.csv", "was imported before without the source's ids of its entries, now with them", false},
		} {
			c, err := run(with(batch.name, batch.name, batch.ids))
			require.NoError(t, err)
			require.EqualValues(t, 2, c.Written)
			recorded := f.postings(t)
			for _, check := range []bool{true, false} {
				other := with(batch.name, "shop", batch.ids)
				other.ValidateOnly = check
				_, err = run(other)
				wantReason(t, err, ErrBatchChanged, `from source "`+batch.name+`", now from "shop"`)
				require.ErrorContains(t, err, `import with --source "`+batch.name+`" as before, or name another batch`)
				other = with(batch.name, batch.name, !batch.ids)
				other.ValidateOnly = check
				_, err = run(other)
				wantReason(t, err, ErrBatchChanged, batch.text)
				require.ErrorContains(t, err, "the column of ids as before, or name another batch")
			}
			require.Equal(t, recorded, f.postings(t))
			c, err = run(with(batch.name, batch.name, batch.ids))
			require.NoError(t, err)
			require.EqualValues(t, 2, c.AlreadyThere)
		}
	})
}

// An import begun before it was noted what entries are known by goes on as it is sent,
// and is held to that.
func TestAnImportOfBeforeIsStillKnown(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	start := revenueStart("orders.csv")
	start.HasExternalIDs = true
	rows := []RevenueRow{{Line: 2, Account: "acme", Date: "2026-01-10", Amount: "10", ExternalID: "1"}}
	f.importRevenue(t, start, rows, 1)
	_, err := f.Imports.imports.Update(ctx, someone, "orders-csv", nil, "import.updated", func(s *Import) error {
		s.Identity = ""
		return nil
	})
	require.NoError(t, err)
	c, _ := f.importRevenue(t, start, rows, 1)
	require.EqualValues(t, 1, c.AlreadyThere)
	start.HasExternalIDs = false
	_, err = f.Imports.Revenue(ctx, someone, start, rowsOf(rows, 1), &reported{})
	wantReason(t, err, ErrBatchChanged, "now without")
}

// Two batches whose long ids are one is next to impossible, but must not hang.
func TestABatchThatFindsNoIDIsToldSo(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	for range 2 {
		id, _, err := f.Imports.batchID(ctx, RevenueImport, "orders.csv")
		require.NoError(t, err)
		_, err = f.Imports.imports.Create(ctx, someone, id, Import{Kind: RevenueImport, Batch: "another of " + id}, "import.started")
		require.NoError(t, err)
	}
	_, err := f.Imports.Revenue(ctx, someone, revenueStart("orders.csv"), rowsOf([]RevenueRow{}, 1), &reported{})
	wantReason(t, err, resource.ErrConflict, `which batch "orders.csv" would be, is taken: name the batch otherwise`)
}
