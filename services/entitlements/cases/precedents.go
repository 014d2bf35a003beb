package cases

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Basis says on what ground a case points to a remedy.
type Basis string

// The grounds.
const (
	// FromCatalogue is the catalogue's first remedy for issue and facts.
	FromCatalogue Basis = "catalogue"
	// FromPrecedent is what was done most often about the same issue with the same facts.
	FromPrecedent Basis = "precedent"
)

// precedentKey is the same for the same issue with the same facts, and for no others.
func precedentKey(issue string, facts map[string]string) string {
	h := sha256.New()
	write := func(text string) {
		h.Write(binary.AppendUvarint(nil, uint64(len(text))))
		h.Write([]byte(text))
	}
	write(issue)
	for _, key := range slices.Sorted(maps.Keys(facts)) {
		write(key)
		write(facts[key])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

const (
	// precedentsCounted is how many resolved cases, the latest ones, are counted.
	precedentsCounted = 2000
	// precedentsShown is how many of them are named.
	precedentsShown = 10
)

// Precedents are the resolved cases of the same issue with the same facts, and the remedy
// that they point to.
type Precedents struct {
	// Count is how many there are; More says that only the latest were counted.
	Count int
	More  bool
	// Remedies are what was done, the most frequent first and, of equally many, the latest.
	Remedies []RemedyCount
	// Latest are the last resolved.
	Latest []resource.Stored[Case]
	// Pointed is the remedy pointed to, and Basis on what ground. An empty Basis says that
	// nothing points anywhere: the case is the first of its kind.
	Pointed string
	Basis   Basis
	// Worth is what the remedy pointed to is worth: as the catalogue has it, or most often
	// among the precedents that say it; nil where that is not stated.
	Worth *Worth
}

// RemedyCount is how often a remedy was given.
type RemedyCount struct {
	// Remedy is its id; empty for none.
	Remedy string
	Count  int
	// Last is when it was given last.
	Last time.Time
	// Worth is what it was worth most often where that was said and, of equally many,
	// last; nil where it was never said.
	Worth  *Worth
	worths worths
}

// FindPrecedents returns the precedents for an issue with these facts, without the case of
// an id: INVALID_ARGUMENT.
func (s *Cases) FindPrecedents(ctx context.Context, issue string, facts map[string]string, without string) (Precedents, error) {
	p := problems{}
	p.id("issue", issue)
	p.facts("facts", facts)
	if err := p.err(); err != nil {
		return Precedents{}, err
	}
	out, err := s.countPrecedents(ctx, precedentKey(issue, facts), without)
	if err != nil {
		return out, fmt.Errorf("find the precedents: %w", err)
	}
	if s.catalogue != nil {
		listed, ok, err := s.catalogue.Remedy(ctx, issue, facts)
		if err != nil {
			return out, fmt.Errorf("ask the catalogue of remedies: %w", err)
		}
		if ok {
			out.Pointed, out.Worth, out.Basis = listed.ID, listed.Worth, FromCatalogue
			return out, nil
		}
	}
	if len(out.Remedies) > 0 {
		out.Pointed, out.Worth, out.Basis = out.Remedies[0].Remedy, out.Remedies[0].Worth, FromPrecedent
	}
	return out, nil
}

func (s *Cases) countPrecedents(ctx context.Context, key, without string) (Precedents, error) {
	var out Precedents
	counts := map[string]*RemedyCount{}
	q := docstore.Query{Index: byPrecedent, Equal: []any{key}, Descending: true, Limit: 200}
	for c, err := range s.table.All(ctx, q) {
		if err != nil {
			return out, err
		}
		if c.ID == without {
			continue
		}
		if out.Count == precedentsCounted {
			out.More = true
			break
		}
		out.Count++
		remedy := c.State.Remedy.ID
		if counts[remedy] == nil {
			counts[remedy] = &RemedyCount{Remedy: remedy, Last: c.State.Resolved}
		}
		counts[remedy].Count++
		counts[remedy].worths.add(c.State.Remedy)
		if len(out.Latest) < precedentsShown {
			out.Latest = append(out.Latest, c)
		}
	}
	for _, c := range counts {
		c.Worth = c.worths.commonest()
		out.Remedies = append(out.Remedies, *c)
	}
	slices.SortFunc(out.Remedies, func(a, b RemedyCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		if order := b.Last.Compare(a.Last); order != 0 {
			return order
		}
		return strings.Compare(a.Remedy, b.Remedy)
	})
	return out, nil
}

// errFactsMoved says that a case is about something else than its precedents were found
// for.
var errFactsMoved = errors.New("issue or facts were changed meanwhile")

// Resolve ends a case with a remedy, or with none: NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT,
// CASE_STATE, ATTESTATION_MISSING, DEPARTS_FROM_PRECEDENT where another remedy or another
// value is pointed to, or, where nothing is, the catalogue does not have the remedy, or has
// it with another value, and no reason is given. With check, nothing is written.
func (s *Cases) Resolve(ctx context.Context, call Call, id, etag string, r Resolution, check bool) (resource.Stored[Case], error) {
	if err := r.check(); err != nil {
		return resource.Stored[Case]{}, err
	}
	if earlier, known, err := s.table.Replay(ctx, call.Call, id); known || err != nil {
		return earlier, err
	}
	for {
		resolved, err := s.tryResolve(ctx, call, id, etag, r, check)
		if !errors.Is(err, errFactsMoved) {
			return resolved, err
		}
	}
}

func (s *Cases) tryResolve(ctx context.Context, call Call, id, etag string, r Resolution, check bool) (resource.Stored[Case], error) {
	before, err := s.table.Get(ctx, id)
	if err != nil {
		return before, err
	}
	key := precedentKey(before.State.Issue, before.State.Facts)
	found, err := s.FindPrecedents(ctx, before.State.Issue, before.State.Facts, id)
	if err != nil {
		return before, err
	}
	if err := s.checkCurrency(&r.Remedy); err != nil {
		return before, err
	}
	r.Remedy.Pointed, r.Remedy.PointedWorth, r.Remedy.Basis = found.Pointed, found.Worth, found.Basis
	departs, err := s.settle(ctx, Name(id), &r.Remedy, &found)
	if err != nil {
		return before, err
	}
	if departs == "" {
		r.Remedy.DepartureReason = ""
	}
	return s.act(ctx, call, id, etag, "case.resolved", check, func(t turn, c *Case) error {
		if precedentKey(c.Issue, c.Facts) != key {
			return errFactsMoved
		}
		if err := t.resolve(c, r); err != nil {
			return err
		}
		if departs != "" && r.Remedy.DepartureReason == "" {
			return refuse(ReasonDeparture, t.name, "%s: do as like cases and the catalogue have it, or give the reason for which this case differs.", departs).
				WithResource(caseType, t.name).With("pointed", found.Pointed)
		}
		return nil
	})
}
