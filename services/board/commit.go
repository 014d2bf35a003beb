package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// Solve finds the fairest lottery of a frozen rotation and keeps it, so that it is not
// looked for again: what Commit otherwise does. One that the time limit ended is returned
// and not kept. ErrRotationState; ErrInfeasible.
func (r *Rotations) Solve(ctx context.Context, board, rotation string, o panel.Options) (*panel.Solution, error) {
	s, err := r.Get(ctx, board, rotation)
	if err != nil {
		return nil, err
	}
	if s.State.State != Frozen {
		return nil, rotationState(s.ID, "is %s, and there is a draw to prepare only for a frozen one", s.State.State)
	}
	taken, err := r.pool(ctx, s.State)
	if err != nil {
		return nil, err
	}
	_, _, solution, err := r.solve(ctx, s.State.Pool.ID, taken, o)
	return solution, err
}

// solve returns the problem of a pool as the public sees it, and its solution.
func (r *Rotations) solve(
	ctx context.Context, id string, taken *pool, o panel.Options,
) (*record.Pseudonyms, *panel.Problem, *panel.Solution, error) {
	pseudonyms, err := record.PseudonymsOf(taken.Salts)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the pseudonyms of %s: %w", id, err)
	}
	problem, err := pseudonyms.Conceal(&taken.Preparation.Problem)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the problem of %s: %w", id, err)
	}
	kept := &panel.Solution{}
	err = r.archive.read(ctx, id+"/solution", kept)
	if err == nil {
		return pseudonyms, problem, kept, nil
	}
	if !errors.Is(err, docstore.ErrNotFound) {
		return nil, nil, nil, err
	}
	solution, err := panel.Leximin(ctx, problem, o)
	switch {
	case err != nil:
		return nil, nil, nil, infeasible(err)
	case !solution.Proven:
		return pseudonyms, problem, solution, nil
	}
	text, err := json.Marshal(solution)
	if err == nil {
		_, err = r.archive.put(ctx, id+"/solution", text)
	}
	return pseudonyms, problem, solution, err
}

// Commitment is how a draw is to be made.
type Commitment struct {
	// Plan says where the seed comes from; people are named as principals/anna.
	Plan record.SeedPlan
	// Panels is how many panels are drawn from; 0 means record.DefaultPanels.
	Panels int
	// Solve says how the lottery is looked for, where Solve has not found it.
	Solve panel.Options
}

// Commit makes and publishes the record of a frozen rotation's draw, before its seed
// exists. The record is stored first, and then, in one write, the rotation is committed
// to it; then everybody in it is told their pseudonym. ErrRotationState; INVALID_ARGUMENT
// for a plan that cannot be; ErrInfeasible; resource.ErrStale.
func (r *Rotations) Commit(
	ctx context.Context, call resource.Call, board, rotation, etag string, c Commitment,
) (resource.Stored[Rotation], error) {
	var none resource.Stored[Rotation]
	id := rotationID(board, rotation)
	if earlier, known, err := r.table.Replay(ctx, call, id); known || err != nil {
		return earlier, r.settled(ctx, board, earlier, err)
	}
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if s.State.State != Frozen {
		return none, rotationState(id, "is %s, and only the draw of a frozen one can be committed", s.State.State)
	}
	if err := r.table.Check(s, resource.IfEtag[Rotation](etag)); err != nil {
		return none, err
	}
	if err := r.checkPlan(ctx, &c.Plan); err != nil {
		return none, err
	}
	mark, err := r.publish(ctx, board, s, c)
	if err != nil {
		return none, err
	}
	only := resource.IfVersion[Rotation](s.Version)
	s, err = r.step(ctx, call, id, only, "rotation.committed", []RotationState{Frozen}, func(s *Rotation) error {
		s.State, s.Draw = Committed, mark
		return nil
	})
	return s, r.settled(ctx, board, s, err)
}

// checkPlan wants a plan of which a seed can be made: what is committed stays, and a part
// that nobody can reveal would be missing.
func (w *wiring) checkPlan(ctx context.Context, p *record.SeedPlan) error {
	if err := p.CheckAt(w.now()); err != nil {
		return fault.Invalid("seed_plan", "%s", err).Because(err)
	}
	for i, person := range p.People {
		reveals, err := w.source.Reveals(ctx, person.Name)
		if err != nil {
			return fmt.Errorf("find out whether %s may reveal: %w", person.Name, err)
		}
		if !reveals {
			return fault.Invalid(fmt.Sprintf("seed_plan.holders[%d].principal", i),
				"%s does not exist, is disabled, or has no role that may reveal a secret: name somebody who can", person.Name)
		}
	}
	return nil
}

// publish makes the record, and archives it under what it is made of: whoever comes again
// with the same finds it.
func (r *Rotations) publish(ctx context.Context, board string, s resource.Stored[Rotation], c Commitment) (*DrawMark, error) {
	taken, err := r.pool(ctx, s.State)
	if err != nil {
		return nil, err
	}
	asked, err := json.Marshal([]any{c.Plan, c.Panels})
	if err != nil {
		return nil, err
	}
	id := s.State.Pool.ID + "/record/" + digest(asked)
	text, err := r.archive.get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		text, err = r.newRecord(ctx, board, id, s, taken, c)
	}
	if err != nil {
		return nil, err
	}
	committed, err := record.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the record of %s: %w", Name(s.ID), err)
	}
	mark := markOf(committed, id)
	return &mark, nil
}

