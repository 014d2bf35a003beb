package cost

import (
	"math/bits"

	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// sum adds up products exactly, in 128 bits: as many uses as there can be, of as many
// units at as high a cost as there can be, fit.
type sum struct {
	hi int64
	lo uint64
}

// add adds units times minor units; minor is not below 0.
func (s *sum) add(units, minor int64) {
	var carry uint64
	if units >= 0 {
		hi, lo := bits.Mul64(uint64(units), uint64(minor))
		s.lo, carry = bits.Add64(s.lo, lo, 0)
		s.hi += int64(hi) + int64(carry)
		return
	}
	hi, lo := bits.Mul64(uint64(-units), uint64(minor))
	s.lo, carry = bits.Sub64(s.lo, lo, 0)
	s.hi -= int64(hi) + int64(carry)
}

// minor is the sum, or the most that amounts are told up to, decision.MaxTotal, with its
// sign.
func (s *sum) minor() int64 {
	switch {
	case s.hi == 0 && s.lo <= uint64(decision.MaxTotal):
		return int64(s.lo)
	case s.hi == -1 && -s.lo <= uint64(decision.MaxTotal) && s.lo != 0:
		return -int64(-s.lo)
	case s.hi < 0:
		return -decision.MaxTotal
	}
	return decision.MaxTotal
}
