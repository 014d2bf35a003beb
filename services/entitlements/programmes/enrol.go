package programmes

import (
	"context"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Enrolment is what an account is to a programme.
type Enrolment struct {
	Programme string
	Entry
	// Position is its place on the waiting list, from 1; 0 where it does not wait.
	Position int
	// Until is the first day on which the place is no more, as far as is known;
	// civil.Never else.
	Until civil.Day
}

// enrolment returns what an account is to a programme. NOT_FOUND.
func enrolment(p resource.Stored[Programme], account string) (Enrolment, error) {
	e, position, known := p.State.Entry(account)
	if !known {
		return Enrolment{}, notEnrolled(p.ID, account)
	}
	return enrolmentOf(p, e, position), nil
}

func enrolmentOf(p resource.Stored[Programme], e Entry, position int) Enrolment {
	out := Enrolment{Programme: p.ID, Entry: e, Position: position, Until: civil.Never}
	if p.State.Ending != nil {
		out.Until = p.State.Ending.Day
	}
	return out
}

// Enrolment returns what an account is to a programme. NOT_FOUND where it never applied.
func (s *Service) Enrolment(ctx context.Context, programme, account string) (Enrolment, error) {
	p, err := s.table.Get(ctx, programme)
	if err != nil {
		return Enrolment{}, err
	}
	return enrolment(p, account)
}

// EnrolmentsIn returns those of a programme, in the order of applications. NOT_FOUND.
func (s *Service) EnrolmentsIn(ctx context.Context, programme string) ([]Enrolment, error) {
	p, err := s.table.Get(ctx, programme)
	if err != nil {
		return nil, err
	}
	return EnrolmentsOf(p), nil
}

// EnrolmentsOf returns those of a programme, in the order of applications, of all entries
// that it is given with.
func EnrolmentsOf(p resource.Stored[Programme]) []Enrolment {
	list := make([]Enrolment, len(p.State.Entries))
	waiting := 0
	for i, e := range p.State.Entries {
		position := 0
		if e.Standing == Waiting {
			waiting++
			position = waiting
		}
		list[i] = enrolmentOf(p, e, position)
	}
	return list
}

// Apply applies for a place in the name of an account: it gets one, or else waits for one
// in the order of applications. NOT_FOUND; PROGRAMME_STATE where no applications are
// taken; NOT_QUALIFIED, with what is missing; UNAVAILABLE while what is
// known of customers is behind; ALREADY_EXISTS where it has a place or
// waits; PROGRAMME_FULL. With check, nothing is written.
//
// Where places are free although accounts wait, none of those qualified when it was looked
// last: each is judged anew, in memory, until the places are given. They are at most
// MaxApplicants.
func (s *Service) Apply(ctx context.Context, call resource.Call, programme, account string, check bool) (Enrolment, error) {
	if earlier, known, err := s.table.Replay(ctx, call, programme); err != nil {
		return Enrolment{}, err
	} else if known {
		return enrolment(earlier, account)
	}
	p, err := s.table.Get(ctx, programme)
	if err != nil {
		return Enrolment{}, err
	}
	today, err := s.Today()
	if err != nil {
		return Enrolment{}, err
	}
	apply := func(p *Programme) error { return p.apply(programme, account, today, s.requests.Now()) }
	tried := p
	if err := apply(&tried.State); err != nil {
		return Enrolment{}, err
	}
	if err := s.qualifies(ctx, p, account); err != nil {
		return Enrolment{}, err
	}
	if check {
		return enrolment(tried, account)
	}
	criteria := p.State.Criteria
	p, err = s.table.Update(ctx, call, programme, nil, "enrolment.applied", func(p *Programme) error {
		if !widens(criteria, p.Criteria) { // it was judged by others
			return refuse(ReasonState, Name(programme), "was changed in between: apply again")
		}
		return apply(p)
	})
	if err != nil {
		return Enrolment{}, err
	}
	s.known.set(p)
	return enrolment(s.filled(ctx, p), account)
}

// qualifies says why an account cannot apply.
func (s *Service) qualifies(ctx context.Context, p resource.Stored[Programme], account string) error {
	judged, err := s.customers.Judge(ctx, account, &p.State.Criteria)
	if err != nil || judged.Met {
		return err
	}
	name := Name(p.ID)
	return fault.New(fault.FailedPrecondition, ReasonNotQualified,
		"accounts/%s does not meet the criteria of %s. %s", account, name, judged.Reason).
		WithCondition(ReasonNotQualified, name, "%s", judged.Reason)
}

// apply puts an account on the list, or gives it a place where one is free and nobody
// waits.
func (p *Programme) apply(id, account string, today civil.Day, now time.Time) error {
	if why := p.takes(today); why != "" {
		return refuse(ReasonState, Name(id), "%s", why)
	}
	e, _, known := p.Entry(account)
	switch {
	case known && e.Standing == Enrolled:
		return already(id, account, "has a place in")
	case known && e.Standing == Waiting:
		return already(id, account, "is on the waiting list of")
	case known && len(e.Stays) >= MaxStays:
		return refuse(ReasonFull, EnrolmentName(id, account), "has had a place %d times, which is as often as can be", MaxStays)
	case !known && len(p.Entries) >= MaxApplicants:
		return refuse(ReasonFull, Name(id), "has had %d applicants, and cannot have more: publish another programme", MaxApplicants)
	}
	p.Turns++
	next := Entry{Account: account, Standing: Waiting, Turn: p.Turns, Applied: now, Stays: e.Stays}
	has := p.Free() > 0 && p.Count(Waiting) == 0 && !p.pending()
	p.Entries = slices.DeleteFunc(slices.Clone(p.Entries), func(e Entry) bool { return e.Account == account })
	p.Entries = append(p.Entries, next)
	p.Changed = []string{account}
	if has {
		p.admit(p.Changed, today)
	}
	return nil
}

func already(id, account, what string) error {
	return fault.New(fault.AlreadyExists, fault.ReasonAlreadyExists, "accounts/%s %s %s already.", account, what, Name(id)).
		WithResource("evenhand/Enrolment", EnrolmentName(id, account))
}

// Withdraw gives back an account's place from the next day on, or its place on the waiting
// list. What becomes free goes to the next, who has it from that day on. NOT_FOUND where it has neither.
func (s *Service) Withdraw(ctx context.Context, call resource.Call, programme, account string) (Enrolment, error) {
	today, err := s.Today()
	if err != nil {
		return Enrolment{}, err
	}
	p, err := s.table.Update(ctx, call, programme, nil, "enrolment.withdrawn", func(p *Programme) error {
		if e, _, known := p.Entry(account); !known || e.Standing == Left {
			return notEnrolled(programme, account)
		}
		p.change([]string{account}, func(e *Entry) { e.leave(today, today+1, Withdrawn) })
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	s.known.set(p)
	s.filled(ctx, p)
	return enrolment(p, account)
}

// filled gives the free places of a programme to the next on its list, and returns it as
// it is then. What was asked for is done already: where this fails, Run does it.
func (s *Service) filled(ctx context.Context, p resource.Stored[Programme]) resource.Stored[Programme] {
	after, err := s.fill(ctx, p)
	if err != nil {
		s.log.WarnContext(ctx, "free places of a programme are not given yet", "programme", p.ID, "error", err)
		return p
	}
	return after
}
