package panel

import (
	"errors"
	"fmt"
	"slices"
)

// Problem is what a draw has to solve: who is to be seated, under which rules. Where
// some members stay on the board, it is what they leave over: the remaining seats and
// quotas, and a pool without those in conflict with them.
type Problem struct {
	// Seats is how many members a panel has, 0 or more.
	Seats int
	// Categories are what quotas are set on; none means that only seats and conflicts
	// count.
	Categories []Category
	// Pool are those who may be drawn.
	Pool []Member
	// Conflicts are pairs of indexes into Pool who never sit on one panel.
	Conflicts [][2]int
}

// Category is an attribute on which quotas are set, as sector or region.
type Category struct {
	// Name is unique among the problem's categories.
	Name string
	// Values are all values that members may have, each once.
	Values []Quota
}

// Quota bounds the seats of those who have one value of a category.
type Quota struct {
	// Value is unique within its category.
	Value string
	// Min and Max are the fewest and the most seats, 0 <= Min <= Max.
	Min, Max int
}

// Member is someone who may be drawn.
type Member struct {
	// ID is unique within the pool; it has no influence on anyone's probability.
	ID string
	// Values has one value for each of the problem's categories, in their order.
	Values []string
}

// Panel is a set of members, as ascending indexes into the pool.
type Panel []int

// Check returns nil for a problem that is well formed, and otherwise an error that
// names everything wrong with it (errors.Join). That no panel meets the quotas is no
// such thing: Leximin reports it as an InfeasibleError.
func (p *Problem) Check() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if p.Seats < 0 {
		wrong("the number of seats is %d: give 0 or more", p.Seats)
	}
	p.checkCategories(wrong)
	p.checkPool(wrong)
	for i, conflict := range p.Conflicts {
		a, b := conflict[0], conflict[1]
		switch {
		case min(a, b) < 0 || max(a, b) >= len(p.Pool):
			wrong("conflict %d names members %d and %d of a pool of %d", i+1, a+1, b+1, len(p.Pool))
		case a == b:
			wrong("member %q is in conflict with itself", p.Pool[a].ID)
		}
	}
	return errors.Join(problems...)
}

func (p *Problem) checkCategories(wrong func(string, ...any)) {
	names := map[string]bool{}
	for i, category := range p.Categories {
		if category.Name == "" {
			wrong("category %d has no name", i+1)
		}
		if names[category.Name] {
			wrong("category %q is given twice", category.Name)
		}
		names[category.Name] = true
		if len(category.Values) == 0 {
			wrong("category %q has no values", category.Name)
		}
		values := map[string]bool{}
		for _, quota := range category.Values {
			if values[quota.Value] {
				wrong("category %q has the value %q twice", category.Name, quota.Value)
			}
			values[quota.Value] = true
			if quota.Min < 0 || quota.Min > quota.Max {
				wrong("the quota of %s %q is %d to %d seats: give 0 <= min <= max", category.Name, quota.Value, quota.Min, quota.Max)
			}
		}
	}
}

func (p *Problem) checkPool(wrong func(string, ...any)) {
	known := make([]map[string]bool, len(p.Categories))
	for i, category := range p.Categories {
		known[i] = map[string]bool{}
		for _, quota := range category.Values {
			known[i][quota.Value] = true
		}
	}
	ids := map[string]bool{}
	for i, member := range p.Pool {
		if member.ID == "" {
			wrong("member %d of the pool has no id", i+1)
		}
		if ids[member.ID] && member.ID != "" {
			wrong("member %q is in the pool twice", member.ID)
		}
		ids[member.ID] = true
		if len(member.Values) != len(p.Categories) {
			wrong("member %q has %d values for %d categories", member.ID, len(member.Values), len(p.Categories))
			continue
		}
		for j, value := range member.Values {
			if !known[j][value] {
				wrong("member %q has the value %q, which category %q does not list", member.ID, value, p.Categories[j].Name)
			}
		}
	}
}

// Violation returns nil where the panel fills the seats and meets every quota and
// conflict of a well-formed problem, and otherwise an error that names everything it
// breaks (errors.Join).
func (p *Problem) Violation(panel Panel) error {
	if err := p.wrongIndexes(panel); err != nil {
		return err
	}
	var broken []error
	if len(panel) != p.Seats {
		broken = append(broken, fmt.Errorf("the panel has %d members for %d seats", len(panel), p.Seats))
	}
	for i, category := range p.Categories {
		counts := map[string]int{}
		for _, member := range panel {
			counts[p.Pool[member].Values[i]]++
		}
		for _, quota := range category.Values {
			if n := counts[quota.Value]; n < quota.Min || n > quota.Max {
				broken = append(broken, fmt.Errorf("%s %q has %d seats, its quota is %d to %d", category.Name, quota.Value, n, quota.Min, quota.Max))
			}
		}
	}
	for _, conflict := range p.Conflicts {
		if seated(panel, conflict[0]) && seated(panel, conflict[1]) {
			broken = append(broken, fmt.Errorf("%q and %q are in conflict", p.Pool[conflict[0]].ID, p.Pool[conflict[1]].ID))
		}
	}
	return errors.Join(broken...)
}

func (p *Problem) wrongIndexes(panel Panel) error {
	for i, member := range panel {
		if member < 0 || member >= len(p.Pool) {
			return fmt.Errorf("the panel names member %d of a pool of %d", member+1, len(p.Pool))
		}
		if i > 0 && member <= panel[i-1] {
			return fmt.Errorf("the panel's members are not in ascending order, each once: %d follows %d", member, panel[i-1])
		}
	}
	return nil
}

func seated(panel Panel, member int) bool {
	_, found := slices.BinarySearch(panel, member)
	return found
}
