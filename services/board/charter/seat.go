package charter

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Shuffle returns the keys in an order that the seed draws: ascending by SHA-256 of a
// label, the length of the seed (8 bytes, big endian), the seed and the key. Whoever
// knows the seed and the keys can replay it; the order in which the keys are given
// does not count.
func Shuffle(seed []byte, keys []string) []string {
	digests := make(map[string][]byte, len(keys))
	for _, key := range keys {
		h := sha256.New()
		h.Write([]byte("evenhand board: who gets which seat\n"))
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(seed))))
		h.Write(seed)
		h.Write([]byte(key))
		digests[key] = h.Sum(nil)
	}
	order := slices.Clone(keys)
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(bytes.Compare(digests[a], digests[b]), cmp.Compare(a, b)) })
	return order
}

// Seat returns the terms of new members, in the order that was drawn for them: the
// first gets the longest term. They are those who were drawn and the nominees.
// FAILED_PRECONDITION (ReasonNotEligible) for more than there are seats, or for
// somebody who is neither in the pool nor a nominee.
func (p *Preparation) Seat(order []string) ([]Term, error) {
	if len(order) > len(p.Open) {
		return nil, notEligible(order, "%s for %s that are open on %s.",
			count(len(order), "member"), count(len(p.Open), "seat"), p.Day)
	}
	pool := map[string]Kind{}
	for i := range p.Problem.Pool {
		pool[p.Problem.Pool[i].ID] = Drawn
	}
	for _, id := range p.Nominees {
		pool[id] = Nominated
	}
	terms := make([]Term, 0, len(order))
	for i, id := range order {
		kind, ok := pool[id]
		if !ok || slices.Contains(order[:i], id) {
			return nil, notEligible([]string{id},
				"Account %s is not in the pool of %s, or is there twice: only who is drawn or nominated gets a seat.", id, p.Day)
		}
		open := p.Open[i]
		terms = append(terms, Term{Account: id, Seat: open.Number, Start: p.Day, End: open.End, Kind: kind, Vacancy: open.Vacancy})
	}
	return terms, nil
}
