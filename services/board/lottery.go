package board

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// LotteryState says how far a lottery is.
type LotteryState string

// The states of a lottery, in their order.
const (
	// LotteryCommitted says that its record is public, and its seed does not exist yet.
	LotteryCommitted LotteryState = "committed"
	// LotteryDrawn says that its order is known, for good.
	LotteryDrawn LotteryState = "drawn"
	// LotteryCancelled says that it was called off before anybody could know its outcome.
	LotteryCancelled LotteryState = "cancelled"
)

const (
	// maxEntrants bounds a lottery: its record has about 4 MB with all of them.
	maxEntrants = 20_000
	// maxLine bounds purpose and owner, in bytes.
	maxLine = 500
)

// Lottery is a draw of who gets places that fewer than all can have.
type Lottery struct {
	// Purpose is what is drawn for, Owner the name of the resource that it is for, as
	// programmes/beta; both stand in the public record.
	Purpose string `bson:"purpose"`
	Owner   string `bson:"owner"`
	// Places is how many of the entrants get one: the first of the order drawn.
	Places   int          `bson:"places"`
	Entrants int          `bson:"entrants"`
	State    LotteryState `bson:"state"`
	// Pool is where the entrants are archived with their salts.
	Pool           string   `bson:"pool"`
	Draw           DrawMark `bson:"draw"`
	Reason         string   `bson:"reason,omitempty"`
	resource.Times `bson:",inline"`
}

// Entrant is who takes part in a lottery.
type Entrant struct {
	// ID is as it was given; Pseudonym and Salt are as in record.Entry.
	ID, Pseudonym, Salt string
	// Position is its place in the order that was drawn, from 1; 0 before.
	Position int
}

// LotteryName returns the resource name of a lottery.
func LotteryName(id string) string { return names.Join("lotteries", id) }

// Lotteries is the use cases of lotteries: draws without a board, by the same records.
type Lotteries struct {
	table   *resource.Table[Lottery, *Lottery]
	archive *archive
	wiring
}

func openLotteries(ctx context.Context, w wiring, archive *archive) (*Lotteries, error) {
	table, err := resource.OpenTable[Lottery](ctx, w.requests, resource.Kind[Lottery]{
		Type: lotteryType, Name: LotteryName, Spec: docstore.Spec{Name: "lotteries"}, Tell: tellLottery})
	return &Lotteries{table: table, archive: archive, wiring: w}, err
}

// tellLottery makes what followers see of a lottery, for good: not what was revealed of
// the seed, but that it was.
func tellLottery(l Lottery) any {
	l.Draw = l.Draw.told()
	return l
}

// Get returns a lottery, or resource.ErrNotFound.
func (l *Lotteries) Get(ctx context.Context, id string) (resource.Stored[Lottery], error) {
	return l.table.Get(ctx, id)
}

// List returns lotteries in the order of their ids, behind a place, that keep wants.
func (l *Lotteries) List(
	ctx context.Context, after resource.Place, limit int, keep func(resource.Stored[Lottery]) bool,
) (resource.Page[Lottery], error) {
	return l.table.List(ctx, docstore.Query{After: after, Limit: limit}, nil, keep)
}

// Record returns the public record of a lottery, byte for byte: with the draw once it is
// made.
func (l *Lotteries) Record(ctx context.Context, id string) (resource.Stored[Lottery], []byte, error) {
	s, err := l.Get(ctx, id)
	if err != nil {
		return s, nil, err
	}
	made, err := l.archive.drawn(ctx, &s.State.Draw)
	if err != nil {
		return s, nil, err
	}
	text, err := made.Encode()
	return s, text, err
}

// Of returns who takes part in a lottery, in the order drawn, or before that by id.
func (l *Lotteries) Of(ctx context.Context, id string) (resource.Stored[Lottery], []Entrant, error) {
	s, err := l.Get(ctx, id)
	if err != nil {
		return s, nil, err
	}
	pseudonyms, err := l.pseudonyms(ctx, s.State.Pool)
	if err != nil {
		return s, nil, err
	}
	made, err := l.archive.drawn(ctx, &s.State.Draw)
	if err != nil {
		return s, nil, err
	}
	position := map[string]int{}
	if made.Outcome != nil {
		for i, pseudonym := range slices.Concat(made.Outcome.Members, made.Outcome.Alternates) {
			position[pseudonym] = i + 1
		}
	}
	var list []Entrant
	for _, e := range pseudonyms.Entries() {
		list = append(list, Entrant{ID: e.Account, Pseudonym: e.Pseudonym, Salt: e.Salt, Position: position[e.Pseudonym]})
	}
	slices.SortStableFunc(list, func(a, b Entrant) int { return a.Position - b.Position })
	return s, list, nil
}

