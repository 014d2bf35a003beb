package charter

import (
	"cmp"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/board/panel"
)

// Rotation is what a rotation finds.
type Rotation struct {
	// Day is the day on which members change.
	Day civil.Day
	// VacanciesOnly says that only seats are filled whose members left before their
	// time, each for the rest of it.
	VacanciesOnly bool
	// Rotations are laid out for a term and its grace from Day on.
	Rotations Rotations
	// Accounts are all that are candidates or members, in any order, and those above
	// them in their groups. Others may be among them, and are told why they are not in
	// the pool.
	Accounts []Account
	// Terms are all terms, past and running, in any order. Those that start on Day are
	// of members seated already, as when seats that nobody accepted are drawn again.
	Terms []Term
	// Nominees are the accounts named for nominated seats at this rotation. They are
	// held to the same rules, and named before anybody is drawn.
	Nominees []string
}

// OpenSeat is a seat to be filled.
type OpenSeat struct {
	// Number of the seat, from 1.
	Number int
	// End is when the term ends.
	End civil.Day
	// Vacancy says that it is the rest of a term that another left.
	Vacancy bool
}

// Preparation is what follows from the charter for a rotation.
type Preparation struct {
	Day civil.Day
	// Continuing are the terms that go on, by seat.
	Continuing []Term
	// Open are the seats to be filled, the longest terms first. Who gets which of them
	// is drawn too: see Shuffle.
	Open []OpenSeat
	// Nominees are as given; Unnamed is how many more nominated seats are open, which
	// stay empty.
	Nominees []string
	Unnamed  int
	// Candidates are all accounts, by id. Those without a reason are in the pool, or
	// among the nominees.
	Candidates []Candidate
	// Problem is what is left for the draw: its pool is in the order of Candidates.
	Problem panel.Problem
	// Turns is who goes first; see GoFirst.
	Turns []Turn
	// Shortfalls say what cannot be as the charter has it because of members who stay,
	// or for want of candidates. Nobody leaves for it.
	Shortfalls []Shortfall

	charter  *Charter
	accounts accounts
	staying  *staying
}

// Prepare works out a rotation: who continues, which seats are open until when, who is
// in the pool and why others are not, and the problem that is left for the draw.
// FAILED_PRECONDITION where the rotations are not laid out far enough
// (ReasonRotationState), a nominee may not be seated (ReasonNotEligible), or too many of
// the pool are in conflict with each other (ReasonInfeasible).
func (c *Charter) Prepare(r Rotation) (*Preparation, error) {
	p, err := c.arrange(r)
	if err != nil {
		return nil, err
	}
	if err := p.conflicts(); err != nil {
		return nil, err
	}
	return p, nil
}

// arrange does all of Prepare but for the conflicts within the pool.
func (c *Charter) arrange(r Rotation) (*Preparation, error) {
	p := &Preparation{Day: r.Day, Continuing: Running(r.Terms, r.Day), Nominees: r.Nominees, charter: c, accounts: index(r.Accounts)}
	slots, err := c.slots(r.Day, r.Rotations)
	if err != nil {
		return nil, err
	}
	nominated := p.open(r, slots)
	if len(r.Nominees) > nominated {
		return nil, notEligible(r.Nominees, "%s named for %s that are open for nomination on %s: name fewer.", count(len(r.Nominees), "account"), count(nominated, "seat"), r.Day)
	}
	p.Unnamed = nominated - len(r.Nominees)
	if err := p.judge(r, slots[len(slots)-1]); err != nil {
		return nil, err
	}
	p.residual(len(p.Open) - nominated)
	return p, nil
}

// open finds the seats to be filled and how many of them are nominated.
func (p *Preparation) open(r Rotation, slots []civil.Day) (nominated int) {
	c := p.charter
	taken := map[int]bool{}
	nominatedNow := 0
	var ends []civil.Day
	for _, t := range p.Continuing {
		taken[t.Seat] = true
		ends = append(ends, t.Over())
		if t.Kind == Nominated {
			nominatedNow++
		}
	}
	free := max(0, c.Seats-len(p.Continuing))
	nominated = min(free, max(0, c.Nominated-nominatedNow))
	left := Vacated(r.Terms, r.Day)
	var fresh []int
	for n := 1; n <= c.Seats && len(p.Open) < free; n++ {
		if t, ok := left[n]; ok && !taken[n] {
			p.Open = append(p.Open, OpenSeat{n, min(t.End, slots[len(slots)-1]), true})
			ends = append(ends, t.End)
		} else if !taken[n] {
			fresh = append(fresh, n)
		}
	}
	if r.VacanciesOnly {
		nominated = min(nominated, countNominated(p.Open, left))
		drawn := min(len(p.Open)-nominated, max(0, c.Drawn()-(len(p.Continuing)-nominatedNow)))
		p.Open = p.Open[:nominated+drawn]
	} else {
		fresh = fresh[:min(len(fresh), free-len(p.Open))]
		for i, end := range spread(slots, loads(slots, ends), len(fresh)) {
			p.Open = append(p.Open, OpenSeat{fresh[i], end, false})
		}
	}
	slices.SortFunc(p.Open, func(a, b OpenSeat) int { return cmp.Or(cmp.Compare(b.End, a.End), a.Number-b.Number) })
	return nominated
}

