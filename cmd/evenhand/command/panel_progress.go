package command

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/evenhand/evenhand/services/board/panel"
)

// solveProgress tells how far a solve is: as a bar on a terminal, in a line now and then
// elsewhere.
type solveProgress struct {
	env      *Env
	bar      *progressbar.ProgressBar // nil where stderr is no terminal
	lastLine time.Time
}

func newSolveProgress(env *Env) *solveProgress {
	p := &solveProgress{env: env, lastLine: env.Now()}
	if env.Terminal {
		p.bar = progressbar.NewOptions(-1,
			progressbar.OptionSetWriter(env.Stderr),
			progressbar.OptionSetDescription("solving"),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// tell takes in what the solver says.
func (p *solveProgress) tell(now panel.Progress) {
	text := fmt.Sprintf("%s: %s kinds of panels", now.Stage, showCount(int64(now.Panels)))
	if now.Gap > 0 && now.Gap < 1 {
		text += fmt.Sprintf(", within %.6f", now.Gap)
	}
	if p.bar != nil {
		p.bar.Describe(text)
		if now.Of > 0 {
			p.bar.ChangeMax(now.Of)
			_ = p.bar.Set(min(now.Done, now.Of-1)) // drawing is no reason to fail; a full bar would end
			return
		}
		p.bar.ChangeMax(-1)
		_ = p.bar.Add(1)
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
