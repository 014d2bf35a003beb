package command

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/evenhand/evenhand/services/board/panel"
)

// solveProgress tells how far a solve is: as a bar for each stage on a terminal, in a
// line now and then elsewhere.
type solveProgress struct {
	env      *Env
	stage    string
	bar      *progressbar.ProgressBar // of the stage; nil where stderr is no terminal
	lastLine time.Time
}

func newSolveProgress(env *Env) *solveProgress { return &solveProgress{env: env, lastLine: env.Now()} }

// begin draws the bar of a stage; steps is 0 where nobody knows how many there are.
func (p *solveProgress) begin(stage string, steps int) {
	if p.stage == stage || !p.env.Terminal {
		return
	}
	p.end()
	p.stage = stage
	if steps == 0 {
		steps = -1
	}
	p.bar = progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(p.env.Stderr),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // turned by the solver's steps, without a goroutine of its own
		progressbar.OptionClearOnFinish(),
	)
}

// tell takes in what the solver says.
func (p *solveProgress) tell(now panel.Progress) {
	text := fmt.Sprintf("%s: %s kinds of panels", now.Stage, showCount(int64(now.Panels)))
	if now.Gap > 0 && now.Gap < 1 {
		text += fmt.Sprintf(", within %.6f", now.Gap)
	}
	p.begin(now.Stage, now.Of)
	if p.bar != nil {
		p.bar.Describe(text)
		if now.Of > 0 {
			_ = p.bar.Set(min(now.Done, now.Of-1)) // drawing is no reason to fail; a full bar would end
		} else {
			_ = p.bar.Add(1) // the same
		}
		return
	}
	if at := p.env.Now(); at.Sub(p.lastLine) >= plainEvery {
		p.lastLine = at
		if now.Of > 0 {
			text += fmt.Sprintf(", %d of %d", now.Done, now.Of)
		}
		p.env.note("%s", text)
	}
}

// end takes the bar away.
func (p *solveProgress) end() {
	if p.bar != nil {
		_ = p.bar.Clear() // drawing is no reason to fail
	}
}
