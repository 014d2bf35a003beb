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
			Opened: noon.Add(time.Duration(i) * time.Hour), Breached: parity.No, Resolved: true, Escalated: parity.No, Reopened: parity.No,
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
	r.Comparisons[0].Groups[0], r.Comparisons[0].Reason = "=1+1", "=1+1 has 3 cases to compare, fewer than 10"
	text, err := r.CSV()
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 22)
	require.Equal(t, columns, rows[0])
	require.Equal(t, "'=1+1", rows[1][2], "no formula")
	require.Equal(t, "finding", rows[1][24])
	require.Equal(t, "'=1+1 has 3 cases to compare, fewer than 10", rows[1][25], "no formula either")
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

func TestDifferencesOfTimesInWords(t *testing.T) {
	minutes := func(m float64) *float64 {
		m *= 60_000
		return &m
	}
	for want, s := range map[string]*parity.Shift{
		"":                                  nil,
		"1 h 5 min longer (-20 min to 2 h)": {Value: *minutes(65), Low: minutes(-20), High: minutes(120)},
		"5 min shorter (-1 min to 10 min) among the closed cases": {Value: *minutes(-5), Low: minutes(-10), High: minutes(1), ClosedOnly: true},
		"5 min longer": {Value: *minutes(5), Low: minutes(1)},
	} {
		require.Equal(t, want, Shift(&parity.Comparison{Shift: s}))
	}
}

// Why a ratio is missing stands in every form.
func TestR24NotesStandInEveryForm(t *testing.T) {
	var b parity.Builder
	for i := range 40 {
		require.NoError(t, b.Add(&parity.Row{Account: "acme", ID: fmt.Sprintf("c%d", i), Channel: []string{"email", "phone"}[i%2],
			Resolution: parity.Lapse{Known: true}}))
	}
	result, err := parity.Audit(t.Context(), b.Cases(), parity.Options{By: []parity.Dimension{parity.Channel}, Metrics: []parity.Metric{parity.ResolutionTime}}, nil)
	require.NoError(t, err)
	r := New(Period{From: "2026-03-01", To: "2026-03-31", Until: "2026-04-01T00:00:00Z"}, result)
	html, err := r.HTML()
	require.NoError(t, err)
	csv, err := r.CSV()
	require.NoError(t, err)
	json, err := r.JSON()
	require.NoError(t, err)
	for _, text := range []string{html, csv, json, r.Markdown()} {
		require.Contains(t, text, "no ratio: all times are 0, as of cases outside of the hours in which time is counted")
	}
}

// Who may not see in which groups of a column accounts are is not shown the pairs that
// tell it, in any form, and is told so.
func TestPairsThatTellAColumnAreWithheld(t *testing.T) {
	r := sample(t)
	r.Withhold("reach-band")
	require.NotEmpty(t, r.found()[0].Pairs, "nothing here tells reach")
	require.False(t, r.PairsWithheld)
	r.Withhold("spend-band")
	html, err := r.HTML()
	require.NoError(t, err)
	csv, err := r.CSV()
	require.NoError(t, err)
	json, err := r.JSON()
	require.NoError(t, err)
	for _, text := range []string{html, csv, json, r.Markdown()} {
		require.NotContains(t, text, "accounts/")
	}
	require.Equal(t, 3, r.Findings)
	require.Contains(t, html, "The pairs of like cases are left out here")
	require.Contains(t, r.Markdown(), "The pairs of like cases are left out here")
	require.Contains(t, json, `"pairs_withheld": true`)
}

func TestReportsSayWhatIsLeftOutAndWhatMatters(t *testing.T) {
	r := sample(t)
	r.Columns[0].Unknown, r.Columns[0].UnknownWithin = 1, 1200
	require.Equal(t, []string{
		"1 case without a channel: in no comparison of it.",
		"1,200 cases without a known issue or spend band: in no comparison by channel, since nobody knows which are like them.",
	}, r.LeftOut())
	require.Contains(t, r.Markdown(), "a rate or value of at most 80.0 % of the other")
	r.Thresholds.ValueRatio = 0.9
	require.Contains(t, r.Markdown(), "a rate of at most 80.0 % or a value of at most 90.0 % of the other")
}
