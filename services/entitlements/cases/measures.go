package cases

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/worktime"
)

// Measure is what an audit compares cases by. Bands and regions are facts of accounts,
// and not known here.
type Measure struct {
	// ID is the case's, as acme/cases/c1, and Account its account's.
	ID, Account    string
	Issue, Channel string
	// Role is that in which staff replied first, else that in which it was resolved; empty
	// where neither is known.
	Role   string
	Opened time.Time
	// FirstReply and Resolution are the working time until then by the calendar of the
	// commitment that measures it, elapsed time where none does, and without the waiting
	// for the customer; until the audit where it is still open. A case's resolution is its
	// first: that it was reopened shows in Reopened.
	FirstReply, Resolution         time.Duration
	FirstReplyOpen, ResolutionOpen bool
	// Unknown says what nobody knows: the case happened elsewhere, where it was not recorded.
	Unknown Unrecorded
	// Breached says whether a clock of a commitment was breached; meaningless where that is
	// not known, since no clock measures the case, or those that do may still be met.
	Breached, BreachKnown bool
	Escalated, Reopened   bool
	// Remedy is empty where nothing was done; HasValue says that its value, in minor units
	// of the company's currency, is known.
	Remedy   string
	Value    int64
	HasValue bool
}

// measured is what Measures is made of, as it is kept: the figures, and what is needed to
// reckon, of a case that was still open at an instant, how long it had been then.
type measured struct {
	issue, channel, role, remedy  string
	replyCalendar, solveCalendar  string
	version                       int
	opened, replied, resolved     int64 // in milliseconds; 0 for not yet
	breached                      int64 // the first breach that happened or is due to; 0 for none
	known                         int64 // from when on it is known that none will come; 0 for never
	escalated, reopened, hasValue bool
	unknown                       Unrecorded
	value                         int64
	pauses                        []Pause
}

const measuredForm = 1

// measure keeps what audits read.
func (c *Case) measure() {
	m := measured{issue: c.Issue, channel: c.Channel, role: c.RepliedBy.Role, version: c.Version,
		opened: c.Opened.UnixMilli(), replied: milli(c.FirstReply), resolved: milli(c.ResolvedFirst),
		escalated: c.Escalations > 0, reopened: c.Reopenings > 0, unknown: c.unknown(), pauses: c.Pauses}
	if m.role == "" {
		m.role = c.ResolvedBy.Role
	}
	// One that was never resolved has a remedy only where it was imported with it.
	if c.Remedy != nil && (c.State == Resolved || c.ResolvedFirst.IsZero()) {
		m.remedy, m.hasValue = c.Remedy.ID, c.Remedy.Value != nil
		if m.hasValue {
			m.value = *c.Remedy.Value
		}
	}
	m.replyCalendar, m.solveCalendar = c.calendarTo(EventFirstReply), c.calendarTo(EventResolved)
	m.breached, m.known = c.breaches()
	c.Measured = m.encode()
}

// unknown says what of the case is not known: what was not recorded where it happened, and
// has not become known here since.
func (c *Case) unknown() Unrecorded {
	u := c.Unrecorded
	here := c.ResolvedBy.Principal != "" // of cases imported as resolved it is empty
	return Unrecorded{
		Replies:     u.Replies && c.FirstReply.IsZero(),
		Resolutions: u.Resolutions && c.ResolvedFirst.IsZero(),
		Remedies:    u.Remedies && !here && (c.Remedy == nil || c.Remedy.ID == ""),
		Escalations: u.Escalations && c.Escalations == 0,
		Reopenings:  u.Reopenings && c.Reopenings == 0,
	}
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// noCalendar stands for a time that no clock measures.
const noCalendar = "-"

// calendarTo is the calendar of the first clock from the opening to an event.
func (c *Case) calendarTo(event Event) string {
	for _, k := range c.Clocks {
		if k.To == event && k.From == EventOpened {
			return k.Calendar
		}
	}
	return noCalendar
}

// breaches returns when the first breach of a commitment came or, of the clocks that are
// open, is due to, and from when on it is known that there is none.
func (c *Case) breaches() (first, known int64) {
	open, measured := false, false
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if k.IsEscalation() {
			continue
		}
		measured = true
		open = open || k.open()
		if k.Due.IsZero() || !k.open() && !k.Breached(k.Stopped) {
			known = max(known, milli(k.Stopped))
			continue
		}
		if due := k.Due.UnixMilli() + 1; first == 0 || due < first { // breached after it was due
			first = due
		}
	}
	if open || !measured || c.Unmeasured {
		known = 0
	}
	return first, known
}

// flags are what is either so or not, each at its bit.
func (m *measured) flags() []*bool {
	u := &m.unknown
	return []*bool{&m.escalated, &m.reopened, &m.hasValue, &u.Replies, &u.Resolutions, &u.Remedies, &u.Escalations, &u.Reopenings}
}

func (m *measured) encode() []byte {
	b := []byte{measuredForm}
	for _, text := range []string{m.issue, m.channel, m.role, m.remedy, m.replyCalendar, m.solveCalendar} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	var flags uint64
	for i, flag := range m.flags() {
		if *flag {
			flags |= 1 << i
		}
	}
	b = binary.AppendUvarint(b, flags)
	for _, n := range []int64{int64(m.version), m.opened, m.replied, m.resolved, m.breached, m.known, m.value, int64(len(m.pauses))} {
		b = binary.AppendVarint(b, n)
	}
	for _, p := range m.pauses {
		b = binary.AppendVarint(b, milli(p.From))
		b = binary.AppendVarint(b, milli(p.To))
	}
	return b
}

