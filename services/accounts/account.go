package accounts

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// State is where an account stands.
type State string

// The states of an account. Active is the zero value, and not stored: most accounts
// are, and the index of states then holds only the others.
const (
	Active   State = ""
	Prospect State = "prospect"
	Closed   State = "closed"
)

// Account is a customer organisation.
type Account struct {
	DisplayName string `bson:"display_name"`
	// ExternalID is the id in the system named by Source, and unique there; empty
	// where the account came from none.
	ExternalID string `bson:"external_id,omitempty"`
	Source     string `bson:"source"`
	State      State  `bson:"state,omitempty"`
	// Joined is the day it became a customer, nil where its first entry's day counts.
	Joined *Day `bson:"joined,omitempty"`
	// Closed is the day from which it is no customer any more.
	Closed *Day `bson:"closed,omitempty"`
	// Unjoined says that it was closed as a prospect, and so has yet to join.
	Unjoined bool `bson:"unjoined,omitempty"`
	// Parent is the id of the account above it in its group.
	Parent string `bson:"parent,omitempty"`
	// Owner and Team are ids of principals.
	Owner string   `bson:"owner,omitempty"`
	Team  []string `bson:"team,omitempty"`
	Goals []Goal   `bson:"goals,omitempty"`
	// Competitors are ids of accounts.
	Competitors    []string          `bson:"competitors,omitempty"`
	Attributes     map[string]string `bson:"attributes,omitempty"`
	resource.Times `bson:",inline"`
}

// Goal is something a customer wants to reach.
type Goal struct {
	Statement string `bson:"statement"`
	Measure   string `bson:"measure,omitempty"`
	Target    *Day   `bson:"target,omitempty"`
}

// AssignedTo says whether a principal owns or serves the account.
func (a Account) AssignedTo(principal string) bool {
	return principal != "" && (a.Owner == principal || slices.Contains(a.Team, principal))
}

// become changes the state, and remembers of a prospect that it never was a customer.
func (a *Account) become(state State) {
	a.Unjoined = state == Closed && (a.State == Prospect || a.State == Closed && a.Unjoined)
	a.State = state
}

// AccountPatch says what to change of an account; nil leaves a field as it is.
type AccountPatch struct {
	DisplayName, Parent, Owner *string
	// Joined points to nil to take the day away.
	Joined      **Day
	Team        *[]string
	Goals       *[]Goal
	Competitors *[]string
	// Attributes replaces all attributes; SetAttributes then sets single ones, an empty
	// value taking the attribute away.
	Attributes    *map[string]string
	SetAttributes map[string]string
	// state and closed are for imports.
	state  *State
	closed **Day
}

// Accounts is the use cases of accounts, attribute keys, contacts and reach.
type Accounts struct {
	accounts *resource.Table[Account, *Account]
	keys     *resource.Table[AttributeKey, *AttributeKey]
	contacts *resource.Table[Contact, *Contact]
	reaches  *resource.Table[Reach, *Reach]
	parents  *resource.Guard
	company  *Company
	access   *Access
}

// AccountName returns the resource name of an account.
func AccountName(id string) string { return "accounts/" + id }

var accountKind = resource.Kind[Account]{Type: "evenhand/Account", Name: AccountName, Spec: accountsSpec,
	Tell: func(s Account) any { return s }}

var accountsSpec = docstore.Spec{Name: "accounts", Indexes: []docstore.Index{
	{Name: "external", Fields: []string{"source", "external_id"}, Unique: true, Partial: true},
	{Name: "external_id", Fields: []string{"external_id"}, Partial: true},
	{Name: "display_name", Fields: []string{"display_name"}},
	{Name: "owner", Fields: []string{"owner"}, Partial: true},
	{Name: "parent", Fields: []string{"parent"}, Partial: true},
	{Name: "state", Fields: []string{"state"}, Partial: true},
}}

func openAccounts(ctx context.Context, w wiring, company *Company, access *Access) (*Accounts, error) {
	a := &Accounts{company: company, access: access}
	var err error
	if a.accounts, err = resource.OpenTable(ctx, w.requests, accountKind); err != nil {
		return nil, err
	}
	if a.keys, err = openAttributeKeys(ctx, w); err != nil {
		return nil, err
	}
	if a.contacts, err = openContacts(ctx, w); err != nil {
		return nil, err
	}
	if a.reaches, err = openReaches(ctx, w); err != nil {
		return nil, err
	}
	a.parents, err = w.guards.Open(ctx, "parents", a.accounts, "account.updated")
	return a, err
}

