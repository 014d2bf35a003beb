package board

import (
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Source is what this service needs of the accounts service. Errors of that service that
// are not named here are passed on to callers as they are.
type Source interface {
	// Watch calls apply with everything that follows a resume token, in the feed's
	// order, and then with what comes, until ctx ends or apply fails. The empty token
	// means the beginning. ErrFeedTrimmed where the feed does not reach back so far.
	Watch(ctx context.Context, resume string, apply func(Batch) error) error
	// Head returns the feed's last position, after waiting until all that was
	// acknowledged before the call is in the feed.
	Head(ctx context.Context) (int64, error)
	// Contact returns a person at an account; ErrNoContact where there is none.
	Contact(ctx context.Context, account, contact string) (Contact, error)
	// Reveals says whether a principal, by its name, is there and may reveal a part of
	// the seed of a draw.
	Reveals(ctx context.Context, principal string) (bool, error)
}

var (
	// ErrFeedTrimmed says that the accounts feed no longer goes back to where this
	// copy stands.
	ErrFeedTrimmed = errors.New("the accounts feed no longer reaches back to where this copy stands")
	// ErrNoContact says that an account has no such contact.
	ErrNoContact = errors.New("there is no such contact")
)

// Batch is a run of changes of the accounts feed.
type Batch struct {
	// Accounts are those that changed, as they are from then on, in the feed's order.
	Accounts []AccountChange
	// Position is that of the last change; 0 where nothing changed.
	Position int64
	// Resume goes on behind these changes.
	Resume string
}

// AccountChange is an account as it is from a change on.
type AccountChange struct {
	ID      string
	Account Account
	// Position is that of the change in the feed; of two changes of an account, the one
	// with the greater position counts.
	Position int64
}

// AccountState says where an account stands.
type AccountState string

// The states of an account.
const (
	AccountProspect AccountState = "prospect"
	AccountActive   AccountState = "active"
	AccountClosed   AccountState = "closed"
)

// Account is what this service keeps of an account. Nothing in it tells what the account
// spends or how loud it is.
type Account struct {
	DisplayName string       `bson:"display_name"`
	State       AccountState `bson:"state"`
	// Joined is the day it became a customer, civil.Never where none is given; Closed
	// the day from which it is none any more, civil.Never where it is open.
	Joined civil.Day `bson:"joined"`
	Closed civil.Day `bson:"closed"`
	// Parent and Competitors are ids of accounts, Owner and Team of principals.
	Parent      string            `bson:"parent,omitempty"`
	Competitors []string          `bson:"competitors,omitempty"`
	Owner       string            `bson:"owner,omitempty"`
	Team        []string          `bson:"team,omitempty"`
	Attributes  map[string]string `bson:"attributes,omitempty"`
}

// customer says whether the account is one on a day, be it one that has not joined yet.
func (a Account) customer(day civil.Day) bool {
	return a.State == AccountActive || a.State == AccountClosed && day < a.Closed
}

// Contact is a person at an account, as far as this service writes to them. It is not
// kept: personal data stays with accounts.
type Contact struct {
	DisplayName, Email string
}
