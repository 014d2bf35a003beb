package engagements

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// Benefits is where the hours of engagements use metered benefits. A call with a key that
// came before does nothing, and answers as it did then. What can never be, as where the
// account does not have the benefit or not enough of it is left, is FAILED_PRECONDITION,
// NOT_FOUND or INVALID_ARGUMENT, whose message is shown beside the hours; other errors say
// that it may be tried again.
type Benefits interface {
	// Consume uses units of a benefit, and returns the resource name of the entry that
	// records it.
	Consume(ctx context.Context, key string, use Use) (usage string, err error)
	// Release gives back units of an entry.
	Release(ctx context.Context, key, usage string, units int64, reason string) error
}

// Use is what is used of a benefit.
type Use struct {
	// Account and Benefit are ids.
	Account, Benefit string
	// Units is at least 1.
	Units  int64
	Origin Origin
	// Note names the hours that use it.
	Note string
}

// own is a call of the service's own.
var own = resource.Call{Principal: "principals/plans-service", Method: "engagements.settle"}

// hoursRecorded is the event of an entry of hours, also of a counter-entry.
const hoursRecorded = "engagement.hours_recorded"

// settleEvery is how often those entries are tried again that could not be settled.
const settleEvery = 5 * time.Second

// Record adds an entry of hours to an engagement that has begun, today where no day is
// given, by the caller where no person is. Where the engagement names a benefit, the units
// that the entry fills are used; the answer shows how that went, or that it is still due.
// INVALID_ARGUMENT; NOT_FOUND; ENGAGEMENT_STATE; ENGAGEMENT_FULL. With check, nothing is
// written or used.
func (s *Service) Record(ctx context.Context, call resource.Call, id string, h Entry, check bool) (resource.Stored[Engagement], int, error) {
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Engagement]{}, 0, err
	}
	if h.Day == 0 {
		h.Day = today
	}
	if err := checkEntry(h, today); err != nil {
		return resource.Stored[Engagement]{}, 0, err
	}
	return s.enter(ctx, call, id, h, check, func(e *Engagement, h Entry) error { return e.record(id, h) })
}

// Reverse takes an entry of hours back by a counter-entry, whose note is the reason: also
// what it used of a benefit. INVALID_ARGUMENT; NOT_FOUND for the engagement or the entry;
// HOURS_REVERSED where that was done before, and for a counter-entry; ENGAGEMENT_FULL.
func (s *Service) Reverse(ctx context.Context, call resource.Call, id string, number int, reason string) (resource.Stored[Engagement], int, error) {
	if reason == "" {
		return resource.Stored[Engagement]{}, 0, fault.Invalid("reason", "is empty: say why the hours are taken back")
	}
	return s.enter(ctx, call, id, Entry{Note: reason}, false, func(e *Engagement, h Entry) error { return e.reverse(id, number, h) })
}

// enter adds an entry to the ledger, and settles it. It returns also the entry's number.
func (s *Service) enter(
	ctx context.Context, call resource.Call, id string, h Entry, check bool, add func(*Engagement, Entry) error,
) (resource.Stored[Engagement], int, error) {
	h.By, h.At, h.Request = call.Principal, s.now(), ""
	if call.RequestID != "" {
		h.Request = call.Request().DocumentID()
	}
	if check {
		e, err := s.engagements.Get(ctx, id)
		if err == nil {
			err = add(&e.State, h)
		}
		return e, len(e.State.Hours), err
	}
	e, err := s.engagements.Update(ctx, call, id, nil, hoursRecorded, func(e *Engagement) error { return add(e, h) })
	if err != nil {
		return e, 0, err
	}
	return s.settleNow(ctx, e), e.State.entered(h.Request), nil
}

// Charge asks the benefit once more for the units of an entry that it refused, as where
// some came back since or a period began; of a counter-entry, to take them back. Somebody
// has to want that: units count in the period in which they are used, and it is for people
// to say that the customer is to have fewer in this one for work of another. NOT_FOUND for
// the engagement or the entry; ENGAGEMENT_STATE where it was not refused; HOURS_REVERSED
// where it was taken back. Where the benefit refuses again, the entry says so.
func (s *Service) Charge(ctx context.Context, call resource.Call, id string, number int) (resource.Stored[Engagement], error) {
	e, err := s.engagements.Update(ctx, call, id, nil, "engagement.hours_charged", func(e *Engagement) error { return e.again(id, number) })
	if err != nil {
		return e, err
	}
	return s.settleNow(ctx, e), nil
}

