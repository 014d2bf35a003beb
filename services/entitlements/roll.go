package entitlements

import (
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// roll is the terms on advisory boards, which are few. Terms that were cut short are not in
// it.
type roll struct {
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

func (c TermChange) at() (int64, time.Time) { return c.Position, c.Told }

// set takes in what a term is, as told on a day. One that was completed by then stays what
// it is: what it has earned is not lost.
func (r *roll) set(c TermChange, on civil.Day) {
	at, known := slices.BinarySearchFunc(r.Terms, c.ID, func(t rollTerm, id string) int { return strings.Compare(t.ID, id) })
	switch {
	case known && r.Terms[at].Ends <= on:
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
