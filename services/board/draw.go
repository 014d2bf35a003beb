package board

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// DrawPanel draws the panel of a committed rotation: the seed is made of what was
// revealed and, where the plan needs it, the value of the named round. What was drawn
// stays. ErrRotationState; ErrSeed where the seed cannot be made yet, or not of this.
func (r *Rotations) DrawPanel(ctx context.Context, call resource.Call, board, rotation, etag, round string) (resource.Stored[Rotation], error) {
	var none resource.Stored[Rotation]
	id := rotationID(board, rotation)
	if earlier, known, err := r.table.Replay(ctx, call, id); known || err != nil {
		return earlier, r.settled(ctx, board, earlier, err)
	}
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if s.State.State != Committed {
		return none, rotationState(id, "is %s, and only a committed one can be drawn", s.State.State)
	}
	taken, err := r.pool(ctx, s.State)
	if err != nil {
		return none, err
	}
	committed, err := r.archive.drawn(ctx, s.State.Draw)
	if err != nil {
		return none, err
	}
	mark := *s.State.Draw
	mark.Drawn, mark.Round = r.now(), round
	drawn, err := committed.Draw(record.Values{Time: mark.Drawn, Round: round, Secrets: mark.Secrets})
	if err != nil {
		return none, seedError(id, "cannot be drawn with this: %s", err)
	}
	mark.Seed, mark.Panel = drawn.Outcome.Seed, drawn.Outcome.Panel
	seats, err := seat(taken, drawn)
	if err != nil {
		return none, err
	}
	only := both(resource.IfVersion[Rotation](s.Version), resource.IfEtag[Rotation](etag))
	s, err = r.step(ctx, call, id, only, "rotation.drawn", []RotationState{Committed}, func(s *Rotation) error {
		s.State, s.Draw, s.Seats = Drawn, &mark, seats
		return nil
	})
	return s, r.settled(ctx, board, s, err)
}

// seat gives the drawn and the nominees their seats, by the order that the seed draws of
// their pseudonyms: the first has the longest term. What is left stays empty.
func seat(taken *pool, drawn *record.Record) ([]OpenSeat, error) {
	seed, err := hex.DecodeString(drawn.Outcome.Seed)
	if err != nil {
		return nil, fmt.Errorf("the seed: %w", err)
	}
	pseudonyms, err := record.PseudonymsOf(taken.Salts)
	if err != nil {
		return nil, err
	}
	keys := slices.Clone(drawn.Outcome.Members)
	for _, id := range taken.Preparation.Nominees {
		keys = append(keys, pseudonyms.Of(id))
	}
	accounts := pseudonyms.Accounts()
	var order []string
	for _, key := range charter.Shuffle(seed, keys) {
		order = append(order, accounts[key])
	}
	terms, err := taken.Preparation.Seat(order)
	if err != nil {
		return nil, err
	}
	seats := make([]OpenSeat, len(taken.Preparation.Open))
	for i, open := range taken.Preparation.Open {
		seats[i] = OpenSeat{Number: open.Number, End: open.End, Vacancy: open.Vacancy}
		if i < len(terms) {
			seats[i].Account, seats[i].Kind = terms[i].Account, terms[i].Kind
		}
	}
	return seats, nil
}