// Vacated returns by seat the term that was left before its end, which is still to come,
// unless the seat was filled again. It ends when the seat's next term begins, where there
// is one already.
func Vacated(terms []Term, day civil.Day) map[int]Term {
	last, next := map[int]Term{}, map[int]civil.Day{}
	for _, t := range terms {
		if t.Start > day {
			if first, ok := next[t.Seat]; t.Start < t.Over() && (!ok || t.Start < first) {
				next[t.Seat] = t.Start
			}
			continue
		}
		if was, ok := last[t.Seat]; !ok || t.Start > was.Start {
			last[t.Seat] = t
		}
	}
	for seat, t := range last {
		if t.Ended == nil || *t.Ended > day || t.End <= day {
			delete(last, seat)
			continue
		}
		if first, ok := next[seat]; ok {
			t.End = min(t.End, first)
			last[seat] = t
		}
	}
	return last
}

func countNominated(open []OpenSeat, left map[int]Term) int {
	n := 0
	for _, o := range open {
		if left[o.Number].Kind == Nominated {
			n++
		}
	}
	return n
}

// judge finds out how every account stands to the rotation.
func (p *Preparation) judge(r Rotation, full civil.Day) error {
	j := &judge{charter: p.charter, accounts: p.accounts, terms: byAccount(r.Terms), day: r.Day, to: full}
	if len(p.Open) > 0 {
		j.to = p.Open[0].End
		j.vacancies = !slices.ContainsFunc(p.Open, func(o OpenSeat) bool { return !o.Vacancy })
	}
	for _, id := range r.Nominees {
		if a := j.accounts.byID[id]; a != nil {
			named := *a
			named.Nominated = true
			j.accounts.byID[id] = &named
		}
	}
	var among []string
	for _, id := range j.accounts.order {
		candidate := j.own(id)
		if candidate.inLine() {
			among = append(among, id)
		}
		p.Candidates = append(p.Candidates, candidate)
	}
	p.staying = p.stays(j, among, r.Nominees)
	if err := p.seatNominees(j, r.Nominees); err != nil {
		return err
	}
	for i := range p.Candidates {
		candidate := &p.Candidates[i]
		if !candidate.inLine() || slices.Contains(r.Nominees, candidate.Account) {
			continue
		}
		since := r.Day
		if a := j.accounts.byID[candidate.Account]; a.WaitingSince != nil {
			since = min(since, *a.WaitingSince)
		}
		candidate.WaitingSince = &since
		j.others(candidate, p.staying)
	}
	return nil
}

// stays gathers the continuing members, and the conflicts that they and the nominees have
// with each other and with those who may join them.
func (p *Preparation) stays(j *judge, among, nominees []string) *staying {
	s := &staying{members: map[string]seated{}, clashes: map[string][]clash{}}
	for range p.charter.Categories {
		s.counts = append(s.counts, map[string]int{})
	}
	of := slices.Clone(nominees)
	for _, t := range p.Continuing {
		values := make([]string, len(p.charter.Categories))
		if a := j.accounts.byID[t.Account]; a != nil {
			for i := range p.charter.Categories {
				values[i], _, _ = p.charter.Categories[i].value(a, j.day)
			}
		}
		s.add(t.Account, seated{values: values, until: t.Over()})
		of = append(of, t.Account)
	}
	for _, k := range p.charter.clashes(j.accounts, append(of, among...), of) {
		s.clashes[k.a] = append(s.clashes[k.a], k)
		s.clashes[k.b] = append(s.clashes[k.b], k)
	}
	return s
}

// seatNominees takes the nominees among those who stay, one after the other, if they
// may be.
func (p *Preparation) seatNominees(j *judge, nominees []string) error {
	for i, id := range nominees {
		at, found := slices.BinarySearchFunc(p.Candidates, id, func(c Candidate, id string) int { return cmp.Compare(c.Account, id) })
		if !found || slices.Contains(nominees[:i], id) {
			return notEligible([]string{id}, "Account %s cannot be nominated: it is unknown, or named twice.", id)
		}
		candidate := &p.Candidates[at]
		j.others(candidate, p.staying)
		if !candidate.InPool() {
			err := fault.New(fault.FailedPrecondition, ReasonNotEligible, "Account %s cannot be nominated: it %s.", id, candidate.Reasons[0].Text)
			for _, r := range candidate.Reasons {
				err = err.WithCondition(string(r.Cause), "accounts/"+id, "%s %s.", id, r.Text)
			}
			return err
		}
		p.staying.add(id, seated{values: candidate.Values, until: j.to, nominee: true})
	}
	return nil
}
