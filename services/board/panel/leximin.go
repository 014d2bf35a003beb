package panel

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// ErrTimeLimit reports that not one panel was found within the time limit, and neither
// that there is none.
var ErrTimeLimit = errors.New("panel: no panel was found within the time limit")

const (
	// enough is the part of the target from which on it counts as reached.
	enough = 1 - 1e-7
	// better is by how much the weighted sum of a composition, which is about 1, has to
	// exceed that of those known to count as more.
	better = 3e-9
	// proven is the largest gap with which a solution counts as proven.
	proven = 1e-6
)

// Leximin returns the lottery over the panels of the problem that makes the lowest
// probability of those who are in any panel as high as possible, then the second lowest,
// and so on.
//
// It works on types of interchangeable members. A linear programme over what the quotas
// and conflicts say of average seats gives a target that no lottery exceeds, level by
// level. Then it looks for panels that make up this target, with integer programming
// where nothing simpler finds one. Where that proves that a part of the target is beyond
// all panels, it takes that into the linear programme and begins again.
//
// It returns the problems that Check finds, an InfeasibleError where there is no panel,
// ErrTimeLimit, and the context's error.
func Leximin(ctx context.Context, p *Problem, o Options) (*Solution, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("panel: %w", err)
	}
	limited, cancel := within(ctx, o.TimeLimit)
	defer cancel()
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	s := &solver{model: newModel(p), caller: ctx, progress: o.Progress}
	s.mixer = s.newMixer()
	if err := s.seat(limited); err != nil {
		return nil, err
	}
	if err := s.compose(limited); err != nil {
		return nil, err
	}
	return s.solution(limited)
}

// solver is one solve.
type solver struct {
	*model
	caller   context.Context // without the time limit
	progress func(Progress)
	mixer    *mixer
	without  []int // types in no panel
	target   *target
	best     []Composition // the lottery that reaches most of the target
	part     float64       // of the target that it reaches
}

// expired says whether an error means that the time limit is over.
func (s *solver) expired(err error) bool {
	return expired(s.caller, err)
}

// seat finds compositions with all types that any has.
func (s *solver) seat(ctx context.Context) error {
	found, without, err := s.cover(ctx, func(covered, panels int) {
		s.progress(Progress{Stage: "finding who can be seated", Done: covered, Of: len(s.types), Panels: panels, Gap: 1})
	})
	switch {
	case s.expired(err) && found == nil:
		return ErrTimeLimit
	case err != nil && !s.expired(err):
		return err
	case found == nil:
		return infeasible(s.caller, ctx, s.problem)
	}
	for _, t := range without {
		s.limits[t] = 0
	}
	s.without = without
	for _, counts := range found {
		s.mixer.add(counts)
	}
	return nil
}

// compose finds the probabilities of compositions that make up the target, or come as
// near to it as the time allows.
func (s *solver) compose(ctx context.Context) error {
	first := s.mixer.compositions
	for {
		var err error
		if s.target, err = s.raise(s.caller); err != nil {
			return err
		}
		s.part = s.mixer.reached(s.best, s.target.share)
		peeled, left, err := s.peel(ctx, s.target.share)
		for _, c := range peeled {
			s.mixer.add(c.Counts)
		}
		if left > remainder {
			peeled = append(peeled, evenly(first, left)...)
		}
		s.offer(peeled)
		cut := false
		if err == nil && s.part < enough {
			cut, err = s.approach(ctx)
		}
		if s.expired(err) {
			return nil
		}
		if err != nil || !cut {
			return err
		}
	}
}

// offer keeps a lottery as the best one where it reaches more of the target.
func (s *solver) offer(lottery []Composition) {
	if part := s.mixer.reached(lottery, s.target.share); s.best == nil || part > s.part {
		s.best, s.part = lottery, part
	}
	gap := 1.0
	if n := len(s.target.levels); n > 0 {
		gap = max(0, 1-s.part) * s.target.levels[n-1].bound
	}
	s.progress(Progress{Stage: "composing panels", Panels: len(s.mixer.compositions), Gap: gap})
}