func (r *Rotations) newRecord(ctx context.Context, board, id string, s resource.Stored[Rotation], taken *pool, c Commitment) ([]byte, error) {
	pseudonyms, problem, solution, err := r.solve(ctx, s.State.Pool.ID, taken, c.Solve)
	if err != nil {
		return nil, err
	}
	committed, err := record.Commit(record.Draft{
		Title:      record.Title{Board: Name(board), Rotation: Name(s.ID), Charter: CharterName(board, taken.Charter), Committed: r.now()},
		BoardSeats: taken.Rules.Seats, BoardQuotas: boardQuotas(&taken.Rules), Seated: seatedOf(taken, pseudonyms, problem),
		Problem: problem, Solution: solution, Panels: c.Panels, Seed: c.Plan,
	})
	if err != nil {
		return nil, fault.New(fault.FailedPrecondition, reasonInfeasible, "The record cannot be made: %s.", err).Because(err)
	}
	text, err := committed.Encode()
	if err != nil {
		return nil, err
	}
	if err := fetchable(committed, len(text)); err != nil {
		return nil, err
	}
	return r.archive.put(ctx, id, text)
}

// maxRecordBytes is how large a record may be: the draw is still added to it, and all of
// it has to fit into one answer.
const maxRecordBytes = 12 << 20

// fetchable wants a record not to be too large to be fetched, once it cannot be taken back.
func fetchable(committed *record.Record, size int) error {
	if size <= maxRecordBytes {
		return nil
	}
	bare := *committed
	bare.Panels = nil
	rest, err := bare.Encode()
	if err != nil {
		return err
	}
	panels := len(committed.Panels)
	fit := (maxRecordBytes - len(rest)) / max(1, (size-len(rest)+panels-1)/panels)
	if fit < 1 {
		return fault.New(fault.FailedPrecondition, reasonInfeasible,
			"The record would be %d MiB without its panels, and %d MiB can be fetched: the pool has too many members, or too many pairs of them in conflict (%d).",
			len(rest)>>20, maxRecordBytes>>20, len(committed.Conflicts))
	}
	return fault.Invalid("panels", "%d make a record of %d MiB, and %d MiB can be fetched: draw from about %d or fewer",
		panels, size>>20, maxRecordBytes>>20, fit)
}

// boardQuotas are the quotas of a charter, as a record has them.
func boardQuotas(rules *charter.Charter) []panel.Category {
	var quotas []panel.Category
	for _, category := range rules.Categories {
		c := panel.Category{Name: category.Name}
		for _, q := range category.Quotas {
			c.Values = append(c.Values, panel.Quota{Value: q.Value, Min: q.Min, Max: q.Max})
		}
		quotas = append(quotas, c)
	}
	return quotas
}

// seatedOf are those who are on the board without being drawn this time, with their
// values in the order of the problem's categories.
func seatedOf(taken *pool, pseudonyms *record.Pseudonyms, problem *panel.Problem) []record.Seated {
	p := taken.Preparation
	values := map[string][]string{}
	for _, c := range p.Candidates {
		values[c.Account] = c.Values
	}
	add := func(list []record.Seated, account, as string) []record.Seated {
		seated := record.Seated{As: as}
		seated.ID = pseudonyms.Of(account)
		for _, category := range problem.Categories {
			i := slices.IndexFunc(taken.Rules.Categories, func(c charter.Category) bool { return c.Name == category.Name })
			value := ""
			if own := values[account]; i >= 0 && i < len(own) {
				value = own[i]
			}
			seated.Values = append(seated.Values, value)
		}
		return append(list, seated)
	}
	var list []record.Seated
	for _, t := range p.Continuing {
		list = add(list, t.Account, record.AsContinuing)
	}
	for _, id := range p.Nominees {
		list = add(list, id, record.AsNominated)
	}
	return list
}

// Reveal records the secret of one of the people whom the plan names. ErrRotationState
// where the rotation is not committed; ErrSeed for somebody who is not named, a secret
// that is not the one committed or that no seed can be made of, and after the deadline.
// What is refused counts as not revealed.
func (r *Rotations) Reveal(ctx context.Context, call resource.Call, board, rotation, person, secret string) (resource.Stored[Rotation], error) {
	id := rotationID(board, rotation)
	return r.step(ctx, call, id, nil, "rotation.revealed", []RotationState{Committed}, func(s *Rotation) error {
		mark, wrong := s.Draw.revealed(person, secret, r.now())
		if wrong != "" {
			return seedError(id, "%s", wrong)
		}
		s.Draw = &mark
		return nil
	})
}

// Record returns the public record of a rotation's draw, byte for byte: with the draw once
// it is made. ErrRotationState where nothing is committed.
func (r *Rotations) Record(ctx context.Context, board, rotation string) (resource.Stored[Rotation], []byte, error) {
	s, err := r.Get(ctx, board, rotation)
	if err != nil {
		return s, nil, err
	}
	if s.State.Draw == nil {
		return s, nil, rotationState(s.ID, "is %s, and its draw is not committed yet", s.State.State)
	}
	made, err := r.archive.drawn(ctx, s.State.Draw)
	if err != nil {
		return s, nil, err
	}
	text, err := made.Encode()
	return s, text, err
}

// Pseudonyms returns which account has which pseudonym in the record of a rotation.
func (r *Rotations) Pseudonyms(ctx context.Context, board, rotation string) ([]record.Entry, error) {
	s, err := r.Get(ctx, board, rotation)
	if err != nil {
		return nil, err
	}
	if s.State.Draw == nil {
		return nil, rotationState(s.ID, "is %s, and its draw is not committed yet", s.State.State)
	}
	taken, err := r.pool(ctx, s.State)
	if err != nil {
		return nil, err
	}
	return taken.Salts, nil
}
