package signals

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

// reviews are those of a clause, the document's id.
type reviews struct {
	Heard map[string]int64 `bson:"heard,omitempty"`
	All   []review         `bson:"all,omitempty"`
}

// review is a span of days in which a clause was in review; Decided is 0 while it is.
type review struct {
	Review  string    `bson:"review"`
	Opened  civil.Day `bson:"opened"`
	Decided civil.Day `bson:"decided"`
}

const keptReviews = 20 // of a clause

// Observe remembers what was observed; accounts that it concerns are looked at by the next
// Tick. What was observed before, by its feed and position, changes nothing, so whoever
// does not know whether a call came through calls again.
func (s *Service) Observe(ctx context.Context, observations []Observation) error {
	byAccount := map[string][]Observation{}
	var order []string
	for _, o := range observations {
		if r, ok := o.What.(ClauseReview); ok {
			if err := s.reviewed(ctx, o, r); err != nil {
				return err
			}
			continue
		}
		if byAccount[o.Account] == nil {
			order = append(order, o.Account)
		}
		byAccount[o.Account] = append(byAccount[o.Account], o)
	}
	today, err := s.Today(ctx)
	if err != nil {
		return err
	}
	writing, within := errgroup.WithContext(ctx)
	writing.SetLimit(atOnce)
	for _, account := range order {
		writing.Go(func() error {
			_, err := s.memories.Upsert(within, account, func(d *docstore.Doc[memory]) error {
				d.Body.hear(byAccount[account], today)
				return nil
			})
			if err != nil {
				return fmt.Errorf("remember what was told of account %s: %w", account, err)
			}
			return nil
		})
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	s.wake()
	return nil
}

// atOnce is how many accounts' memories are written at a time.
const atOnce = 2

// hear takes in what is newer than what was heard of its feed before, and forgets what is
// too old on the day that it is.
func (m *memory) hear(observations []Observation, today civil.Day) {
	heard := map[string]int64{}
	for feed, position := range m.Heard {
		heard[feed] = position
	}
	for _, o := range observations {
		if o.Position <= m.Heard[o.Feed] { // one change may say several things of an account
			continue
		}
		o.What.note(m)
		m.Pass = 0
		heard[o.Feed] = max(heard[o.Feed], o.Position)
	}
	m.Heard = heard
	m.forget(today)
}

// hear takes in a review that is newer than what was heard of its feed before.
func (b *reviews) hear(o Observation, r ClauseReview) {
	if o.Position <= b.Heard[o.Feed] {
		return
	}
	b.Heard = map[string]int64{o.Feed: o.Position}
	next := review{Review: r.Review, Opened: r.Opened, Decided: r.Decided}
	if i := slices.IndexFunc(b.All, func(old review) bool { return old.Review == r.Review }); i >= 0 {
		next.Opened = min(next.Opened, b.All[i].Opened) // later changes tell of later days
		b.All = slices.Delete(b.All, i, i+1)
	}
	b.All = append(b.All, next)
	b.All = b.All[max(0, len(b.All)-keptReviews):]
}

// reviewed remembers a review of a clause, and has all looked at to whom it was cited.
func (s *Service) reviewed(ctx context.Context, o Observation, r ClauseReview) error {
	_, err := s.reviews.Upsert(ctx, r.Clause, func(d *docstore.Doc[reviews]) error {
		d.Body.hear(o, r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember the review of clause %s: %w", r.Clause, err)
	}
	writing, within := errgroup.WithContext(ctx)
	writing.SetLimit(citedAtOnce)
	for d, err := range s.memories.All(within, docstore.Query{Index: byClause, Equal: []any{r.Clause}}) {
		if err != nil {
			return errors.Join(writing.Wait(), fmt.Errorf("find to whom clause %s was cited: %w", r.Clause, err))
		}
		writing.Go(func() error { return s.lookAgain(within, d.ID) })
	}
	return writing.Wait()
}

// citedAtOnce is how many accounts to whom a clause was cited are marked at a time.
const citedAtOnce = 8

// lookAgain has an account looked at by the next Tick, also where one is looking at it now.
func (s *Service) lookAgain(ctx context.Context, account string) error {
	_, err := s.memories.Update(ctx, account, func(d *docstore.Doc[memory]) error {
		d.Body.Pass = 0
		d.Body.Again++
		return nil
	})
	if err != nil {
		return fmt.Errorf("have account %s looked at: %w", account, err)
	}
	return nil
}

// reviewsOf are the reviews of the clauses that were cited to an account.
func (s *Service) reviewsOf(ctx context.Context, m *memory) (map[string][]review, error) {
	ids := make([]string, len(m.Cited))
	for i := range m.Cited {
		ids[i] = m.Cited[i].Clause
	}
	docs, err := s.reviews.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read the reviews of clauses: %w", err)
	}
	found := map[string][]review{}
	for _, d := range docs {
		found[d.ID] = d.Body.All
	}
	return found, nil
}

// wake tells Run that there is something to look at.
func (s *Service) wake() {
	select {
	case s.told <- struct{}{}:
	default:
	}
}
