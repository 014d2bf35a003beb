package command

import (
	"io"
	"time"

	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/files"
)

// PanelSolve is `evenhand panel solve`.
type PanelSolve struct {
	PanelFiles
	Output    string        `required:"" placeholder:"FILE" help:"Where to write everybody's probability: id,probability."`
	Panels    string        `placeholder:"FILE" help:"Where to write the panels of the lottery: probability,members."`
	Mode      string        `default:"leximin" enum:"leximin,uniform,greedy,nominated" help:"How to draw: ${enum} (${default})."`
	Nominate  []string      `placeholder:"ID" sep:"none" help:"Seat this respondent without a draw, for --mode nominated; may be repeated."`
	TimeLimit time.Duration `placeholder:"DURATION" help:"Take the best that is found within this time, and say how far it is from proven; as long as it takes, where it is 0 or not given."`
	Sampling
	Report Format `default:"table" enum:"table,json,csv" help:"How to print the report: ${enum} (${default})."`
}

// Sampling says how probabilities are estimated that cannot be computed.
type Sampling struct {
	Samples int    `default:"10000" placeholder:"N" help:"How many panels to draw where probabilities are estimated (${default})."`
	Seed    uint64 `default:"1" placeholder:"N" help:"What the estimates follow from: the same number gives the same (${default})."`
}

// Help implements kong.HelpProvider.
func (*PanelSolve) Help() string {
	return `Computes the fairest lottery over all panels that fill the seats within quotas and conflicts: the lowest probability as high as possible, then the second lowest, and so on (leximin). Probabilities are written in the order of the respondents; who is on no possible panel has 0 and is named on stderr, as is everybody for whom no panel was found within the time limit. When no panel is possible, the reason and the smallest change of the quotas are told, and nothing is written.

Examples:

  evenhand panel solve --categories categories.csv --respondents respondents.csv --seats 12 --output marginals.csv
  evenhand panel solve --categories categories.csv --respondents respondents.csv --conflicts conflicts.csv --seats 12 \
    --output marginals.csv --panels panels.csv --time-limit 10m --report json`
}

// Run solves, writes and reports.
func (c *PanelSolve) Run(env *Env) error {
	mode := panel.Mode(c.Mode)
	switch exact := mode == panel.ModeLeximin || mode == panel.ModeNominated; {
	case c.Panels != "" && !exact:
		return &usageError{"--panels needs a lottery: --mode leximin or --mode nominated"}
	case (mode == panel.ModeNominated) != (len(c.Nominate) > 0):
		return &usageError{"--nominate and --mode nominated belong together"}
	case c.Panels != "" && differentFiles(c.Output, c.Panels) != nil:
		return differentFiles(c.Output, c.Panels)
	case c.Samples < 1:
		return &usageError{"--samples: give 1 or more"}
	}
	for _, output := range []string{c.Output, c.Panels} {
		if err := refuseInput(output, c.Categories, c.Respondents, c.Conflicts); err != nil {
			return err
		}
	}
	p, err := c.read()
	if err != nil {
		return err
	}
	if c.Panels != "" {
		if err := files.CheckPanelIDs(p); err != nil {
			return err
		}
	}
	nominated, err := places(p, c.Nominate, "--nominate")
	if err != nil {
		return err
	}
	result, err := solve(env, p, mode, panel.ModeOptions{
		Options: panel.Options{TimeLimit: c.TimeLimit}, Nominated: nominated, Samples: c.Samples, Seed: c.Seed,
	})
	if err != nil {
		return explainSolve(p, err)
	}
	if err := c.write(p, result); err != nil {
		return err
	}
	report := newPanelReport(p, result)
	report.warn(env, p)
	return report.print(env, c.Report)
}

// solve draws with progress on stderr.
func solve(env *Env, p *panel.Problem, mode panel.Mode, o panel.ModeOptions) (*panel.Result, error) {
	progress := newSolveProgress(env)
	defer progress.end()
	o.Progress = progress.tell
	return panel.Solve(env.Context, p, mode, o)
}

func (c *PanelSolve) write(p *panel.Problem, result *panel.Result) error {
	var out written
	err := out.add(c.Output, 0o644, func(w io.Writer) error { return files.WriteMarginals(w, p, result.Marginals) })
	if err == nil && c.Panels != "" {
		err = out.add(c.Panels, 0o644, func(w io.Writer) error { return files.WritePanels(w, p, result.Lottery) })
	}
	if err != nil {
		return err
	}
	return out.commit()
}
