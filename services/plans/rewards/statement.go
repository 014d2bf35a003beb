package rewards

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/spreadsheet"
	"github.com/evenhand/evenhand/internal/resource"
)

// Statement is what a person, or all who worked for an account together, got in a period.
type Statement struct {
	// Person or Account is an id; the other is empty.
	Person, Account string
	Period          Period
	Sums
	// People are, for an account, the sums of each person, by id.
	People []Totals
	// Lines are the entries, in the order in which the work was completed.
	Lines []resource.Stored[Entry]
}

// PersonStatement returns what a person got in a period; nothing for one without entries.
func (s *Service) PersonStatement(ctx context.Context, person string, period Period) (Statement, error) {
	lines, err := s.entriesOf(ctx, "person", person, period)
	return Statement{Person: person, Period: period, Sums: sum(lines), Lines: lines}, err
}

// TeamStatement returns what all who worked for an account got for that in a period.
func (s *Service) TeamStatement(ctx context.Context, account string, period Period) (Statement, error) {
	lines, err := s.entriesOf(ctx, "account", account, period)
	if err != nil {
		return Statement{}, err
	}
	st := Statement{Account: account, Period: period, Sums: sum(lines), Lines: lines}
	by := map[string][]resource.Stored[Entry]{}
	for _, e := range lines {
		by[e.State.Person] = append(by[e.State.Person], e)
	}
	for person, own := range by {
		st.People = append(st.People, Totals{period.ID, person, sum(own)})
	}
	slices.SortFunc(st.People, func(a, b Totals) int { return strings.Compare(a.Person, b.Person) })
	return st, nil
}

var columns = []string{
	"entry", "kind", "person", "account", "completed_date", "work", "work_kind", "rule", "version", "points",
	"full_points", "worth", "cut", "cuts", "unmet", "cites", "reason", "evidence",
}

// CSV returns a row for each entry of a statement, below a row of names. Days are those of
// the company's zone.
func (s *Service) CSV(ctx context.Context, st *Statement) (string, error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return "", fmt.Errorf("find the company's time zone: %w", err)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{columns}
	for _, line := range st.Lines {
		e := line.State
		cut, cuts := 0, make([]string, len(e.Cuts))
		for i, c := range e.Cuts {
			cut += c.Points
			cuts[i] = fmt.Sprintf("%s %d of %d", c.Cap, c.Points, c.Limit)
		}
		rows = append(rows, spreadsheet.Row([]string{
			EntryName(line.ID), string(e.Kind), e.Person, e.Account, zone.DayOf(e.Completed).String(), e.Work,
			string(e.WorkKind), e.Rule, strconv.Itoa(e.Version), strconv.Itoa(e.Points), strconv.Itoa(e.Full), strconv.Itoa(e.Worth),
			strconv.Itoa(cut), strings.Join(cuts, "; "), string(e.Unmet), e.Cites, e.Reason, strings.Join(e.Evidence, " "),
		}))
	}
	if err := w.WriteAll(rows); err != nil {
		return "", fmt.Errorf("write a statement: %w", err)
	}
	return b.String(), nil
}
