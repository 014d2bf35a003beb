package command

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// steps tells how far a command is that makes one call after the other: as a bar on a
// terminal, in a line now and then elsewhere.
type steps struct {
	env      *Env
	what     string
	bar      *progressbar.ProgressBar // nil where stderr is no terminal
	done     int
	lastLine time.Time
}

// newSteps begins; of is how many steps there are, -1 where nobody knows. What says what
// is counted, as accounts.
func newSteps(env *Env, what string, of int) *steps {
	p := &steps{env: env, what: what, lastLine: env.Now()}
	if env.Terminal {
		p.bar = progressbar.NewOptions(of,
			progressbar.OptionSetWriter(env.Stderr),
			progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetSpinnerChangeInterval(0), // turned by the steps, without a goroutine of its own
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// add says that some more are done.
func (p *steps) add(n int) {
	p.done += n
	if p.bar != nil {
		_ = p.bar.Add(n) // drawing is no reason to fail
		return
	}
	p.line("%s %s done", showCount(int64(p.done)), p.what)
}

// tell says how many are done, of how many there are.
func (p *steps) tell(done, total int) {
	p.done = done
	if p.bar != nil {
		p.bar.ChangeMax(total)
		_ = p.bar.Set(min(done, total-1)) // drawing is no reason to fail; a full bar would end
		return
	}
	p.line("%s of %s %s", showCount(int64(done)), showCount(int64(total)), p.what)
}

// line writes a line now and then.
func (p *steps) line(format string, args ...any) {
	if now := p.env.Now(); now.Sub(p.lastLine) >= plainEvery {
		p.lastLine = now
		p.env.note(format, args...)
	}
}

// end takes the bar away.
func (p *steps) end() {
	if p.bar != nil {
		_ = p.bar.Clear() // drawing is no reason to fail
	}
}
