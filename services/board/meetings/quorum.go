package meetings

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/services/board/charter"
)

// quorumWords words the quorum of a charter.
func quorumWords(q charter.Quorum) string {
	if q.Percent > 0 {
		return fmt.Sprintf("%d %% of the filled seats", q.Percent)
	}
	return fmt.Sprintf("%d members", q.Members)
}

// Count is a quorum as it was counted.
type Count struct {
	// At is the instant for which it was.
	At     time.Time
	Needed int
	// Present is how many members were there, and Recused how many of them stood aside.
	Present, Recused int
}

// Counted is how many members counted to the quorum.
func (c Count) Counted() int { return c.Present - c.Recused }

// Met says whether there was a quorum.
func (c Count) Met() bool { return c.Counted() >= c.Needed }

// Quorum counts the quorum of a meeting that was held, when it began.
func (m *Meeting) Quorum() Count { return m.count(m.Roll.Opened, nil) }

// ItemQuorum counts the quorum of an item of a meeting that was held, when the item was
// taken up, or else when the meeting began. Members who stand aside do not count, and
// the number needed stays what it is.
func (m *Meeting) ItemQuorum(item Item) Count {
	at := item.TakenUp
	if at.IsZero() {
		at = m.Roll.Opened
	}
	return m.count(at, item.Recusals)
}

func (m *Meeting) count(at time.Time, recusals []Recusal) Count {
	c := Count{At: at, Needed: m.Roll.Needed}
	for _, member := range m.Roll.Members {
		if !m.present(member.Account, at) {
			continue
		}
		c.Present++
		if recused(recusals, member.Account) {
			c.Recused++
		}
	}
	return c
}

// mayVote says whether a member was there when an item was taken up, and did not stand
// aside.
func (m *Meeting) mayVote(account string, item Item) bool {
	return m.onRoll(account) && !recused(item.Recusals, account) && m.present(account, m.ItemQuorum(item).At)
}

// present says whether a member was there at an instant.
func (m *Meeting) present(account string, at time.Time) bool {
	for _, a := range m.Attendance {
		if a.Account == account {
			return slices.ContainsFunc(a.Stays, func(s Stay) bool { return s.covers(at, m.Roll.Opened) })
		}
	}
	return false
}

func (s Stay) covers(at, opened time.Time) bool {
	from := s.From
	if from.IsZero() {
		from = opened
	}
	return !at.Before(from) && (s.To.IsZero() || at.Before(s.To))
}

func (m *Meeting) onRoll(account string) bool {
	return m.Roll != nil && slices.ContainsFunc(m.Roll.Members, func(r RollMember) bool { return r.Account == account })
}

// recused says whether a member stands aside.
func recused(recusals []Recusal, account string) bool {
	return slices.ContainsFunc(recusals, func(r Recusal) bool { return r.Account == account && r.Withdrawn == nil })
}
