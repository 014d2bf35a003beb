package usage

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

var (
	// errRepeated says that the request was served before.
	errRepeated = errors.New("the request was served before")
	// errFull says that there is no room for another entry before some go to the ledger.
	errFull = errors.New("entries have to go to the ledger first")
)

// lookFirst says that the ledger has to be looked at first: the entries up to Moved are in
// it. Those from there up to Seq were seen in the balance; of them, about the entry that
// the call is about, are About.
type lookFirst struct {
	moved, seq int64
	about      []Entry
}

func (l lookFirst) Error() string {
	return fmt.Sprintf("the ledger has to be looked at first, up to %d", l.moved)
}

// Outcome is an entry and how the balance stands after it.
type Outcome struct {
	Entry    Entry
	Standing Standing
	// Notices are the thresholds that the balance reached, the latest ones.
	Notices []Notice
	// Aggregate names the balance in the feed; with Version it is a consistency token. A
	// call that was served before has the version that the balance has now.
	Aggregate string
	Version   int64
}

// writing is one call that adds an entry to a balance.
type writing struct {
	u       *Usage
	account string
	benefit string
	call    resource.Call
	// of is the id of the entry that this one is about, or empty.
	of string
	// plan makes the entry of what it is made from; it may be called several times.
	plan func(*draft) (Entry, error)
	// check says that nothing is to be written.
	check bool

	granted granted
	request docstore.Request
	looked  looked
	// repeats is the entry that the request made before, once that is known.
	repeats Entry
}

// looked is what was found when the ledger was looked at.
type looked struct {
	// upTo is the number up to which the entries are known.
	upTo int64
	// about are those entries about writing.of whose numbers are not above.
	about []Entry
}

// looks says whether the call depends on entries of a balance that may be in the ledger.
func (w *writing) looks(b *balance) bool {
	return w.of != "" || w.call.RequestID != "" && b.Gone.may(w.request.Key)
}

// looksFirst says whether the call will most likely look into the ledger, and so does before
// it reads the balance, given up to which number the entries of that are there.
func (w *writing) looksFirst(upTo int64) bool {
	return w.of != "" && upTo > 0 || w.call.RequestID != "" && upTo > filterHolds
}

// draft is what an entry is made from: how the balance stands.
type draft struct {
	*count
	Standing
	// today is the day of the instant in the company's zone.
	today civil.Day
	// about are all entries about writing.of.
	about []Entry
}

// write adds an entry to a balance, once for each request.
func (w *writing) write(ctx context.Context) (Outcome, error) {
	var err error
	if w.granted, err = w.u.granted(ctx, w.account, w.benefit); err != nil {
		return Outcome{}, err
	}
	id := balanceID(w.account, w.benefit)
	if w.call.RequestID != "" {
		w.request = docstore.NewRequest(w.call.Principal, w.call.Method+" "+id, w.call.RequestID, w.call.Payload)
	}
	out, err := w.try(ctx, id)
	if errors.Is(err, errRepeated) {
		return w.again(ctx, id)
	}
	var told *fault.Error
	if errors.As(err, &told) {
		return Outcome{}, told
	}
	return out, err
}

// try changes the balance, after a look into the ledger where the call needs one.
func (w *writing) try(ctx context.Context, id string) (Outcome, error) {
	if upTo := w.u.seen.of(id); w.looksFirst(upTo) {
		if err := w.look(ctx, lookFirst{moved: upTo, seq: upTo}); err != nil {
			return Outcome{}, err
		}
	}
	for { // each turn that fails lets others go on; the call's deadline ends it
		var out Outcome
		d, err := w.u.balances.Upsert(w.call.Context(ctx), id, func(d *docstore.Doc[balance]) (err error) {
			out, err = w.change(d)
			return err
		})
		var first lookFirst
		switch {
		case errors.Is(err, errFull):
			err = w.u.makeRoom(ctx, id)
		case errors.As(err, &first):
			w.u.seen.set(id, first.moved)
			err = w.look(ctx, first)
		case err == nil || errors.Is(err, errChecked):
			out.Aggregate, out.Version = w.u.balances.Source(id), d.Version
			if err == nil && d.Body.kept() >= moveAt {
				_ = w.u.move(ctx, id, &d.Body) // the use is made: should this fail, the next one that finds no room says so
			}
			return out, nil
		}
		if err != nil {
			return Outcome{}, err
		}
	}
}

// errChecked ends a change that is not to be written.
var errChecked = errors.New("nothing is to be written")

// change makes the entry and adds it.
func (w *writing) change(d *docstore.Doc[balance]) (Outcome, error) {
	b := &d.Body
	if err := w.repeated(b); err != nil {
		return Outcome{}, err
	}
	b.drop(w.u.seen.of(d.ID))
	switch {
	case b.Moved > w.looked.upTo && w.looks(b):
		about, err := b.latest().about(w.of)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{}, lookFirst{b.Moved, b.Count.Seq, about}
	case b.kept() >= maxRecent && !w.check:
		return Outcome{}, errFull
	}
	b.Account, b.Benefit = w.account, w.benefit
	at := w.u.now()
	if at.Before(b.Count.Last) {
		at = b.Count.Last.UTC()
	}
	if err := expire(d, at); err != nil {
		return Outcome{}, err
	}
	before := draft{count: &b.Count, Standing: w.granted.standing(&b.Count, at), today: w.granted.zone.DayOf(at)}
	var err error
	if before.about, err = w.about(b); err != nil {
		return Outcome{}, err
	}
	entry, err := w.entry(&before)
	if err != nil {
		return Outcome{}, err
	}
	if err := record(d, &entry); err != nil {
		return Outcome{}, err
	}
	out := Outcome{Entry: entry, Standing: w.granted.standing(&b.Count, at), Notices: b.Count.Notices}
	if w.check {
		return out, errChecked
	}
	return out, nil
}

// entry completes what was planned.
func (w *writing) entry(before *draft) (Entry, error) {
	e, err := w.plan(before)
	if err != nil {
		return Entry{}, err
	}
	e.Request, e.Who, e.At, e.Of = w.request, w.call.Principal, before.At, w.of
	if before.Seq == 0 {
		e.Anchor = w.granted.first(before.today)
	}
	e.Notices = before.reached(&e, before.Notices)
	if w.call.RequestID != "" {
		e.ID = w.request.DocumentID()
	} else {
		e.ID, err = w.call.NewID(w.u.random)
	}
	for i := range e.Notices {
		e.Notices[i].Entry = e.ID
	}
	return e, err
}

// about returns all entries about the entry that the call is about.
func (w *writing) about(b *balance) ([]Entry, error) {
	if w.of == "" {
		return nil, nil
	}
	latest, err := b.latest().above(w.looked.upTo).about(w.of)
	return append(w.looked.about[:len(w.looked.about):len(w.looked.about)], latest...), err
}

// again answers a request that was served before: with its entry, and how the balance
// stands now.
func (w *writing) again(ctx context.Context, id string) (Outcome, error) {
	d, err := w.u.balances.Get(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Entry: w.repeats, Standing: w.granted.standing(&d.Body.Count, w.u.now()), Notices: d.Body.Count.Notices,
		Aggregate: w.u.balances.Source(id), Version: d.Version}, nil
}
