package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// sendEvery is how often messages are looked for that other processes entered, or that
// could not be sent before.
const sendEvery = 5 * time.Second

// Run sends what is in the outbox, until ctx ends. Any number of processes may run it;
// one at a time does the work, under a lease.
func (o *Outbox) Run(ctx context.Context) error {
	return o.store.WithLease(ctx, "outbox", func(ctx context.Context) error {
		for {
			// Nobody else sends, so what is being sent now was left over.
			if err := errors.Join(o.Recover(ctx), o.Send(ctx)); err != nil && ctx.Err() == nil {
				o.log.WarnContext(ctx, "the outbox was not emptied, trying again", "error", err)
			}
			pause := time.NewTimer(sendEvery)
			select {
			case <-o.wake:
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return context.Cause(ctx)
			}
			pause.Stop()
		}
	})
}

// Recover finds out what became of messages that were being sent when a process died, or
// lost its database. It is for the one who sends, before each time.
func (o *Outbox) Recover(ctx context.Context) error {
	var errs []error
	for _, l := range o.open(ctx, &errs) {
		if l.Body.State != Sending {
			continue
		}
		sent, err := o.delivery.Sent(ctx, l.ID)
		switch {
		case errors.Is(err, ErrUnknown):
			errs = append(errs, o.settle(ctx, l, Uncertain, troubleUncertain))
		case err != nil:
			errs = append(errs, err)
		case sent:
			errs = append(errs, o.settle(ctx, l, Sent, ""))
		default:
			errs = append(errs, o.settle(ctx, l, Waiting, ""))
		}
	}
	return errors.Join(errs...)
}

// open returns the messages that are waiting or being sent.
func (o *Outbox) open(ctx context.Context, errs *[]error) []docstore.Doc[Letter] {
	var found []docstore.Doc[Letter]
	for d, err := range o.letters.All(ctx, docstore.Query{Index: byOpen, Equal: []any{true}}) {
		if err != nil {
			*errs = append(*errs, err)
			break
		}
		found = append(found, d)
	}
	return found
}

// Send sends what is waiting, each message once.
func (o *Outbox) Send(ctx context.Context) error {
	var errs []error
	for _, l := range o.open(ctx, &errs) {
		if l.Body.State != Waiting {
			continue
		}
		if err := o.send(ctx, l); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// What is told of a message that was not sent; the causes, which can name folders and
// servers, are in the log.
const (
	troubleNotSent   = "it could not be handed over when that was last tried, and is tried again: the server's log says why"
	troubleUncertain = "it was interrupted while it was handed over, and nobody can tell whether it was: the server's log says why"
)

// send records that a message is being sent, sends it, and records that it was.
func (o *Outbox) send(ctx context.Context, l docstore.Doc[Letter]) error {
	to, err := o.directory.Address(ctx, l.Body.Account, l.Body.Contact)
	if errors.Is(err, ErrNoAddress) {
		return o.settle(ctx, l, Failed, "the contact "+l.Body.Contact+" of "+l.Body.Account+" is not there any more, or has no e-mail address")
	}
	if err != nil {
		return fmt.Errorf("find the address of %s at %s: %w", l.Body.Contact, l.Body.Account, err)
	}
	sending, err := o.turn(ctx, l, Sending, "")
	if err != nil {
		return err
	}
	err = o.delivery.Send(ctx, to, l.Body.Message)
	switch {
	case err == nil:
		return o.settle(ctx, sending, Sent, "")
	case errors.Is(err, ErrNotSent):
		return errors.Join(fmt.Errorf("hand over %s: %w", l.ID, err), o.settle(ctx, sending, Waiting, troubleNotSent))
	default:
		return errors.Join(fmt.Errorf("hand over %s: %w", l.ID, err), o.settle(ctx, sending, Uncertain, troubleUncertain))
	}
}

func (o *Outbox) settle(ctx context.Context, l docstore.Doc[Letter], to State, trouble string) error {
	_, err := o.turn(ctx, l, to, trouble)
	return err
}

// turn gives a message another state if it is as it was read: of two processes, of which
// one has lost its lease without knowing, only one goes on.
func (o *Outbox) turn(ctx context.Context, l docstore.Doc[Letter], to State, trouble string) (docstore.Doc[Letter], error) {
	return o.letters.UpdateIf(ctx, l.ID, l.Version, func(d *docstore.Doc[Letter]) error {
		d.Body.State, d.Body.Trouble, d.Body.Changed = to, trouble, o.now()
		if to != Waiting && to != Sending {
			d.Body.Open = nil
		}
		return nil
	})
}
