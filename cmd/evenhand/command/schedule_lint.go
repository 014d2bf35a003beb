package command

import (
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// ScheduleLint is `evenhand schedule lint`.
type ScheduleLint struct {
	File string `arg:"" help:"The schedule file, in YAML; - for standard input."`
}

// Help implements kong.HelpProvider.
func (*ScheduleLint) Help() string {
	return `Reads the file as a server would, without one, and names every problem as FILE:LINE:COLUMN: what is wrong and how to mend it. What depends on the company, its currency, its zone and the version in force, is checked by schedule publish --validate-only.

Examples:

  evenhand schedule lint promise.yaml`
}

// Run checks the file.
func (c *ScheduleLint) Run(env *Env) error {
	text, err := readAll(env, c.File)
	if err != nil {
		return err
	}
	file, err := schedule.ParseFile(text)
	var problems schedule.Problems
	if err == nil {
		problems = file.Places.Locate(schedule.Publishable(file.Schedule, schedule.Fed{Board: true, Programmes: file.Schedule.Programmes()}))
	} else if !errors.As(err, &problems) {
		return err
	}
	if len(problems) == 0 {
		s := file.Schedule
		_, err := fmt.Fprintf(env.Stdout, "%s: no problems in %d commitments, %d benefits and %d rules\n",
			fileName(c.File), len(s.Commitments), len(s.Benefits), len(s.Rules))
		return err
	}
	f := &failure{message: fileName(c.File) + " has problems", cause: problems}
	for _, p := range problems {
		f.details = append(f.details, fileName(c.File)+":"+p.String())
	}
	return f
}