// settleNow settles what is due of an engagement. What cannot be settled stands all the
// same, and Run settles it.
func (s *Service) settleNow(ctx context.Context, e resource.Stored[Engagement]) resource.Stored[Engagement] {
	settled, err := s.settle(ctx, e)
	if err != nil {
		s.opts.Log.WarnContext(ctx, "hours could not be settled with their benefit yet", "engagement", Name(e.ID), "error", err)
	}
	return settled
}

// Run settles the hours that could not be settled when they were recorded, until ctx ends.
// Any number of processes may run it; one at a time does the work, under a lease.
func (s *Service) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "engagements", func(ctx context.Context) error {
		for {
			if err := s.Settle(ctx); err != nil {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				s.opts.Log.WarnContext(ctx, "hours of engagements could not be settled with their benefits", "error", err)
			}
			if err := lifecycle.Pause(ctx, settleEvery); err != nil {
				return err
			}
		}
	})
}

// Settle settles all hours that are due with their benefits. What goes wrong with one
// engagement does not keep others from it.
func (s *Service) Settle(ctx context.Context) error {
	var failures []error
	for page := (docstore.Query{Index: "waiting", Limit: 100}); ; {
		found, err := s.engagements.List(ctx, page, func(e resource.Stored[Engagement]) resource.Place {
			return resource.Place{int64(e.State.Waiting), e.ID}
		}, nil)
		if err != nil {
			return fmt.Errorf("find hours that are due: %w", err)
		}
		for _, e := range found.Items {
			if _, err := s.settle(ctx, e); err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", Name(e.ID), err))
			}
		}
		if found.Next == nil || ctx.Err() != nil {
			return errors.Join(failures...)
		}
		page.After = found.Next
	}
}

// settle settles the entries of an engagement that are due, in their order: what one gives
// back was used by others before it. Each step can be repeated, here and by others at the
// same time; one that gives back is repeated where others settled meanwhile what it gives
// back of.
func (s *Service) settle(ctx context.Context, e resource.Stored[Engagement]) (resource.Stored[Engagement], error) {
	for number := 1; number <= len(e.State.Hours) && e.State.Waiting > 0; number++ {
		if e.State.Hours[number-1].Charge != Due {
			continue
		}
		saw := e.State.givers(number)
		charge, usage, refusal, err := s.use(ctx, &e, number)
		if err != nil {
			return e, err
		}
		next, err := s.engagements.Update(ctx, own, e.ID, nil, "engagement.hours_settled", func(e *Engagement) error {
			if slices.Equal(e.givers(number), saw) {
				e.settle(number, charge, usage, refusal)
			}
			return nil
		})
		if err != nil {
			return e, err
		}
		if e = next; e.State.Hours[number-1].Charge == Due {
			number--
		}
	}
	return e, nil
}

// use uses what an entry uses of the benefit, or gives back what it gives back.
func (s *Service) use(ctx context.Context, e *resource.Stored[Engagement], number int) (charge Charge, usage, refusal string, err error) {
	h, name := e.State.Hours[number-1], HoursName(e.ID, number)
	if s.opts.Benefits == nil {
		return "", "", "", fault.New(fault.Unavailable, fault.ReasonUnavailable, "No entitlements service is there to use %s.", e.State.Benefit)
	}
	if h.Units > 0 {
		usage, err = s.opts.Benefits.Consume(ctx, name, Use{e.State.Account, e.State.Benefit, h.Units, e.State.Origin, name})
		if err != nil {
			refusal, err = final(err)
			return Refused, "", refusal, err
		}
		return Settled, usage, "", nil
	}
	charge = Settled
	for _, back := range h.Back {
		used := e.State.Hours[back.Entry-1]
		if used.Charge != Settled { // it was refused: there is nothing to give back
			continue
		}
		key := fmt.Sprintf("%s gives back %s", name, HoursName(e.ID, back.Entry))
		err := s.opts.Benefits.Release(ctx, key, used.Usage, back.Units, "Taken back by "+name)
		if err == nil {
			continue
		}
		why, err := final(err)
		if err != nil {
			return "", "", "", err
		}
		charge, refusal = Refused, why
	}
	return charge, "", refusal, nil
}

// final returns the message of an error that repeating cannot change, and other errors.
func final(err error) (message string, again error) {
	var told *fault.Error
	if errors.As(err, &told) {
		switch told.Kind {
		case fault.FailedPrecondition, fault.NotFound, fault.InvalidArgument:
			return told.Message, nil
		}
	}
	return "", err
}
