package cases

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Accounts knows the accounts whose cases these are.
type Accounts interface {
	// Account returns NOT_FOUND where there is no account of that id.
	Account(ctx context.Context, id string) error
}

// Staff knows those who work on cases.
type Staff interface {
	// Member returns a principal, by its id, or NOT_FOUND.
	Member(ctx context.Context, id string) (Member, error)
	// Members returns the persons who may work on cases, by id.
	Members(ctx context.Context) ([]Member, error)
}

// Member is a principal as a member of staff.
type Member struct {
	ID          string
	DisplayName string
	// Works says that it is a person who may work on cases.
	Works bool
}

// Catalogue knows the remedies by what they are for.
type Catalogue interface {
	// Remedy returns the first remedy for an issue with these facts; false where there is
	// none.
	Remedy(ctx context.Context, issue string, facts map[string]string) (r Listed, ok bool, err error)
	// Listed returns the remedy with an id; false where none of that id is in use today.
	Listed(ctx context.Context, id string) (r Listed, ok bool, err error)
}

// Options are what the service takes from outside. Promises, Accounts and Staff are
// needed.
type Options struct {
	Promises Promises
	Accounts Accounts
	Staff    Staff
	// Catalogue is nil where there is none: precedents alone point to remedies then.
	Catalogue Catalogue
	// Currency returns the company's currency, in which remedies are worth what they are;
	// empty while there is none. Nil knows of none.
	Currency func() string
	// NearBreach is the share of a clock's time after which it is near its breach, more
	// than 0 and less than 1; 0.8 by default.
	NearBreach float64
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
	// Log receives what happens in the background; slog.Default by default.
	Log *slog.Logger
}

// Cases is the use cases of cases.
type Cases struct {
	store            *docstore.Store
	table            *resource.Table[Case, *Case]
	measures         *docstore.Collection[Case]
	acknowledgements *resource.Table[Acknowledgement, *Acknowledgement]
	paths            *resource.Table[Path, *Path]
	book             *book
	accounts         Accounts
	staff            Staff
	catalogue        Catalogue
	currency         func() string
	near             float64
	random           io.Reader
	now              func() time.Time
	log              *slog.Logger
}

// Collection is where cases are kept.
const Collection = "cases"

// The indexes of cases.
const (
	byAccount   = "account_opened"
	byOpened    = "opened"
	byState     = "state_opened"
	byIssue     = "issue_opened"
	byAssignee  = "assignee_opened"
	byDue       = "due"
	byNext      = "next"
	byEdition   = "edition"
	byPrecedent = "precedent_resolved"
	byOrigin    = "origin"
)

