package command

import (
	"strconv"
	"time"

	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/files"
)

// PanelCompare is `evenhand panel compare`.
type PanelCompare struct {
	PanelFiles
	Nominate  []string      `placeholder:"ID" sep:"none" help:"Also compare with this respondent seated without a draw; may be repeated."`
	TimeLimit time.Duration `placeholder:"DURATION" help:"How long each way of drawing may take: the best lottery found by then, the panels sampled by then; as long as it takes, where it is 0 or not given."`
	Sampling
	Report Format `default:"table" enum:"table,json,csv" help:"How to print the report: ${enum} (${default})."`
}

// Help implements kong.HelpProvider.
func (*PanelCompare) Help() string {
	return `Shows what ways of drawing do to everybody's probability: leximin, the one boards are drawn by; uniform, all possible panels equally likely; greedy, seat by seat what is the most urgent, as panels were drawn before; and nominated, some seated by hand. Who is on no possible panel is left out of all.

Examples:

  evenhand panel compare --categories categories.csv --respondents respondents.csv --seats 12
  evenhand panel compare --categories categories.csv --respondents respondents.csv --conflicts conflicts.csv --seats 12 --nominate ACME --report csv`
}

// comparedRow is a way of drawing in the JSON of a comparison.
type comparedRow struct {
	Mode          string  `json:"mode"`
	Lowest        float64 `json:"lowest"`
	Gini          float64 `json:"gini"`
	GeometricMean float64 `json:"geometricMean"`
	AtZero        int     `json:"atZero"`
	Samples       int     `json:"samples"`
	Method        string  `json:"method"`
	Failure       string  `json:"failure"`
}

// Run compares and reports.
func (c *PanelCompare) Run(env *Env) error {
	if c.Samples < 1 {
		return &usageError{"--samples: give 1 or more"}
	}
	p, err := c.read()
	if err != nil {
		return err
	}
	nominated, err := places(p, c.Nominate, "--nominate")
	if err != nil {
		return err
	}
	comparison, err := c.compare(env, p, nominated)
	if err != nil {
		return explainSolve(p, err)
	}
	tellUnreachable(env, p, comparison.Unreachable)
	if c.Report == formatJSON {
		return printPlainJSON(env.Stdout, map[string]any{
			"rows": comparedRows(comparison), "unreachable": reportUnreachable(p, comparison.Unreachable),
		})
	}
	l := Output{c.Report}.newList(env.Stdout, "rows", "Mode", "Lowest", "Gini", "Geometric mean", "At zero", "Method")
	for _, row := range comparedRows(comparison) {
		cells := []string{row.Mode, files.Probability(row.Lowest), files.Probability(row.Gini), files.Probability(row.GeometricMean), strconv.Itoa(row.AtZero), row.Method}
		if row.Failure != "" {
			cells = []string{row.Mode, "", "", "", "", row.Failure}
		}
		if err := l.add(nil, cells...); err != nil {
			return err
		}
	}
	return l.end()
}

func (c *PanelCompare) compare(env *Env, p *panel.Problem, nominated []int) (*panel.Comparison, error) {
	progress := newSolveProgress(env)
	defer progress.end()
	return panel.Compare(env.Context, p, panel.ModeOptions{
		Options:   panel.Options{TimeLimit: c.TimeLimit, Progress: progress.tell},
		Nominated: nominated, Samples: c.Samples, Seed: c.Seed,
	})
}

func comparedRows(comparison *panel.Comparison) []comparedRow {
	var rows []comparedRow
	for _, r := range comparison.Rows {
		row := comparedRow{Mode: string(r.Mode), Lowest: r.Lowest, Gini: r.Gini, GeometricMean: r.GeometricMean, AtZero: r.AtZero, Failure: r.Failure}
		if r.Result != nil {
			row.Samples, row.Method = r.Result.Samples, r.Result.Method
		}
		rows = append(rows, row)
	}
	return rows
}
