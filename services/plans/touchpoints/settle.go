package touchpoints

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// own is a call of the service's own.
var own = resource.Call{Principal: "principals/plans-service", Method: "touchpoints.pass"}

// settle brings the touchpoints of a plan to what its strategy, its owner and its state say
// now: it lays out what is missing up to the horizon, places anew what is still to come and
// no person has moved, and withdraws what is not wanted any more. What is due by today keeps
// its day, and stays owed; but whose it is follows the plan's owner (give), also where the
// account is no customer any more (windUp), and what is due this very day goes to who stands
// in. Every step may be repeated; that the plan is settled is written down last, unless it
// changed meanwhile.
func (s *Service) settle(ctx context.Context, r *round, x *subject) error {
	absent := s.absent.Load()
	existing, err := s.existing(ctx, r, x)
	if err != nil {
		return err
	}
	next := pass{Next: civil.Never, Marks: x.pass.Body.Marks, Owner: x.plan.Owner, Ends: x.ends}
	switch {
	case !x.there || x.plan.State == plans.Closed:
		for i := range existing {
			if err := s.withdraw(ctx, r, &existing[i], "the plan was closed", 0); err != nil {
				return err
			}
		}
	case x.ends <= r.today:
		l := &layout{service: s, round: r, plan: &x.plan, before: x.pass.Body.Owner, ends: x.ends}
		if err := l.windUp(ctx, existing); err != nil {
			return err
		}
	case x.plan.State.Counts():
		if x.ends != civil.Never {
			next.Next = x.ends
		}
		if err := s.layOut(ctx, r, x, existing, &next); err != nil {
			return err
		}
	}
	if s.absent.Load() != absent { // whoever heard of an absence may not have seen what was laid out
		return docstore.ErrConflict
	}
	_, err = s.passes.UpdateIf(ctx, x.id(), x.pass.Version, func(d *docstore.Doc[pass]) error {
		d.Body = next
		return nil
	})
	return err
}

// existing returns the touchpoints of a plan that matter: of one that goes on as before,
// those to come, and those that were not long ago, for the gap; of who is no customer any
// more, those since then; and all where there is another owner.
func (s *Service) existing(ctx context.Context, r *round, x *subject) ([]resource.Stored[Touchpoint], error) {
	q := docstore.Query{Index: byPlan, Equal: []any{x.id()}}
	before := x.pass.Body.Owner
	switch {
	case !x.there || x.plan.State == plans.Closed, before != x.plan.Owner && before != "":
	case x.ends <= r.today:
		q.From = x.ends
	case x.plan.State.Counts():
		q.From = r.since(x) - civil.Day(x.plan.Strategy.GapDays) - 1
	}
	var list []resource.Stored[Touchpoint]
	for t, err := range s.touches.All(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("read the touchpoints of %s: %w", plans.Name(x.id()), err)
		}
		list = append(list, t)
	}
	return list, nil
}

// withdraw ends a touchpoint that is planned still; closing is the day from which the account
// is no customer any more, where it is for that.
func (s *Service) withdraw(ctx context.Context, r *round, t *resource.Stored[Touchpoint], reason string, closing civil.Day) error {
	if t.State.State != Planned {
		return nil
	}
	_, err := s.touches.Update(ctx, own, t.ID, resource.IfVersion[Touchpoint](t.Version), withdrawn,
		func(t *Touchpoint) error {
			t.withdraw(reason, r.at)
			t.Closing = closing
			return nil
		})
	if errors.Is(err, resource.ErrNotFound) {
		return nil
	}
	return err
}
