package accounts

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseDay(t *testing.T) {
	for text, ok := range map[string]bool{
		"1900-01-01": true, "2200-12-31": true, "2024-02-29": true, "2000-02-29": true,
		"1899-12-31": false, "2201-01-01": false, "2023-02-29": false, "1900-02-29": false, "2026-04-31": false,
		"2026-00-10": false, "2026-13-01": false, "2026-01-00": false, "": false, "2026-1-1": false, "20260101": false,
		"2026/01/01": false, "2026-01-01\t": false, "+026-01-01": false, "2026-01-0a": false, "２026-01-1": false,
	} {
		d, err := ParseDay(text)
		require.Equal(t, ok, err == nil, "%q: %v", text, err)
		if ok {
			require.Equal(t, text, d.String())
		}
	}
	for d := FirstDay; d <= LastDay; d++ {
		want := time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly)
		got, err := ParseDay(want)
		require.NoError(t, err)
		require.Equal(t, d, got)
	}
}

func TestParseAmount(t *testing.T) {
	usd, err := LookupCurrency("USD")
	require.NoError(t, err)
	jpy, err := LookupCurrency("JPY")
	require.NoError(t, err)
	kwd, err := LookupCurrency("KWD")
	require.NoError(t, err)
	for _, tt := range []struct {
		c    Currency
		text string
		want int64
		says string // of the error, or empty
	}{
		{usd, "12.50", 1250, ""}, {usd, "-3", -300, ""}, {usd, "0.00", 0, ""}, {usd, "-0.01", -1, ""}, {usd, "007", 700, ""},
		{usd, "10000000000000.00", MaxMinor, ""}, {usd, "12.5", 1250, ""}, {jpy, "500", 500, ""}, {kwd, "1.005", 1005, ""},
		{usd, "10000000000000.01", 0, "too large"}, {usd, "99999999999999999999999999", 0, "too large"},
		{usd, "1.000", 0, "more decimals than the 2 of USD"}, {jpy, "1.0", 0, "more decimals"},
		{usd, "1,000.00", 0, "thousands separator"}, {usd, "1 000", 0, "thousands separator"}, {usd, "1e3", 0, "exponent"},
		{usd, "", 0, "is empty"}, {usd, "$12", 0, "not an amount"}, {usd, "+1", 0, "not an amount"}, {usd, ".5", 0, "not an amount"},
		{usd, "5.", 0, "not an amount"}, {usd, "-", 0, "not an amount"}, {usd, "1.2.3", 0, "not an amount"}, {usd, "--1", 0, "not an amount"},
	} {
		got, err := tt.c.ParseAmount(tt.text)
		if tt.says != "" {
			require.ErrorContains(t, err, tt.says, tt.text)
			continue
		}
		require.NoError(t, err, tt.text)
		require.Equal(t, tt.want, got, tt.text)
	}
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-MaxMinor, MaxMinor).Draw(t, "minor")
		c := rapid.SampledFrom([]Currency{usd, jpy, kwd}).Draw(t, "currency")
		got, err := c.ParseAmount(c.Decimal(minor))
		require.NoError(t, err)
		require.Equal(t, minor, got)
	})
}

func TestConversionRoundsHalfToEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "minor")
		rate := big.NewRat(rapid.Int64Range(1, 10_000).Draw(t, "n"), rapid.SampledFrom([]int64{1, 2, 4, 8, 1000}).Draw(t, "d"))
		got, err := Money{minor, Currency{"USD", 2}}.convert(rate, Currency{"EUR", 2})
		require.NoError(t, err)
		exact := new(big.Rat).Mul(big.NewRat(minor, 1), rate)
		off := new(big.Rat).Sub(exact, big.NewRat(got, 1))
		switch half := off.Abs(off).Cmp(big.NewRat(1, 2)); {
		case half > 0:
			t.Fatalf("%d at %s is %s, not %d", minor, rate, exact, got)
		case half == 0:
			require.Zero(t, got%2, "a half goes to the even neighbour")
		}
	})
	got, err := Money{100, Currency{"JPY", 0}}.convert(big.NewRat(1, 150), Currency{"USD", 2})
	require.NoError(t, err)
	require.EqualValues(t, 67, got, "decimals differ between currencies")
	_, err = Money{MaxMinor, Currency{"JPY", 0}}.convert(big.NewRat(2, 1), Currency{"USD", 2})
	require.ErrorContains(t, err, "too large in USD")
}

func TestCounterCountsOccurrences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c counter
		want := map[uint64]uint32{}
		for _, n := range rapid.SliceOfN(rapid.Uint64Range(1, 3000), 0, 5000).Draw(t, "hashes") {
			before, ok := c.add(n * 0x9e3779b97f4a7c15)
			require.True(t, ok)
			require.Equal(t, want[n], before)
			want[n]++
		}
	})
}

func TestKeysAreDifferentForDifferentEntries(t *testing.T) {
	var h hasher
	require.NotEqual(t, h.external("ab", "c"), h.external("a", "bc"), "lengths are part of the key")
	a, b := newOccurrences("x"), newOccurrences("y")
	e := entry{account: "acme", day: 1, minor: 100, currency: "USD"}
	first, ok := a.next(&e)
	require.True(t, ok)
	second, _ := a.next(&e)
	other, _ := b.next(&e)
	require.NotEqual(t, first, second, "the second of equal rows is another entry")
	require.NotEqual(t, first, other, "the batch is part of the key")
	again, _ := newOccurrences("x").next(&e)
	require.Equal(t, first, again, "the same in every import")
	require.NotEqual(t, first, h.reversal(first))
	key, ok := parseEntryID(first.EntryID())
	require.True(t, ok)
	require.Equal(t, first, key)
	for _, bad := range []string{"", "x", strings.ToUpper(first.EntryID()), first.EntryID() + "a", first.EntryID()[1:] + "b"} {
		if _, ok := parseEntryID(bad); ok {
			require.Equal(t, bad, func() string { k, _ := parseEntryID(bad); return k.EntryID() }())
		}
	}
}

func TestChunksComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "b"})
		entries := make([]entry, rapid.IntRange(1, chunkSize).Draw(t, "n"))
		for i := range entries {
			entries[i] = entry{
				account: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "account"),
				day:     Day(rapid.Int32Range(int32(FirstDay), int32(LastDay)).Draw(t, "day")),
				minor:   rapid.Int64Range(-MaxMinor, MaxMinor).Draw(t, "minor"), reporting: rapid.Int64Range(-9, 9).Draw(t, "reporting"),
				currency: text.Draw(t, "currency"), source: text.Draw(t, "source"), external: text.Draw(t, "external"), note: text.Draw(t, "note"),
			}
			entries[i].key[0] = byte(i)
		}
		c := newChunk(entries)
		got, err := c.entries()
		require.NoError(t, err)
		require.Equal(t, entries, got)
		c.Keys = c.Keys[1:]
		_, err = c.entries()
		require.ErrorIs(t, err, errChunk)
	})
	_, err := (&columns{Accounts: []string{"a"}, Index: []byte{1}, Days: []byte{0}, Minor: []byte{0}}).revenue()
	require.ErrorIs(t, err, errChunk)
	_, err = (&columns{Accounts: []string{"a"}, Index: []byte{0}, Days: []byte{0x80}, Minor: []byte{0}}).revenue()
	require.ErrorIs(t, err, errChunk)
}
