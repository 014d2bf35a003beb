package board

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/panel"
)

// MaxSimulatedYears is how many years are simulated at most.
const MaxSimulatedYears = 60

// SimulationPlan says what to simulate.
type SimulationPlan struct {
	// Years from today on.
	Years int
	// Rules take the place of the charters from the next rotation on; nil keeps them.
	Rules *charter.Charter
	// Seed draws the panels: other seeds give other futures.
	Seed []byte
}

// Simulate plays the rotations of the next years through: who serves when, with which
// probability, and by when everybody who is willing now has had a turn. Nothing is
// written. INVALID_ARGUMENT; ErrNoCharter; DEADLINE_EXCEEDED.
func (r *Rotations) Simulate(ctx context.Context, board string, p SimulationPlan) (*charter.Outcome, error) {
	if p.Years < 1 || p.Years > MaxSimulatedYears {
		return nil, fault.Invalid("years", "is %d: give 1 to %d", p.Years, MaxSimulatedYears)
	}
	return within(ctx, r.patience, "Ask for fewer years.", func(ctx context.Context) (*charter.Outcome, error) {
		return r.simulate(ctx, board, p)
	})
}

func (r *Rotations) simulate(ctx context.Context, board string, p SimulationPlan) (*charter.Outcome, error) {
	w, err := r.world(ctx, board)
	if err != nil {
		return nil, err
	}
	today := r.boards.Today(w.board)
	until := today.AddMonths(12 * p.Years)
	editions, err := r.editions(ctx, w, w.unplayed(today), p.Rules)
	if err != nil {
		return nil, err
	}
	rotations, err := r.ahead(w, editions, today, until)
	if err != nil {
		return nil, err
	}
	s := charter.Simulation{
		Editions: editions, Rotations: rotations, Until: until, Accounts: w.plain(today), Terms: w.terms(), Seed: p.Seed,
		Draw: charter.Draw{Most: panel.Most, Leximin: func(ctx context.Context, problem *panel.Problem) (*panel.Solution, error) {
			return panel.Leximin(ctx, problem, panel.Options{})
		}},
	}
	return s.Run(ctx)
}

// unplayed is the first day after today on which a rotation may still be held: those that
// were closed before their day are over.
func (w *world) unplayed(today civil.Day) civil.Day {
	first := today + 1
	for _, s := range w.rotations {
		if s.State.Kind == Regular && s.State.State == Done {
			first = max(first, s.State.Day+1)
		}
	}
	return first
}

// editions are the charters from a day on.
func (r *Rotations) editions(ctx context.Context, w *world, from civil.Day, rules *charter.Charter) ([]charter.Edition, error) {
	if rules != nil {
		fill(rules, w.board.Zone)
		if err := rules.Check("rules."); err != nil {
			return nil, err
		}
		return []charter.Edition{{From: from, Charter: rules}}, nil
	}
	versions, err := r.charters.versions(ctx, w.id)
	if err != nil {
		return nil, err
	}
	var editions []charter.Edition
	for i := range versions {
		v := &versions[i].State
		if v.Effective <= from {
			editions = editions[:0]
		}
		editions = append(editions, charter.Edition{From: max(v.Effective, from), Charter: &v.Rules})
	}
	if len(editions) == 0 {
		return nil, unmet(ErrNoCharter, boardType, Name(w.id), "has no charter: publish one, or give the rules to simulate")
	}
	return editions, nil
}

// ahead are the days on which the board has rotated and will: as laid out, as far as it
// is, and then as the charters plan, up to a term after the last that is played through.
func (r *Rotations) ahead(w *world, editions []charter.Edition, today, until civil.Day) (charter.Rotations, error) {
	laid := w.days()
	last := editions[len(editions)-1].Charter
	rotations := charter.Rotations{Until: until.AddMonths((last.MaxTerms + 1) * last.TermMonths).AddMonths(last.GraceDays/28 + 1)}
	for i, e := range editions {
		to := rotations.Until
		if i+1 < len(editions) {
			to = editions[i+1].From
		}
		series, err := e.Charter.Rotation.Series(e.Charter.Workdays)
		if err != nil {
			return rotations, err
		}
		zone := series.Zone()
		occurrences, err := series.Between(zone.Start(max(e.From, laid.Until)), zone.Start(to))
		if err != nil {
			return rotations, err
		}
		for _, o := range occurrences {
			rotations.Days = append(rotations.Days, zone.DayOf(o.Start))
		}
	}
	rotations.Days = append(laid.Days, rotations.Days...)
	return rotations, nil
}
