package meetings

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// drift is how far the instants of a meeting's record may be from when it began, and it
// from when it was planned.
const drift = 24 * time.Hour

// record puts what is known of some members in place of what was, in the order of the
// roll.
func (m *Meeting) record(name string, entries []Attendance) error {
	p := problems{}
	for i, a := range entries {
		at := fmt.Sprintf("attendance[%d].", i)
		switch {
		case !m.onRoll(a.Account):
			p.add(at+"account", "accounts/%s held no seat when the meeting began", a.Account)
		case slices.ContainsFunc(entries[:i], func(b Attendance) bool { return b.Account == a.Account }):
			p.add(at+"account", "accounts/%s comes twice", a.Account)
		case a.Excused && len(a.Stays) > 0:
			p.add(at+"excused", "accounts/%s was there: who is excused has no stays", a.Account)
		}
		m.checkStays(&p, at+"stays", a.Stays)
	}
	if err := p.err(); err != nil {
		return err
	}
	var attendance []Attendance
	for _, member := range m.Roll.Members {
		of := func(a Attendance) bool { return a.Account == member.Account }
		if i := slices.IndexFunc(entries, of); i >= 0 {
			entry := entries[i]
			entry.Stays = slices.Clone(entry.Stays)
			for at, s := range entry.Stays {
				if !s.From.IsZero() {
					s.From = m.since(s.From)
				}
				entry.Stays[at].From, entry.Stays[at].To = instant(s.From), instant(s.To)
			}
			if err := m.checkSubstitute(name, member, &entry); err != nil {
				return err
			}
			attendance = append(attendance, entry)
		} else if i := slices.IndexFunc(m.Attendance, of); i >= 0 {
			attendance = append(attendance, m.Attendance[i])
		}
	}
	m.Attendance = attendance
	return nil
}

// checkStays wants stays that follow each other, near the meeting.
func (m *Meeting) checkStays(p *problems, path string, stays []Stay) {
	for i, s := range stays {
		at := fmt.Sprintf("%s[%d]", path, i)
		from, to := m.since(s.From), s.To
		switch {
		case !s.From.IsZero() && s.From.Before(m.Roll.Opened.Truncate(time.Minute)):
			p.add(at+".from_time", "is before the meeting began, %s: leave it out for who was there from the beginning", m.clock(m.Roll.Opened))
		case i > 0 && s.From.IsZero():
			p.add(at+".from_time", "only the first stay can be from the beginning")
		case i > 0 && (stays[i-1].To.IsZero() || from.Before(stays[i-1].To)):
			p.add(at+".from_time", "begins before the stay before it ends")
		case !to.IsZero() && !from.Before(to):
			p.add(at+".to_time", "is not after the stay's beginning, %s", m.clock(from))
		case m.far(from), !to.IsZero() && m.far(to):
			p.add(at, "is more than a day away from when the meeting began, %s", m.clock(m.Roll.Opened))
		}
	}
}

// since is from when a stay counts: an instant earlier within the minute in which the
// meeting began is its beginning, since people write minutes.
func (m *Meeting) since(from time.Time) time.Time {
	if from.Before(m.Roll.Opened) {
		return m.Roll.Opened
	}
	return from
}

func (m *Meeting) far(at time.Time) bool { return at.Sub(m.Roll.Opened).Abs() > drift }

// clock writes an instant in the meeting's zone.
func (m *Meeting) clock(at time.Time) string {
	return at.In(m.zone().Location()).Format("2 January 2006 15:04 MST")
}

// checkSubstitute fills in who came, where that is not said, and refuses a substitute
// that the charter does not allow. Who did not come needs nobody.
func (m *Meeting) checkSubstitute(name string, member RollMember, a *Attendance) error {
	switch {
	case len(a.Stays) == 0:
		a.Contact = ""
	case a.Contact == "":
		a.Contact = member.Contact
	case a.Contact != member.Contact && !m.Roll.Substitutes:
		return noSubstitute(name, member.Account, member.Contact, a.Contact)
	}
	return nil
}

func noSubstitute(name, account, contact, came string) error {
	text := "accounts/%s is represented by %s, and the charter does not let %s come in its place."
	return fault.Precondition(ReasonSubstitute, name, text, account, contactWords(contact), contactWords(came)).
		WithResource(meetingType, name)
}

func contactWords(contact string) string {
	if contact == "" {
		return "nobody yet"
	}
	return "its contact " + contact
}

// keepsDecisions refuses a change of the record after which a decision would not stand.
func (m *Meeting) keepsDecisions(name, field string) error {
	for _, d := range m.Decisions {
		if why := m.objection(d); why != "" {
			return fault.Invalid(field, "%s would not stand: %s. Change the decision first", decisionName(name, d.ID), why)
		}
	}
	return nil
}
