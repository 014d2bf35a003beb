package charter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/services/board/panel"
)

// Shortfall is something that cannot be as the charter has it.
type Shortfall struct {
	// Category and Value name the quota; both are empty where it is about the seats
	// altogether, and Value where it is about all quotas of the category together.
	Category, Value string
	// Over is how many seats too many are taken, Missing how many too few; one is 0.
	Over, Missing int
	// Text says it in a sentence.
	Text string
}

// residual makes the problem that is left for the draw of some seats, but for the conflicts.
func (p *Preparation) residual(seats int) {
	p.Problem = panel.Problem{Seats: seats}
	for i := range p.Candidates {
		candidate := &p.Candidates[i]
		if candidate.InPool() && !slices.Contains(p.Nominees, candidate.Account) {
			p.Problem.Pool = append(p.Problem.Pool, panel.Member{ID: candidate.Account, Values: candidate.Values})
		}
	}
	if n := len(p.Continuing) - p.charter.Seats; n > 0 {
		p.short(Shortfall{Over: n, Text: fmt.Sprintf("%s hold seats of a board that has %d", count(len(p.Continuing), "continuing member"), p.charter.Seats)})
	}
	if n := seats - len(p.Problem.Pool); n > 0 {
		p.short(Shortfall{Missing: n, Text: fmt.Sprintf("%s to be drawn from a pool of %d", count(seats, "seat"), len(p.Problem.Pool))})
	}
	for i := range p.charter.Categories {
		p.quotas(i)
	}
}

// quotas leaves over what the members who stay do not fill of a category's quotas.
func (p *Preparation) quotas(i int) {
	category := &p.charter.Categories[i]
	supply := map[string]int{}
	for _, member := range p.Problem.Pool {
		supply[member.Values[i]]++
	}
	left := panel.Category{Name: category.Name}
	least, most := 0, 0
	var needs []string
	for _, q := range category.Quotas {
		have := p.staying.counts[i][q.Value]
		rest := panel.Quota{Value: q.Value, Min: max(0, q.Min-have), Max: max(0, q.Max-have)}
		left.Values = append(left.Values, rest)
		least, most = least+rest.Min, most+rest.Max
		if rest.Min > 0 {
			needs = append(needs, fmt.Sprintf("%d for %q", rest.Min, q.Value))
		}
		if over := have - q.Max; over > 0 {
			p.short(Shortfall{category.Name, q.Value, over, 0, fmt.Sprintf("%s %q has %s, and %s stay", category.Name, q.Value,
				count(q.Max, "seat"), count(have, "member"))})
		}
		if missing := rest.Min - supply[q.Value]; missing > 0 && rest.Min <= p.Problem.Seats {
			p.short(Shortfall{category.Name, q.Value, 0, missing, fmt.Sprintf("%s %q still needs %s, and the pool has %d", category.Name, q.Value,
				count(rest.Min, "member"), supply[q.Value])})
		}
	}
	p.Problem.Categories = append(p.Problem.Categories, left)
	if missing := least - p.Problem.Seats; missing > 0 {
		p.short(Shortfall{category.Name, "", 0, missing, fmt.Sprintf("the quotas of %s still need %s (%s), and %s to be drawn", category.Name,
			count(least, "member"), strings.Join(needs, ", "), count(p.Problem.Seats, "seat"))})
	}
	if over := p.Problem.Seats - most; over > 0 {
		p.short(Shortfall{category.Name, "", over, 0, fmt.Sprintf("the quotas of %s leave room for %s, and %s to be drawn", category.Name,
			count(most, "member"), count(p.Problem.Seats, "seat"))})
	}
}

func (p *Preparation) short(s Shortfall) { p.Shortfalls = append(p.Shortfalls, s) }
