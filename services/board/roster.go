package board

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/etag"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// Roster is who sits on a board when: all its terms, past, running and to come. It is one
// aggregate, so that no two hold a seat at a time, and two can exchange their ends in one
// write.
type Roster struct {
	// Terms are in the order in which they were confirmed.
	Terms []Term `bson:"terms"`
	// LaidOut is the day up to which rotations are laid out.
	LaidOut civil.Day `bson:"laid_out"`
	// UnderWay is the id of the rotation that took its pool and is not closed; while
	// there is one, terms are not moved.
	UnderWay string `bson:"under_way,omitempty"`
	// Takings counts how often a rotation was noted to be under way.
	Takings int64 `bson:"takings,omitempty"`
	// Moving is a rotation whose change the terms have followed already, and which may
	// not be written yet.
	Moving *moving `bson:"moving,omitempty"`
	// Moves counts the changes of the schedule that terms followed.
	Moves int64 `bson:"moves,omitempty"`
	// Closing is the version of the board over which its close is written, or was to be;
	// 0 for none. While it is noted no pool is taken and no term moves.
	Closing int64 `bson:"closing,omitempty"`
	// Changed are the ids of the terms that the last write changed.
	Changed        []string `bson:"changed,omitempty"`
	resource.Times `bson:",inline"`
}

// Term is the time for which one account holds one seat.
type Term struct {
	// ID is unique in the board.
	ID string `bson:"id"`
	// Account and Contact are ids, the contact's within the account.
	Account string `bson:"account"`
	Contact string `bson:"contact"`
	// Seat is its number, from 1.
	Seat int `bson:"seat"`
	// Rotation is the id of the one it began with.
	Rotation string       `bson:"rotation"`
	Kind     charter.Kind `bson:"kind"`
	Start    civil.Day    `bson:"start"`
	// End is the first day on which it is over, as planned.
	End civil.Day `bson:"end"`
	// Promised is the end that was first planned, where End was moved since; nil where it
	// was not, or nobody noted it.
	Promised *civil.Day `bson:"promised,omitempty"`
	// MoveReason says why its planned end was moved last; empty where it never was.
	MoveReason string `bson:"move_reason,omitempty"`
	// Swap is what the last exchange of its planned end did; nil where there was none.
	Swap *charter.Effect `bson:"swap,omitempty"`
	// Ended is the first day on which it was over, where it ended otherwise than
	// planned; nil where it did not.
	Ended *civil.Day `bson:"ended,omitempty"`
	// How and EndReason say why it ended otherwise than planned.
	How       TermEnd `bson:"how,omitempty"`
	EndReason string  `bson:"end_reason,omitempty"`
	// Vacancy says that it is the unexpired rest of a term that another left.
	Vacancy bool `bson:"vacancy,omitempty"`
	// Revision counts the changes of this term.
	Revision int64     `bson:"revision"`
	Created  time.Time `bson:"created"`
	Updated  time.Time `bson:"updated"`
}

// TermEnd says how a term ended otherwise than planned.
type TermEnd string

// The ends of terms.
const (
	Resigned  TermEnd = "resigned"
	Left      TermEnd = "left"
	Dissolved TermEnd = "dissolved"
)

// Over returns the first day on which the term is over, by plan or in fact.
func (t *Term) Over() civil.Day {
	if t.Ended != nil {
		return *t.Ended
	}
	return t.End
}

// Runs reports whether the seat is held on a day.
func (t *Term) Runs(day civil.Day) bool { return t.Start <= day && day < t.Over() }

// Etag returns what a caller sends back to change only what it has read.
func (t *Term) Etag() string { return etag.Of(t.Revision, t.Created) }

// plain is the term as the charter sees it.
func (t *Term) plain() charter.Term {
	return charter.Term{Account: t.Account, Seat: t.Seat, Start: t.Start, End: t.End, Promised: t.Promised, Ended: t.Ended, Kind: t.Kind, Vacancy: t.Vacancy}
}

// plain is all terms as the charter sees them.
func (r *Roster) plain() []charter.Term {
	terms := make([]charter.Term, len(r.Terms))
	for i := range r.Terms {
		terms[i] = r.Terms[i].plain()
	}
	return terms
}

