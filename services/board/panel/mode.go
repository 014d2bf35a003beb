package panel

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Mode is a way of drawing a panel.
type Mode string

// The ways of drawing. Boards are drawn by leximin; the others are there to compare.
const (
	// ModeLeximin makes the lowest probability as high as possible, then the second
	// lowest, and so on.
	ModeLeximin Mode = "leximin"
	// ModeUniform makes all panels that meet the rules equally likely.
	ModeUniform Mode = "uniform"
	// ModeGreedy fills seat by seat what is the most urgent.
	ModeGreedy Mode = "greedy"
	// ModeNominated seats named members and draws the others by leximin.
	ModeNominated Mode = "nominated"
)

// Modes are all ways of drawing.
func Modes() []Mode { return []Mode{ModeLeximin, ModeUniform, ModeGreedy, ModeNominated} }

// ModeOptions says how to draw.
type ModeOptions struct {
	Options
	// Nominated are indexes into the pool; only ModeNominated heeds them, and needs one.
	Nominated []int
	// Samples is how many panels are drawn where probabilities are estimated, or fewer
	// where the time limit ends that; 0 means 10,000.
	Samples int
	// Seed is what the samples follow from: the same seed gives the same, where no time
	// limit cuts them short.
	Seed uint64
}

// Result is what a way of drawing gives.
type Result struct {
	Mode Mode
	Estimate
	// Lottery is over whole panels; nil where it was not computed, but only what it
	// amounts to.
	Lottery *Lottery
	// Solution is that of the problem for ModeLeximin, and that of the seats not
	// nominated for ModeNominated, whose members it numbers in their own pool; nil for the
	// others.
	Solution *Solution
	// Unreachable, Unsettled and Levels are the solution's, in indexes of the problem;
	// those in conflict with somebody nominated are among the unreachable.
	Unreachable []Unreachable
	Unsettled   []int
	Levels      []Level
}

// Solve computes or estimates the probabilities that a way of drawing gives. It returns
// the errors of Leximin, of Uniform, of Greedy, and of Residual for those nominated.
func Solve(ctx context.Context, p *Problem, mode Mode, o ModeOptions) (*Result, error) {
	if o.Samples == 0 {
		o.Samples = 10_000
	}
	random := rand.New(rand.NewPCG(o.Seed, 0)) // for estimates; a draw has its own numbers
	r := &Result{Mode: mode}
	e := &Estimate{}
	var err error
	switch mode {
	case ModeLeximin:
		err = r.solve(ctx, p, o.Options)
	case ModeNominated:
		err = r.solveNominated(ctx, p, o)
	case ModeUniform:
		e, err = Uniform(ctx, p, o.Samples, o.TimeLimit, random)
	case ModeGreedy:
		e, err = Greedy(ctx, p, o.Samples, o.TimeLimit, random)
	default:
		return nil, fmt.Errorf("there is no way of drawing called %q: give one of %q", mode, Modes())
	}
	if err != nil {
		return nil, err
	}
	if r.Solution == nil {
		r.Estimate = *e
	}
	return r, nil
}

func (r *Result) solve(ctx context.Context, p *Problem, o Options) error {
	s, err := Leximin(ctx, p, o)
	if err != nil {
		return err
	}
	r.Solution, r.Lottery = s, &s.Lottery
	r.Marginals = s.Marginals
	r.Unreachable, r.Unsettled, r.Levels = s.Unreachable, s.Unsettled(), s.Levels
	r.Method = "exact, proven"
	if !s.Proven {
		r.Method = fmt.Sprintf("the best found, not proven: within %.9f", s.Gap)
	}
	return nil
}

func (r *Result) solveNominated(ctx context.Context, p *Problem, o ModeOptions) error {
	if len(o.Nominated) == 0 {
		return errors.New("nobody is nominated: name at least one")
	}
	if err := p.Check(); err != nil {
		return err
	}
	rest, from, err := p.Residual(o.Nominated)
	if err != nil {
		return fmt.Errorf("those nominated cannot sit together: %w", err)
	}
	if err := r.solve(ctx, rest, o.Options); err != nil {
		return err
	}
	r.Unreachable = append(beside(p, o.Nominated), p.inWhole(rest, from, r.Unreachable)...)
	slices.SortFunc(r.Unreachable, func(a, b Unreachable) int { return a.Member - b.Member })
	for i, member := range r.Unsettled {
		r.Unsettled[i] = from[member]
	}
	r.Levels = levelsInWhole(r.Levels, from, len(p.Pool))
	lottery := &Lottery{Probabilities: r.Lottery.Probabilities}
	for _, panel := range r.Lottery.Panels {
		whole := slices.Clone(o.Nominated)
		for _, member := range panel {
			whole = append(whole, from[member])
		}
		slices.Sort(whole)
		lottery.Panels = append(lottery.Panels, whole)
	}
	r.Lottery, r.Marginals = lottery, lottery.Marginals(len(p.Pool))
	r.Method += fmt.Sprintf("; %d of %d seats nominated", len(o.Nominated), p.Seats)
	return nil
}

// Comparison shows what each way of drawing does to the chances of a pool.
type Comparison struct {
	Rows []ComparisonRow
	// Unreachable are those in no panel at all: no way of drawing can help them, and
	// the measures leave them out.
	Unreachable []Unreachable
}

// ComparisonRow is about one way of drawing.
type ComparisonRow struct {
	Mode Mode
	// Result is nil where that way found no panel; Failure says why.
	Result  *Result
	Failure string
	Fairness
}

// Compare measures all ways of drawing; nomination where somebody is nominated. It
// returns the errors of Leximin; that another way finds no panel is told in its row.
func Compare(ctx context.Context, p *Problem, o ModeOptions) (*Comparison, error) {
	c := &Comparison{}
	for _, mode := range Modes() {
		if mode == ModeNominated && len(o.Nominated) == 0 {
			continue
		}
		row := ComparisonRow{Mode: mode}
		r, err := Solve(ctx, p, mode, o)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && mode == ModeLeximin:
			return nil, err
		case err != nil:
			row.Failure = err.Error()
		default:
			if mode == ModeLeximin {
				c.Unreachable = r.Solution.Unreachable
			}
			row.Result, row.Fairness = r, MeasureFairness(c.reachable(r.Marginals))
		}
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

// reachable leaves out those in no panel.
func (c *Comparison) reachable(marginals []float64) []float64 {
	var kept []float64
	for i, p := range marginals {
		if !slices.ContainsFunc(c.Unreachable, func(u Unreachable) bool { return u.Member == i }) {
			kept = append(kept, p)
		}
	}
	return kept
}
