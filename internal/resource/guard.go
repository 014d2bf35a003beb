package resource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

// Guard keeps a rule that spans several documents, such as "no account is above
// itself", where the store writes one document at a time.
//
// A change that could break the rule is first entered in the guard's document, as an
// intent that names the document and the version it will be written over; only then is
// it written, and only over that version. Intents are entered one at a time, because
// the guard's document is replaced only if it is as it was read, and each is checked
// against all before it: those that were written show in their documents, the others
// count as if they might still be. An intent whose document is at another version than
// the one it names is settled, written or not, and is dropped.
//
// So whatever a process does that dies or stalls between the two writes, the rule
// holds. What it leaves is an intent that stands in the way; whoever it blocks raises
// the version of its document, after which it can never be written.
type Guard struct {
	id      string
	docs    *docstore.Collection[intents]
	guarded Guarded
	// event is what followers are told where a version is raised.
	event string
}

// Guarded is the table whose aggregates a guard's changes are of.
type Guarded interface {
	// Versions returns the current versions of those that exist, by id.
	Versions(ctx context.Context, ids []string) (map[string]int64, error)
	// Touch raises the version of one.
	Touch(ctx context.Context, id, event string) error
}

// intents is the body of a guard's document.
type intents struct {
	Pending []Intent `bson:"pending,omitempty"`
}

// Intent is a change that passed its check and may not have been written yet.
type Intent struct {
	ID      string `bson:"id"`
	Version int64  `bson:"version"`
	// Value is what the change sets.
	Value string `bson:"value,omitempty"`
}

// ErrBlocked is a check's answer when nothing but pending intents speaks against it.
var ErrBlocked = errors.New("a change that may still be written stands in the way")

const (
	// guardAttempts bounds how often a guarded change starts anew.
	guardAttempts = 40
	// guardPatience is how often it waits for the intents in its way before it
	// settles them.
	guardPatience = 8
	guardPause    = 5 * time.Millisecond
)

// Guards are the guards of a store.
type Guards struct {
	docs *docstore.Collection[intents]
}

// OpenGuards opens the collection of a store's guards.
func OpenGuards(ctx context.Context, store *docstore.Store) (*Guards, error) {
	docs, err := docstore.OpenCollection[intents](ctx, store, docstore.Spec{Name: "guards", Silent: true})
	if err != nil {
		return nil, err
	}
	return &Guards{docs}, nil
}

// Open returns the guard with an id, in which changes of the aggregates of a table are
// entered. Event is what followers are told where it settles an intent by raising an
// aggregate's version.
func (g *Guards) Open(ctx context.Context, id string, guarded Guarded, event string) (*Guard, error) {
	_, err := g.docs.Insert(ctx, id, intents{})
	if err != nil && !errors.Is(err, docstore.ErrExists) {
		return nil, fmt.Errorf("open the guard %s: %w", id, err)
	}
	return &Guard{id, g.docs, guarded, event}, nil
}

// Apply makes a guarded change of the aggregate with an id; value is what the intent
// says of it to other checks. Check says whether the rule will hold, given the version to
// write over and the pending intents; it returns ErrBlocked where it would but for them.
// Write writes over the version it is given, and is ErrStale where the aggregate is at
// another. ErrConflict where others kept changing what it depends on.
func (g *Guard) Apply(
	ctx context.Context, id, value string, check func(version int64, pending []Intent) error, write func(version int64) error,
) error {
	for attempt := range guardAttempts {
		err := g.try(ctx, id, value, attempt >= guardPatience, check, write)
		if !errors.Is(err, ErrBlocked) && !errors.Is(err, docstore.ErrConflict) {
			return err
		}
		if err := lifecycle.Pause(ctx, guardPause); err != nil {
			return err
		}
	}
	return ErrConflict.Saying("others kept changing what this change depends on: try again.")
}

func (g *Guard) try(
	ctx context.Context, id, value string, settle bool, check func(int64, []Intent) error, write func(int64) error,
) error {
	book, err := g.docs.Get(ctx, g.id)
	if err != nil {
		return err
	}
	pending, version, err := g.unsettled(ctx, book.Body.Pending, id)
	if err != nil {
		return err
	}
	own := Intent{id, version, value}
	pending = slices.DeleteFunc(pending, func(in Intent) bool { return in == own })
	if err := check(version, pending); err != nil {
		if settle && errors.Is(err, ErrBlocked) {
			if err := g.settle(ctx, pending); err != nil {
				return err
			}
		}
		return err
	}
	_, err = g.docs.UpdateIf(ctx, g.id, book.Version, func(d *docstore.Doc[intents]) error {
		d.Body.Pending = slices.Concat(pending, []Intent{own})
		return nil
	})
	if err != nil {
		return err
	}
	if err := write(version); !errors.Is(err, ErrStale) {
		return err
	}
	return docstore.ErrConflict
}

// unsettled returns the intents that may still be written, and the version of the
// document to change.
func (g *Guard) unsettled(ctx context.Context, all []Intent, id string) ([]Intent, int64, error) {
	ids := []string{id}
	for _, in := range all {
		ids = append(ids, in.ID)
	}
	versions, err := g.guarded.Versions(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	pending := slices.DeleteFunc(slices.Clone(all), func(in Intent) bool {
		return versions[in.ID] != in.Version
	})
	return pending, versions[id], nil
}

// settle makes sure that pending intents are never written.
func (g *Guard) settle(ctx context.Context, pending []Intent) error {
	for _, in := range pending {
		if err := g.guarded.Touch(ctx, in.ID, g.event); err != nil {
			return err
		}
	}
	return nil
}
