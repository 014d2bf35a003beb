package charter

import (
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// Bounds of what a charter may say.
const (
	MaxSeats      = 1000
	maxMonths     = 600
	maxTerms      = 100
	maxGrace      = 92
	maxDays       = 366
	maxCategories = 20
	maxValues     = 1000
	maxText       = 100 // characters of a value
)

// checker gathers what is wrong with a charter.
type checker struct {
	charter  *Charter
	problems []fault.Field
}

func (k *checker) add(path, text string, args ...any) {
	k.problems = append(k.problems, fault.Field{Path: path, Description: fmt.Sprintf(text, args...)})
}

func (k *checker) within(path, unit string, n, low, high int) {
	if n < low || n > high {
		k.add(path, "is %d: give %d to %d %s", n, low, high, unit)
	}
}

// Problems returns everything that is wrong with the charter, each with the path of
// the field from the charter on and how to mend it; none for a charter that can be
// published. Whether terms fit the days on which the board rotates: see CheckRotations.
func (c *Charter) Problems() []fault.Field {
	k := &checker{charter: c}
	k.within("seats", "seats", c.Seats, 1, MaxSeats)
	if c.Nominated < 0 || c.Nominated >= max(c.Seats, 1) {
		k.add("nominated", "is %d of %s: at least one seat is drawn, so give fewer than there are seats", c.Nominated, count(c.Seats, "seat"))
	}
	k.within("term_months", "months", c.TermMonths, 1, maxMonths)
	k.within("grace_days", "days", c.GraceDays, 0, maxGrace)
	k.within("max_terms", "terms", c.MaxTerms, 1, maxTerms)
	k.within("cooling_off_months", "months", c.CoolingOffMonths, 1, maxMonths)
	k.within("wait_months", "months", c.WaitMonths, 0, maxMonths)
	k.within("notice_days", "days", c.NoticeDays, 0, maxDays)
	k.meetings()
	k.quorum()
	k.within("alternates.count", "alternates", c.Alternates.Count, 0, MaxSeats)
	k.within("alternates.answer_days", "days", c.Alternates.AnswerDays, 1, maxDays)
	k.conflicts()
	k.categories()
	return k.problems
}

// Check returns nil for a charter that can be published, and else an INVALID_ARGUMENT
// fault with its Problems, the path of each behind the given prefix.
func (c *Charter) Check(prefix string) error {
	problems := c.Problems()
	if len(problems) == 0 {
		return nil
	}
	for i := range problems {
		problems[i].Path = prefix + problems[i].Path
	}
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "The charter cannot be published as it is: %s %s.",
		problems[0].Path, problems[0].Description).WithFields(problems...)
}

func (k *checker) meetings() {
	m := k.charter.Meetings
	k.within("meetings.per_year", "meetings", m.PerYear, 0, maxDays)
	k.within("meetings.notice_days", "days", m.NoticeDays, 0, maxDays)
	if m.PerYear > 0 && m.When == nil {
		k.add("meetings.when", "is missing: say when the board meets, or leave meetings.per_year out")
	}
	k.under("rotation", k.charter.Rotation.Check())
	k.under("workdays", k.charter.Workdays.Check())
	if m.When != nil {
		k.under("meetings.when", m.When.Check())
	}
}

func (k *checker) quorum() {
	q := k.charter.Quorum
	switch {
	case q.Members == 0 && q.Percent == 0:
		k.add("quorum", "is missing: give a number of members or a percentage of the filled seats")
	case q.Members != 0 && q.Percent != 0:
		k.add("quorum", "has both a number of members and a percentage: give one of the two")
	case q.Members != 0:
		k.within("quorum.members", "members", q.Members, 1, max(k.charter.Seats, 1))
	default:
		k.within("quorum.percent", "percent", q.Percent, 1, 100)
	}
}

func (k *checker) conflicts() {
	for i, key := range k.charter.Conflicts.SameAttributes {
		path := fmt.Sprintf("conflicts.same_attributes[%d]", i)
		if !names.IsID(key) {
			k.add(path, "%q is not an attribute key: use up to 63 lower-case letters, digits and hyphens", key)
		}
		if slices.Contains(k.charter.Conflicts.SameAttributes[:i], key) {
			k.add(path, "%q is there twice: remove one", key)
		}
	}
}

// under adds problems found elsewhere, their paths behind that of a field.
func (k *checker) under(path string, problems []fault.Field) {
	for _, p := range problems {
		k.add(path+"."+p.Path, "%s", p.Description)
	}
}
