package charter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Plan is a board as it stands and as its rotations are laid out, to be checked
// against its charter. Nothing is changed by checking.
type Plan struct {
	Charter *Charter
	Today   civil.Day
	// Rotations are laid out for two terms ahead; what lies beyond is not checked.
	Rotations Rotations
	// Accounts are those of members and candidates.
	Accounts []Account
	// Terms are all terms, past, running and to come. A seat that was left empty is that of
	// a term that ended when it began.
	Terms []Term

	// was is the day that a moved rotation had before.
	was map[civil.Day]civil.Day
}

// Rule is what a change would break.
type Rule string

// The rules.
const (
	// RuleTermLimit: a member would stay longer than the charter allows.
	RuleTermLimit Rule = "term-limit"
	// RuleRunningTerm: a term would end before the day that was first promised.
	RuleRunningTerm Rule = "running-term"
	// RuleTermLength: new terms would be much shorter than the charter's.
	RuleTermLength Rule = "term-length"
	// RuleStagger: the ends of terms would not be spread within one of even.
	RuleStagger Rule = "stagger"
	// RuleQuota: a quota could not be met at a rotation.
	RuleQuota Rule = "quota"
	// RuleConsent: a member's consent would end before the term.
	RuleConsent Rule = "consent"
	// RuleCoolingOff: accounts would still be cooling off at a rotation.
	RuleCoolingOff Rule = "cooling-off"
	// RuleNotice: the change would be announced too late.
	RuleNotice Rule = "notice"
	// RuleOrder: a rotation would pass another.
	RuleOrder Rule = "order"
	// RuleMeetings: the board would meet less often than it promised.
	RuleMeetings Rule = "meetings"
)

// Breach is something that is not, or would not be, as the charter has it.
type Breach struct {
	Rule Rule
	// Account is whom it is about, or empty.
	Account string
	// Rotation is the day of the rotation, or of the meeting, that it is about; nil for
	// none.
	Rotation *civil.Day
	// Subject tells apart breaches of one rule: the quota, for example.
	Subject string
	// Size is by how much, in days or in seats.
	Size int
	// Text says it in a sentence.
	Text string
}

// Breaches returns everything in the plan that is not as the charter has it:
// of terms that run or are to come, and of the rotations of the next term. That a running term is
// longer than a changed charter has it, or that continuing members exceed a changed
// quota, is among them; such things pass with the terms.
func (p *Plan) Breaches() []Breach {
	b := p.members()
	days := p.Rotations.after(p.Today, p.Charter.TermLimit(p.Rotations.next(p.Today+1)))
	for i, day := range days {
		held := slices.ContainsFunc(p.Terms, func(t Term) bool { return t.Start == day }) // its terms are among the members'
		if f, known := p.Charter.fits(day, p.Rotations); known && f.short > 31 && !held {
			b = append(b, p.at(day, RuleTermLength, "", f.short, "a term that starts on %s would end on %s, %d days before its %s are over",
				day, f.end, f.short, count(p.Charter.TermMonths, "month")))
		}
		b = append(b, p.quotas(day, i == 0)...)
	}
	return append(b, p.stagger()...)
}

func (p *Plan) at(day civil.Day, rule Rule, subject string, size int, text string, args ...any) Breach {
	return Breach{Rule: rule, Rotation: &day, Subject: subject, Size: size, Text: fmt.Sprintf(text, args...)}
}

// lasting returns the terms that are not over, those to come among them, by seat.
func (p *Plan) lasting() []Term {
	var lasting []Term
	for _, t := range p.Terms {
		if t.Over() > max(p.Today, t.Start) {
			lasting = append(lasting, t)
		}
	}
	slices.SortFunc(lasting, func(a, b Term) int { return cmp.Or(a.Seat-b.Seat, cmp.Compare(a.Start, b.Start)) })
	return lasting
}

