package charter

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Effect is what a change of the schedule would do.
type Effect struct {
	// Ends are the terms that would end on another day, by seat: those that run, and
	// those to come.
	Ends []NewEnd `bson:"ends,omitempty"`
	// Breaks is everything that the change would break, or make worse.
	Breaks []Breach `bson:"breaks,omitempty"`
	// Tolerated is what such a change cannot but break. It stands in nobody's way.
	Tolerated []Breach `bson:"tolerated,omitempty"`
}

// NewEnd is another end of a term.
type NewEnd struct {
	Account  string
	Seat     int
	From, To civil.Day
}

// Move checks moving a rotation to another day, terms that end with it included.
// FAILED_PRECONDITION where no rotation to come is planned on the day
// (ReasonRotationState), or another is on the new one.
func (p *Plan) Move(from, to civil.Day) (*Effect, error) {
	i, err := p.find(from)
	if err != nil {
		return nil, err
	}
	if _, taken := slices.BinarySearch(p.Rotations.Days, to); taken || to <= p.Today {
		return nil, fault.New(fault.FailedPrecondition, ReasonRotationState,
			"The rotation of %s cannot move to %s: choose a day to come on which the board does not rotate yet.", from, to)
	}
	after := p.with(slices.Delete(slices.Clone(p.Rotations.Days), i, i+1))
	at, _ := slices.BinarySearch(after.Rotations.Days, to)
	after.Rotations.Days = slices.Insert(after.Rotations.Days, at, to)
	after.was = map[civil.Day]civil.Day{to: from}
	e := p.compare(after, after.shift(from, to))
	if at != i {
		e.Breaks = append(e.Breaks, p.at(to, RuleOrder, "", 0, "the rotation of %s would pass that of %s", from, p.Rotations.Days[at]))
	}
	e.Breaks = append(e.Breaks, p.notice(from, min(from, to))...)
	e.Breaks = append(e.Breaks, p.cooling(from, to)...)
	return e, nil
}

// Skip checks leaving a rotation out; terms that would have ended with it go on to the
// next. That more seats come free there is tolerated: the terms that begin then are
// spread again. It fails as Move does, and where terms end with it and no later
// rotation is laid out (ReasonRotationState).
func (p *Plan) Skip(day civil.Day) (*Effect, error) {
	i, err := p.find(day)
	if err != nil {
		return nil, err
	}
	next := p.Rotations.next(day + 1)
	if next == civil.Never && slices.ContainsFunc(p.lasting(), func(t Term) bool { return t.Ended == nil && t.End == day }) {
		return nil, fault.New(fault.FailedPrecondition, ReasonRotationState, "No rotation after %s is laid out: lay them out further.", day)
	}
	after := p.with(slices.Delete(slices.Clone(p.Rotations.Days), i, i+1))
	e := p.compare(after, after.shift(day, next))
	e.tolerate(func(b Breach) bool { return b.Rule == RuleStagger })
	e.Breaks = append(e.Breaks, p.notice(day, day)...)
	return e, nil
}

// Swap checks that two members exchange the ends of their terms. That one of them leaves
// earlier than was promised is tolerated: it is what they exchange. FAILED_PRECONDITION
// where one of them is not a member (ReasonTermState).
func (p *Plan) Swap(a, b string) (*Effect, error) {
	running := Running(p.Terms, p.Today)
	find := func(account string) (Term, error) {
		i := slices.IndexFunc(running, func(t Term) bool { return t.Account == account })
		if i < 0 {
			return Term{}, fault.New(fault.FailedPrecondition, ReasonTermState, "Account %s holds no seat on %s.", account, p.Today)
		}
		return running[i], nil
	}
	first, err := find(a)
	if err != nil {
		return nil, err
	}
	second, err := find(b)
	if err != nil {
		return nil, err
	}
	after := p.with(p.Rotations.Days)
	var ends []NewEnd
	ends = append(ends, after.end(first, second.Over())...)
	ends = append(ends, after.end(second, first.Over())...)
	slices.SortFunc(ends, func(a, b NewEnd) int { return a.Seat - b.Seat })
	e := p.compare(after, ends)
	e.tolerate(func(b Breach) bool { return b.Rule == RuleRunningTerm })
	if first.Over() != second.Over() {
		e.Breaks = append(e.Breaks, p.notice(min(first.Over(), second.Over()), min(first.Over(), second.Over()))...)
	}
	return e, nil
}

