package programmes

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Offering is what a programme offers on a day.
type Offering struct {
	ID, Title string
	Criteria  schedule.Condition
	// Capacity is the number of places, Free how many of them nobody has.
	Capacity, Free int
	// Refuses says why no applications are taken; "" where they are.
	Refuses string
	// Undrawn says that the places are given by a lottery that is still to come.
	Undrawn bool
	// Waiting are the accounts on the waiting list, in its order.
	Waiting []string
}

// Offered calls visit with what every programme offers on a day that is published by then
// and has not ended.
func (s *Service) Offered(ctx context.Context, day civil.Day, visit func(Offering)) error {
	for p, err := range s.table.All(ctx, docstore.Query{}) {
		if err != nil {
			return err
		}
		if state := p.State.State(day); state == Draft || state == Closed {
			continue
		}
		o := Offering{ID: p.ID, Title: p.State.Title, Criteria: p.State.Criteria, Capacity: p.State.Capacity, Free: p.State.Free(),
			Refuses: p.State.takes(day), Undrawn: p.State.pending()}
		for i := range p.State.Entries {
			if p.State.Entries[i].Standing == Waiting {
				o.Waiting = append(o.Waiting, p.State.Entries[i].Account)
			}
		}
		visit(o)
	}
	return nil
}
