package imports_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
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

// BenchmarkImport is how many cases are imported in a second.
func BenchmarkImport(b *testing.B) {
	f := open(b, onSQLite(b))
	b.ResetTimer()
	n := 0
	for b.Loop() {
		s := start
		s.Source = fmt.Sprint(n)
		s.Batch = s.Source
		const cases = 10_000
		if _, err := f.Cases(b.Context(), resource.Call{}, s, many(cases), &heard{}); err != nil && !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
		n += cases
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
}