func (p *Plan) find(day civil.Day) (int, error) {
	i, found := slices.BinarySearch(p.Rotations.Days, day)
	if !found || day <= p.Today {
		return 0, fault.New(fault.FailedPrecondition, ReasonRotationState, "No rotation to come is planned on %s.", day)
	}
	return i, nil
}

// with returns a copy of the plan with other rotations, whose terms may be changed.
func (p *Plan) with(days []civil.Day) *Plan {
	after := *p
	after.Rotations.Days = days
	after.Terms = slices.Clone(p.Terms)
	return &after
}

// shift gives terms that end on a day as planned another end. Those that somebody left
// keep theirs; only what is left of them goes along.
func (p *Plan) shift(from, to civil.Day) []NewEnd {
	for i := range p.Terms {
		if t := &p.Terms[i]; t.Ended != nil && t.End == from {
			t.End = to
		}
	}
	var ends []NewEnd
	for _, t := range p.lasting() {
		if t.Ended == nil && t.End == from {
			ends = append(ends, p.end(t, to)...)
		}
	}
	return ends
}

func (p *Plan) end(term Term, to civil.Day) []NewEnd {
	if term.Over() == to {
		return nil
	}
	for i := range p.Terms {
		if t := &p.Terms[i]; t.Account == term.Account && t.Start == term.Start && t.Seat == term.Seat {
			t.End, t.Ended = to, nil
		}
	}
	return []NewEnd{{term.Account, term.Seat, term.Over(), to}}
}

// tolerate takes from what a change breaks what it may break.
func (e *Effect) tolerate(may func(Breach) bool) {
	var breaks []Breach
	for _, b := range e.Breaks {
		if may(b) {
			e.Tolerated = append(e.Tolerated, b)
		} else {
			breaks = append(breaks, b)
		}
	}
	e.Breaks = breaks
}

// compare returns what is broken after a change and was not before, or less so.
func (p *Plan) compare(after *Plan, ends []NewEnd) *Effect {
	e := &Effect{Ends: ends}
	for _, end := range ends {
		if promise := p.promise(end); end.To < promise {
			e.Breaks = append(e.Breaks, Breach{Rule: RuleRunningTerm, Account: end.Account, Size: int(promise - end.To),
				Text: end.Account + " would leave on " + end.To.String() + ", " + count(int(promise-end.To), "day") + " before the end of the running term"})
		}
	}
	before := map[string]int{}
	for _, b := range p.Breaches() {
		before[p.key(b)] = b.Size
	}
	for _, b := range after.Breaches() {
		if size, known := before[after.key(b)]; !known || size < b.Size {
			e.Breaks = append(e.Breaks, b)
		}
	}
	return e
}

// promise returns the day before which a term whose end is changed would break what was
// promised: the end it has, or that it had first, where it was put off since.
func (p *Plan) promise(end NewEnd) civil.Day {
	for i := range p.Terms {
		if t := &p.Terms[i]; t.Account == end.Account && t.Seat == end.Seat && t.Ended == nil && t.End == end.From {
			return min(end.From, t.Promise())
		}
	}
	return end.From
}

// notice finds a change that comes too late to be announced in time.
func (p *Plan) notice(rotation, first civil.Day) []Breach {
	late := int(p.Today) + p.Charter.NoticeDays - int(first)
	if late <= 0 {
		return nil
	}
	return []Breach{p.at(rotation, RuleNotice, "", late, "changing the rotation of %s would be announced %s ahead, and the charter has %d",
		rotation, count(int(first-p.Today), "day"), p.Charter.NoticeDays)}
}

// cooling finds those who could be drawn on the old day of a rotation and still cool
// off on the new one.
func (p *Plan) cooling(from, to civil.Day) []Breach {
	var found []Breach
	x := index(p.Accounts)
	own := byAccount(p.Terms)
	for _, id := range x.order {
		terms := own[id]
		if len(terms) == 0 || !x.byID[id].Nominated {
			continue
		}
		over := p.Charter.runUpTo(terms).over
		cool := over.AddMonths(p.Charter.CoolingOffMonths)
		if over < to && to < cool && cool <= from {
			b := p.at(to, RuleCoolingOff, "", int(cool-to), "%s cools off until %s and could not be drawn on %s", id, cool, to)
			b.Account = id
			found = append(found, b)
		}
	}
	return found
}
