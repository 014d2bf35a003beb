package entitlements

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// entry is one revenue entry, for models.
type entry struct {
	day   int32
	minor int64
}

func drawEntry(t *rapid.T) entry {
	return entry{
		day:   rapid.OneOf(rapid.Int32Range(10000, 10020), rapid.Int32Range(-700000, 2900000)).Draw(t, "day"),
		minor: rapid.OneOf(rapid.Int64Range(-5, 5), rapid.Int64Range(-1e12, 1e12)).Draw(t, "minor"),
	}
}

// packed is the ledger of entries added in portions.
func packed(t *rapid.T, entries []entry) ledger {
	var s applyScratch
	var l ledger
	for len(entries) > 0 {
		n := rapid.IntRange(1, len(entries)).Draw(t, "portion")
		r := &RevenueChange{Accounts: []string{"a"}}
		for _, e := range entries[:n] {
			r.Index, r.Days, r.Minor = append(r.Index, 0), append(r.Days, e.day), append(r.Minor, e.minor)
		}
		var sorted sortedEntries
		if err := sorted.sort(r); err != nil {
			t.Fatal(err)
		}
		l = s.merge(l, r, &sorted, 0)
		entries = entries[n:]
	}
	return l
}

func TestLedgerIsTheSameInWhateverPortionsItComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOf(rapid.Custom(drawEntry)).Draw(t, "entries")
		one := packed(t, entries)
		other := packed(t, rapid.Permutation(entries).Draw(t, "order"))
		if one != other {
			t.Fatalf("%x\n%x", one, other)
		}
	})
}

func TestLedgerUnpacksToWhatDecisionsMergeThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOf(rapid.Custom(drawEntry)).Draw(t, "entries")
		l := packed(t, entries)
		var want decision.Ledger
		for _, e := range entries {
			var err error
			want, err = want.Merge(decision.Bucket{Day: civil.Day(e.day), Minor: e.minor})
			require.NoError(t, err)
		}
		got := l.buckets(nil)
		// Entries of 0.00 on a day of refunds make no bucket here, and decide nothing.
		want = withoutIdleZeros(want)
		require.Equal(t, []decision.Bucket(want), []decision.Bucket(got))
		count := int64(0)
		l.each(func(d dayTotal) bool { count += d.entries; return true })
		require.Equal(t, int64(len(entries)), count)
	})
}

func withoutIdleZeros(l decision.Ledger) decision.Ledger {
	var kept decision.Ledger
	for i, b := range l {
		if b.Minor == 0 && i+1 < len(l) && l[i+1].Day == b.Day {
			continue
		}
		kept = append(kept, b)
	}
	return kept
}

func TestLedgerAmountsBeyondCountingDoNotWrap(t *testing.T) {
	total := entryTotal(1, math.MaxInt64).add(entryTotal(1, math.MaxInt64)).add(entryTotal(1, math.MinInt64))
	l := ledger(packDays(nil, []dayTotal{total, entryTotal(2, math.MinInt64)}))
	sum := int64(0)
	for _, b := range l.buckets(nil) {
		sum += max(b.Minor, -b.Minor)
	}
	require.Equal(t, decision.MaxTotal, sum)
}
