package rewards

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// Totals are the sums of the entries of a person in a period. They are a projection of the
// ledger: they can be thrown away and are made again of it.
type Totals struct {
	Period string `bson:"period"`
	Person string `bson:"person"`
	Sums   `bson:",inline"`
}

// Sums are what entries come to.
type Sums struct {
	// Entries are how many there are.
	Entries int `bson:"entries"`
	// Points are their sum: what was Credited, less what counter-entries took back, which are
	// Countered, and with what corrections changed, Corrected.
	Points    int `bson:"points"`
	Credited  int `bson:"credited"`
	Countered int `bson:"countered"`
	Corrected int `bson:"corrected"`
	// Cut is what caps took off credits as they stand now.
	Cut int `bson:"cut"`
	// Kinds are the points by kind of work, in the order of Kinds, those without an entry left
	// out.
	Kinds []KindSum `bson:"kinds,omitempty"`
	// Caps are what each cap took, in the order in which they are applied.
	Caps []CapSum `bson:"caps,omitempty"`
}

// KindSum are the points for a kind of work, and for how many pieces of work.
type KindSum struct {
	Work   Kind `bson:"work"`
	Points int  `bson:"points"`
	Works  int  `bson:"works"`
}

// CapSum is what a cap took off how many credits.
type CapSum struct {
	Cap     Cap `bson:"cap"`
	Points  int `bson:"points"`
	Credits int `bson:"credits"`
}

// sum adds entries up, whatever their order.
func sum(entries []resource.Stored[Entry]) Sums {
	s := Sums{Entries: len(entries)}
	kinds, caps := map[Kind]*KindSum{}, map[Cap]*CapSum{}
	works, last := map[string]bool{}, map[string]Entry{}
	for _, stored := range entries {
		e := stored.State
		s.Points += e.Points
		switch e.Kind {
		case Credited:
			s.Credited += e.Points
		case Countered:
			s.Countered += e.Points
		case Corrected:
			s.Corrected += e.Points
		}
		k := kinds[e.WorkKind]
		if k == nil {
			k = &KindSum{Work: e.WorkKind}
			kinds[e.WorkKind] = k
		}
		k.Points += e.Points
		if !works[e.Work] {
			works[e.Work] = true
			k.Works++
		}
		if before, known := last[e.Credit]; e.Kind != Corrected && (!known || e.Number > before.Number) {
			last[e.Credit] = e
		}
	}
	for _, e := range last {
		for _, cut := range e.Cuts {
			c := caps[cut.Cap]
			if c == nil {
				c = &CapSum{Cap: cut.Cap}
				caps[cut.Cap] = c
			}
			c.Points += cut.Points
			c.Credits++
			s.Cut += cut.Points
		}
	}
	for _, kind := range Kinds {
		if k := kinds[kind]; k != nil {
			s.Kinds = append(s.Kinds, *k)
		}
	}
	for _, name := range []Cap{CapKindWeek, CapAccountMonth, CapPersonMonth} {
		if c := caps[name]; c != nil {
			s.Caps = append(s.Caps, *c)
		}
	}
	return s
}

// totalsSpec is how totals are stored. Nobody is told of them.
var totalsSpec = docstore.Spec{Name: "reward_totals", Silent: true, Indexes: []docstore.Index{
	{Name: "period", Fields: []string{"period", "person"}},
}}

// totalsFeed is the checkpoint of how far the totals have followed the ledger.
const totalsFeed = "reward-totals"

// totalsGathered is of how many events at most it is gathered whose totals change, while
// the feed goes on: a person's are made of all their entries of a quarter, and a settling
// that writes many writes of everybody's.
const totalsGathered = 20_000

// followPause is how long following waits after it failed.
const followPause = 5 * time.Second

