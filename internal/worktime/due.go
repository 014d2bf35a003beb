package worktime

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Pause is a stretch of time in which a clock stands still, From inclusive and
// To exclusive. A zero To means that the pause is still on. A pause that ends
// before it begins is none.
type Pause struct{ From, To time.Time }

// Due returns the first instant at which a working time has passed since from,
// leaving out the pauses, in the zone of the hours. Pauses may overlap and may
// begin before from: their union counts. A time that is used up exactly at
// closing is due at closing, not at the next opening. A working time of 0 or
// less is due at from, whether or not that is in working hours or in a pause.
// ok is false when there is no such instant: when a pause is still on, or the
// time would not pass before the year 10000. Instants and times are cut to the
// millisecond.
func (h *Hours) Due(from time.Time, within time.Duration, pauses []Pause) (due time.Time, ok bool) {
	at, left := from.UnixMilli(), within.Milliseconds()
	if left <= 0 {
		return h.instant(at), true
	}
	if !h.always && h.week[7] == 0 {
		return time.Time{}, false
	}
	for _, p := range union(pauses, at, horizon) {
		var reached int64
		if reached, left = h.reach(at, p.from, left); left == 0 {
			return h.instant(reached), true
		}
		at = p.to
	}
	reached, left := h.reach(at, horizon, left)
	if left > 0 {
		return time.Time{}, false
	}
	return h.instant(reached), true
}

// Between returns the working time that passes from one instant until another,
// leaving out the pauses; 0 when to is not after from, and the longest duration
// there is when it is longer (292 years). Pauses count as for Due, and instants
// are cut to the millisecond.
func (h *Hours) Between(from, to time.Time, pauses []Pause) time.Duration {
	first, last := from.UnixMilli(), to.UnixMilli()
	total := h.between(first, last)
	for _, p := range union(pauses, first, last) {
		total -= h.between(p.from, p.to)
	}
	if total > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(total) * time.Millisecond
}

func (h *Hours) instant(at int64) time.Time { return time.UnixMilli(at).In(h.location) }

// stretch is a stretch of time in milliseconds, from inclusive and to exclusive.
type stretch struct{ from, to int64 }

// union returns the parts of the pauses between two instants, in order and with
// gaps.
func union(pauses []Pause, first, last int64) []stretch {
	if len(pauses) == 0 {
		return nil
	}
	parts := make([]stretch, 0, len(pauses))
	for _, p := range pauses {
		part := stretch{max(p.From.UnixMilli(), first), last}
		if !p.To.IsZero() {
			part.to = min(p.To.UnixMilli(), last)
		}
		if part.from < part.to {
			parts = append(parts, part)
		}
	}
	slices.SortFunc(parts, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	joined := parts[:0]
	for _, part := range parts {
		if last := len(joined) - 1; last >= 0 && part.from <= joined[last].to {
			joined[last].to = max(joined[last].to, part.to)
		} else {
			joined = append(joined, part)
		}
	}
	return joined
}
