package accounts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// A guard keeps a rule that spans several documents, such as "no account is above
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
type guard struct {
	id   string
	docs *docstore.Collection[intents]
	// versions returns the current versions of documents.
	versions func(ctx context.Context, ids []string) (map[string]int64, error)
	// touch raises the version of a document.
	touch func(ctx context.Context, id string) error
}

// intents is the body of a guard's document.
type intents struct {
	Pending []intent `bson:"pending,omitempty"`
}

// intent is a change that passed its check and may not have been written yet.
type intent struct {
	ID      string `bson:"id"`
	Version int64  `bson:"version"`
	// Value is what the change sets.
	Value string `bson:"value,omitempty"`
}

// errBlocked is a check's answer when nothing but pending intents speaks against it.
var errBlocked = errors.New("a change that may still be written stands in the way")

const (
	// guardAttempts bounds how often a guarded change starts anew.
	guardAttempts = 40
	// guardPatience is how often it waits for the intents in its way before it
	// settles them.
	guardPatience = 8
	guardPause    = 5 * time.Millisecond
)

func openGuard(ctx context.Context, docs *docstore.Collection[intents], g guard) (*guard, error) {
	g.docs = docs
	_, err := docs.Insert(ctx, g.id, intents{})
	if err != nil && !errors.Is(err, docstore.ErrExists) {
		return nil, err
	}
	return &g, nil
}

// apply makes a guarded change of the document with an id. Check says whether the rule
// will hold, given the version to write over and the pending intents; it returns errBlocked where it would
// but for them. Write writes over the version it is given, and is
// Stale where the document is at another.
func (g *guard) apply(
	ctx context.Context, id, value string, check func(version int64, pending []intent) error, write func(version int64) error,
) error {
	for attempt := range guardAttempts {
		err := g.try(ctx, id, value, attempt >= guardPatience, check, write)
		if !errors.Is(err, errBlocked) && !errors.Is(err, docstore.ErrConflict) {
			return err
		}
		if err := pause(ctx, guardPause); err != nil {
			return err
		}
	}
	return fail(Conflict, "", "others kept changing what this change depends on: try again")
}

func (g *guard) try(
	ctx context.Context, id, value string, settle bool, check func(int64, []intent) error, write func(int64) error,
) error {
	book, err := g.docs.Get(ctx, g.id)
	if err != nil {
		return err
	}
	pending, version, err := g.unsettled(ctx, book.Body.Pending, id)
	if err != nil {
		return err
	}
	own := intent{id, version, value}
	pending = slices.DeleteFunc(pending, func(in intent) bool { return in == own })
	if err := check(version, pending); err != nil {
		if settle && errors.Is(err, errBlocked) {
			if err := g.settle(ctx, pending); err != nil {
				return err
			}
		}
		return err
	}
	_, err = g.docs.UpdateIf(ctx, g.id, book.Version, func(d *docstore.Doc[intents]) error {
		d.Body.Pending = slices.Concat(pending, []intent{own})
		return nil
	})
	if err != nil {
		return err
	}
	if err := write(version); !isReason(err, Stale) {
		return err
	}
	return docstore.ErrConflict
}

// unsettled returns the intents that may still be written, and the version of the
// document to change.
func (g *guard) unsettled(ctx context.Context, all []intent, id string) ([]intent, int64, error) {
	ids := []string{id}
	for _, in := range all {
		ids = append(ids, in.ID)
	}
	versions, err := g.versions(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	pending := slices.DeleteFunc(slices.Clone(all), func(in intent) bool {
		return versions[in.ID] != in.Version
	})
	return pending, versions[id], nil
}

// settle makes sure that pending intents are never written.
func (g *guard) settle(ctx context.Context, pending []intent) error {
	for _, in := range pending {
		if err := g.touch(ctx, in.ID); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