// members finds breaches of terms that are not over.
func (p *Plan) members() []Breach {
	c := p.Charter
	var found []Breach
	x, own := index(p.Accounts), byAccount(p.Terms)
	for _, t := range p.lasting() {
		add := func(rule Rule, size int, text string, args ...any) {
			found = append(found, Breach{Rule: rule, Account: t.Account, Subject: t.Start.String(), Size: size,
				Text: t.Account + " " + fmt.Sprintf(text, args...)})
		}
		upTo := slices.IndexFunc(own[t.Account], func(other Term) bool { return other.Start > t.Start })
		if upTo < 0 {
			upTo = len(own[t.Account])
		}
		r := c.runUpTo(own[t.Account][:upTo])
		if limit := c.runLimit(r.start, c.MaxTerms); t.Over() > limit {
			add(RuleTermLimit, int(t.Over()-limit), "would stay until %s, %d days longer than %s of %s from %s allow", t.Over(), t.Over()-limit,
				count(c.MaxTerms, "term"), count(c.TermMonths, "month"), r.start)
		} else if limit := c.TermLimit(t.Start); t.Over() > limit {
			add(RuleTermLimit, int(t.Over()-limit), "would serve one term from %s until %s, %d days longer than its %s allow", t.Start, t.Over(),
				t.Over()-limit, count(c.TermMonths, "month"))
		}
		if a := x.byID[t.Account]; a != nil && a.Consent != nil && a.Consent.Until < t.Over() {
			add(RuleConsent, int(t.Over()-a.Consent.Until), "agreed until %s, and would stay until %s", a.Consent.Until, t.Over())
		}
	}
	return found
}

// quotas finds what cannot be met at a rotation. Who will be drawn before it nobody
// knows, so at later rotations than the next only that is told which holds whoever it
// will be.
func (p *Plan) quotas(day civil.Day, next bool) []Breach {
	prepared, err := p.Charter.arrange(Rotation{Day: day, Rotations: p.Rotations, Accounts: p.Accounts, Terms: p.Terms})
	if err != nil {
		return nil // not laid out that far
	}
	var found []Breach
	for _, s := range prepared.Shortfalls {
		if next || s.Over > 0 || s.Category != "" && s.Value == "" {
			kind := "missing"
			if s.Over > 0 {
				kind = "over"
			}
			found = append(found, p.at(day, RuleQuota, s.Category+"\x00"+s.Value+"\x00"+kind, s.Over+s.Missing, "on %s, %s", day, s.Text))
		}
	}
	return found
}

// stagger finds whether the ends of terms are spread within one of even over the
// rotations of a term.
func (p *Plan) stagger() []Breach {
	next := p.Rotations.next(p.Today + 1)
	slots, err := p.Charter.slots(next, p.Rotations)
	if err != nil {
		return nil // not laid out that far
	}
	// Those who end at the next rotation make room for terms that end at the last slot,
	// and those who are to come with it take that room: each seat counts once.
	last := slots[len(slots)-1]
	slots = append([]civil.Day{next}, slots[:len(slots)-1]...)
	ends := p.ends()
	for i := range ends {
		if ends[i] == last {
			ends[i] = next
		}
	}
	load := loads(slots, ends)
	most, least := slices.Max(load), slices.Min(load)
	if most-least <= 1 {
		return nil
	}
	var texts []string
	for i, slot := range slots {
		texts = append(texts, fmt.Sprintf("%d on %s", load[i], slot))
	}
	return []Breach{{Rule: RuleStagger, Size: most - least, Text: "terms would not end evenly: " + strings.Join(texts, ", ")}}
}

// ends returns when the seats that are, were or will be held come free after the last
// who is known to hold them: of those that somebody left, or will, the end of the
// unexpired term, unless the charter has no such seat any more.
func (p *Plan) ends() []civil.Day {
	last := map[int]Term{}
	for _, t := range p.Terms {
		if was, known := last[t.Seat]; !known || t.Start > was.Start {
			last[t.Seat] = t
		}
	}
	var ends []civil.Day
	for seat, t := range last {
		end := t.End
		if seat > p.Charter.Seats {
			end = t.Over()
		}
		if end > p.Today {
			ends = append(ends, end)
		}
	}
	return ends
}

// key tells breaches apart across a change of the days.
func (p *Plan) key(b Breach) string {
	key := string(b.Rule) + "\x00" + b.Account + "\x00" + b.Subject
	if b.Rotation != nil {
		key += "\x00" + cmp.Or(p.was[*b.Rotation], *b.Rotation).String()
	}
	return key
}