// approach adds compositions until the target is reached, or until a weighted sum of
// seats is found that the target exceeds and no composition does. That goes into the
// model as a cut.
func (s *solver) approach(ctx context.Context) (cut bool, err error) {
	search := s.search()
	s.mixer.aim(s.target.share)
	for {
		part, weights, err := s.mixer.mix(ctx)
		if err != nil {
			return false, err
		}
		s.offer(s.mixer.lottery())
		if part >= enough {
			return false, nil
		}
		if s.improve(weights, part) {
			continue
		}
		for t, w := range weights {
			search.LP.SetCost(search.Integers[t], w)
		}
		outcome, err := search.Maximize(ctx, part, part+better, better)
		if err != nil {
			return false, fmt.Errorf("looking for panels: %w", err)
		}
		if outcome.X != nil && s.mixer.add(outcome.X) {
			continue
		}
		return s.cut(weights, part), nil
	}
}

// improve adds what exchanges of seats make of the compositions in use, where their
// weighted sum is then more, and says whether it found anything.
func (s *solver) improve(weights []float64, above float64) bool {
	found := false
	climber := s.climber(weights)
	for _, counts := range s.mixer.inUse() {
		if counts, sum := climber.climb(counts); sum > above+1e-7 && s.mixer.add(counts) {
			found = true
		}
	}
	return found
}

// cut puts it into the model that no composition's weighted sum is more than most, and
// says whether the target's is.
func (s *solver) cut(weights []float64, most float64) bool {
	c := linear.Constraint{Low: -linear.Inf, High: most}
	for t, w := range weights {
		if w > 0 {
			c.Entries = append(c.Entries, linear.Entry{Index: t, Value: w})
		}
	}
	s.cuts = append(s.cuts, c)
	return sum(c, s.target.share) > most+tight
}

// evenly returns compositions that share a probability.
func evenly(compositions [][]int, probability float64) []Composition {
	all := make([]Composition, len(compositions))
	for i, counts := range compositions {
		all[i] = Composition{counts, probability / float64(len(compositions))}
	}
	return all
}

// distinct returns the compositions of a lottery, each once, without those whose
// probability may be rounding; they sum to 1.
func distinct(lottery []Composition) []Composition {
	const negligible = 1e-11
	var all []Composition
	at := map[string]int{}
	var sum float64
	for _, c := range lottery {
		if c.Probability < negligible {
			continue
		}
		sum += c.Probability
		key := fmt.Sprint(c.Counts)
		if i, known := at[key]; known {
			all[i].Probability += c.Probability
			continue
		}
		at[key] = len(all)
		all = append(all, c)
	}
	for i := range all {
		all[i].Probability /= sum
	}
	return all
}

// solution puts together what was found.
func (s *solver) solution(ctx context.Context) (*Solution, error) {
	result := &Solution{Compositions: distinct(s.best), Marginals: make([]float64, len(s.problem.Pool))}
	for t, k := range s.types {
		result.Types = append(result.Types, k.Type)
		var seats float64
		for _, c := range result.Compositions {
			seats += c.Probability * float64(c.Counts[t])
		}
		for _, member := range k.Members {
			result.Marginals[member] = seats / float64(len(k.Members))
		}
	}
	result.Lottery = expand(result.Types, result.Compositions)
	for _, step := range s.target.levels {
		level := s.level(step, result.Marginals)
		result.Levels = append(result.Levels, level)
		result.Gap = max(result.Gap, level.Gap)
	}
	result.Proven = result.Gap <= proven
	var err error
	result.Unreachable, err = s.unreachable(ctx)
	return result, err
}

// level returns a step of the target in terms of members.
func (s *solver) level(step step, marginals []float64) Level {
	level := Level{Probability: 1, Weights: make([]float64, len(s.problem.Pool)), Ceiling: step.ceiling}
	for t, w := range step.weights {
		for _, member := range s.types[t].Members {
			level.Weights[member] = w
		}
	}
	for _, t := range step.types {
		for _, member := range s.types[t].Members {
			level.Members = append(level.Members, member)
			level.Probability = min(level.Probability, marginals[member])
		}
	}
	slices.Sort(level.Members)
	level.Bound = max(step.bound, level.Probability)
	level.Gap = level.Bound - level.Probability
	return level
}
