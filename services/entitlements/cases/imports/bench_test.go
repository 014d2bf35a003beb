package imports_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

// many yields rows of as many cases.
func many(n int) imports.Rows {
	at, day := 0, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func(context.Context) ([]imports.Row, error) {
		if at >= n {
			return nil, io.EOF
		}
		var rows []imports.Row
		for range 500 {
			opened := day.Add(time.Duration(at) * time.Second)
			rows = append(rows, imports.Row{Line: int64(at + 2), ID: fmt.Sprintf("case-%d", at), Account: "acme", Issue: "late-delivery", Channel: "email",
				StaffRole: "service-agent", Opened: opened.Format(time.RFC3339), FirstReply: opened.Add(time.Hour).Format(time.RFC3339),
				Resolved: opened.Add(24 * time.Hour).Format(time.RFC3339), Remedy: "free-repair", RemedyValue: "12.50"})
			at++
		}
		return rows, nil
	}
}

const benchCases = 10_000

// casesSpec is the collection that an import writes, with the indexes that cases declare.
var casesSpec = docstore.Spec{Name: cases.Collection, Indexes: []docstore.Index{
	{Name: "account", Fields: []string{"account", "opened"}},
	{Name: "opened", Fields: []string{"opened"}, Carries: "measured"},
	{Name: "state", Fields: []string{"state", "opened"}},
	{Name: "issue", Fields: []string{"issue", "opened"}},
	{Name: "assignee", Fields: []string{"assignee", "opened"}, Partial: true},
	{Name: "due", Fields: []string{"due"}, Partial: true},
	{Name: "next", Fields: []string{"next"}, Partial: true},
	{Name: "edition", Fields: []string{"edition"}, Partial: true},
	{Name: "precedent", Fields: []string{"precedent", "resolved"}, Partial: true},
	{Name: "origin", Fields: []string{"origin"}, Unique: true, Partial: true},
}}

// BenchmarkImport imports cases into an empty store, beside a raw insert of the documents
// that it wrote, each with an event, into another.
func BenchmarkImport(b *testing.B) {
	var written []docstore.Record
	ours := func(ctx context.Context) (float64, error) {
		backend := teststore.SQLite(b)
		f := open(b, backend)
		began := time.Now()
		if _, err := f.Cases(ctx, resource.Call{}, start, many(benchCases), &heard{}); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		rate := benchCases / time.Since(began).Seconds()
		found, err := backend.Find(ctx, cases.Collection, docstore.Query{Limit: benchCases})
		require.Len(b, found, benchCases)
		written = written[:0]
		for _, r := range found {
			r.Version, r.Out = 1, []docstore.Event{{N: 1, Type: "case.imported", At: time.Now(), Who: "principals/anna", Data: toldOf(b)}}
			written = append(written, r)
		}
		return rate, err
	}
	floor := func(ctx context.Context) (float64, error) {
		if written == nil { // the first pair, which does not count, begins with ours
			return 0, errors.New("nothing was imported yet")
		}
		backend := teststore.SQLite(b)
		defer func() { require.NoError(b, backend.Close()) }()
		require.NoError(b, backend.Declare(ctx, casesSpec))
		began := time.Now()
		for chunk := range slices.Chunk(written, 500) {
			if err := backend.Insert(ctx, cases.Collection, chunk); err != nil {
				return 0, err
			}
		}
		return benchCases / time.Since(began).Seconds(), nil
	}
	for b.Loop() {
		c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "import of cases", Floor: "raw insert of the same documents", Unit: "cases"}, ours, floor)
		require.NoError(b, err)
		b.ReportMetric(pairs.Median(c.Ours), "cases/s")
		b.ReportMetric(pairs.Median(c.Base), "floor/s")
		b.ReportMetric(c.Ratio(), "ratio")
	}
}

// toldOf is the data of an event that tells of a case.
func toldOf(b *testing.B) bson.Raw {
	raw, err := bson.Marshal(cases.Told{Account: "acme", Issue: "late-delivery", Channel: "email", State: cases.Resolved, Opened: time.Now()})
	require.NoError(b, err)
	return raw
}
