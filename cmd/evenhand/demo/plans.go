package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// planner writes how the company's people look after their customers: what they planned
// some weeks ago, what they did since, and what is due. Each acts in its own name, with
// the clock turned back, and every call carries a request id made of what it is about: what
// was written before is not written twice.
type planner struct {
	office *desk
	clock  *Clock
	data   *Data
	diary  []entry
}

// entry is something that happened some days before today.
type entry struct {
	before int
	what   string
	play   func(context.Context) error
}

// plannedSince is how many days ago planning began. It is less than plans are laid out
// ahead, so that all contacts up to today are there at once.
const plannedSince = 34

// atOnce is how many plans are written at a time.
const atOnce = 4

// finished says whether all of it was written: the statements are the last.
func (p *planner) finished(ctx context.Context) (bool, error) {
	there, err := plansv1.NewStatementsServiceClient(p.office.admin).ListValueStatements(ctx, &plansv1.ListValueStatementsRequest{
		Parent: "accounts/-", Quarter: LastQuarter(p.data.Today), PageSize: 1000})
	return slices.ContainsFunc(there.GetValueStatements(), func(s *plansv1.ValueStatement) bool { return s.GetIssue() != nil }), err
}

// plan writes what is missing.
func (p *planner) plan(ctx context.Context) error {
	finished, err := p.finished(ctx)
	if err != nil || finished {
		return err
	}
	if err := p.write(ctx); err != nil {
		return fmt.Errorf("plans: %w", err)
	}
	return nil
}

func (p *planner) write(ctx context.Context) error {
	defer p.office.leave(context.WithoutCancel(ctx))
	if err := p.office.enter(ctx, append(slices.Clone(managers), author, approver)...); err != nil {
		return err
	}
	if err := p.clock.begin(p.hour(plannedSince)); err != nil {
		return err
	}
	for _, scene := range []struct {
		what string
		play func(context.Context) error
	}{
		{"points", p.value},
		{"templates", p.begin},
		{"plans", p.complete},
		{"experts", p.introduce},
		{"diary", p.remember},
	} {
		if err := scene.play(ctx); err != nil {
			return fmt.Errorf("%s: %w", scene.what, err)
		}
	}
	if err := p.clock.end(); err != nil {
		return err
	}
	if err := p.watch(ctx); err != nil {
		return fmt.Errorf("signals: %w", err)
	}
	if err := p.issue(ctx); err != nil { // last, since it says that all is there
		return fmt.Errorf("statements: %w", err)
	}
	return nil
}

// remember plays what happened since planning began, in the order of the days.
func (p *planner) remember(ctx context.Context) error {
	p.measure()
	p.turn()
	p.away()
	p.engage()
	p.innovate()
	p.ask()
	if err := p.touch(ctx); err != nil {
		return err
	}
	slices.SortStableFunc(p.diary, func(a, b entry) int { return cmp.Compare(b.before, a.before) })
	for _, e := range p.diary {
		p.clock.turn(p.hour(e.before))
		if err := e.play(ctx); err != nil {
			return fmt.Errorf("%s, %d days ago: %w", e.what, e.before, err)
		}
	}
	return nil
}

// note puts something into the diary.
func (p *planner) note(before int, what string, play func(context.Context) error) {
	p.diary = append(p.diary, entry{before, what, play})
}

// day is the day some days before the demo's, and hour the afternoon of it.
func (p *planner) day(before int) time.Time  { return p.data.Today.AddDate(0, 0, -before) }
func (p *planner) hour(before int) time.Time { return p.day(before).Add(16 * time.Hour) }

// as is the connection of a person, by id.
func (p *planner) as(id string) grpc.ClientConnInterface { return p.office.of[id] }

// customer is a customer by its name.
func (p *planner) customer(name string) *Customer {
	i := slices.IndexFunc(p.data.Customers, func(c Customer) bool { return c.Name == name })
	return &p.data.Customers[i]
}

// owner is the connection of who looks after a customer.
func (p *planner) owner(name string) grpc.ClientConnInterface { return p.as(p.customer(name).Owner) }

// contactOf names a contact of a customer, by who it is.
func contactOf(customer, name string) string {
	return "accounts/" + Slug(customer) + "/contacts/" + Slug(name)
}

// Planned is the id of a customer of whose plan there is most to see, and Manager that of
// the account manager who looks after it.
const (
	Planned = "harbour-sons"
	Manager = "mara-lind"
)

// LastQuarter is the last quarter that had ended on a day, as 2026-q3.
func LastQuarter(today time.Time) string {
	last := today.AddDate(0, -3, 1-today.Day())
	return fmt.Sprintf("%d-q%d", last.Year(), (int(last.Month())+2)/3)
}

// each does something for every customer, a few at a time.
func (p *planner) each(ctx context.Context, do func(ctx context.Context, i int, c *Customer) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range p.data.Customers {
		c := &p.data.Customers[i]
		if !c.Closed.IsZero() { // there is no relationship to plan any more
			continue
		}
		group.Go(func() error {
			if err := do(ctx, i, c); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// until tries again until something is so.
func until(ctx context.Context, what string, so func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, waitApplied)
	defer cancel()
	for {
		is, err := so(ctx)
		if err != nil || is {
			return err
		}
		select {
		case <-time.After(waitHeard):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
	}
}

// in writes a text about a customer.
func (c *Customer) in(text string) string {
	return strings.NewReplacer("{name}", c.Name, "{region}", c.Region, "{sector}", strings.ToLower(c.Sector)).Replace(text)
}
