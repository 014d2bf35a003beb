package charter

import "github.com/evenhand/evenhand/internal/calendar"

// Charter is the rules of a board. A published version never changes; the next one
// applies from the next rotation, and never to a running term.
type Charter struct {
	// Seats is how many members the board has, nominated ones included.
	Seats int `bson:"seats"`
	// Nominated is how many of the seats the company fills by nomination; all others
	// are drawn.
	Nominated int `bson:"nominated,omitempty"`
	// TermMonths is how long a term is. A term ends at the last rotation that is no
	// later than that and GraceDays.
	TermMonths int `bson:"term_months"`
	// GraceDays is by how many days a term may be longer than its months, because
	// rotations fall on a weekday or give way to holidays.
	GraceDays int `bson:"grace_days,omitempty"`
	// MaxTerms is how many terms an account may serve one right after the other.
	MaxTerms int `bson:"max_terms"`
	// CoolingOffMonths is how long an account stays out once it has left.
	CoolingOffMonths int `bson:"cooling_off_months"`
	// WaitMonths is how long an account waits before it goes first: those who have
	// waited at least as long are drawn before all others, the longest waiting first.
	// With 0, whoever has waited longer always goes first.
	WaitMonths int `bson:"wait_months,omitempty"`
	// Rotation says when members change.
	Rotation calendar.Recurrence `bson:"rotation"`
	// Workdays are the days on which people work, for rotations and meetings that give
	// way to others.
	Workdays calendar.Workdays `bson:"workdays"`
	// Meetings says when the board meets.
	Meetings Meetings `bson:"meetings"`
	// Categories are what quotas are set on.
	Categories []Category `bson:"categories,omitempty"`
	// Conflicts says who is never seated together.
	Conflicts Conflicts `bson:"conflicts"`
	// Quorum is how many members have to be present.
	Quorum Quorum `bson:"quorum"`
	// Alternates are those who are asked when one who was drawn does not accept.
	Alternates Alternates `bson:"alternates"`
	// NoticeDays is how long before it takes place a change of a rotation is announced.
	NoticeDays int `bson:"notice_days,omitempty"`
}

// Meetings says when the board meets.
type Meetings struct {
	// When is empty for a board that meets only when it is called.
	When *calendar.Recurrence `bson:"when,omitempty"`
	// PerYear is how many meetings any twelve months have at least; 0 leaves it open.
	PerYear int `bson:"per_year,omitempty"`
	// NoticeDays is how long before it takes place a meeting that is called by hand, and
	// a change of any, is announced.
	NoticeDays int `bson:"notice_days,omitempty"`
	// Substitutes lets a member send another of its people than the one who consented.
	Substitutes bool `bson:"substitutes,omitempty"`
}

// Conflicts says who is never seated together, besides declared competitors, who never
// are: it is enough that one of the two names the other.
type Conflicts struct {
	// SameAttributes are attribute keys of which no two members have the same value, as
	// sub-industry. Accounts without a value are in no conflict by it.
	SameAttributes []string `bson:"same_attributes,omitempty"`
	// SameGroup keeps apart accounts of one group, those below one account at the top.
	SameGroup bool `bson:"same_group,omitempty"`
}

// Quorum is how many members have to be present; exactly one of its fields is set.
type Quorum struct {
	// Members is a number of members.
	Members int `bson:"members,omitempty"`
	// Percent is a share of the filled seats, from 1 to 100, rounded up.
	Percent int `bson:"percent,omitempty"`
}

// Of returns how many of the given members have to be present.
func (q Quorum) Of(members int) int {
	if q.Percent > 0 {
		return (members*q.Percent + 99) / 100
	}
	return q.Members
}

// Alternates are those who are asked when one who was drawn does not accept.
type Alternates struct {
	// Count is how many are drawn, in order.
	Count int `bson:"count,omitempty"`
	// AnswerDays is how long an invitation may stay unanswered before the next
	// alternate is asked.
	AnswerDays int `bson:"answer_days"`
}

// Drawn returns how many seats are filled by the draw.
func (c *Charter) Drawn() int { return c.Seats - c.Nominated }
