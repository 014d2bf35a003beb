package files

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/evenhand/evenhand/services/board/panel"
)

// WriteMarginals writes the probability of each member of the pool, in its order:
// id,probability with 12 decimals.
func WriteMarginals(w io.Writer, p *panel.Problem, marginals []float64) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"id", "probability"}}
	for i, member := range p.Pool {
		rows = append(rows, []string{member.ID, Probability(marginals[i])})
	}
	return out.WriteAll(rows)
}

// WritePanels writes the panels of a lottery: probability,members, the ids of the
// members separated by spaces.
func WritePanels(w io.Writer, p *panel.Problem, lottery *panel.Lottery) error {
	if err := CheckPanelIDs(p); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	rows := [][]string{{"probability", "members"}}
	for i, members := range lottery.Panels {
		ids := make([]string, len(members))
		for j, m := range members {
			ids[j] = p.Pool[m].ID
		}
		rows = append(rows, []string{Probability(lottery.Probabilities[i]), strings.Join(ids, " ")})
	}
	return out.WriteAll(rows)
}

// CheckPanelIDs returns an error that names the ids which cannot be told apart where
// they are separated by spaces, because there is space within them.
func CheckPanelIDs(p *panel.Problem) error {
	var wrong []error
	for _, member := range p.Pool {
		if strings.ContainsFunc(member.ID, unicode.IsSpace) {
			wrong = append(wrong, fmt.Errorf("the id %q has a space in it, and ids are separated by spaces in a file of panels", member.ID))
		}
	}
	return errors.Join(wrong...)
}

// Probability writes a probability as the files have it, with 12 decimals: more than a
// solution is exact to.
func Probability(p float64) string { return strconv.FormatFloat(p, 'f', 12, 64) }
