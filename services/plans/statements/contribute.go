package statements

import (
	"cmp"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// told is what a change says for dossiers.
type told struct {
	change *feeds.Change
	// thing names what the change is about, where that goes through states; each change then
	// says all that there is of it. It is empty for what never changes.
	thing string
	// lines are by their keys.
	lines map[string]facts
}

// read returns what a change says for dossiers; nil where that is nothing.
func read(c *feeds.Change) *told {
	t := &told{change: c, lines: map[string]facts{}}
	switch {
	case c.Revenue != nil:
		t.revenue(c.Revenue)
	case c.Usage != nil:
		t.usage(c.Usage)
	case c.Breach != nil:
		t.breach(c.Breach)
	case c.Case != nil:
		t.problem(c.Case)
	case c.Idea != nil:
		t.idea(c.Idea)
	case c.Work != nil:
		t.work(c.Work)
	default:
		return nil
	}
	return t
}

// revenue sums up the entries of a chunk by account and quarter.
func (t *told) revenue(r *feeds.Revenue) {
	for i, index := range r.Index {
		account, day := r.Accounts[index], civil.Day(r.Days[i])
		key := "paid/" + account + "/" + QuarterOf(day).String() + "/" + r.Chunk
		f, known := t.lines[key]
		if !known {
			f = facts{Account: account, Kind: kindPaid, Name: r.Chunk, Day: day, Last: day}
		}
		f.Count, f.Minor = f.Count+1, f.Minor+r.Minor[i]
		f.Day, f.Last = min(f.Day, day), max(f.Last, day)
		t.lines[key] = f
	}
}

// usage counts units as the ledger of costs does: those used and committed, less those that
// came back, on the day of the use.
func (t *told) usage(u *feeds.Usage) {
	f := facts{Account: u.Account, Kind: kindUsed, Name: u.Name, Day: u.Day, Units: u.Units, Subject: u.Benefit, Version: u.Version, Rule: u.Rule, Origin: u.Origin}
	switch u.Type {
	case feeds.Used, feeds.Committed:
	case feeds.Released:
		f.Units = -u.Units
	case feeds.Reserved, feeds.Cancelled, feeds.Expired:
		return
	}
	if u.Units != 0 {
		t.lines["used/"+u.Name] = f
	}
}

func (t *told) breach(b *feeds.Breach) {
	if b.Waived {
		t.lines["waived/"+b.Name] = facts{Account: b.Account, Kind: kindWaived, Name: b.Name, Day: b.Day, Subject: b.HouseRule, Text: b.Benefit}
	}
}

// problem says whether a case is solved, and how each clock ended: a promise was kept when
// the clock was stopped in time, and missed when its time was over.
func (t *told) problem(c *feeds.Case) {
	t.thing = c.Name
	if c.Resolved {
		t.lines["solved/"+c.Name] = facts{Account: c.Account, Kind: kindSolved, Name: c.Name, At: c.Ended, Subject: c.Issue, Text: c.Remedy}
	}
	for _, k := range c.Clocks {
		key := "clock/" + c.Name + "/" + k.Commitment + "/" + strconv.FormatInt(k.Started.UnixMilli(), 10)
		f := facts{Account: c.Account, Name: c.Name, Subject: k.Commitment}
		switch {
		case k.Breached:
			f.Kind, f.At = kindMissed, k.Due
		case !k.Stopped.IsZero() && !k.Moot:
			f.Kind, f.At = kindKept, k.Stopped
		default:
			continue
		}
		t.lines[key] = f
	}
}

// idea says when an idea was given, and what it came to: also for those whose ideas were
// merged into it, which counts once for each account. What was merged into an idea that had
// its answer already got that answer by being merged, and not before it was given.
func (t *told) idea(i *feeds.Idea) {
	t.thing = i.Name
	t.lines["given/"+i.Name] = facts{Account: i.Account, Kind: kindGiven, Name: i.Name, Day: i.Given, Text: i.Title}
	if i.Outcome == "" || i.MergedInto != "" {
		return
	}
	answered := func(account, name, title string, at time.Time) {
		key := "answered/" + account + "/" + i.Name
		if before, known := t.lines[key]; !known || at.Before(before.At) {
			t.lines[key] = facts{Account: account, Kind: kindAnswered, Name: name, At: at, Subject: string(i.Outcome), Text: title}
		}
	}
	answered(i.Account, i.Name, i.Title, i.Decided)
	for _, m := range i.Merged {
		answered(m.Account, m.Name, m.Title, later(i.Decided, m.At))
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// hours count on the day of the work, whatever becomes of the engagement; what takes them back
// counts against them there.
func (t *told) hours(w *feeds.Work) {
	f := facts{Account: w.Account, Kind: kindHours, Name: cmp.Or(w.About, w.Name), Day: w.Day, Count: 1, Units: w.Minutes, Text: w.Title}
	if w.Minutes < 0 {
		f.Count = -1
	}
	t.lines["hours/"+w.Name] = f
}

var workKinds = map[string]kind{
	"engagement": kindEngagement, "project": kindProject, "goal": kindGoal, "session": kindSession, "touchpoint": kindTouched,
}

func (t *told) work(w *feeds.Work) {
	if w.Kind == "hours" {
		t.hours(w)
		return
	}
	t.thing = w.Name
	of, known := workKinds[w.Kind]
	switch {
	case w.Missed && of == kindTouched:
		of = kindUntouched
	case w.Withdrawn || !known || of == kindProject && !w.Confirmed:
		return
	}
	for _, account := range append([]string{w.Account}, w.Others...) {
		if account != "" {
			t.lines["work/"+account+"/"+w.Name] = facts{Account: account, Kind: of, Name: cmp.Or(w.About, w.Name), At: w.Completed, Units: w.Minutes, Text: w.Title}
		}
	}
}
