package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/entitlements/parity"
)

// sample is the report of an audit in which phone is treated worse in times and
// remedies, web has too few cases, and e-mail's name is one to escape.
func sample(t *testing.T) *Report {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var b parity.Builder
	for i := range 205 {
		r := parity.Row{
			Account: "acme", ID: fmt.Sprintf("c%d", i), Channel: []string{"e|mail <b>", "phone"}[i%2], Issue: "billing", SpendBand: "q1",
			Opened: noon.Add(time.Duration(i) * time.Hour), Breached: parity.No, Resolved: true,
		}
		took := time.Duration(1+i%10) * time.Hour
		if i%2 == 1 {
			took *= 2
		}
		r.FirstReply = parity.Lapse{Known: true, Time: took}
		r.Resolution = parity.Lapse{Known: true, Time: 10 * took, Open: i > 190 && i < 200}
		if i%2 == 0 || i%3 == 0 {
			r.Remedy, r.RemedyValue = "credit", parity.Value{Known: true, Minor: int64(1000 + 100*(i%5))}
		}
		if i >= 200 {
			r.Channel = "web"
		}
		require.NoError(t, b.Add(&r))
	}
	result, err := parity.Audit(t.Context(), b.Cases(), parity.Options{
		By: []parity.Dimension{parity.Channel}, Within: []parity.Dimension{parity.Issue, parity.SpendBand},
	}, nil)
	require.NoError(t, err)
	return New(Period{From: "2026-03-01", To: "2026-03-31", Until: "2026-04-01T00:00:00Z", Currency: "USD", Digits: 2}, result)
}

// golden compares a report with the one kept in testdata, which EVENHAND_UPDATE=1 writes.
func golden(t *testing.T, name, text string) {
	path := filepath.Join("testdata", name)
	if os.Getenv("EVENHAND_UPDATE") == "1" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

func TestR24ReportsInWords(t *testing.T) {
	r := sample(t)
	require.Equal(t, 3, r.Findings)
	golden(t, "report.md", r.Markdown())
	html, err := r.HTML()
	require.NoError(t, err)
	golden(t, "report.html", html)
	require.NotContains(t, html, "<b>")
	require.NotContains(t, html, "<script")
	require.NotContains(t, html, "ZgotmplZ")
}

// The shape that programs read is fixed: names, and which are there.
func TestR24JSONHasItsFixedShape(t *testing.T) {
	r := sample(t)
	text, err := r.JSON()
	require.NoError(t, err)
	again, err := Read([]byte(text))
	require.NoError(t, err)
	same, err := again.JSON()
	require.NoError(t, err)
	require.Equal(t, text, same)

	var out struct {
		Comparisons []map[string]json.RawMessage `json:"comparisons"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &out))
	require.Len(t, out.Comparisons, 21)
	for _, c := range out.Comparisons {
		for _, field := range []string{"metric", "by", "groups", "within", "counts", "effect", "p_value", "p_adjusted", "outcome"} {
			require.Contains(t, c, field)
		}
	}
	first := out.Comparisons[0]
	require.JSONEq(t, `"first-reply-time"`, string(first["metric"]))
	require.JSONEq(t, `["e|mail <b>", "phone"]`, string(first["groups"]))
	require.JSONEq(t, `["issue", "spend-band"]`, string(first["within"]))
	require.JSONEq(t, `[100, 100]`, string(first["counts"]))
	var effect map[string]any
	require.NoError(t, json.Unmarshal(first["effect"], &effect))
	require.Equal(t, "time_ratio", effect["kind"])
	require.InDelta(t, 2, effect["value"], 0.5)
}

func TestR24CSVHasARowForEachComparison(t *testing.T) {
	r := sample(t)
	r.Comparisons[0].Groups[0] = "=1+1"
	text, err := r.CSV()
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 22)
	require.Equal(t, columns, rows[0])
	require.Equal(t, "'=1+1", rows[1][2], "no formula")
	require.Equal(t, "finding", rows[1][24])
}

func TestDurationsInWords(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 ms": 0, "250 ms": 250 * time.Millisecond, "12 s": 12*time.Second + 300*time.Millisecond, "12 min 5 s": 12*time.Minute + 5*time.Second,
		"3 h": 3 * time.Hour, "76 h 59 min": 76*time.Hour + 59*time.Minute, "24,000 h": 24000 * time.Hour,
	} {
		require.Equal(t, want, Duration(d))
	}
	r := &Report{Currency: "USD", Digits: 2}
	require.Equal(t, "1,234.05 USD", r.money(123405))
	require.Equal(t, "0.05 USD", r.money(5))
	require.Equal(t, "1234", (&Report{}).money(1234))
}
