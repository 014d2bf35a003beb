package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/services/board/panel"
)

// Draft is what a record is made of.
type Draft struct {
	Title Title
	// BoardSeats are the seats of the board; 0 means that all of them are drawn.
	BoardSeats int
	// BoardQuotas are the quotas of the board as its charter has them; nil means that
	// they are those of the problem.
	BoardQuotas []panel.Category
	// Seated are those who are on the board without being drawn, by pseudonym, with a
	// value for each category of the problem.
	Seated []Seated
	// Problem is what is drawn, concealed: see Pseudonyms.Conceal.
	Problem *panel.Problem
	// Solution is that of the problem.
	Solution *panel.Solution
	// Panels is how many panels are drawn from; 0 means DefaultPanels.
	Panels int
	// Seed says how the seed will be made.
	Seed SeedPlan
}

// DefaultPanels is how many panels are drawn from unless something else is asked for.
const DefaultPanels = 1000

// maxPanels bounds the size of a record.
const maxPanels = 1_000_000

// Commit makes the record of a draw that has no seed yet. It fails where the seed could
// be known already or too early, where someone would have no chance who is not known to
// be on no possible panel, be it by rounding to that many panels or because the solution
// was not looked for long enough, and where the record would not verify.
func Commit(d Draft) (*Record, error) {
	if d.Panels == 0 {
		d.Panels = DefaultPanels
	}
	if d.Panels < 1 || d.Panels > maxPanels {
		return nil, fmt.Errorf("a draw from %d panels: give 1 to %d", d.Panels, maxPanels)
	}
	if d.Title.Committed.IsZero() {
		return nil, errors.New("the time of the commitment is missing")
	}
	if err := concealed(d.Problem); err != nil {
		return nil, err
	}
	d.Title.Committed, d.Seed = seconds(d.Title.Committed), d.Seed.inSeconds()
	if err := d.Seed.CheckAt(d.Title.Committed); err != nil {
		return nil, err
	}
	if err := unsettledError(d); err != nil {
		return nil, err
	}
	rounding, err := panel.Round(d.Solution, d.Panels)
	if err != nil {
		return nil, err
	}
	if len(rounding.Lost) > 0 {
		return nil, lostError(d, rounding)
	}
	r := d.record(rounding)
	if err := r.seal(); err != nil {
		return nil, err
	}
	text, err := r.Encode()
	if err != nil {
		return nil, err
	}
	if _, report := Verify(text); !report.OK() {
		return nil, fmt.Errorf("the record would not verify: %w", report.Err())
	}
	return r, nil
}

// concealed returns an error for a problem that does not come from Conceal.
func concealed(p *panel.Problem) error {
	if err := p.Check(); err != nil {
		return err
	}
	if !slices.IsSortedFunc(p.Pool, func(a, b panel.Member) int { return strings.Compare(a.ID, b.ID) }) {
		return errors.New("the pool is not in the order of pseudonyms: conceal it first")
	}
	return nil
}

// unsettledError names those of whom a solution does not say whether they can be drawn.
func unsettledError(d Draft) error {
	var ids []string
	for _, i := range d.Solution.Unsettled() {
		ids = append(ids, d.Problem.Pool[i].ID)
	}
	if len(ids) == 0 {
		return nil
	}
	return fmt.Errorf("%d of the pool would have no chance, and nobody knows whether they could have one, because the time limit was reached before (%s): give the solver more time",
		len(ids), strings.Join(ids, ", "))
}

// lostError says who would have no chance, and with how many panels they would.
func lostError(d Draft, rounding *panel.Rounding) error {
	least := 1.0
	for _, i := range rounding.Lost {
		least = min(least, d.Solution.Marginals[i])
	}
	instead := fmt.Sprintf("draw from %d or more", int(2/least)+1)
	if 2/least >= maxPanels {
		instead = "no number of panels that can be drawn from is certain to change that, so widen the quotas that make them so unlikely"
	}
	return fmt.Errorf("with %d panels to draw from, %d of the pool would have no chance although they should (%s: %.9f): %s",
		d.Panels, len(rounding.Lost), d.Problem.Pool[rounding.Lost[0]].ID, d.Solution.Marginals[rounding.Lost[0]], instead)
}

func (d *Draft) record(rounding *panel.Rounding) *Record {
	p, s := d.Problem, d.Solution
	r := &Record{
		Title:       d.Title,
		Rules:       Rules{BoardSeats: d.BoardSeats, Seats: p.Seats, Categories: []string{}},
		Quotas:      d.quotas(),
		Seated:      slices.Clone(d.Seated),
		Certificate: Certificate{ModeLeximin, s.Proven, Probability(s.Gap), d.Panels, Probability(rounding.LargestLoss)},
		Seed:        d.Seed,
	}
	if r.Rules.BoardSeats == 0 {
		r.Rules.BoardSeats = p.Seats + len(d.Seated)
	}
	for _, c := range p.Categories {
		r.Rules.Categories = append(r.Rules.Categories, c.Name)
	}
	for i := range r.Seated {
		r.Seated[i].Values = append([]string{}, r.Seated[i].Values...)
	}
	slices.SortFunc(r.Seated, func(a, b Seated) int { return strings.Compare(a.ID, b.ID) })
	for i, m := range p.Pool {
		r.Pool = append(r.Pool, Member{m.ID, append([]string{}, m.Values...)})
		r.Marginals = append(r.Marginals, Marginal{m.ID, Probability(s.Marginals[i]), rounding.Counts[i]})
	}
	all := make([]int, len(p.Conflicts))
	for i := range all {
		all[i] = i
	}
	r.Conflicts = pairs(p, all)
	for _, u := range s.Unreachable {
		r.Unreachable = append(r.Unreachable, Unreachable{p.Pool[u.Member].ID, u.Reason, pairs(p, u.Conflicts)})
	}
	slices.SortFunc(r.Unreachable, func(a, b Unreachable) int { return strings.Compare(a.ID, b.ID) })
	for _, l := range s.Levels {
		members := append([]int{}, l.Members...)
		slices.Sort(members)
		r.Levels = append(r.Levels, Level{Probability(l.Probability), Probability(l.Bound), Probability(l.Gap), members})
	}
	for _, members := range rounding.Panels {
		r.Panels = append(r.Panels, members)
	}
	return r
}

// quotas puts those of the board beside those that are left to the draw.
func (d *Draft) quotas() []Quota {
	board := map[[2]string]panel.Quota{}
	for _, c := range d.BoardQuotas {
		for _, q := range c.Values {
			board[[2]string{c.Name, q.Value}] = q
		}
	}
	var quotas []Quota
	for _, c := range d.Problem.Categories {
		for _, q := range c.Values {
			whole, given := board[[2]string{c.Name, q.Value}]
			if !given {
				whole = q
			}
			quotas = append(quotas, Quota{c.Name, q.Value, whole.Min, whole.Max, q.Min, q.Max})
		}
	}
	return quotas
}

// pairs names conflicts of the problem, each once.
func pairs(p *panel.Problem, conflicts []int) []Pair {
	named := []Pair{}
	for _, i := range conflicts {
		a, b := p.Pool[p.Conflicts[i][0]].ID, p.Pool[p.Conflicts[i][1]].ID
		named = append(named, Pair{min(a, b), max(a, b)})
	}
	slices.SortFunc(named, func(a, b Pair) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(named)
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