var errMeasured = errors.New("what audits read of the case cannot be read")

// decoder reads what encode wrote; after the first thing that is wrong it reads nothing.
type decoder struct {
	b     []byte
	words words
	bad   bool
}

// words are those read so far, so that what many cases have in common is kept once.
type words map[string]string

func (w words) keep(text []byte) string {
	if kept, known := w[string(text)]; known {
		return kept
	}
	kept := string(text)
	w[kept] = kept
	return kept
}

func (d *decoder) text() string {
	n, size := binary.Uvarint(d.b)
	if size <= 0 || n > uint64(len(d.b)-size) {
		d.b, d.bad = nil, true
		return ""
	}
	text := d.words.keep(d.b[size : size+int(n)])
	d.b = d.b[size+int(n):]
	return text
}

func (d *decoder) number() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.b, d.bad = nil, true
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (m *measured) decode(b []byte, words words) error {
	if len(b) == 0 || b[0] != measuredForm {
		return errMeasured
	}
	d := decoder{b: b[1:], words: words}
	for _, text := range []*string{&m.issue, &m.channel, &m.role, &m.remedy, &m.replyCalendar, &m.solveCalendar} {
		*text = d.text()
	}
	flags, size := binary.Uvarint(d.b)
	if size <= 0 {
		return errMeasured
	}
	d.b = d.b[size:]
	for i, flag := range m.flags() {
		*flag = flags&(1<<i) != 0
	}
	var version, pauses int64
	for _, n := range []*int64{&version, &m.opened, &m.replied, &m.resolved, &m.breached, &m.known, &m.value, &pauses} {
		*n = d.number()
	}
	m.version, m.pauses = int(version), m.pauses[:0]
	for range pauses {
		p := Pause{From: time.UnixMilli(d.number())}
		if to := d.number(); to != 0 {
			p.To = time.UnixMilli(to)
		}
		if d.bad {
			return errMeasured
		}
		m.pauses = append(m.pauses, p)
	}
	if d.bad {
		return errMeasured
	}
	return nil
}

// Measures yields what an audit as of an instant compares, of the cases opened from an
// instant on and before another, by their opening. What happened to a case after the
// audit's instant counts as not having happened yet, but for its issue, whether it was
// escalated or reopened, and its remedy.
func (s *Cases) Measures(ctx context.Context, from, to, asOf time.Time) iter.Seq2[Measure, error] {
	return func(yield func(Measure, error) bool) {
		clocks := reckonings{book: s.book, now: s.now(), near: s.near}
		words := words{}
		var m measured
		for e, err := range s.measures.Entries(ctx, docstore.Query{Index: byOpened, From: from, To: to}) {
			if err == nil {
				err = m.decode(e.Carried, words)
			}
			var out Measure
			if err == nil {
				out, err = m.at(e.ID, asOf, &clocks)
			}
			if err != nil {
				yield(Measure{}, fmt.Errorf("%s: %w", Name(e.ID), err))
				return
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

// at is what is measured as of an instant.
func (m *measured) at(id string, asOf time.Time, clocks *reckonings) (Measure, error) {
	account, _, _ := strings.Cut(id, "/")
	out := Measure{ID: id, Account: account, Issue: m.issue, Channel: m.channel, Role: m.role, Opened: time.UnixMilli(m.opened).UTC(),
		Escalated: m.escalated, Reopened: m.reopened, Remedy: m.remedy, Value: m.value, HasValue: m.hasValue}
	r, err := clocks.of(m.version)
	if err != nil {
		return out, err
	}
	now := asOf.UnixMilli()
	until := func(end int64, calendar string) (time.Duration, bool) {
		open := end == 0 || end > now
		if open {
			end = now
		}
		return between(r, calendar, m.opened, end, m.pauses), open
	}
	out.Unknown = m.unknown
	out.FirstReply, out.FirstReplyOpen = until(m.replied, m.replyCalendar)
	out.Resolution, out.ResolutionOpen = until(m.resolved, m.solveCalendar)
	out.Breached = m.breached != 0 && m.breached <= now
	out.BreachKnown = out.Breached || m.known != 0 && m.known <= now
	return out, nil
}

func between(r *Reckoning, calendar string, from, to int64, pauses []Pause) time.Duration {
	if from >= to {
		return 0
	}
	var standing []worktime.Pause
	for _, p := range pauses {
		standing = append(standing, worktime.Pause(p))
	}
	if calendar == noCalendar {
		calendar = ""
	}
	return r.hoursOf(calendar).Between(time.UnixMilli(from), time.UnixMilli(to), standing)
}

// reckonings are those of one walk over cases, each made once.
type reckonings struct {
	book  *book
	now   time.Time
	near  float64
	known map[int]*Reckoning
}

func (r *reckonings) of(version int) (*Reckoning, error) {
	if known := r.known[version]; known != nil {
		return known, nil
	}
	made, err := r.book.reckoning(version, r.now, r.near)
	if err == nil {
		if r.known == nil {
			r.known = map[int]*Reckoning{}
		}
		r.known[version] = made
	}
	return made, err
}
