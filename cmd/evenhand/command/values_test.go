package command

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/genproto/googleapis/type/money"
	"pgregory.net/rapid"
)

func names(t *testing.T, text string) string {
	t.Helper()
	var list struct {
		Accounts []struct{ Name string }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	var out []string
	for _, a := range list.Accounts {
		out = append(out, a.Name)
	}
	encoded, err := json.Marshal(out)
	require.NoError(t, err)
	return string(encoded)
}

func TestAmounts(t *testing.T) {
	tests := []struct {
		amount *money.Money
		want   string
	}{
		{&money.Money{CurrencyCode: "USD", Units: 2500315, Nanos: 630000000}, "USD 2500315.63"},
		{&money.Money{CurrencyCode: "USD", Nanos: -10000000}, "USD -0.01"},
		{&money.Money{CurrencyCode: "USD", Units: -3}, "USD -3.00"},
		{&money.Money{CurrencyCode: "JPY", Units: 500}, "JPY 500"},
		{&money.Money{CurrencyCode: "KWD", Units: 1, Nanos: 5000000}, "KWD 1.005"},
		{&money.Money{Units: 1}, "1.00"},
		{nil, ""},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, showMoney(tt.amount))
	}
}

func TestAmountsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Int64Range(-999_999_999_999, 999_999_999_999).Draw(t, "units")
		nanos := rapid.Int32Range(0, 99).Draw(t, "cents") * 10_000_000
		if units < 0 {
			nanos = -nanos
		}
		want := &money.Money{CurrencyCode: "USD", Units: units, Nanos: nanos}
		got, err := parseMoney(showAmount(want), "USD")
		require.NoError(t, err)
		require.Equal(t, want.GetUnits(), got.GetUnits())
		require.Equal(t, want.GetNanos(), got.GetNanos())
	})
}

func TestCounts(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 69659: "69,659", -1234567: "-1,234,567"} {
		require.Equal(t, want, showCount(n))
	}
}

// Setting the effective day changes nothing else, and places are named as in the file.
func TestSetEffective(t *testing.T) {
	tests := []struct{ name, text string }{
		{"flow", "schedule: x\nnotice: {effective: 2026-01-01, reason: First}\nrules: []\n"},
		{"flow without it", "notice: {reason: First, minimum: P90D} # why\nrules: []\n"},
		{"flow, empty", "notice: {}\n"},
		{"block", "notice:\n  reason: First\n  effective: \"2026-01-01\" # then\nrules: []\n"},
		{"block without it", "notice:\n    reason: First\nrules: []\n"},
		{"no notice", "schedule: x\nrules: []"},
		{"notice without a value", "notice:\nrules: []\n"},
		{"effective without a value", "notice:\n  effective:\n  reason: x\n"},
		{"wide characters before it", "notice: {reason: \"Größe 東京\", effective: 2026-01-01}\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			edited, err := setEffective(tt.text, "1997-01-01")
			require.NoError(t, err)
			var before, after map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(tt.text), &before))
			require.NoError(t, yaml.Unmarshal([]byte(edited.text), &after), edited.text)
			notice, _ := before["notice"].(map[string]any)
			if notice == nil {
				notice = map[string]any{}
			}
			var day yaml.Node
			require.NoError(t, yaml.Unmarshal([]byte("1997-01-01"), &day))
			var value any
			require.NoError(t, day.Decode(&value))
			notice["effective"] = value
			before["notice"] = notice
			require.Equal(t, before, after)
		})
	}

	edited, err := setEffective("notice:\n  reason: x\nrules: 3\n", "1997-01-01")
	require.NoError(t, err)
	require.Equal(t, "3:8: rules: no", edited.original("4:8: rules: no"))
	require.Equal(t, "1:1: notice: no", edited.original("1:1: notice: no"))
	edited, err = setEffective("notice: {effective: 26-1-1, reason: x}\n", "1997-01-01")
	require.NoError(t, err)
	require.Equal(t, "1:28: reason", edited.original("1:32: reason"))

	for _, text := range []string{"a: *b\n", "- list\n", "", "\t:"} {
		edited, err := setEffective(text, "1997-01-01")
		require.NoError(t, err)
		require.Equal(t, text, edited.text, "the server names the problem")
	}
	_, err = setEffective("notice: &n {effective: 2026-01-01}\n", "1997-01-01")
	require.Error(t, err)
}