// Get returns an account, or ErrNotFound.
func (a *Accounts) Get(ctx context.Context, id string) (resource.Stored[Account], error) {
	return a.accounts.Get(ctx, id)
}

// Create makes an account. Where id is empty it is the slug of the external id, else
// of the display name. ErrInvalid for a reference to nothing or an undeclared attribute
// key, ErrHandSetLevel, ErrExists, ErrSlugCollision. With check, nothing is written.
func (a *Accounts) Create(ctx context.Context, call resource.Call, id string, s Account, check bool) (resource.Stored[Account], error) {
	id, err := newAccountID(id, s)
	if err != nil {
		return resource.Stored[Account]{}, err
	}
	if s.State != Active && s.State != Prospect {
		return resource.Stored[Account]{}, invalid("account.state", "a new account is active or a prospect")
	}
	if err := a.checkReferences(ctx, id, s); err != nil {
		return resource.Stored[Account]{}, err
	}
	if check {
		return a.checkNew(ctx, id, s)
	}
	created, err := a.accounts.Create(ctx, call, id, s, "account.created")
	return created, a.taken(ctx, id, s, err)
}

func newAccountID(id string, s Account) (string, error) {
	from, field := s.ExternalID, "account.external_id"
	switch {
	case id != "":
		from, field = id, "account_id"
	case from == "":
		from, field = s.DisplayName, "account.display_name"
	}
	if id == "" {
		id = slug(from)
	}
	if !names.IsID(id) {
		return "", invalid(field, "no id can be made of %q: give an account id of lower-case letters, digits and hyphens", from)
	}
	return id, nil
}

// checkNew says what Create would answer.
func (a *Accounts) checkNew(ctx context.Context, id string, s Account) (resource.Stored[Account], error) {
	_, err := a.Get(ctx, id)
	if err == nil {
		err = a.taken(ctx, id, s, accountKind.Exists(id))
	} else if errors.Is(err, resource.ErrNotFound) {
		err = nil
	}
	if err == nil && s.ExternalID != "" {
		err = a.externalTaken(ctx, s)
	}
	if err != nil {
		return resource.Stored[Account]{}, err
	}
	return a.accounts.Unwritten(id, s), nil
}

// taken explains why an account could not be created.
func (a *Accounts) taken(ctx context.Context, id string, s Account, err error) error {
	if isDuplicate(err) {
		return a.externalTaken(ctx, s)
	}
	if !errors.Is(err, resource.ErrExists) || s.ExternalID == "" {
		return err
	}
	there, getErr := a.Get(ctx, id)
	if getErr != nil {
		return getErr
	}
	return collision(id, there.State, s.Source, s.ExternalID, err)
}

// collision refuses an outside id whose slug belongs to an account with another one.
// Otherwise it returns the given error.
func collision(id string, there Account, source, externalID string, otherwise error) error {
	if there.ExternalID == externalID && there.Source == source {
		return otherwise
	}
	had := "has no external id"
	if there.ExternalID != "" {
		had = "stands for " + quoted(there.ExternalID, there.Source)
	}
	return fail(ErrSlugCollision, AccountName(id), "%s would be %s, which %s: give it an account id of its own by creating it first",
		quoted(externalID, source), AccountName(id), had)
}

func quoted(externalID, source string) string {
	if source == "" {
		return `"` + externalID + `"`
	}
	return `"` + externalID + `" of source "` + source + `"`
}

// externalTaken says which account has the external id within the source.
func (a *Accounts) externalTaken(ctx context.Context, s Account) error {
	q := docstore.Query{Index: "external", Equal: []any{s.Source, s.ExternalID}, Limit: 1}
	found, err := a.accounts.List(ctx, q, nil, nil)
	if err != nil || len(found.Items) == 0 {
		return err
	}
	name := AccountName(found.Items[0].ID)
	return fail(resource.ErrExists, name, "%s is %s already", quoted(s.ExternalID, s.Source), name)
}