// runTotals keeps the totals as the ledger is.
func (s *Service) runTotals(ctx context.Context) error {
	return s.store.WithLease(ctx, "reward-totals", func(ctx context.Context) error {
		for {
			err := s.follow(ctx)
			if errors.Is(err, docstore.ErrOutOfRange) {
				if err = s.Rebuild(ctx); err == nil {
					continue
				}
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			slog.WarnContext(ctx, "totals of points could not be kept, trying again", "error", err)
			if err := lifecycle.Pause(ctx, followPause); err != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// totalsOf names whose totals of a month, and so of a quarter, are to be made again.
type totalsOf struct{ person, month string }

func (s *Service) follow(ctx context.Context) error {
	at, err := s.checkpoints.Get(ctx, totalsFeed)
	if err != nil {
		return fmt.Errorf("find how far the totals are: %w", err)
	}
	changed := map[totalsOf]bool{}
	return s.store.Feed().Follow(ctx, at, func(events []docstore.FeedEvent) error {
		if err := s.touched(ctx, events, changed); err != nil {
			return err
		}
		position := events[len(events)-1].Position
		head, err := s.store.Feed().Head(ctx)
		if err != nil {
			return err
		}
		if position < head && position-at < totalsGathered {
			return nil
		}
		for of := range changed {
			if err := s.total(ctx, of); err != nil {
				return err
			}
		}
		clear(changed)
		at = position
		return s.checkpoints.Advance(ctx, totalsFeed, position)
	})
}

// touched adds whose totals the entries among some events change.
func (s *Service) touched(ctx context.Context, events []docstore.FeedEvent, changed map[totalsOf]bool) error {
	var ids []string
	for _, e := range events {
		if id, ok := strings.CutPrefix(e.Source, LedgerKind.Spec.Name+"/"); ok {
			ids = append(ids, id)
		}
	}
	entries, err := s.entries.GetMany(ctx, ids)
	if err != nil {
		return fmt.Errorf("read entries for the totals: %w", err)
	}
	for _, e := range entries {
		changed[totalsOf{e.State.Person, e.State.Month}] = true
	}
	return nil
}

// total makes the totals of a person in a month, and in its quarter, of the ledger. Of two
// that do so at a time the one counts that saw more entries, since none ever goes.
func (s *Service) total(ctx context.Context, of totalsOf) error {
	month, err := ParsePeriod("month", of.month)
	if err != nil {
		return err
	}
	for _, period := range []Period{month, QuarterOf(month.From)} {
		entries, err := s.entriesOf(ctx, "person", of.person, period)
		if err != nil {
			return err
		}
		sums := sum(entries)
		_, err = s.totals.Upsert(ctx, period.ID+"/"+of.person, func(d *docstore.Doc[Totals]) error {
			if d.Body.Entries <= sums.Entries {
				d.Body = Totals{period.ID, of.person, sums}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write the totals of %s in %s: %w", of.person, period.ID, err)
		}
	}
	return nil
}

// entriesOf reads the entries of a person or an account, whichever the index is of, in a
// period: in the order of months and then of completion.
func (s *Service) entriesOf(ctx context.Context, index, id string, period Period) ([]resource.Stored[Entry], error) {
	var entries []resource.Stored[Entry]
	for _, month := range period.Months() {
		for e, err := range s.entries.All(ctx, docstore.Query{Index: index, Equal: []any{id, month.ID}, Limit: 1000}) {
			if err != nil {
				return nil, fmt.Errorf("read entries of %s: %w", id, err)
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// Rebuild throws the totals away and makes them of the ledger. Following goes on from
// where the feed was when it began.
func (s *Service) Rebuild(ctx context.Context) error {
	head, err := s.store.Feed().Head(ctx)
	if err != nil {
		return err
	}
	for d, err := range s.totals.All(ctx, docstore.Query{Limit: 1000}) {
		if err != nil {
			return fmt.Errorf("read totals: %w", err)
		}
		if err := s.totals.Delete(ctx, d.ID, d.Version); err != nil && !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrNotFound) {
			return fmt.Errorf("throw totals away: %w", err)
		}
	}
	changed := map[totalsOf]bool{}
	for e, err := range s.entries.All(ctx, docstore.Query{Limit: 1000}) {
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		changed[totalsOf{e.State.Person, e.State.Month}] = true
	}
	for of := range changed {
		if err := s.total(ctx, of); err != nil {
			return err
		}
	}
	return s.checkpoints.Reset(ctx, totalsFeed, head)
}

// ListTotals lists the totals of all people in a period, by their ids. They follow the
// ledger within moments.
func (s *Service) ListTotals(ctx context.Context, period Period, size int, after resource.Place) ([]Totals, resource.Place, error) {
	page, err := s.totals.Find(ctx, docstore.Query{Index: "period", Equal: []any{period.ID}, Limit: size, After: after})
	if err != nil {
		return nil, nil, err
	}
	list := make([]Totals, len(page.Docs))
	for i, d := range page.Docs {
		list[i] = d.Body
	}
	return list, page.Next, nil
}
