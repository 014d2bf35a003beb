package record

import (
	"slices"
	"strings"
)

// filling seats members one by one, keeping count of quotas and conflicts.
type filling struct {
	record  *Record
	quotas  []map[string]*count // by category and value
	against [][]int             // whom each of the pool is in conflict with
	kind    []int               // of each of the pool; those alike are of one kind
	blocked []int               // how many of those seated each is in conflict with
	open    int
	steps   int // that are left of the search
}

// count is how far a quota is filled, and by how many who fit it still could be.
type count struct{ seated, min, max, left int }

// fillingSteps bounds the search, by how often it looks at a member; it is a count and no
// time, so that everybody gets the same answer.
const fillingSteps = 20_000_000

func newFilling(r *Record, seated []int) *filling {
	f := &filling{record: r, against: r.against(), blocked: make([]int, len(r.Pool)), open: r.Rules.Seats, steps: fillingSteps}
	for range r.Rules.Categories {
		f.quotas = append(f.quotas, map[string]*count{})
	}
	for _, q := range r.Quotas {
		f.quotas[slices.Index(r.Rules.Categories, q.Category)][q.Value] = &count{min: q.Min, max: q.Max}
	}
	kinds := map[string]int{}
	for i, m := range r.Pool {
		key := strings.Join(m.Values, "\x00")
		for _, j := range f.against[i] {
			key += "\x00" + r.Pool[j].ID
		}
		if _, known := kinds[key]; !known {
			kinds[key] = len(kinds)
		}
		f.kind = append(f.kind, kinds[key])
	}
	for _, member := range seated {
		f.seat(member, 1)
	}
	return f
}

// against returns for each of the pool the places of those it is in conflict with.
func (r *Record) against() [][]int {
	place := make(map[string]int, len(r.Pool))
	for i, m := range r.Pool {
		place[m.ID] = i
	}
	against := make([][]int, len(r.Pool))
	for _, pair := range r.Conflicts {
		a, b := place[pair[0]], place[pair[1]]
		against[a] = append(against[a], b)
		against[b] = append(against[b], a)
	}
	for i := range against {
		slices.Sort(against[i])
	}
	return against
}

// call returns the members of an order who fill the open seats or, where nobody can fill
// all of them, as many as can be filled: see fill. It fails with ErrNoAlternates where
// that is none, and with ErrNotWorkedOut where no steps are left.
func (f *filling) call(order []int, open int) ([]int, error) {
	if open == 0 {
		return []int{}, nil
	}
	for want := min(open, len(order)); want > 0; want-- {
		called, found := f.fill(order, want)
		switch {
		case found:
			return called, nil
		case f.steps < 0:
			return nil, ErrNotWorkedOut
		}
	}
	return nil, ErrNoAlternates
}

// fill finds the first of the order with whom as many open seats as are wanted can be
// filled, then the first further one, and so on. Of the seats that stay open, there are
// enough for what the quotas still need.
func (f *filling) fill(order []int, want int) ([]int, bool) {
	f.steps -= 1 + len(order)
	switch {
	case f.steps < 0, !f.possible():
		return nil, false
	case want == 0:
		return []int{}, true
	case !f.enough(order, want):
		return nil, false
	}
	failed := map[int]bool{} // kinds of whom the first did not do
	for i, member := range order {
		if failed[f.kind[member]] || !f.fits(member) {
			continue
		}
		f.seat(member, 1)
		rest, found := f.fill(order[i+1:], want-1)
		if found {
			return append([]int{member}, rest...), true
		}
		f.seat(member, -1)
		failed[f.kind[member]] = true
	}
	return nil, false
}

// fits reports whether a member may sit beside those seated.
func (f *filling) fits(member int) bool {
	if f.blocked[member] > 0 {
		return false
	}
	for c, value := range f.record.Pool[member].Values {
		if q := f.quotas[c][value]; q.seated >= q.max {
			return false
		}
	}
	return true
}

// possible reports whether the open seats are enough for what the quotas still need,
// and no quota or conflict is broken.
func (f *filling) possible() bool {
	for _, values := range f.quotas {
		needed := 0
		for _, q := range values {
			if q.seated > q.max {
				return false
			}
			needed += max(0, q.min-q.seated)
		}
		if needed > f.open {
			return false
		}
	}
	return true
}

// enough reports whether, as far as each category alone tells, those of an order who fit
// can fill as many seats as are wanted, and leave enough for what they cannot fill of what
// the quotas need. Where it says no, no search is needed.
func (f *filling) enough(order []int, want int) bool {
	for _, values := range f.quotas {
		for _, q := range values {
			q.left = 0
		}
	}
	fit := 0
	for _, member := range order {
		if !f.fits(member) {
			continue
		}
		fit++
		for c, value := range f.record.Pool[member].Values {
			f.quotas[c][value].left++
		}
	}
	if fit < want {
		return false
	}
	for _, values := range f.quotas {
		filled, lacking := 0, 0
		for _, q := range values {
			filled += min(q.left, q.max-q.seated)
			lacking += max(0, q.min-q.seated-q.left)
		}
		if filled < want || lacking > f.open-want {
			return false
		}
	}
	return true
}

// seat takes a seat with times 1 and frees it with -1.
func (f *filling) seat(member, times int) {
	f.open -= times
	for c, value := range f.record.Pool[member].Values {
		f.quotas[c][value].seated += times
	}
	for _, other := range f.against[member] {
		f.blocked[other] += times
	}
}
