package sessions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Directory knows those whom sessions name, as they are at this moment.
type Directory interface {
	// Principal returns resource.ErrNotFound where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// Account returns resource.ErrNotFound where there is no account of that id.
	Account(ctx context.Context, id string) (feeds.Account, error)
	// Contact returns resource.ErrNotFound where there is no contact of that resource name.
	Contact(ctx context.Context, name string) error
}

// Touchpoints are the contacts that are planned with customers.
type Touchpoints interface {
	// Name returns the resource name that a touchpoint has once it is planned: another one for
	// each account, session and number.
	Name(t Touchpoint) string
	// Plan plans a touchpoint; a retry of the call has no effect but the first one's. A
	// *fault.Error that is not UNAVAILABLE says why none can be planned.
	Plan(ctx context.Context, call resource.Call, t Touchpoint) error
	// Skip ends a touchpoint by its resource name, with a reason: resource.ErrNotFound where
	// there is none. One that was done, or has ended otherwise, is left as it is.
	Skip(ctx context.Context, call resource.Call, name, reason string) error
}

// Touchpoint is a contact by which an account is invited; the owner of its plan makes it.
type Touchpoint struct {
	// Account is the account's id, and Contacts the ids of those who are addressed; all, where
	// there are none.
	Account  string
	Contacts []string
	// Session is the resource name of the session. Number is how many were planned for the
	// account and the session before.
	Session string
	Number  int
	Purpose string
	Channel plans.Channel
	// Due is the day by which the account is to be invited.
	Due civil.Day
}

// Options are what the service takes from outside. Directory and Board are needed.
type Options struct {
	Directory Directory
	Board     Board
	// Touchpoints plans invitations; without it people invite by themselves.
	Touchpoints Touchpoints
	// Zone returns the company's zone, in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
	Log    *slog.Logger
}

// Service is the use cases of strategy sessions. It is safe for concurrent use.
type Service struct {
	store    *docstore.Store
	sessions *resource.Table[Session, *Session]
	ideas    *docstore.Collection[ideaCopy]
	opts     Options
	now      func() time.Time
}

// New opens the sessions in the store that the requests are of.
func New(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil || opts.Board == nil {
		return nil, errors.New("open strategy sessions: a directory and a board are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{store: store, opts: opts, now: requests.Now}
	var err error
	if s.sessions, err = resource.OpenTable[Session](ctx, requests, Kind); err != nil {
		return nil, fmt.Errorf("open strategy sessions: %w", err)
	}
	if s.ideas, err = openIdeas(ctx, store); err != nil {
		return nil, fmt.Errorf("open the ideas given to strategy sessions: %w", err)
	}
	return s, nil
}

// today returns the company's zone, and the calendar day it is there.
func (s *Service) today(ctx context.Context) (civil.Zone, civil.Day, error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return zone, 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone, zone.DayOf(s.now()), nil
}

// Today returns the calendar day it is in the company's zone.
func (s *Service) Today(ctx context.Context) (civil.Day, error) {
	_, today, err := s.today(ctx)
	return today, err
}

// Get returns a session, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Session], error) {
	return s.sessions.Get(ctx, id)
}

// Query says which sessions to list, the latest first.
type Query struct {
	// Account is the id of an account that is invited, and Owner of who answers; nil wants
	// those of all.
	Account, Owner *string
	// Keep says whether a session is wanted; nil wants all.
	Keep func(resource.Stored[Session]) bool
	// Size is the most to return; at least 1.
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists sessions.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Session], error) {
	q := docstore.Query{Index: byCreated, Descending: true, Limit: query.Size, After: query.After}
	switch {
	case query.Account != nil:
		q.Index, q.Equal = byAccount, []any{*query.Account}
	case query.Owner != nil:
		q.Index, q.Equal = byOwner, []any{*query.Owner}
	}
	return s.sessions.List(ctx, q, func(s resource.Stored[Session]) resource.Place {
		return resource.Place{s.State.Created, s.ID}
	}, query.Keep)
}

// Create writes a session down as a draft; where id is empty it is the slug of the title.
// INVALID_ARGUMENT, also for whom it names and who does not exist; ACCOUNT_STATE for an
// account that is closed; ALREADY_EXISTS. With check, nothing is written.
func (s *Service) Create(ctx context.Context, call resource.Call, id string, d Definition, check bool) (resource.Stored[Session], error) {
	none := resource.Stored[Session]{}
	if id == "" {
		id = names.Slug(d.Title)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("strategy_session_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", d.Title)
	}
	if earlier, known, err := s.sessions.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := d.check(); err != nil {
		return none, err
	}
	if err := s.named(ctx, &d, &Definition{}); err != nil {
		return none, err
	}
	n := Session{Definition: d, State: Draft}
	n.settle()
	if check {
		return s.sessions.Unwritten(id, n), nil
	}
	return s.sessions.Create(ctx, call, id, n, "strategy_session.created")
}

