package decision

import (
	"cmp"
	"errors"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Bucket is the revenue of one day: either all that was received (Minor >= 0)
// or all that was refunded (Minor < 0), in minor units. A revenue entry is a
// bucket of its own.
type Bucket struct {
	Day   civil.Day
	Minor int64
}

// Ledger is the revenue of an account or group in ascending order of days, at
// most two buckets a day, what was received before what was refunded. Build it
// with Merge only. A day with nothing but entries of 0.00 keeps its bucket,
// since a customer joins with the first entry whatever its amount.
type Ledger []Bucket

// MaxTotal bounds the sum of all amounts in a ledger regardless of sign, in
// minor units, so that no sum over a window can overflow.
const MaxTotal int64 = 1 << 60

// ErrTotal reports a ledger whose amounts exceed MaxTotal in sum.
var ErrTotal = errors.New("decision: the amounts of one ledger add up to more than can be counted")

// Merge returns a ledger with the entries added; it shares nothing with l. The
// same entries give the same ledger in whatever order and portions they are
// added. It fails with ErrTotal only.
func (l Ledger) Merge(entries ...Bucket) (Ledger, error) {
	all := slices.Concat(l, entries)
	slices.SortFunc(all, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(sign(b), sign(a)))
	})
	merged, total := all[:0], int64(0)
	for _, b := range all {
		if b.Minor > MaxTotal || b.Minor < -MaxTotal {
			return nil, ErrTotal
		}
		if total += max(b.Minor, -b.Minor); total > MaxTotal {
			return nil, ErrTotal
		}
		if last := len(merged) - 1; last >= 0 && merged[last].Day == b.Day && sign(merged[last]) == sign(b) {
			merged[last].Minor += b.Minor
		} else {
			merged = append(merged, b)
		}
	}
	return slices.Clip(merged), nil
}

// sign is -1 for a refund and 1 for anything else.
func sign(b Bucket) int {
	if b.Minor < 0 {
		return -1
	}
	return 1
}

// First returns the day of the first entry, which is when a customer joined who
// has no explicit date; civil.Never for an empty ledger.
func (l Ledger) First() civil.Day {
	if len(l) == 0 {
		return civil.Never
	}
	return l[0].Day
}
