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
	durable  *accountsv1.ImportCounts // of this attempt, all of it durable
	lastNews time.Time                // when something became durable
	lastLine time.Time                // when progress was told in a line
	server   refusals
	client   refusals // rows that could not even be sent
}

// refusals counts refused rows, of the current attempt and as told to the user.
type refusals struct {
	now int64
	// told has a bit for every line that was told, in the order of lines: rows are
	// refused in another, as when a row waits for its parent further down.
	told []uint64
}

// tells notes that a line is told, and says whether it was not before.
func (r *refusals) tells(line int64) bool {
	at := uint64(max(line, 0))
	word, bit := int(at/64), uint64(1)<<(at%64)
	if word >= len(r.told) {
		r.told = append(r.told, make([]uint64, word+1-len(r.told))...)
	}
	first := r.told[word]&bit == 0
	r.told[word] |= bit
	return first
}

func newProgress(env *Env, size int64) *progress {
	p := &progress{env: env, durable: &accountsv1.ImportCounts{}, lastNews: env.Now(), lastLine: env.Now()}
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

// begin starts an attempt to send the file.
func (p *progress) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server.now, p.client.now = 0, 0
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
	now := p.env.Now()
	p.lastNews = now
	if p.bar != nil {
		p.bar.Describe(showCount(counts.GetRead()) + " rows durable")
		return
	}
	if now.Sub(p.lastLine) >= plainEvery {
		p.lastLine = now
		fmt.Fprintf(p.env.Stderr, "%s rows read, %s written, %s already there, %s refused\n",
			showCount(counts.GetRead()), showCount(counts.GetWritten()), showCount(counts.GetAlreadyThere()), showCount(counts.GetRefused()))
	}
}

// refused tells that the server refused a row.
func (p *progress) refused(row *accountsv1.RefusedRow) { p.tell(&p.server, row) }

// unreadable tells that a row could not be read.
func (p *progress) unreadable(line int64, why string) {
	p.tell(&p.client, &accountsv1.RefusedRow{Line: line, Reason: why})
}

func (p *progress) tell(r *refusals, row *accountsv1.RefusedRow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.now++
	if !r.tells(row.GetLine()) {
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

// state is what is durable, and since when nothing more became so.
func (p *progress) state() (*accountsv1.ImportCounts, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.durable, p.lastNews
}

// total completes the server's counts by the rows that could not be sent.
func (p *progress) total(counts *accountsv1.ImportCounts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts.Read += p.client.now
	counts.Refused += p.client.now
}
