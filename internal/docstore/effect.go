package docstore

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// recentEffects is how many effects a document keeps at least; at twice as many the
// older half goes to the ledger.
const recentEffects = 32

// Effect is what a request did to a document.
type Effect struct {
	Request `bson:",inline"`
	// Version is that of the document right after.
	Version int64 `bson:"version"`
	// At is when, by the writer's clock.
	At time.Time `bson:"at"`
	// Answer is what the caller was told; a document, possibly empty.
	Answer bson.Raw `bson:"answer,omitempty"`
}

// Effects is embedded (bson:",inline") in the body of an aggregate whose changes
// carry request ids: its recent effects, written with the changes themselves.
type Effects struct {
	Recent []Effect `bson:"recent_effects"`
	// Moved counts the effects that were moved to the ledger.
	Moved int64 `bson:"moved_effects"`
}

// RecentEffects returns where the body keeps them.
func (e *Effects) RecentEffects() *Effects { return e }

func (e *Effects) find(r Request) (Effect, bool, error) {
	for _, effect := range e.Recent {
		if repeated, err := r.repeats(effect.Request); repeated || err != nil {
			return effect, repeated, err
		}
	}
	return Effect{}, false, nil
}

// EffectLedger keeps the effects that documents have no room for any more, until they
// expire.
type EffectLedger struct{ c *Collection[Effect] }

// effectsByTime is the index of the instants at which effects were made.
const effectsByTime = "at"

// OpenEffectLedger opens the store's ledger of effects.
func OpenEffectLedger(ctx context.Context, s *Store) (*EffectLedger, error) {
	c, err := OpenCollection[Effect](ctx, s, Spec{Name: "effects", Silent: true,
		Indexes: []Index{{Name: effectsByTime, Fields: []string{"at"}}}})
	if err != nil {
		return nil, err
	}
	return &EffectLedger{c}, nil
}

func (l *EffectLedger) find(ctx context.Context, source string, r Request) (Effect, bool, error) {
	d, err := l.c.Get(ctx, ledgerID(source, r))
	if errors.Is(err, ErrNotFound) {
		return Effect{}, false, nil
	}
	if err != nil {
		return Effect{}, false, err
	}
	repeated, err := r.repeats(d.Body.Request)
	return d.Body, repeated, err
}

// add writes effects that may be there already.
func (l *EffectLedger) add(ctx context.Context, source string, effects []Effect) error {
	docs := make([]New[Effect], len(effects))
	for i, e := range effects {
		docs[i] = New[Effect]{ID: ledgerID(source, e.Request), Body: e}
	}
	err := l.c.InsertMany(ctx, docs)
	var batch *BatchError
	if errors.As(err, &batch) {
		for _, err := range batch.Failed {
			if !errors.Is(err, ErrExists) {
				return err
			}
		}
		return nil
	}
	return err
}

func ledgerID(source string, r Request) string { return idOf(digest([]byte(source), r.Key)) }

// errMoved says that effects went to the ledger since it was asked.
var errMoved = errors.New("effects were moved")

// UpdateOnce is Update on behalf of a request: when the same request comes again, fn
// does not run, and the effect of the first one is returned, and true. What fn
// returns is kept as the effect's Answer: a struct or map, or nil. A request id that
// was used on this document with another payload gives ErrRequestReused.
func UpdateOnce[T any, P interface {
	*T
	RecentEffects() *Effects
}](ctx context.Context, c *Collection[T], ledger *EffectLedger, id string, request Request,
	fn func(*Doc[T]) (answer any, err error),
) (Effect, bool, error) {
	once := onceUpdate[T]{c: c, ledger: ledger, id: id, request: request, fn: fn,
		effects: func(body *T) *Effects { return P(body).RecentEffects() }}
	for failed := 0; failed < attempts; failed++ {
		effect, repeated, err := once.try(ctx)
		if !errors.Is(err, errMoved) {
			return effect, repeated, err
		}
		if err := c.store.backoff(ctx, failed); err != nil {
			return Effect{}, false, c.failed("update", id, err)
		}
	}
	return Effect{}, false, c.failed("update", id, ErrConflict)
}

type onceUpdate[T any] struct {
	c       *Collection[T]
	ledger  *EffectLedger
	id      string
	request Request
	fn      func(*Doc[T]) (any, error)
	effects func(*T) *Effects
}

// try looks for the effect in the document, then in the ledger, then makes it. An
// effect is in one of the two at any time, since it goes to the ledger before it
// leaves the document; and should some leave between the look into the ledger and
// the write, Moved tells.
func (u *onceUpdate[T]) try(ctx context.Context) (Effect, bool, error) {
	d, err := u.c.Get(ctx, u.id)
	if err != nil {
		return Effect{}, false, err
	}
	seen := u.effects(&d.Body)
	if effect, repeated, err := u.look(ctx, seen); repeated || err != nil {
		return effect, repeated, u.c.failed("update", u.id, err)
	}
	var leaving []Effect
	if len(seen.Recent) >= 2*recentEffects {
		leaving = seen.Recent[:recentEffects]
		if err := u.ledger.add(ctx, u.c.Source(u.id), leaving); err != nil {
			return Effect{}, false, u.c.failed("update", u.id, err)
		}
	}
	var effect Effect
	_, err = u.c.Update(ctx, u.id, func(d *Doc[T]) error {
		var err error
		effect, err = u.change(d, seen.Moved, leaving)
		return err
	})
	if errors.Is(err, errRepeated) {
		return effect, true, nil
	}
	return effect, false, err
}

func (u *onceUpdate[T]) look(ctx context.Context, seen *Effects) (Effect, bool, error) {
	effect, repeated, err := seen.find(u.request)
	if repeated || err != nil || seen.Moved == 0 {
		return effect, repeated, err
	}
	return u.ledger.find(ctx, u.c.Source(u.id), u.request)
}

// change makes the effect and its record on a document.
func (u *onceUpdate[T]) change(d *Doc[T], moved int64, leaving []Effect) (Effect, error) {
	effects := u.effects(&d.Body)
	if effect, repeated, err := effects.find(u.request); err != nil {
		return Effect{}, err
	} else if repeated {
		return effect, errRepeated
	}
	if effects.Moved != moved {
		return Effect{}, errMoved
	}
	kept := *effects // whatever fn does to the body
	answer, err := u.fn(d)
	if err != nil {
		return Effect{}, err
	}
	effect := Effect{Request: u.request, Version: d.Version + max(1, int64(len(d.emitted))), At: u.c.store.now()}
	if answer != nil {
		if effect.Answer, err = encode(answer); err != nil {
			return Effect{}, err
		}
	}
	kept.Recent = slices.DeleteFunc(kept.Recent, func(e Effect) bool {
		return slices.ContainsFunc(leaving, func(l Effect) bool { return bytes.Equal(l.Key, e.Key) })
	})
	kept.Moved += int64(len(leaving))
	kept.Recent = append(kept.Recent, effect)
	*u.effects(&d.Body) = kept
	return effect, nil
}
