package command

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// plainEvery is how often progress is told where no bar can be drawn.
const plainEvery = 10 * time.Second

// progress tells how far an import is: as a bar on a terminal, in a line now and then
// elsewhere; and every refused row, once, however often the file is sent.
type progress struct {
	env *Env
	bar *progressbar.ProgressBar // nil where stderr is no terminal

	mu       sync.Mutex
	durable  *accountsv1.ImportCounts // what the server last counted, all of it durable
	lastLine time.Time                // when progress was told in a line
	// told has a bit for every line that was told as refused, in the order of lines: rows
	// are refused in another, as when a row waits for its parent further down.
	told []uint64
}

// tells notes that a line is told, and says whether it was not before.
func (p *progress) tells(line int64) bool {
	at := uint64(max(line, 0))
	word, bit := int(at/64), uint64(1)<<(at%64)
	if word >= len(p.told) {
		p.told = append(p.told, make([]uint64, word+1-len(p.told))...)
	}
	first := p.told[word]&bit == 0
	p.told[word] |= bit
	return first
}

func newProgress(env *Env, size int64) *progress {
	p := &progress{env: env, durable: &accountsv1.ImportCounts{}, lastLine: env.Now()}
	if env.Terminal {
		p.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(env.Stderr),
			progressbar.OptionSetDescription("importing"),
			progressbar.OptionShowBytes(true),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// sent says how much of the file was sent.
func (p *progress) sent(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Set64(bytes) // drawing is no reason to fail
	}
}

// counted takes in what the server has made durable.
func (p *progress) counted(counts *accountsv1.ImportCounts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.durable = counts
	if p.bar != nil {
		p.bar.Describe(showCount(counts.GetRead()) + " rows durable")
		return
	}
	if now := p.env.Now(); now.Sub(p.lastLine) >= plainEvery {
		p.lastLine = now
		fmt.Fprintf(p.env.Stderr, "%s rows read, %s written, %s already there, %s refused\n",
			showCount(counts.GetRead()), showCount(counts.GetWritten()), showCount(counts.GetAlreadyThere()), showCount(counts.GetRefused()))
	}
}

// refused tells that the server refused a row.
func (p *progress) refused(row *accountsv1.RefusedRow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.tells(row.GetLine()) {
		return // told in an earlier attempt
	}
	text := row.GetReason()
	if row.GetField() != "" {
		text = row.GetField() + ": " + text
	}
	p.note("line %d: %s", row.GetLine(), text)
}

// note writes a line, clear of the bar.
func (p *progress) note(format string, args ...any) {
	if p.bar != nil {
		_ = p.bar.Clear() // drawing is no reason to fail
	}
	p.env.note(format, args...)
}

func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(format, args...)
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear() // drawing is no reason to fail
	}
}

// state is what the server last counted.
func (p *progress) state() *accountsv1.ImportCounts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.durable
}
