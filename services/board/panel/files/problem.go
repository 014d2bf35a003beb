package files

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/evenhand/evenhand/services/board/panel"
)

// ReadProblem reads a problem of that many seats. Pool and categories have the order of
// the files. A conflicts file with a nil Reader means that there are no conflicts;
// pairs that are given twice count once.
//
// The error names every mistake by file and line, up to 20 a file (errors.Join).
func ReadProblem(categories, respondents, conflicts File, seats int) (*panel.Problem, error) {
	p := &panel.Problem{Seats: seats}
	var err error
	if p.Categories, err = readCategories(categories); err != nil {
		return nil, err
	}
	if p.Pool, err = readPool(respondents, p.Categories); err != nil {
		return nil, err
	}
	if conflicts.Reader != nil {
		if p.Conflicts, err = readConflicts(conflicts, p.Pool); err != nil {
			return nil, err
		}
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return p, nil
}

func readCategories(file File) ([]panel.Category, error) {
	t, err := openTable(file, "category", "name", "min", "max")
	if err != nil {
		return nil, err
	}
	var categories []panel.Category
	place := map[string]int{}
	lines := map[[2]string]int{}
	for {
		r, err := t.next()
		if errors.Is(err, io.EOF) {
			return categories, t.err()
		}
		if err != nil {
			return nil, err
		}
		name, value := r.values[0], r.values[1]
		quota, ok := t.quota(r)
		first := lines[[2]string{name, value}]
		switch {
		case name == "":
			t.wrong(r.line, "the category has no name")
			continue
		case name == "id":
			t.wrong(r.line, `a category cannot be called "id": the respondents' column of that name holds their ids`)
			continue
		case first > 0:
			t.wrong(r.line, "category %q has the value %q already on line %d", name, value, first)
			continue
		case !ok:
			continue
		}
		lines[[2]string{name, value}] = r.line
		if _, known := place[name]; !known {
			place[name] = len(categories)
			categories = append(categories, panel.Category{Name: name})
		}
		c := &categories[place[name]]
		c.Values = append(c.Values, quota)
	}
}

// quota reads the bounds of a row of categories.
func (t *table) quota(r row) (panel.Quota, bool) {
	q := panel.Quota{Value: r.values[1]}
	fine := true
	for i, bound := range []*int{&q.Min, &q.Max} {
		n, err := strconv.Atoi(r.values[2+i])
		if err != nil || n < 0 {
			t.wrong(r.line, "%s is %q, not a number of seats", []string{"min", "max"}[i], r.values[2+i])
			fine = false
		}
		*bound = n
	}
	if fine && q.Min > q.Max {
		t.wrong(r.line, "min is %d and max is %d: min cannot be more than max", q.Min, q.Max)
		fine = false
	}
	return q, fine
}

func readPool(file File, categories []panel.Category) ([]panel.Member, error) {
	t, err := openTable(file, "id")
	if err != nil {
		return nil, err
	}
	columns := make([]string, len(categories))
	known := make([]map[string]bool, len(categories))
	for i, c := range categories {
		columns[i] = c.Name
		known[i] = map[string]bool{}
		for _, q := range c.Values {
			known[i][q.Value] = true
		}
	}
	if err := t.find(columns); err != nil {
		return nil, err
	}
	var pool []panel.Member
	lines := map[string]int{}
	for {
		r, err := t.next()
		if errors.Is(err, io.EOF) {
			return pool, t.err()
		}
		if err != nil {
			return nil, err
		}
		id, values := r.values[0], r.values[1:]
		switch {
		case id == "":
			t.wrong(r.line, "the id is empty")
		case lines[id] > 0:
			t.wrong(r.line, "the id %q stands already on line %d", id, lines[id])
		}
		for i, value := range values {
			if !known[i][value] {
				t.wrong(r.line, "%s is %q, which the categories do not have; they have %s", columns[i], value, listed(categories[i]))
			}
		}
		lines[id] = r.line
		pool = append(pool, panel.Member{ID: id, Values: values})
	}
}

// listed names the values of a category, the first few where there are many.
func listed(c panel.Category) string {
	const few = 12
	values := make([]string, 0, few)
	for _, q := range c.Values[:min(few, len(c.Values))] {
		values = append(values, q.Value)
	}
	text := fmt.Sprintf("%q", values)
	if more := len(c.Values) - len(values); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func readConflicts(file File, pool []panel.Member) ([][2]int, error) {
	t, err := openTable(file, "a", "b")
	if err != nil {
		return nil, err
	}
	place := make(map[string]int, len(pool))
	for i, m := range pool {
		place[m.ID] = i
	}
	var pairs [][2]int
	for {
		r, err := t.next()
		if errors.Is(err, io.EOF) {
			slices.SortFunc(pairs, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
			return slices.Compact(pairs), t.err()
		}
		if err != nil {
			return nil, err
		}
		a, knownA := place[r.values[0]]
		b, knownB := place[r.values[1]]
		switch {
		case !knownA || !knownB:
			for i, known := range []bool{knownA, knownB} {
				if !known {
					t.wrong(r.line, "no respondent has the id %q", r.values[i])
				}
			}
		case a == b:
			t.wrong(r.line, "%q cannot be in conflict with itself", r.values[0])
		default:
			pairs = append(pairs, [2]int{min(a, b), max(a, b)})
		}
	}
}
