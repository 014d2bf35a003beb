package board

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/services/board/panel/record"
)

// Pool returns who is in the pool of a rotation and who is not: as it was taken, or, where
// it is not yet, as it would be now.
func (r *Rotations) Pool(ctx context.Context, board, rotation string) (*Preview, error) {
	s, err := r.Get(ctx, board, rotation)
	if err != nil {
		return nil, err
	}
	if s.State.Pool == nil {
		return r.Preview(ctx, board, rotation, nil, nil, nil)
	}
	taken, err := r.pool(ctx, s.State)
	if err != nil {
		return nil, err
	}
	p := &Preview{Charter: taken.Charter, Categories: categories(&taken.Rules), Preparation: taken.Preparation, Names: taken.Names}
	if s.State.Draw == nil {
		return p, nil
	}
	made, err := r.archive.drawn(ctx, s.State.Draw)
	if err != nil {
		return nil, err
	}
	pseudonyms, err := record.PseudonymsOf(taken.Salts)
	if err != nil {
		return nil, err
	}
	p.recorded(made, pseudonyms.Accounts())
	return p, nil
}

// recorded takes the chances of a record, whose pseudonyms stand for these accounts: on
// how many of its panels each is.
func (p *Preview) recorded(made *record.Record, accounts map[string]string) {
	p.Probabilities, p.Unreachable = map[string]float64{}, map[string]string{}
	for _, m := range made.Marginals {
		p.Probabilities[accounts[m.ID]] = float64(m.Count) / float64(len(made.Panels))
	}
	for _, u := range made.Unreachable {
		var pairs [][2]string
		for _, pair := range u.Conflicts {
			pairs = append(pairs, [2]string{accounts[pair[0]], accounts[pair[1]]})
		}
		p.Unreachable[accounts[u.ID]] = onNoPanel(u.Reason, pairs)
	}
}

// solved takes the chances of the solution.
func (p *Preview) solved() {
	p.Probabilities, p.Unreachable = map[string]float64{}, map[string]string{}
	problem := &p.Preparation.Problem
	for i, m := range problem.Pool {
		p.Probabilities[m.ID] = p.Solution.Marginals[i]
	}
	for _, u := range p.Solution.Unreachable {
		var pairs [][2]string
		for _, i := range u.Conflicts {
			pair := problem.Conflicts[i]
			pairs = append(pairs, [2]string{problem.Pool[pair[0]].ID, problem.Pool[pair[1]].ID})
		}
		p.Unreachable[problem.Pool[u.Member].ID] = onNoPanel(u.Reason, pairs)
	}
}

// onNoPanel says why an account is on no possible panel, as a clause of which it is the
// subject, with the pairs in conflict that the reason speaks of.
func onNoPanel(reason string, conflicts [][2]string) string {
	text := "is on no possible panel, because " + reason
	for _, pair := range conflicts {
		text += "; " + strings.Join(pair[:], " and ") + " are in conflict"
	}
	return text
}
