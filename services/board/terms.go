package board

import (
	"context"
	"errors"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Terms returns all terms of a board, by the day they begin and then by seat;
// resource.ErrNotFound for the board.
func (r *Rosters) Terms(ctx context.Context, board string) ([]Term, error) {
	if _, err := r.boards.Get(ctx, board); err != nil {
		return nil, err
	}
	roster, err := r.get(ctx, board)
	if err != nil {
		return nil, err
	}
	terms := slices.Clone(roster.Terms)
	slices.SortStableFunc(terms, func(a, b Term) int {
		if a.Start != b.Start {
			return int(a.Start) - int(b.Start)
		}
		return a.Seat - b.Seat
	})
	return terms, nil
}

// Term returns a term, or NOT_FOUND.
func (r *Rosters) Term(ctx context.Context, board, id string) (Term, error) {
	roster, err := r.get(ctx, board)
	if err != nil {
		return Term{}, err
	}
	for _, t := range roster.Terms {
		if t.ID == id {
			return t, nil
		}
	}
	return Term{}, r.missing(board, id)
}

func (r *Rosters) missing(board, id string) error {
	return fault.Missing(termType, TermName(board, id))
}

// Members returns the terms that run on a day, by seat.
func (r *Rosters) Members(ctx context.Context, board string, day civil.Day) ([]Term, error) {
	roster, err := r.get(ctx, board)
	return roster.running(day), err
}

// End ends a term before its planned end, from a day on, and leaves its seat vacant.
// NOT_FOUND; resource.ErrStale; ErrTermState for one that is over; INVALID_ARGUMENT for a
// day that is not within it; ErrBoardState.
func (r *Rosters) End(ctx context.Context, call resource.Call, board, id, etag string, how TermEnd, day civil.Day, reason string) (Term, error) {
	b, err := r.boards.Open(ctx, board)
	if err != nil {
		return Term{}, err
	}
	roster, err := r.update(ctx, call, board, termsChanged, func(s *Roster) error {
		i := slices.IndexFunc(s.Terms, func(t Term) bool { return t.ID == id })
		if i < 0 {
			return r.missing(board, id)
		}
		t := s.Terms[i]
		switch {
		case etag != "" && etag != "*" && etag != t.Etag():
			return fault.New(fault.Aborted, fault.ReasonStaleEtag,
				"%s was changed since it was read: read it again and repeat the change.", TermName(board, id)).WithResource(termType, TermName(board, id))
		case t.Ended != nil:
			return termState(board, id, "has ended on %s already", t.Over())
		case t.End <= r.boards.Today(b.State):
			return termState(board, id, "is over since %s, as planned", t.End)
		case day < t.Start || day >= t.End:
			return fault.Invalid("date", "%s is not within the term, which begins on %s and ends on %s", day, t.Start, t.End)
		}
		ended := s.change(id, r.now())
		ended.Ended, ended.How, ended.EndReason = &day, how, reason
		return nil
	})
	if err != nil {
		return Term{}, err
	}
	ended := Term{}
	for _, t := range roster.Terms {
		if t.ID == id {
			ended = t
		}
	}
	return ended, r.changed(ctx, board)
}

// dissolve ends the terms of a closed board, on the day on which it was closed; those to
// come end before they begin, and whoever was to leave later leaves then. It can be
// repeated: a crash may come after the close.
func (r *Rosters) dissolve(ctx context.Context, s resource.Stored[Board]) error {
	closed := s.State.zone().DayOf(s.State.Updated) // nothing of it changed since
	remains := func(t Term) bool { return t.Over() > max(t.Start, closed) }
	roster, err := r.get(ctx, s.ID)
	if err == nil && slices.ContainsFunc(roster.Terms, remains) {
		_, err = r.update(ctx, resource.Call{Principal: serviceName}, s.ID, termsChanged, func(roster *Roster) error {
			for _, t := range roster.Terms {
				if remains(t) {
					ended, day := roster.change(t.ID, r.now()), max(t.Start, closed)
					ended.Ended, ended.How, ended.EndReason = &day, Dissolved, s.State.CloseReason
				}
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	return r.changed(ctx, s.ID)
}

// Seat is a chair on a board, and who holds it.
type Seat struct {
	Number int
	// Term is nil where the seat is vacant.
	Term *Term
}

// Seats returns the seats of a board on a day, by number: as many as the charter in force
// has, and those beyond that members still hold.
func (s *Service) Seats(ctx context.Context, board string, day civil.Day) ([]Seat, error) {
	members, err := s.Terms.Members(ctx, board, day)
	if err != nil {
		return nil, err
	}
	seats := 0
	v, err := s.Charters.At(ctx, board, day)
	switch {
	case err == nil:
		seats = v.Rules.Seats
	case !errors.Is(err, ErrNoCharter):
		return nil, err
	}
	for _, t := range members {
		seats = max(seats, t.Seat)
	}
	list := make([]Seat, seats)
	for i := range list {
		list[i].Number = i + 1
	}
	for i := range members {
		list[members[i].Seat-1].Term = &members[i]
	}
	return list, nil
}