// Update changes an account: ErrInvalid for a reference to nothing, an undeclared
// attribute key or a parent below it; ErrHandSetLevel; ErrNotFound; ErrStale. With check,
// nothing is written.
func (a *Accounts) Update(ctx context.Context, call resource.Call, id string, etag string, patch AccountPatch, check bool) (resource.Stored[Account], error) {
	if earlier, known, err := a.accounts.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := a.Get(ctx, id)
	if err != nil {
		return resource.Stored[Account]{}, err
	}
	if err := a.accounts.Check(before, resource.IfEtag[Account](etag)); err != nil {
		return resource.Stored[Account]{}, err
	}
	wanted := before.State
	if err := patch.apply(&wanted); err != nil {
		return resource.Stored[Account]{}, err
	}
	if err := a.checkReferences(ctx, id, patch.touched(wanted)); err != nil {
		return resource.Stored[Account]{}, err
	}
	if wanted.Parent == before.State.Parent {
		patch.Parent = nil // it may be another by the time of the write, which is not to be undone unguarded
	}
	if patch.Parent != nil && wanted.Parent != "" {
		return a.moveBelow(ctx, call, before, etag, patch, check)
	}
	if check {
		before.State = wanted
		return before, nil
	}
	return a.accounts.Update(ctx, call, id, resource.IfEtag[Account](etag), "account.updated", patch.apply)
}

// touched is the account with only those references that the patch sets.
func (p AccountPatch) touched(a Account) Account {
	var t Account
	if p.Parent != nil {
		t.Parent = a.Parent
	}
	if p.Owner != nil {
		t.Owner = a.Owner
	}
	if p.Team != nil {
		t.Team = a.Team
	}
	if p.Competitors != nil {
		t.Competitors = a.Competitors
	}
	if p.Attributes != nil || p.SetAttributes != nil {
		t.Attributes = a.Attributes
	}
	return t
}

func (p AccountPatch) apply(a *Account) error {
	set(&a.DisplayName, p.DisplayName)
	set(&a.Parent, p.Parent)
	set(&a.Owner, p.Owner)
	set(&a.Joined, p.Joined)
	set(&a.Team, p.Team)
	set(&a.Goals, p.Goals)
	set(&a.Competitors, p.Competitors)
	set(&a.Attributes, p.Attributes)
	if p.state != nil {
		a.become(*p.state)
	}
	set(&a.Closed, p.closed)
	if len(p.SetAttributes) > 0 {
		a.Attributes = maps.Clone(a.Attributes)
		if a.Attributes == nil {
			a.Attributes = map[string]string{}
		}
		for key, value := range p.SetAttributes {
			if value == "" {
				delete(a.Attributes, key)
				continue
			}
			a.Attributes[key] = value
		}
	}
	if a.Joined != nil && a.Closed != nil && *a.Joined > *a.Closed {
		return invalid("account.joined_date", "%s is after %s, the day the account was closed", *a.Joined, *a.Closed)
	}
	return nil
}

// set gives a field the value of a patch, where that has one.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// Activate makes a prospect a customer from a day on; nil is today. A closed account
// becomes one again, since the day it first joined: nothing that it had been is taken
// back, and the day is not used, unless it was closed as a prospect. ErrWrongState where it
// is one.
func (a *Accounts) Activate(ctx context.Context, call resource.Call, id string, etag string, day *Day) (resource.Stored[Account], error) {
	return a.turn(ctx, call, id, etag, day, "account.activated", func(s *Account, day Day) error {
		if s.State == Active {
			return fail(ErrWrongState, AccountName(id), "%s is active already", AccountName(id))
		}
		if s.State == Prospect || s.Unjoined {
			s.Joined = &day
		}
		s.become(Active)
		s.Closed = nil
		return nil
	})
}

// Close ends being a customer from a day on; nil is today. ErrWrongState where it is
// closed; ErrInvalid for a day before it joined.
func (a *Accounts) Close(ctx context.Context, call resource.Call, id string, etag string, day *Day) (resource.Stored[Account], error) {
	return a.turn(ctx, call, id, etag, day, "account.closed", func(s *Account, day Day) error {
		if s.State == Closed {
			return fail(ErrWrongState, AccountName(id), "%s is closed already", AccountName(id))
		}
		if s.Joined != nil && day < *s.Joined {
			return invalid("date", "%s is before %s, the day the account joined", day, *s.Joined)
		}
		s.become(Closed)
		s.Closed = &day
		return nil
	})
}

func (a *Accounts) turn(
	ctx context.Context, call resource.Call, id string, etag string, day *Day, event string, change func(*Account, Day) error,
) (resource.Stored[Account], error) {
	if day == nil {
		today, err := a.company.Today(ctx)
		if err != nil {
			return resource.Stored[Account]{}, err
		}
		day = &today
	}
	return a.accounts.Update(ctx, call, id, resource.IfEtag[Account](etag), event, func(s *Account) error { return change(s, *day) })
}