// Update changes a session; edit may be called several times, and makes new slices where it
// changes any. What was asked stays once it is open, and where and when people meet once it
// was held. The owner and the days of an opened session are changed at the board service too,
// with a reason. INVALID_ARGUMENT, NOT_FOUND, STALE_ETAG, ACCOUNT_STATE,
// STRATEGY_SESSION_STATE, and what the board service says.
func (s *Service) Update(
	ctx context.Context, call resource.Call, id, etag, reason string, edit func(*Definition) error,
) (resource.Stored[Session], error) {
	none := resource.Stored[Session]{}
	if earlier, known, err := s.sessions.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := s.sessions.Get(ctx, id)
	if err != nil {
		return none, err
	}
	zone, today, err := s.today(ctx)
	if err != nil {
		return none, err
	}
	edited := func(n *Session) (Definition, error) {
		next := n.Definition
		if err := edit(&next); err != nil {
			return next, err
		}
		err := next.check()
		if err == nil && n.Solicitation != "" {
			err = next.keep(n, zone, today, reason)
		}
		return next, err
	}
	next, err := edited(&before.State)
	if err != nil {
		return none, err
	}
	if err := s.named(ctx, &next, &before.State.Definition); err != nil {
		return none, err
	}
	if before.State.Solicitation != "" && !before.State.promises(&next) {
		return s.begin(ctx, call, id, etag, Step{Kind: Changing, Definition: &next, Reason: reason}, func(n *Session) (err error) {
			if next, err = edited(n); err != nil {
				return err
			}
			return n.editable(id, &next)
		})
	}
	n, err := s.sessions.Update(ctx, call, id, resource.IfEtag[Session](etag), "strategy_session.updated", func(n *Session) error {
		next, err := edited(n)
		if err != nil {
			return err
		}
		if err := n.editable(id, &next); err != nil {
			return err
		}
		if n.Solicitation != "" && !n.promises(&next) {
			return resource.ErrConflict.Saying("%s was opened in this moment: try again.", Name(id))
		}
		n.redefine(next)
		n.settle()
		return nil
	})
	if err != nil {
		return none, err
	}
	return s.settled(ctx, n)
}

// named wants those whom a definition names newly to be there, and accounts not to be
// closed.
func (s *Service) named(ctx context.Context, d, before *Definition) error {
	if d.Owner != before.Owner {
		if err := resource.Named("strategy_session.owner", plans.PrincipalName(d.Owner), s.opts.Directory.Principal(ctx, d.Owner)); err != nil {
			return err
		}
	}
	for i, invited := range d.Invited {
		at := fmt.Sprintf("strategy_session.invited[%d]", i)
		var known []string
		if was := slices.IndexFunc(before.Invited, func(b Invited) bool { return b.Account == invited.Account }); was >= 0 {
			known = before.Invited[was].Contacts
		} else if err := s.invitable(ctx, at+".account", invited.Account); err != nil {
			return err
		}
		for _, contact := range invited.Contacts {
			if slices.Contains(known, contact) {
				continue
			}
			if err := s.contact(ctx, at+".contacts", invited.Account, contact); err != nil {
				return err
			}
		}
	}
	return nil
}

// invitable wants an account to be there, and not to be closed.
func (s *Service) invitable(ctx context.Context, field, id string) error {
	of, err := s.opts.Directory.Account(ctx, id)
	if err := resource.Named(field, plans.AccountName(id), err); err != nil {
		return err
	}
	today, err := s.Today(ctx)
	if err != nil {
		return err
	}
	if of.Ends() <= today {
		return fault.Precondition(reasonAccountState, plans.AccountName(id), "%s is closed: it is invited to nothing any more.", plans.AccountName(id))
	}
	return nil
}

// contact wants a contact of an account to be there.
func (s *Service) contact(ctx context.Context, field, account, id string) error {
	name := ContactName(account, id)
	return resource.Named(field, name, s.opts.Directory.Contact(ctx, name))
}

// ContactName returns the resource name of a contact.
func ContactName(account, id string) string { return names.Join("accounts", account, "contacts", id) }