// running returns the terms that run on a day, by seat.
func (r *Roster) running(day civil.Day) []Term {
	var found []Term
	for i := range r.Terms {
		if r.Terms[i].Runs(day) {
			found = append(found, r.Terms[i])
		}
	}
	slices.SortFunc(found, func(a, b Term) int { return a.Seat - b.Seat })
	return found
}

// change returns a term to be changed, by its id, and nil where there is none. It points
// into a copy of the terms, which becomes the roster's.
func (r *Roster) change(id string, at time.Time) *Term {
	r.Terms = slices.Clone(r.Terms)
	for i := range r.Terms {
		if r.Terms[i].ID == id {
			r.Terms[i].Revision++
			r.Terms[i].Updated = at
			r.Changed = append(slices.Clip(r.Changed), id)
			return &r.Terms[i]
		}
	}
	return nil
}

// Rosters is the use cases of terms and seats.
type Rosters struct {
	table  *resource.Table[Roster, *Roster]
	boards *Boards
	now    func() time.Time
	// changed is told of boards whose members changed.
	changed func(ctx context.Context, board string) error
}

// The types of the events of rosters. Followers learn of terms by the first; the others
// are notes, by which the writers of terms, rotations and boards wait for one another.
const (
	termsChanged  = "terms.changed"
	closeNoted    = "roster.close_noted"
	closeStruck   = "roster.close_struck"
	rotationTaken = "roster.rotation_noted"
	rotationFreed = "roster.rotation_struck"
	moveNoted     = "roster.move_noted"
	moveStruck    = "roster.move_struck"
	laidOut       = "roster.laid_out"
)

func openRosters(ctx context.Context, w wiring, boards *Boards) (*Rosters, error) {
	table, err := resource.OpenTable[Roster](ctx, w.requests, resource.Kind[Roster]{
		Type: boardType, Name: Name, Spec: docstore.Spec{Name: "rosters"}, Tell: func(r Roster) any { return tellTerms(r) }})
	return &Rosters{table: table, boards: boards, now: w.now}, err
}

// termsTold is what followers learn of a roster: the terms that changed.
type termsTold struct {
	Terms []Term `bson:"terms,omitempty"`
}

func tellTerms(r Roster) termsTold {
	var told termsTold
	for _, t := range r.Terms {
		if slices.Contains(r.Changed, t.ID) {
			told.Terms = append(told.Terms, t)
		}
	}
	return told
}

// get returns the roster of a board, which is empty for one that never rotated.
func (r *Rosters) get(ctx context.Context, board string) (Roster, error) {
	s, err := r.table.Get(ctx, board)
	if isNotFound(err) {
		return Roster{}, nil
	}
	return s.State, err
}

// update changes the roster of a board.
func (r *Rosters) update(ctx context.Context, call resource.Call, board, event string, change func(*Roster) error) (Roster, error) {
	s, err := r.table.Upsert(ctx, call, board, nil, event, func(s *Roster) error {
		before := *s
		s.Changed = nil
		if err := change(s); err != nil {
			return err
		}
		if s.Changed == nil {
			same := *s
			same.Changed = before.Changed
			if reflect.DeepEqual(same, before) {
				*s = before // what changes nothing is not written
			}
		}
		return nil
	})
	return s.State, err
}

// confirm adds terms, unless they are there. Two terms of one seat at a time are refused:
// whoever seats members must know all.
func (r *Rosters) confirm(ctx context.Context, call resource.Call, board string, terms []Term) error {
	call.RequestID = "" // the terms' ids tell a retry
	_, err := r.update(ctx, call, board, termsChanged, func(s *Roster) error {
		for _, t := range terms {
			if slices.ContainsFunc(s.Terms, func(other Term) bool { return other.ID == t.ID }) {
				continue
			}
			for i := range s.Terms {
				if other := &s.Terms[i]; other.Seat == t.Seat && t.Start < other.Over() && other.Start < t.Over() {
					return fmt.Errorf("seat %d of %s is held by %s until %s and cannot be given to %s from %s",
						t.Seat, Name(board), other.Account, other.Over(), t.Account, t.Start)
				}
			}
			t.Revision, t.Created, t.Updated = 1, r.now(), r.now()
			s.Terms = append(slices.Clip(s.Terms), t)
			s.Changed = append(slices.Clip(s.Changed), t.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.changed(ctx, board)
}
