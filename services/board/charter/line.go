package charter

import (
	"cmp"
	"maps"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// line is everybody whom a simulation has met, by account.
type line map[string]*wait

// wait is how an account waits for its first turn, and fares after it.
type wait struct {
	Fate
	// since is when it got into the line, nil while it is not in it.
	since *civil.Day
	// head says that it was in the line at the first rotation and has not left it but
	// for a seat.
	head bool
}

// advance moves the line on by one rotation: who was drawn, who was passed over, and
// who stands in the line now.
func (m *simulator) advance(i int, p *Preparation) {
	round := &m.outcome.Rounds[i]
	seated := map[string]bool{}
	for _, t := range round.Seated {
		seated[t.Account] = true
	}
	m.promise(i, p)
	chances := map[string]float64{}
	for _, chance := range round.Chances {
		chances[chance.Account] = chance.Probability
	}
	first := m.longestWaiting(round.Seated)
	for j := range p.Candidates {
		candidate := &p.Candidates[j]
		w, known := m.line[candidate.Account]
		if !known {
			continue
		}
		chance, pool := chances[candidate.Account]
		w.Expected += chance
		w.AtLeastOnce = 1 - (1-w.AtLeastOnce)*(1-min(chance, 1))
		switch {
		case seated[candidate.Account]:
			w.Turns++
			if w.First == nil {
				w.First = &round.Day
			}
		case w.since == nil || w.Turns > 0:
		case pool && (p.charter.due(*w.since) > p.Day || first <= *w.since):
			w.Waited++
		default:
			w.Blocked++
		}
	}
	for j := range p.Candidates {
		m.keep(&p.Candidates[j], seated[p.Candidates[j].Account])
	}
}

// longestWaiting returns since when those wait who have waited longest of the new
// members.
func (m *simulator) longestWaiting(seated []Term) civil.Day {
	first := civil.Never
	for _, t := range seated {
		first = min(first, *m.line[t.Account].since)
	}
	return first
}

// promise gives those who are new in the line their bound. A charter with another
// WaitMonths gives everybody a new one: what has been waited stays waited.
//
// The bound holds because nobody gets in front of anybody. While an account is not due
// to go first, at most all the rotations before that day pass it over. From then on,
// whenever it is in the pool and on some panel that meets the quotas, at least one
// account that has waited as long or longer is drawn, as many of these as possible
// being so; and of such accounts there are ever fewer, as whoever is drawn, declines or
// gives up gets into the line anew, behind it.
func (m *simulator) promise(i int, p *Preparation) {
	anew := i > 0 && m.charterAt(m.days[i-1]).WaitMonths != p.charter.WaitMonths
	var since []civil.Day
	for j := range p.Candidates {
		if s := p.Candidates[j].WaitingSince; s != nil {
			since = append(since, *s)
		}
	}
	slices.Sort(since)
	for j := range p.Candidates {
		candidate := &p.Candidates[j]
		if candidate.WaitingSince == nil {
			continue
		}
		w := m.line[candidate.Account]
		if w == nil {
			w = &wait{Fate: Fate{Account: candidate.Account}, head: i == 0}
			m.line[candidate.Account] = w
		}
		if w.Turns == 0 && (w.since == nil || anew) {
			ahead, _ := slices.BinarySearch(since, *candidate.WaitingSince+1)
			w.Bound = 0
			if due := p.charter.due(*candidate.WaitingSince); due <= m.Rotations.Until {
				undue := len(m.Rotations.after(p.Day-1, due-1))
				w.Bound = w.Waited + undue + ahead // itself is among those ahead
			}
		}
		w.since = candidate.WaitingSince
	}
}

// keep gives an account its place in the line for the next rotation.
func (m *simulator) keep(candidate *Candidate, seated bool) {
	since := candidate.WaitingSince
	if seated {
		since = nil
	}
	m.accounts[m.place[candidate.Account]].WaitingSince = since
	w := m.line[candidate.Account]
	if w == nil {
		return
	}
	w.since = since
	if since == nil && !seated && w.Turns == 0 {
		w.head, w.Waited, w.Blocked = false, 0, 0
	}
}

// finish sums up.
func (m *simulator) finish() {
	all, bounded := true, true
	served := civil.Day(0)
	heads := 0
	for _, w := range slices.SortedFunc(maps.Values(m.line), func(a, b *wait) int { return cmp.Compare(a.Account, b.Account) }) {
		m.outcome.Accounts = append(m.outcome.Accounts, w.Fate)
		if !w.head {
			continue
		}
		heads++
		bounded = bounded && w.Bound > 0
		m.outcome.Bound = max(m.outcome.Bound, w.Bound)
		if w.First == nil {
			all = false
		} else {
			served = max(served, *w.First)
		}
	}
	if !bounded {
		m.outcome.Bound = 0
	}
	if all && heads > 0 {
		m.outcome.AllServed = &served
	}
}
