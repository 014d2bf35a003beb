package entitlements

import (
	"encoding/binary"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// ledger holds what an account paid and was refunded, summed up by day, packed:
// a million accounts with ten days each take some 60 MB. Days ascend. For each day
//
//	uvarint(step<<2 | many<<1 | refunds)  step: zigzag of the first day since 1970,
//	                                      then days since the one before
//	uvarint(entries)                      only when many: else there is one
//	uvarint(received)                     sum of the entries of zero and above
//	uvarint(refunded)                     only when refunds: sum of the others, negated
//
// Equal totals are equal bytes, whatever the order in which the entries came.
type ledger string

// dayTotal sums up the entries of one day, in minor units.
type dayTotal struct {
	day      civil.Day
	entries  int64
	received int64 // 0 and above
	refunded int64 // 0 and above
}

const (
	withRefunds = 1 << iota
	withMany
	flagBits = 2
)

// each calls visit for every day, in order, until it returns false.
func (l ledger) each(visit func(dayTotal) bool) {
	var day int64
	for rest := string(l); rest != ""; {
		var t dayTotal
		t, day, rest = nextDay(rest, day, len(rest) == len(l))
		if !visit(t) {
			return
		}
	}
}

// nextDay unpacks the first day of rest, which follows on day.
func nextDay(rest string, day int64, first bool) (dayTotal, int64, string) {
	head, n := uvarint(rest)
	rest = rest[n:]
	if step := head >> flagBits; first {
		day = int64(step>>1) ^ -int64(step&1)
	} else {
		day += int64(step)
	}
	t := dayTotal{day: civil.Day(day), entries: 1}
	if head&withMany != 0 {
		v, n := uvarint(rest)
		t.entries, rest = int64(v), rest[n:]
	}
	v, n := uvarint(rest)
	t.received, rest = int64(v), rest[n:]
	if head&withRefunds != 0 {
		v, n := uvarint(rest)
		t.refunded, rest = int64(v), rest[n:]
	}
	return t, day, rest
}

// uvarint is binary.Uvarint on a string that is well formed: it was packed here,
// and what comes from the store has a checksum.
func uvarint(s string) (v uint64, n int) {
	for shift := uint(0); n < len(s); shift += 7 {
		b := s[n]
		n++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, n
		}
	}
	return v, n
}

// appendDay packs a day behind those up to last; first says that there are none.
func appendDay(b []byte, t dayTotal, last civil.Day, first bool) []byte {
	step := uint64(int64(t.day) - int64(last))
	if first {
		step = uint64(int64(t.day)<<1 ^ int64(t.day)>>63)
	}
	head := step << flagBits
	if t.entries != 1 {
		head |= withMany
	}
	if t.refunded != 0 {
		head |= withRefunds
	}
	b = binary.AppendUvarint(b, head)
	if t.entries != 1 {
		b = binary.AppendUvarint(b, uint64(t.entries))
	}
	b = binary.AppendUvarint(b, uint64(t.received))
	if t.refunded != 0 {
		b = binary.AppendUvarint(b, uint64(t.refunded))
	}
	return b
}

// add makes one total of two of the same day.
func (t dayTotal) add(o dayTotal) dayTotal {
	t.entries += o.entries
	t.received = addUpTo(t.received, o.received)
	t.refunded = addUpTo(t.refunded, o.refunded)
	return t
}

// addUpTo adds what both fit decision.MaxTotal; what is beyond is not counted.
func addUpTo(a, b int64) int64 { return min(a+b, decision.MaxTotal) }

// entryTotal is the total of a single entry.
func entryTotal(day int32, minor int64) dayTotal {
	t := dayTotal{day: civil.Day(day), entries: 1}
	if minor >= 0 {
		t.received = min(minor, decision.MaxTotal)
	} else {
		t.refunded = -max(minor, -decision.MaxTotal)
	}
	return t
}

// days unpacks a ledger into totals, appending them.
func (l ledger) days(totals []dayTotal) []dayTotal {
	l.each(func(t dayTotal) bool {
		totals = append(totals, t)
		return true
	})
	return totals
}

// buckets unpacks a ledger for decisions, appending to what is given. All of it adds
// up to decision.MaxTotal at most: what is beyond, in the order of days, is left out.
func (l ledger) buckets(into decision.Ledger) decision.Ledger {
	room := decision.MaxTotal
	l.each(func(t dayTotal) bool {
		if t.received > 0 || t.refunded == 0 {
			received := min(t.received, room)
			room -= received
			into = append(into, decision.Bucket{Day: t.day, Minor: received})
		}
		if refunded := min(t.refunded, room); refunded > 0 {
			room -= refunded
			into = append(into, decision.Bucket{Day: t.day, Minor: -refunded})
		}
		return true
	})
	return into
}

// sumUpDays sorts totals by day, and makes one of those of the same day.
func sumUpDays(totals []dayTotal) []dayTotal {
	ascending := func(a, b dayTotal) int { return int(a.day) - int(b.day) }
	if !slices.IsSortedFunc(totals, ascending) {
		slices.SortStableFunc(totals, ascending)
	}
	kept := totals[:0]
	for _, t := range totals {
		if n := len(kept); n > 0 && kept[n-1].day == t.day {
			kept[n-1] = kept[n-1].add(t)
		} else {
			kept = append(kept, t)
		}
	}
	return kept
}

// packDays packs totals that sumUpDays made, appending to b.
func packDays(b []byte, totals []dayTotal) []byte {
	var last civil.Day
	for i, t := range totals {
		b = appendDay(b, t, last, i == 0)
		last = t.day
	}
	return b
}
