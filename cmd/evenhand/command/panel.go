package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/files"
)

// Panel is `evenhand panel`: the draw on files, without a server.
type Panel struct {
	Solve   PanelSolve   `cmd:"" help:"Compute everybody's probability of being drawn."`
	Compare PanelCompare `cmd:"" help:"Compare ways of drawing: what each does to the lowest probability."`
	Draw    PanelDraw    `cmd:"" help:"Commit a draw to a public record, and draw from it."`
	Verify  PanelVerify  `cmd:"" help:"Replay a public record, offline."`
}

// PanelFiles are the flags that name the files of a problem.
type PanelFiles struct {
	Categories  string `placeholder:"FILE" group:"files" help:"Quotas as CSV: category,name,min,max."`
	Respondents string `placeholder:"FILE" group:"files" help:"The pool as CSV: id, and a column for each category; further columns are left alone."`
	Conflicts   string `placeholder:"FILE" group:"files" help:"Pairs of ids who never sit together, as CSV: a,b."`
	Seats       *int   `placeholder:"K" group:"files" help:"How many seats a panel has."`
}

// given reports whether any of the flags is given.
func (f *PanelFiles) given() bool {
	return f.Categories != "" || f.Respondents != "" || f.Conflicts != "" || f.Seats != nil
}

// read reads the problem. A mistake in a file is told with its place.
func (f *PanelFiles) read() (*panel.Problem, error) {
	if f.Categories == "" || f.Respondents == "" || f.Seats == nil {
		return nil, &usageError{"--categories, --respondents and --seats are needed"}
	}
	if *f.Seats < 0 {
		return nil, &usageError{fmt.Sprintf("--seats %d: give 0 or more", *f.Seats)}
	}
	var opened [3]files.File
	for i, name := range []string{f.Categories, f.Respondents, f.Conflicts} {
		if name == "" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		opened[i] = files.File{Name: name, Reader: bytes.NewReader(text)}
	}
	p, err := files.ReadProblem(opened[0], opened[1], opened[2], *f.Seats)
	if err != nil {
		return nil, &failure{message: "the files do not make a panel's problem", details: strings.Split(err.Error(), "\n"), cause: err}
	}
	return p, nil
}

// places finds members of the pool by id; flag is where the ids come from.
func places(p *panel.Problem, ids []string, flag string) ([]int, error) {
	place := make(map[string]int, len(p.Pool))
	for i, m := range p.Pool {
		place[m.ID] = i
	}
	var found []int
	seen := map[string]bool{}
	for _, id := range ids {
		i, known := place[id]
		if !known || seen[id] {
			return nil, &usageError{fmt.Sprintf("%s %s: give the id of a respondent, each once", flag, id)}
		}
		seen[id] = true
		found = append(found, i)
	}
	return found, nil
}

// explainSolve tells why there is no solution, in the ids of the problem.
func explainSolve(p *panel.Problem, err error) error {
	var infeasible *panel.InfeasibleError
	switch {
	case errors.Is(err, panel.ErrTimeLimit):
		return &failure{message: "no panel was found within the time limit", fix: "allow more with --time-limit", cause: err}
	case !errors.As(err, &infeasible):
		return err
	}
	f := &failure{message: fmt.Sprintf("no panel of %d meets the quotas and conflicts: %s", p.Seats, infeasible.Reason), cause: err}
	for _, i := range infeasible.Conflicts {
		f.details = append(f.details, conflict(p, i))
	}
	if !infeasible.Sought {
		f.fix = "allow more with --time-limit, to be told the smallest change of the quotas with which there is one"
		return f
	}
	if len(infeasible.Relaxation) == 0 {
		f.fix = "no change of the quotas alone would help: fewer seats, fewer conflicts or a larger pool are needed"
		return f
	}
	f.details = append(f.details, "the smallest change of the quotas with which there is one:")
	for _, c := range infeasible.Relaxation {
		f.details = append(f.details, fmt.Sprintf("  %s %q: %d to %d seats%s", c.Category, c.Value, c.Min, c.Max, instead(p, c)))
	}
	f.fix = "decide whether the quotas should change so; nothing was changed, and nothing written"
	return f
}

// instead names what a change of a quota replaces.
func instead(p *panel.Problem, c panel.Change) string {
	for _, category := range p.Categories {
		for _, q := range category.Values {
			if category.Name == c.Category && q.Value == c.Value {
				return fmt.Sprintf(" instead of %d to %d", q.Min, q.Max)
			}
		}
	}
	return ""
}

// conflict names the two of a conflict.
func conflict(p *panel.Problem, i int) string {
	c := p.Conflicts[i]
	return fmt.Sprintf("%s and %s are in conflict", p.Pool[c[0]].ID, p.Pool[c[1]].ID)
}

// tellUnsettled names those on stderr for whom no panel was found in time.
func tellUnsettled(env *Env, p *panel.Problem, unsettled []int) {
	for _, i := range unsettled {
		env.note("%s has the probability 0 only because no panel was looked for within the time limit: allow more with --time-limit", p.Pool[i].ID)
	}
}

// tellUnreachable names those on no possible panel on stderr.
func tellUnreachable(env *Env, p *panel.Problem, unreachable []panel.Unreachable) {
	for _, u := range unreachable {
		text := fmt.Sprintf("%s is on no possible panel, because %s", p.Pool[u.Member].ID, u.Reason)
		for _, i := range u.Conflicts {
			text += "; " + conflict(p, i)
		}
		env.note("%s", text)
	}
}
