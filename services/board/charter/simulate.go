package charter

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/board/panel"
)

// Draw is how panels are found.
type Draw struct {
	// Leximin returns the fairest lottery over the panels that solve a problem. The
	// error is a *panel.InfeasibleError where there is none.
	Leximin func(ctx context.Context, p *panel.Problem) (*panel.Solution, error)
	// Most finds who goes first.
	Most Most
}

// Edition is a charter from a day on.
type Edition struct {
	From    civil.Day
	Charter *Charter
}

// Simulation is years of rotations to be played through. Nobody else joins or leaves,
// everybody who is willing stays so for as long as the consent says, whoever is drawn
// accepts, nobody leaves before the term's end, and nominated seats that are not held
// today stay empty, since nobody can foresee who will be nominated.
type Simulation struct {
	// Editions are the charters by which rotations are held, ascending; the first is in
	// force at the first rotation.
	Editions []Edition
	// Rotations are those to be played through, and those after them for a term.
	Rotations Rotations
	// Until is the day before which rotations are played through.
	Until civil.Day
	// Accounts are members and candidates, and those above them in their groups.
	Accounts []Account
	// Terms are all terms, past and running.
	Terms []Term
	// Seed draws the panels. Other seeds give other futures.
	Seed []byte
	Draw Draw
	// Progress, where not nil, is told how many of the rotations are done.
	Progress func(done, of int)
}

// simulator is a simulation on its way.
type simulator struct {
	Simulation
	terms    []Term
	accounts []Account
	place    map[string]int // of accounts
	days     []civil.Day    // of the rotations to be played through
	outcome  *Outcome
	line     line
}

// Run plays the rotations through. It fails like Prepare, with what Draw fails with
// other than that there is no panel, and with the context's error.
func (s *Simulation) Run(ctx context.Context) (*Outcome, error) {
	m := &simulator{Simulation: *s, terms: slices.Clone(s.Terms), accounts: slices.Clone(s.Accounts),
		place: map[string]int{}, outcome: &Outcome{}, line: line{}}
	for i := range m.accounts {
		m.place[m.accounts[i].ID] = i
	}
	for _, day := range s.Rotations.Days {
		if day < s.Until && len(s.Editions) > 0 && day >= s.Editions[0].From {
			m.days = append(m.days, day)
		}
	}
	for i, day := range m.days {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := m.rotate(ctx, i); err != nil {
			return nil, fmt.Errorf("simulating the rotation of %s: %w", day, err)
		}
		if s.Progress != nil {
			s.Progress(i+1, len(m.days))
		}
	}
	m.finish()
	return m.outcome, nil
}

func (m *simulator) charterAt(day civil.Day) *Charter {
	c := m.Editions[0].Charter
	for _, e := range m.Editions {
		if e.From <= day {
			c = e.Charter
		}
	}
	return c
}

func (m *simulator) rotate(ctx context.Context, i int) error {
	day := m.days[i]
	c := m.charterAt(day)
	prepared, err := c.Prepare(Rotation{Day: day, Rotations: m.Rotations, Accounts: m.accounts, Terms: m.terms})
	if err != nil {
		return err
	}
	solution, relaxed, err := m.solve(ctx, prepared)
	if err != nil {
		return err
	}
	var drawn []string
	if chosen := pick(m.Seed, day, &solution.Lottery); chosen != nil {
		for _, member := range chosen {
			drawn = append(drawn, prepared.Problem.Pool[member].ID)
		}
	}
	seed := binary.BigEndian.AppendUint32(slices.Clone(m.Seed), uint32(day))
	seated, err := prepared.Seat(Shuffle(seed, drawn))
	if err != nil {
		return err
	}
	m.terms = append(m.terms, seated...)
	round := Round{Day: day, Continuing: prepared.Continuing, Seated: seated, Unnamed: prepared.Unnamed, Turns: prepared.Turns,
		Relaxed: relaxed, Proven: solution.Proven}
	round.Empty = len(prepared.Open) - len(seated) - prepared.Unnamed
	round.Shortfalls = m.shortfalls(c, prepared, day)
	for i, member := range prepared.Problem.Pool {
		round.Chances = append(round.Chances, Chance{member.ID, solution.Marginals[i]})
	}
	m.outcome.Rounds = append(m.outcome.Rounds, round)
	m.advance(i, prepared)
	return nil
}

// solve finds the lottery of a rotation. Where there is no panel, the quotas are
// relaxed as little as possible, which a real rotation never does by itself, or where
// that is not enough one seat more stays empty.
func (m *simulator) solve(ctx context.Context, p *Preparation) (*panel.Solution, []panel.Change, error) {
	p.Problem.Seats = min(p.Problem.Seats, len(p.Problem.Pool))
	var relaxed []panel.Change
	for p.Problem.Seats > 0 {
		err := p.GoFirst(ctx, m.Draw.Most)
		if err == nil {
			var solution *panel.Solution
			if solution, err = m.Draw.Leximin(ctx, &p.Problem); err == nil {
				return solution, relaxed, nil
			}
		}
		var none *panel.InfeasibleError
		if !errors.As(err, &none) {
			return nil, nil, err
		}
		if len(none.Relaxation) == 0 {
			p.Problem.Seats--
		}
		relax(&p.Problem, none.Relaxation)
		relaxed = append(relaxed, none.Relaxation...)
	}
	return &panel.Solution{Marginals: make([]float64, len(p.Problem.Pool)), Proven: true}, relaxed, nil
}

func relax(p *panel.Problem, changes []panel.Change) {
	for _, change := range changes {
		for i := range p.Categories {
			for j := range p.Categories[i].Values {
				if q := &p.Categories[i].Values[j]; p.Categories[i].Name == change.Category && q.Value == change.Value {
					q.Min, q.Max = change.Min, change.Max
				}
			}
		}
	}
}

// pick draws a panel: the first 53 bits of SHA-256 of a label, the seed and the day
// are the fraction at which the probabilities, added up, pass. Nil where there is none.
func pick(seed []byte, day civil.Day, l *panel.Lottery) panel.Panel {
	h := sha256.New()
	h.Write([]byte("evenhand board: simulated draw\n"))
	h.Write(binary.BigEndian.AppendUint32(slices.Clone(seed), uint32(day)))
	at := float64(binary.BigEndian.Uint64(h.Sum(nil))>>11) / (1 << 53)
	for i, p := range l.Probabilities {
		if at -= p; at < 0 || i == len(l.Panels)-1 {
			return l.Panels[i]
		}
	}
	return nil
}

// shortfalls says what of the charter is not met once the new members sit: quotas, and
// seats too many.
func (m *simulator) shortfalls(c *Charter, p *Preparation, day civil.Day) []Shortfall {
	var found []Shortfall
	for _, s := range p.Shortfalls {
		if s.Category == "" && s.Over > 0 {
			found = append(found, s)
		}
	}
	var members []string
	for _, t := range Running(m.terms, day) {
		members = append(members, t.Account)
	}
	return append(found, c.composition(day, index(m.accounts), members)...)
}
