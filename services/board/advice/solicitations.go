package advice

import (
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// rereads is how often a change that looks at more than its document begins anew when
// that was changed meanwhile.
const rereads = 8

// Solicitations is the use cases of solicitations.
type Solicitations struct {
	table  *resource.Table[Solicitation, *Solicitation]
	fences *docstore.Collection[fence]
	ideas  *Ideas
	wiring
}

func openSolicitations(
	ctx context.Context, store *docstore.Store, requests *resource.Requests, w wiring, ideas *Ideas,
) (*Solicitations, error) {
	table, err := resource.OpenTable[Solicitation](ctx, requests, resource.Kind[Solicitation]{
		Type: solicitationType, Name: SolicitationName, Tell: func(s Solicitation) any { return s },
		Spec: docstore.Spec{Name: "solicitations", Indexes: []docstore.Index{
			{Name: "owner", Fields: []string{"owner"}},
			{Name: "board", Fields: []string{"audience.board"}, Partial: true},
			{Name: "state", Fields: []string{"state"}},
			{Name: "locks", Fields: []string{"locks"}, Multikey: true, Partial: true},
		}}})
	if err != nil {
		return nil, err
	}
	fences, err := docstore.OpenCollection[fence](ctx, store, docstore.Spec{Name: "solicitation_fences", Silent: true})
	if err != nil {
		return nil, err
	}
	return &Solicitations{table: table, fences: fences, ideas: ideas, wiring: w}, nil
}

// Get returns a solicitation, or resource.ErrNotFound.
func (s *Solicitations) Get(ctx context.Context, id string) (resource.Stored[Solicitation], error) {
	return s.table.Get(ctx, id)
}

// Today returns the calendar day it is in the company's zone, by which states are told.
func (s *Solicitations) Today(ctx context.Context) (civil.Day, error) { return s.today(ctx) }

// Create makes a draft; where id is empty it is the slug of the question.
// INVALID_ARGUMENT for an audience, owner or day that cannot be; ALREADY_EXISTS. With
// check, nothing is written.
func (s *Solicitations) Create(
	ctx context.Context, call resource.Call, id string, n Solicitation, check bool,
) (resource.Stored[Solicitation], error) {
	id, err := s.draft(ctx, id, &n)
	if err != nil {
		return resource.Stored[Solicitation]{}, err
	}
	if check {
		return s.table.Unwritten(id, n), nil
	}
	return s.table.Create(ctx, call, id, n, "solicitation.created")
}

// draft makes a new solicitation a draft that is right, and returns its id.
func (s *Solicitations) draft(ctx context.Context, id string, n *Solicitation) (string, error) {
	if id == "" {
		id = names.Slug(n.Question)
	}
	if !names.IsID(id) {
		return "", fault.Invalid("solicitation_id",
			"no id can be made of %q: give one of lower-case letters, digits and hyphens", n.Question)
	}
	n.Stored = Draft
	if err := n.check(); err != nil {
		return "", err
	}
	return id, s.references(ctx, n.Owner, n.Audience)
}

// Ask creates a solicitation that is open from the start, in one write: where it cannot
// open, nothing is left of it. Its id and its errors are those of Create and Open together.
// With check, nothing is written.
func (s *Solicitations) Ask(
	ctx context.Context, call resource.Call, id string, n Solicitation, check bool,
) (resource.Stored[Solicitation], error) {
	id, err := s.draft(ctx, id, &n)
	if err != nil {
		return resource.Stored[Solicitation]{}, err
	}
	if earlier, known, err := s.table.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	today, err := s.today(ctx)
	if err != nil {
		return resource.Stored[Solicitation]{}, err
	}
	if err := n.open(SolicitationName(id), today, today); err != nil {
		return resource.Stored[Solicitation]{}, err
	}
	if check {
		return s.table.Unwritten(id, n), s.unlocked(ctx, id, n.Locks, today)
	}
	if err := s.pass(ctx, id, n.Locks, today); err != nil {
		return resource.Stored[Solicitation]{}, err
	}
	return s.table.Create(ctx, call, id, n, "solicitation.opened")
}

// references wants all that a solicitation names to be there.
func (s *Solicitations) references(ctx context.Context, owner string, a Audience) error {
	name, err := s.directory.Principal(ctx, owner)
	if err := known("solicitation.owner", "principals/"+owner, name, err); err != nil {
		return err
	}
	if a.Board != "" {
		name, err := s.directory.Board(ctx, a.Board)
		if err := known("solicitation.audience.board", "boards/"+a.Board, name, err); err != nil {
			return err
		}
	}
	for _, account := range a.Accounts {
		name, err := s.directory.Account(ctx, account)
		if err := known("solicitation.audience.accounts", "accounts/"+account, name, err); err != nil {
			return err
		}
	}
	return nil
}

// Update changes a draft, or the owner and the days of an open solicitation, with a
// reason that is kept: INVALID_ARGUMENT, NOT_FOUND, STALE_ETAG, SOLICITATION_STATE.
//
// A new owner is locked by what is overdue, and whoever had it before stays so; an
// open solicitation that is put off is due when it was first said to be.
func (s *Solicitations) Update(
	ctx context.Context, call resource.Call, id, etag string, patch SolicitationPatch,
) (resource.Stored[Solicitation], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := s.Get(ctx, id)
	if err != nil {
		return before, err
	}
	wanted := Solicitation{Owner: before.State.Owner}
	set(&wanted.Owner, patch.Owner)
	set(&wanted.Audience, patch.Audience)
	if err := s.references(ctx, wanted.Owner, wanted.Audience); err != nil {
		return before, err
	}
	today, err := s.today(ctx)
	if err != nil {
		return before, err
	}
	after, err := s.table.Update(ctx, call, id, resource.IfEtag[Solicitation](etag), "solicitation.updated", func(n *Solicitation) error {
		return patch.apply(SolicitationName(id), n, s.now(), today, call.Principal)
	})
	if err != nil || after.State.Stored != Open || patch.Owner == nil {
		return after, err
	}
	return after, s.raise(ctx, ownerLock(after.State.Owner))
}

// Open asks the question, from a day on; 0 is today, and a day that has passed is for
// what was asked before it was entered here. UNANSWERED_SOLICITATION names what has to
// be answered first, see lock.go; INVALID_ARGUMENT; SOLICITATION_STATE; STALE_ETAG. With
// check, nothing is written.
func (s *Solicitations) Open(
	ctx context.Context, call resource.Call, id, etag string, on civil.Day, check bool,
) (resource.Stored[Solicitation], error) {
	return s.reread(ctx, call, id, etag, func(before resource.Stored[Solicitation], today civil.Day) (string, func(*Solicitation) error, error) {
		if on == 0 {
			on = today
		}
		opening := func(n *Solicitation) error { return n.open(SolicitationName(id), on, today) }
		wanted := before.State
		if err := opening(&wanted); err != nil {
			return "", nil, err
		}
		if err := s.unlocked(ctx, id, wanted.Locks, today); err != nil {
			return "", nil, err
		}
		if check {
			return "", opening, errChecked
		}
		return "solicitation.opened", opening, s.pass(ctx, id, wanted.Locks, today)
	})
}

// Close takes no more ideas from now on, before the last day for them has passed:
// SOLICITATION_STATE, STALE_ETAG.
func (s *Solicitations) Close(ctx context.Context, call resource.Call, id, etag string) (resource.Stored[Solicitation], error) {
	return s.reread(ctx, call, id, etag, func(_ resource.Stored[Solicitation], today civil.Day) (string, func(*Solicitation) error, error) {
		return "solicitation.closed", func(n *Solicitation) error { return n.close(SolicitationName(id), s.now(), today) }, nil
	})
}

// Answer closes the solicitation for good, with what the company decided in sum, once
// every idea has its answer: SOLICITATION_STATE while ideas are taken or undecided;
// STALE_ETAG.
func (s *Solicitations) Answer(
	ctx context.Context, call resource.Call, id, etag, answer string,
) (resource.Stored[Solicitation], error) {
	return s.reread(ctx, call, id, etag, func(before resource.Stored[Solicitation], today civil.Day) (string, func(*Solicitation) error, error) {
		name := SolicitationName(id)
		if state := before.State.State(today); state != Deciding {
			return "", nil, stateFault(name, "%s is %s: it can be answered once it takes no more ideas.", name, state)
		}
		undecided, err := s.ideas.undecided(ctx, id)
		if err != nil {
			return "", nil, err
		}
		if undecided > 0 {
			return "", nil, stateFault(name, "%s has %s: decide each before you answer the whole.", name, ideasUndecided(undecided))
		}
		return "solicitation.answered", func(n *Solicitation) error {
			n.Answer = answer
			n.end(Answered, s.now())
			return nil
		}, nil
	})
}

// Withdraw takes a solicitation back that holds no ideas: SOLICITATION_STATE where it
// holds some, or has ended; STALE_ETAG.
func (s *Solicitations) Withdraw(
	ctx context.Context, call resource.Call, id, etag, reason string,
) (resource.Stored[Solicitation], error) {
	return s.reread(ctx, call, id, etag, func(before resource.Stored[Solicitation], today civil.Day) (string, func(*Solicitation) error, error) {
		name := SolicitationName(id)
		if before.State.Stored != Draft && before.State.Stored != Open {
			return "", nil, stateFault(name, "%s is %s already.", name, before.State.Stored)
		}
		if reason == "" {
			return "", nil, fault.Invalid("reason", "is empty: say why %s is withdrawn", name)
		}
		held, err := s.ideas.holds(ctx, id)
		if err != nil {
			return "", nil, err
		}
		if held {
			return "", nil, stateFault(name, "%s holds ideas, and whoever gave them is owed an answer: decide them instead.", name)
		}
		return "solicitation.withdrawn", func(n *Solicitation) error {
			n.Withdrawal = reason
			n.end(Withdrawn, s.now())
			return nil
		}, nil
	})
}

// errChecked ends a change of which only was to be seen that it could be made.
var errChecked = errors.New("the change was only checked")

// reread makes a change that depends on more than the solicitation itself: look says
// which, seeing the solicitation as it is, and the change is written only over that
// very version. Where somebody was faster it is looked at again.
func (s *Solicitations) reread(
	ctx context.Context, call resource.Call, id, etag string,
	look func(before resource.Stored[Solicitation], today civil.Day) (event string, change func(*Solicitation) error, err error),
) (resource.Stored[Solicitation], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	for attempt := 1; ; attempt++ {
		before, err := s.Get(ctx, id)
		if err != nil {
			return before, err
		}
		if err := s.table.Check(before, resource.IfEtag[Solicitation](etag)); err != nil {
			return before, err
		}
		today, err := s.today(ctx)
		if err != nil {
			return before, err
		}
		event, change, err := look(before, today)
		if errors.Is(err, errChecked) {
			return before, change(&before.State)
		}
		if err != nil {
			return before, err
		}
		after, err := s.table.Update(ctx, call, id, resource.IfVersion[Solicitation](before.Version), event, change)
		if !errors.Is(err, resource.ErrStale) || attempt == rereads {
			return after, err
		}
	}
}

// admit lets an idea in that was given on a day: SOLICITATION_STATE where it takes none.
// It is a change of the solicitation, so that whoever is about to answer or withdraw it
// looks again.
func (s *Solicitations) admit(ctx context.Context, call resource.Call, id string, on civil.Day) error {
	today, err := s.today(ctx)
	if err != nil {
		return err
	}
	after, err := s.table.Update(ctx, resource.Call{Principal: call.Principal}, id, nil, "solicitation.idea_admitted", func(n *Solicitation) error {
		n.Entries++
		return n.admits(SolicitationName(id), on, today)
	})
	if err != nil || !after.State.Late(today) {
		return err
	}
	return s.raise(ctx, after.State.Locks...)
}