func (l *Lotteries) pseudonyms(ctx context.Context, pool string) (*record.Pseudonyms, error) {
	var entries []record.Entry
	if err := l.archive.read(ctx, pool, &entries); err != nil {
		return nil, err
	}
	pseudonyms, err := record.PseudonymsOf(entries)
	if err != nil {
		return nil, fmt.Errorf("the pseudonyms of %s: %w", pool, err)
	}
	return pseudonyms, nil
}

// Reveal records the secret of one of the people whom the plan names: see
// Rotations.Reveal. ErrLotteryState; ErrSeed.
func (l *Lotteries) Reveal(ctx context.Context, call resource.Call, id, person, secret string) (resource.Stored[Lottery], error) {
	return l.step(ctx, call, id, "", "lottery.revealed", func(s *Lottery) error {
		mark, wrong := s.Draw.revealed(person, secret, l.now())
		if wrong != "" {
			return unmet(ErrSeed, lotteryType, LotteryName(id), "%s", wrong)
		}
		s.Draw = mark
		return nil
	})
}

// DrawOrder draws a committed lottery: the seed is made of what was revealed and, where
// the plan needs it, the value of the named round. What was drawn stays. ErrLotteryState;
// ErrSeed where the seed cannot be made yet, or not of this; resource.ErrStale.
func (l *Lotteries) DrawOrder(ctx context.Context, call resource.Call, id, etag, round string) (resource.Stored[Lottery], error) {
	if earlier, known, err := l.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	return l.step(ctx, call, id, etag, "lottery.drawn", func(s *Lottery) error {
		committed, err := l.archive.drawn(ctx, &s.Draw)
		if err != nil {
			return err
		}
		mark := s.Draw
		mark.Drawn, mark.Round = l.now(), round
		drawn, err := committed.Draw(record.Values{Time: mark.Drawn, Round: round, Secrets: mark.Secrets})
		if err != nil {
			return unmet(ErrSeed, lotteryType, LotteryName(id), "cannot be drawn with this: %s", err)
		}
		mark.Seed, mark.Panel = drawn.Outcome.Seed, drawn.Outcome.Panel
		s.State, s.Draw = LotteryDrawn, mark
		return nil
	})
}

// Cancel calls a lottery off while nobody can know its outcome: whoever could would
// choose among outcomes by cancelling. ErrLotteryState; resource.ErrStale.
func (l *Lotteries) Cancel(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Lottery], error) {
	return l.step(ctx, call, id, etag, "lottery.cancelled", func(s *Lottery) error {
		switch known := s.Draw.Plan.Round.Known; {
		case len(s.Draw.Secrets) > 0:
			return lotteryState(id, "cannot be called off any more: a part of its seed was revealed, so that somebody may know what comes of it")
		case !l.now().Before(known):
			return lotteryState(id, "cannot be called off any more: the value of %s is known since %s, so that somebody may know what comes of it",
				s.Draw.Plan.Round, known.Format(time.RFC3339))
		}
		s.State, s.Reason = LotteryCancelled, reason
		return nil
	})
}

// step changes a lottery that is committed and not drawn.
func (l *Lotteries) step(
	ctx context.Context, call resource.Call, id, etag, event string, change func(*Lottery) error,
) (resource.Stored[Lottery], error) {
	return l.table.Update(ctx, call, id, resource.IfEtag[Lottery](etag), event, func(s *Lottery) error {
		if s.State != LotteryCommitted {
			return lotteryState(id, "is %s, and this can be done only with one that is committed", s.State)
		}
		return change(s)
	})
}

// places says of a lottery what its record has in place of a charter.
func placesOf(n int) string {
	if n == 1 {
		return "the first of the order has the place"
	}
	return "the first " + strconv.Itoa(n) + " of the order have the places"
}
