package usage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// repeated is errRepeated where the request made one of a balance's latest entries.
func (w *writing) repeated(b *balance) error {
	if w.call.RequestID == "" {
		return nil
	}
	for _, raw := range b.Recent {
		if _, key, ok := bson.Raw(raw).Lookup("request", "key").BinaryOK(); ok && bytes.Equal(key, w.request.Key) {
			e, err := b.read(raw)
			if err != nil {
				return err
			}
			return w.repeats1(e)
		}
	}
	return nil
}

// repeats1 is errRepeated for the entry that the request made before, or says that it
// asked for something else then.
func (w *writing) repeats1(e Entry) error {
	if !bytes.Equal(e.Request.Digest, w.request.Digest) {
		return w.call.Reused()
	}
	w.repeats = e
	return errRepeated
}

// look reads what the balance and the ledger have of the request, and about the entry that
// the call is about. An entry that is in neither is not there up to the balance's last
// number, since entries go to the ledger before they leave the balance.
func (w *writing) look(ctx context.Context, id string) error {
	d, err := w.u.balances.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := w.repeated(&d.Body); err != nil {
		return err
	}
	if w.call.RequestID != "" {
		e, err := w.u.ledger.Get(ctx, w.request.DocumentID())
		if err == nil {
			return w.repeats1(e.Body)
		}
		if !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
	}
	w.looked = looked{upTo: d.Body.Count.Seq}
	if w.of == "" {
		return nil
	}
	if w.looked.about, err = d.Body.about(w.of, 0); err != nil {
		return err
	}
	moved, err := w.u.ledger.Lookup(ctx, byOf, w.of)
	for _, e := range moved {
		known := func(k Entry) bool { return k.ID == e.ID }
		if e.Body.Seq <= w.looked.upTo && !slices.ContainsFunc(w.looked.about, known) {
			w.looked.about = append(w.looked.about, e.Body)
		}
	}
	return err
}

// move takes the older of a balance's latest entries to the ledger. Callers in this process
// who want it at the same time share it.
func (u *Usage) move(ctx context.Context, id string) error {
	_, err, _ := u.moving.Do(id, func() (any, error) { return nil, u.moveNow(context.WithoutCancel(ctx), id) })
	return err
}

func (u *Usage) moveNow(ctx context.Context, id string) error {
	d, err := u.balances.Get(ctx, id)
	if err != nil {
		return err
	}
	if len(d.Body.Recent) <= keptRecent {
		return nil
	}
	leaving := d.Body.Recent[:len(d.Body.Recent)-keptRecent]
	entries := make([]docstore.New[Entry], len(leaving))
	for i, raw := range leaving {
		e, err := d.Body.read(raw)
		if err != nil {
			return err
		}
		entries[i] = docstore.New[Entry]{ID: e.ID, Body: e}
	}
	if err := u.insert(ctx, entries); err != nil {
		return fmt.Errorf("move entries of %s to the ledger: %w", id, err)
	}
	last := entries[len(entries)-1].Body.Seq
	_, err = u.balances.Update(ctx, id, func(d *docstore.Doc[balance]) error {
		b := &d.Body
		b.Recent = b.Recent[max(0, last-b.Moved):] // their numbers follow on Moved
		b.Moved = max(b.Moved, last)
		return nil
	})
	return err
}

// insert writes entries to the ledger that may be there already.
func (u *Usage) insert(ctx context.Context, entries []docstore.New[Entry]) error {
	err := u.ledger.InsertMany(ctx, entries)
	var batch *docstore.BatchError
	if !errors.As(err, &batch) {
		return err
	}
	for _, err := range batch.Failed {
		if !errors.Is(err, docstore.ErrExists) {
			return err
		}
	}
	return nil
}
