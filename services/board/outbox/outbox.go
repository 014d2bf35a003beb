// Package outbox sends what the board service has to tell people, each message once. A
// message is recorded before it is sent, under an id that the same message always has;
// what a crash interrupts is found out with whoever delivers, and is never sent on
// suspicion.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Message is something that a person at an account is to be told.
type Message struct {
	// ID is unique to the message: the same id is never sent twice.
	ID string
	// Kind says what it is, as invitation.
	Kind string
	// About is the name of the resource it is about, as boards/advisory/rotations/2027-03-09.
	About string
	// Account and Contact are ids, the contact's within the account.
	Account, Contact string
	// Subject is a line, and Body plain text.
	Subject, Body string
	// Attachment says the same in a form for programs; nil where there is none.
	Attachment *Attachment `bson:"attachment,omitempty"`
}

// Attachment is a file that goes with a message.
type Attachment struct {
	// Name is that of the file, and Type its media type with parameters, as
	// "text/calendar; charset=utf-8; method=REQUEST".
	Name, Type string
	Content    []byte
}

// State says where a message stands.
type State string

// The states of a message.
const (
	// Waiting says that it is to be sent.
	Waiting State = "waiting"
	// Sending says that it is being sent.
	Sending State = "sending"
	// Sent says that it was handed over.
	Sent State = "sent"
	// Uncertain says that a crash came in between, and nobody can tell whether it was
	// handed over. It is not sent again.
	Uncertain State = "uncertain"
	// Failed says that it cannot be delivered, for the reason given.
	Failed State = "failed"
)

// Letter is a message in the outbox.
type Letter struct {
	Message `bson:",inline"`
	State   State `bson:"state"`
	// Put is when it was entered, Changed when its state was last changed.
	Put     time.Time `bson:"put"`
	Changed time.Time `bson:"changed"`
	// Trouble is why it was not sent when that was last tried.
	Trouble string `bson:"trouble,omitempty"`
	// Open is set while it is waiting or being sent.
	Open *bool `bson:"open,omitempty"`
}

// Address is where a person is written to.
type Address struct{ Name, Email string }

// Directory finds where people are written to.
type Directory interface {
	// Address returns that of a contact of an account: ErrNoAddress where there is no
	// such contact, or it has none.
	Address(ctx context.Context, account, contact string) (Address, error)
}

// ErrNoAddress says that a person cannot be written to.
var ErrNoAddress = errors.New("there is no such contact, or it has no address")

// Delivery hands messages over to those who carry them.
type Delivery interface {
	// Send hands a message over. ErrNotSent where it certainly was not; of any other
	// error nobody can tell.
	Send(ctx context.Context, to Address, m Message) error
	// Sent says whether a message with an id was handed over: ErrUnknown where that
	// cannot be found out.
	Sent(ctx context.Context, id string) (bool, error)
}

var (
	// ErrNotSent says that a message was certainly not handed over.
	ErrNotSent = errors.New("the message was not handed over")
	// ErrUnknown says that nobody can tell whether a message was handed over.
	ErrUnknown = errors.New("nobody can tell whether the message was handed over")
)

// Outbox is the messages of a store.
type Outbox struct {
	store     *docstore.Store
	letters   *docstore.Collection[Letter]
	delivery  Delivery
	directory Directory
	now       func() time.Time
	log       *slog.Logger
	wake      chan struct{}
}

// The indexes of the letters.
const (
	byOpen  = "open"
	byAbout = "about"
)

// Open opens the outbox of a store.
func Open(
	ctx context.Context, store *docstore.Store, delivery Delivery, directory Directory, now func() time.Time, log *slog.Logger,
) (*Outbox, error) {
	letters, err := docstore.OpenCollection[Letter](ctx, store, docstore.Spec{Name: "letters", Silent: true, Indexes: []docstore.Index{
		{Name: byOpen, Fields: []string{"open"}, Partial: true}, {Name: byAbout, Fields: []string{"about"}}}})
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	return &Outbox{store, letters, delivery, directory, now, log, make(chan struct{}, 1)}, nil
}

// putAtOnce is how many messages are written at once.
const putAtOnce = 500

// Put enters messages, each once: one of an id that was entered before is left as it is.
// Where it fails, some may have been entered; it can be repeated.
func (o *Outbox) Put(ctx context.Context, messages ...Message) error {
	open, at := true, o.now()
	for some := range slices.Chunk(messages, putAtOnce) {
		docs := make([]docstore.New[Letter], len(some))
		for i, m := range some {
			docs[i] = docstore.New[Letter]{ID: m.ID, Body: Letter{Message: m, State: Waiting, Put: at, Changed: at, Open: &open}}
		}
		if err := unlessThere(some, o.letters.InsertMany(ctx, docs)); err != nil {
			return err
		}
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return nil
}

// unlessThere is what went wrong with entering messages, other than that some are there.
func unlessThere(messages []Message, err error) error {
	var batch *docstore.BatchError
	if err == nil || !errors.As(err, &batch) {
		return wrapped(messages[0], err)
	}
	var errs []error
	for i, failed := range batch.Failed {
		if !errors.Is(failed, docstore.ErrExists) {
			errs = append(errs, wrapped(messages[i], failed))
		}
	}
	return errors.Join(errs...)
}

func wrapped(m Message, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("put %s to %s into the outbox: %w", m.Kind, m.Account, err)
}

// About returns the messages about a resource, by account, and those to one account in the
// order in which they were entered.
func (o *Outbox) About(ctx context.Context, name string) ([]Letter, error) {
	var found []Letter
	for d, err := range o.letters.All(ctx, docstore.Query{Index: byAbout, Equal: []any{name}}) {
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		found = append(found, d.Body)
	}
	slices.SortFunc(found, func(a, b Letter) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), a.Put.Compare(b.Put), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}
