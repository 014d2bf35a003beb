package entitlements

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// roll is this service's copy of the terms on advisory boards, which are few: one
// document, with how far it has followed the board's feed. Terms that were cut short
// are not in it.
type roll struct {
	Position int64  `bson:"position"`
	Resume   string `bson:"resume"`
	// Whole says that it was once as far as the board's feed.
	Whole bool `bson:"whole"`
	// Terms ascend by id.
	Terms []rollTerm `bson:"terms"`
}

// rollTerm has short names, since there is one of it for every term ever served.
type rollTerm struct {
	ID      string    `bson:"i"`
	Account string    `bson:"a"`
	Starts  civil.Day `bson:"s"`
	Ends    civil.Day `bson:"e"`
}

// apply takes a batch in; days are those of the zone. What the roll had before changes
// nothing, so that a batch may come again, whole or in part, also after others.
func (r *roll) apply(b TermBatch, zone civil.Zone) {
	for _, c := range b.Changes {
		if c.Position > r.Position {
			r.set(c, zone.DayOf(c.Told))
		}
	}
	if b.Position >= r.Position {
		r.Position, r.Resume = b.Position, b.Resume
	}
	r.Whole = r.Whole || b.CaughtUp
}

// set takes in what a term is, as told on a day. One that was completed by then stays what
// it is: what it has earned is not lost.
func (r *roll) set(c TermChange, told civil.Day) {
	at, known := slices.BinarySearchFunc(r.Terms, c.ID, func(t rollTerm, id string) int { return strings.Compare(t.ID, id) })
	switch {
	case known && r.Terms[at].Ends <= told:
		return
	case known && c.CutShort:
		r.Terms = slices.Delete(r.Terms, at, at+1)
		return
	case c.CutShort:
		return
	case !known:
		r.Terms = slices.Insert(r.Terms, at, rollTerm{})
	}
	r.Terms[at] = rollTerm{ID: c.ID, Account: c.Account, Starts: c.Starts, Ends: c.Ends}
}

// news says that a batch has terms that the roll has not seen.
func (r *roll) news(b TermBatch) bool {
	return slices.ContainsFunc(b.Changes, func(c TermChange) bool { return c.Position > r.Position })
}

// members returns the terms of each account, as decisions are made from them.
func (r *roll) members() map[string][]decision.Term {
	members := map[string][]decision.Term{}
	for _, t := range r.Terms {
		members[t.Account] = append(members[t.Account], decision.Term{Starts: t.Starts, Ends: t.Ends})
	}
	return members
}

// of returns the terms of one account.
func (r *roll) of(account string) []decision.Term {
	var terms []decision.Term
	for _, t := range r.Terms {
		if t.Account == account {
			terms = append(terms, decision.Term{Starts: t.Starts, Ends: t.Ends})
		}
	}
	return terms
}

// rollStore keeps the roll.
type rollStore struct{ rolls *docstore.Collection[roll] }

const rollID = "board"

func openRollStore(ctx context.Context, store *docstore.Store) (*rollStore, error) {
	rolls, err := docstore.OpenCollection[roll](ctx, store, docstore.Spec{Name: "rolls", Silent: true})
	if err != nil {
		return nil, err
	}
	return &rollStore{rolls}, nil
}

// load returns the roll, an empty one where there is none yet.
func (s *rollStore) load(ctx context.Context) (*roll, error) {
	d, err := s.rolls.Get(ctx, rollID)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return nil, err
	}
	return &d.Body, nil
}

// apply takes a batch into the stored roll, which another process may have brought
// further already, and returns it.
func (s *rollStore) apply(ctx context.Context, b TermBatch, zone civil.Zone) (*roll, error) {
	d, err := s.rolls.Upsert(ctx, rollID, func(d *docstore.Doc[roll]) error {
		d.Body.apply(b, zone)
		return nil
	})
	return &d.Body, err
}

// replace stores a roll that was made anew, unless the stored one is further, and
// returns the stored one.
func (s *rollStore) replace(ctx context.Context, anew *roll) (*roll, error) {
	d, err := s.rolls.Upsert(ctx, rollID, func(d *docstore.Doc[roll]) error {
		if anew.Position >= d.Body.Position {
			d.Body = *anew
		}
		return nil
	})
	return &d.Body, err
}
