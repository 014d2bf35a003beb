package signals

import (
	"cmp"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// memory is what was told of one account, as far as facts are derived from it.
type memory struct {
	// Heard is the last position of each feed that counts here.
	Heard map[string]int64 `bson:"heard,omitempty"`
	// Pass is the number of the last pass that has looked at the account; 0 where something
	// was told since.
	Pass int64 `bson:"pass"`
	// Again counts how often something was told that is kept elsewhere: a look that is under
	// way meanwhile sees by it that it may not know that.
	Again int64 `bson:"again,omitempty"`

	// Since is the day of the first payment, also of one that is not kept.
	Since civil.Day `bson:"since,omitempty"`
	// Paid is what was paid on a day, by day, also on days that have not come; no more than
	// keptMonths back from today, or from the last where that is earlier.
	Paid     []payment  `bson:"paid,omitempty"`
	Uses     []use      `bson:"uses,omitempty"`
	Breaches []breach   `bson:"breaches,omitempty"`
	Cited    []citation `bson:"cited,omitempty"`
	Terms    []term     `bson:"terms,omitempty"`
}

type payment struct {
	Day   civil.Day `bson:"day"`
	Minor int64     `bson:"minor"`
}

// use is when a benefit was used last.
type use struct {
	Benefit string    `bson:"benefit"`
	Last    civil.Day `bson:"last"`
}

type breach struct {
	Case       string    `bson:"case"`
	Issue      string    `bson:"issue,omitempty"`
	Commitment string    `bson:"commitment"`
	Day        civil.Day `bson:"day"`
}

// citation is how often a clause was cited to the account. Days are the last of them.
type citation struct {
	Clause string      `bson:"clause"`
	Days   []civil.Day `bson:"days"`
}

type term struct {
	Name   string    `bson:"name"`
	Board  string    `bson:"board"`
	Begins civil.Day `bson:"begins"`
	Ends   civil.Day `bson:"ends"`
}

// What is kept of an account: two years that rules can be tried on, and fifteen months
// with which the first day of them is compared.
const (
	keptMonths   = 40
	keptBreaches = 100
	keptDays     = 100 // of citations of a clause
	keptTerms    = 50
)

// pay adds what was paid on a day.
func (m *memory) pay(day civil.Day, minor int64) {
	if m.Since == 0 || day < m.Since {
		m.Since = day
	}
	i, found := slices.BinarySearchFunc(m.Paid, day, func(p payment, d civil.Day) int { return int(p.Day) - int(d) })
	if found {
		m.Paid[i].Minor += minor
	} else {
		m.Paid = slices.Insert(m.Paid, i, payment{day, minor})
	}
}

// forget drops payments that no fact of today, or of the days before that rules are tried
// on, is derived from. What is dated ahead makes nothing old.
func (m *memory) forget(today civil.Day) {
	if len(m.Paid) == 0 {
		return
	}
	oldest := min(m.Paid[len(m.Paid)-1].Day, today).AddMonths(-keptMonths)
	m.Paid = slices.DeleteFunc(m.Paid, func(p payment) bool { return p.Day <= oldest })
}

// spent is what was paid after a day, and up to and on another.
func (m *memory) spent(after, to civil.Day) int64 {
	var sum int64
	for _, p := range m.Paid {
		if p.Day > after && p.Day <= to {
			sum += p.Minor
		}
	}
	return sum
}

func (m *memory) used(benefit string, day civil.Day) {
	for i := range m.Uses {
		if m.Uses[i].Benefit == benefit {
			m.Uses[i].Last = max(m.Uses[i].Last, day)
			return
		}
	}
	m.Uses = append(m.Uses, use{benefit, day})
}

// lastUse is the last day on which a benefit was used; 0 where none is known.
func (m *memory) lastUse(benefit string) civil.Day {
	for _, u := range m.Uses {
		if u.Benefit == benefit {
			return u.Last
		}
	}
	return 0
}

// broke notes the first commitment that was broken in a case.
func (m *memory) broke(b breach) {
	for i := range m.Breaches {
		if m.Breaches[i].Case == b.Case {
			if b.Day < m.Breaches[i].Day {
				m.Breaches[i] = b
			}
			return
		}
	}
	m.Breaches = append(m.Breaches, b)
	slices.SortFunc(m.Breaches, func(a, b breach) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Case, b.Case)) })
	m.Breaches = m.Breaches[max(0, len(m.Breaches)-keptBreaches):]
}

func (m *memory) cited(clause string, day civil.Day) {
	i := slices.IndexFunc(m.Cited, func(c citation) bool { return c.Clause == clause })
	if i < 0 {
		m.Cited = append(m.Cited, citation{Clause: clause})
		i = len(m.Cited) - 1
	}
	c := &m.Cited[i]
	c.Days = append(c.Days, day)
	slices.Sort(c.Days)
	c.Days = c.Days[max(0, len(c.Days)-keptDays):]
}

// serves notes a term as it is now; one that does not take place is forgotten.
func (m *memory) serves(t term) {
	m.Terms = slices.DeleteFunc(m.Terms, func(old term) bool { return old.Name == t.Name })
	if t.Ends > t.Begins {
		m.Terms = append(m.Terms, t)
	}
	m.Terms = m.Terms[max(0, len(m.Terms)-keptTerms):]
}
