package panel

import (
	"errors"
	"fmt"
	"slices"
)

// Residual returns the problem that is left when some members, as indexes into the pool,
// are seated beforehand: the remaining seats and quotas, and a pool without them and
// without those in conflict with them. The second result says for each member of that
// pool which one of this problem's pool it is.
//
// It fails, naming everything wrong, where those seated break a quota or conflict or are
// more than the seats.
func (p *Problem) Residual(beforehand []int) (*Problem, []int, error) {
	fixed := Panel(slices.Sorted(slices.Values(beforehand)))
	if err := p.wrongIndexes(fixed); err != nil {
		return nil, nil, err
	}
	rest := &Problem{Seats: p.Seats - len(fixed)}
	var problems []error
	if rest.Seats < 0 {
		problems = append(problems, fmt.Errorf("%d members cannot have %d seats", len(fixed), p.Seats))
	}
	for i, category := range p.Categories {
		left := Category{Name: category.Name}
		for _, q := range category.Values {
			have := 0
			for _, member := range fixed {
				if p.Pool[member].Values[i] == q.Value {
					have++
				}
			}
			if have > q.Max {
				problems = append(problems, fmt.Errorf("%s %q may have %d seats, and %d are taken", category.Name, q.Value, q.Max, have))
			}
			left.Values = append(left.Values, Quota{q.Value, max(0, q.Min-have), max(0, q.Max-have)})
		}
		rest.Categories = append(rest.Categories, left)
	}
	out := make([]bool, len(p.Pool)) // of the residual pool
	for _, member := range fixed {
		out[member] = true
	}
	for _, c := range p.Conflicts {
		a, b := seated(fixed, c[0]), seated(fixed, c[1])
		if a && b {
			problems = append(problems, fmt.Errorf("%q and %q are in conflict", p.Pool[c[0]].ID, p.Pool[c[1]].ID))
		}
		out[c[0]], out[c[1]] = out[c[0]] || b, out[c[1]] || a
	}
	from := rest.take(p, out)
	return rest, from, errors.Join(problems...)
}

// take fills in pool and conflicts from those of another problem who are not out.
func (p *Problem) take(whole *Problem, out []bool) []int {
	var from []int
	place := make([]int, len(whole.Pool))
	for i, member := range whole.Pool {
		if !out[i] {
			place[i] = len(from)
			from = append(from, i)
			p.Pool = append(p.Pool, member)
		}
	}
	for _, c := range whole.Conflicts {
		if !out[c[0]] && !out[c[1]] {
			p.Conflicts = append(p.Conflicts, [2]int{place[c[0]], place[c[1]]})
		}
	}
	return from
}

// beside returns those who are in conflict with somebody seated beforehand.
func beside(p *Problem, beforehand []int) []Unreachable {
	fixed := Panel(slices.Sorted(slices.Values(beforehand)))
	with := map[int][]int{} // their conflicts with them
	for i, c := range p.Conflicts {
		switch a, b := seated(fixed, c[0]), seated(fixed, c[1]); {
		case a:
			with[c[1]] = append(with[c[1]], i)
		case b:
			with[c[0]] = append(with[c[0]], i)
		}
	}
	var all []Unreachable
	for member, conflicts := range with {
		all = append(all, Unreachable{member, "somebody is nominated who is in conflict with this member", conflicts})
	}
	return all
}

// inWhole numbers the unreachable of a residual problem as this problem does.
func (p *Problem) inWhole(rest *Problem, from []int, unreachable []Unreachable) []Unreachable {
	place := map[[2]int]int{}
	for i, c := range p.Conflicts {
		place[c] = i
	}
	all := make([]Unreachable, len(unreachable))
	for i, u := range unreachable {
		all[i] = Unreachable{Member: from[u.Member], Reason: u.Reason}
		for _, k := range u.Conflicts {
			c := rest.Conflicts[k]
			all[i].Conflicts = append(all[i].Conflicts, place[[2]int{from[c[0]], from[c[1]]}])
		}
	}
	return all
}

// levelsInWhole numbers the members of levels as the problem with that pool does.
func levelsInWhole(levels []Level, from []int, pool int) []Level {
	all := slices.Clone(levels)
	for i, l := range levels {
		all[i].Members, all[i].Weights = make([]int, len(l.Members)), make([]float64, pool)
		for j, member := range l.Members {
			all[i].Members[j] = from[member]
		}
		for member, w := range l.Weights {
			all[i].Weights[from[member]] = w
		}
	}
	return all
}
