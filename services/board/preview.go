package board

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/panel"
)

// patience is how long a preview or a simulation may take, whatever the deadline of the
// caller: anybody who may read can ask for them, by rules of their own.
const patience = 5 * time.Minute

// within answers a question, or says that it took too long, and what to do.
func within[T any](ctx context.Context, limit time.Duration, instead string, answer func(context.Context) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := answer(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fault.New(fault.DeadlineExceeded, fault.ReasonDeadline, "This took longer than %s, the most that is spent on such a question. %s", limit, instead).Because(err)
	}
	return out, err
}

// Preview works out what a rotation would come to if its pool were taken now, by the
// charter in force or by another, and, where solve is given, with which probabilities.
// Nothing is written. It fails as Freeze does, and with DEADLINE_EXCEEDED.
func (r *Rotations) Preview(
	ctx context.Context, board, rotation string, rules *charter.Charter, nominees []string, solve *panel.Options,
) (*Preview, error) {
	return within(ctx, r.patience, "Do not look for probabilities, or give rules with fewer categories and conflicts.", func(ctx context.Context) (*Preview, error) {
		return r.preview(ctx, board, rotation, rules, nominees, solve)
	})
}

func (r *Rotations) preview(
	ctx context.Context, board, rotation string, rules *charter.Charter, nominees []string, solve *panel.Options,
) (*Preview, error) {
	s, err := r.Get(ctx, board, rotation)
	if err != nil {
		return nil, err
	}
	w, err := r.world(ctx, board)
	if err != nil {
		return nil, err
	}
	p := &Preview{Names: map[string]string{}}
	if rules == nil {
		v, err := r.charters.At(ctx, board, s.State.Day)
		if err != nil {
			return nil, err
		}
		rules, p.Charter = &v.Rules, v.Number
	} else {
		fill(rules, w.board.Zone)
		if err := rules.Check("rules."); err != nil {
			return nil, err
		}
	}
	p.Categories = categories(rules)
	if p.Preparation, err = prepare(ctx, rules, w.rotation(s.State, nominees)); err != nil {
		return nil, err
	}
	for id, a := range w.accounts {
		p.Names[id] = a.DisplayName
	}
	if solve != nil {
		if p.Solution, err = panel.Leximin(ctx, &p.Preparation.Problem, *solve); err != nil {
			return nil, infeasible(err)
		}
		p.solved()
	}
	return p, nil
}