// New opens the collections of cases in a store. Requests are those of the store's other
// tables.
func New(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Cases, error) {
	s := &Cases{store: store, book: &book{promises: opts.Promises}, accounts: opts.Accounts, staff: opts.Staff, catalogue: opts.Catalogue,
		currency: opts.Currency, near: opts.NearBreach, random: opts.Random, log: opts.Log, now: requests.Now}
	if s.near <= 0 || s.near >= 1 {
		s.near = 0.8
	}
	if s.currency == nil {
		s.currency = func() string { return "" }
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	spec := docstore.Spec{Name: Collection, Indexes: []docstore.Index{
		{Name: byAccount, Fields: []string{"account", "opened"}},
		{Name: byOpened, Fields: []string{"opened"}, Carries: "measured"},
		{Name: byState, Fields: []string{"state", "opened"}},
		{Name: byIssue, Fields: []string{"issue", "opened"}},
		{Name: byAssignee, Fields: []string{"assignee", "opened"}, Partial: true},
		{Name: byDue, Fields: []string{"due"}, Partial: true},
		{Name: byNext, Fields: []string{"next"}, Partial: true},
		{Name: byEdition, Fields: []string{"edition"}, Partial: true},
		{Name: byPrecedent, Fields: []string{"precedent", "resolved"}, Partial: true},
		{Name: byOrigin, Fields: []string{"origin"}, Unique: true, Partial: true},
	}}
	var err error
	if s.table, err = resource.OpenTable[Case](ctx, requests, resource.Kind[Case]{Type: caseType, Name: Name, Tell: tell, Spec: spec}); err != nil {
		return nil, fmt.Errorf("open cases: %w", err)
	}
	if s.measures, err = docstore.OpenCollection[Case](ctx, store, spec); err != nil {
		return nil, fmt.Errorf("open cases: %w", err)
	}
	if s.acknowledgements, err = resource.OpenTable[Acknowledgement](ctx, requests, AcknowledgementKind); err != nil {
		return nil, fmt.Errorf("open acknowledgements: %w", err)
	}
	if s.paths, err = resource.OpenTable[Path](ctx, requests, PathKind); err != nil {
		return nil, fmt.Errorf("open the escalation path: %w", err)
	}
	return s, nil
}

// Told is what followers of the feed learn of a case: nothing that a customer said.
type Told struct {
	Account  string    `bson:"account"`
	Issue    string    `bson:"issue"`
	Channel  string    `bson:"channel"`
	State    State     `bson:"state"`
	Assignee string    `bson:"assignee,omitempty"`
	Opened   time.Time `bson:"opened"`
	Due      time.Time `bson:"due,omitempty"`
	Remedy   string    `bson:"remedy,omitempty"`
	// Resolved is when it was resolved, zero where it is not. Clocks are as they are then.
	Resolved time.Time `bson:"resolved,omitempty"`
	Clocks   []Clock   `bson:"clocks,omitempty"`
	// External is its id in the system that it was imported from, which Source names.
	External string `bson:"external,omitempty"`
	Source   string `bson:"source,omitempty"`
	// What, By and About are the last act's: About is its note where that is the name of
	// a clock or of a principal.
	What  Act    `bson:"what,omitempty"`
	By    Actor  `bson:"by,omitempty"`
	About string `bson:"about,omitempty"`
}

func tell(c Case) any {
	told := Told{Account: c.Account, Issue: c.Issue, Channel: c.Channel, State: c.State, Assignee: c.Assignee, Opened: c.Opened, Due: c.Due,
		Clocks: c.Clocks, External: c.External, Source: c.Source}
	if c.Remedy != nil && c.State == Resolved {
		told.Remedy = c.Remedy.ID
	}
	if c.State == Resolved {
		told.Resolved = c.Resolved
	}
	if len(c.History) > 0 {
		last := c.History[len(c.History)-1]
		told.What, told.By = last.What, last.By
		switch last.What {
		case ActAssigned, ActNearBreach, ActBreached:
			told.About = last.Note
		}
	}
	return told
}

// Call is on whose behalf something is done, in which role of staff.
type Call struct {
	resource.Call
	// Role is an id, as service-agent.
	Role string
}

func (c Call) actor() Actor { return Actor{Principal: c.Principal, Role: c.Role} }

// Get returns a case, or NOT_FOUND.
func (s *Cases) Get(ctx context.Context, id string) (resource.Stored[Case], error) {
	return s.table.Get(ctx, id)
}

// Now is the time by which cases run.
func (s *Cases) Now() time.Time { return s.now() }

// Opening is what a case is opened with.
type Opening struct {
	Issue, Channel, Subject, Description string
	Facts                                map[string]string
	// Assignee is the id of who is to see to it; empty for nobody yet.
	Assignee string
}

// Open opens a case of an account, under an id of its own where none is given, measured
// by the commitments in force now: INVALID_ARGUMENT; NOT_FOUND for account or assignee;
// ALREADY_EXISTS; FAILED_PRECONDITION with NOT_ACKNOWLEDGED or NOT_STAFF. With check,
// nothing is written.
func (s *Cases) Open(ctx context.Context, call Call, account, id string, n Opening, check bool) (resource.Stored[Case], error) {
	none := resource.Stored[Case]{}
	if id == "" {
		var err error
		if id, err = call.NewID(s.random); err != nil {
			return none, err
		}
	} else if !names.IsID(id) {
		p := problems{}
		p.id("case_id", id)
		return none, p.err()
	}
	key := ID(account, id)
	if earlier, known, err := s.table.Created(ctx, call.Call, key); known || err != nil {
		return earlier, err
	}
	if err := s.accounts.Account(ctx, account); err != nil {
		return none, err
	}
	c := Case{Account: account, Issue: n.Issue, Channel: n.Channel, Subject: n.Subject, Description: n.Description, Facts: n.Facts}
	if err := c.checkFields("case."); err != nil {
		return none, err
	}
	t, number, err := s.opening(call, Name(key))
	if err != nil {
		return none, err
	}
	t.open(&c, number)
	if n.Assignee != "" {
		if err := s.mayBeAssigned(ctx, n.Assignee, "case.assignee"); err != nil {
			return none, err
		}
		if err := t.assign(&c, n.Assignee); err != nil {
			return none, err
		}
	}
	if check {
		return s.table.Unwritten(key, c), nil
	}
	return s.table.Create(ctx, call.Call, key, c, "case.opened")
}

// opening is the turn of opening a case now, and the number of the version in force; 0
// where there is none.
func (s *Cases) opening(call Call, name string) (turn, int, error) {
	now := s.now()
	current, err := s.book.inForce(now)
	if err != nil {
		return turn{}, 0, err
	}
	number := 0
	if current != nil {
		number = current.Number
	}
	t, err := s.turn(call, name, number, now)
	return t, number, err
}

// turn is the making of an act now on a case that is measured by a version.
func (s *Cases) turn(call Call, name string, number int, now time.Time) (turn, error) {
	commitments, err := s.book.commitments(number)
	if err != nil {
		return turn{}, err
	}
	r, err := s.book.reckoning(number, now, s.near)
	return turn{name: name, by: call.actor(), at: now, commitments: commitments, reckoning: r}, err
}

// PreviewDue returns the clocks that a case opened now, or at an instant, would have; none
// before the first version is in force.
func (s *Cases) PreviewDue(at time.Time) (Case, error) {
	now := s.now()
	if at.IsZero() {
		at = now
	}
	var c Case
	current, err := s.book.inForce(at)
	if err != nil || current == nil {
		return c, err
	}
	t, err := s.turn(Call{}, "", current.Number, now)
	if err != nil {
		return c, err
	}
	t.at = instant(at)
	t.open(&c, current.Number)
	return c, nil
}

// act makes one act on a case: NOT_FOUND, STALE_ETAG, and the error of do. With check,
// nothing is written.
func (s *Cases) act(ctx context.Context, call Call, id, etag, event string, check bool, do func(turn, *Case) error) (resource.Stored[Case], error) {
	apply := func(c *Case) error {
		t, err := s.turn(call, Name(id), c.Version, s.now())
		if err != nil {
			return err
		}
		return do(t.on(c), c)
	}
	only := resource.IfEtag[Case](etag)
	if !check {
		return s.table.Update(ctx, call.Call, id, only, event, apply)
	}
	before, err := s.table.Get(ctx, id)
	if err == nil {
		err = s.table.Check(before, only)
	}
	if err == nil {
		err = apply(&before.State)
	}
	return before, err
}
