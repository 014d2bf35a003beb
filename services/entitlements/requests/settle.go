package requests

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// settleEvery is how often what processes left unfinished when they died is looked
	// for, and patience how long something has to have been left alone to count as that.
	settleEvery = 5 * time.Second
	patience    = 30 * time.Second
)

// itself is who finishes what others have begun.
const itself = "principals/entitlements-service"

// Run finishes what a process that died has left half done, until ctx ends. Any number of
// processes may run it; one at a time does the work, under a lease.
func (s *Service) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "drafts", func(ctx context.Context) error {
		for {
			if err := errors.Join(s.publishApproved(ctx), s.settleRequests(ctx)); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "unfinished drafts and requests were not finished", "error", err)
			}
			if err := lifecycle.Pause(ctx, settleEvery); err != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// settleRequests makes every request agree with its draft; one that cannot does not keep
// the others from it.
func (s *Service) settleRequests(ctx context.Context) error {
	q := docstore.Query{Index: byState, Equal: []any{string(InDraft)}}
	var failed []error
	for r, err := range s.requests.All(ctx, q) {
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		if err := s.settleRequest(ctx, r.ID); err != nil {
			failed = append(failed, fmt.Errorf("settle %s: %w", RequestName(r.ID), err))
		}
	}
	return errors.Join(failed...)
}

// The event of a request that is open again.
const reopened = "special_request.reopened"

// settleRequest makes a request agree with its draft: made a rule where that is published,
// open again where it came to nothing, or never came to be. A draft of that id which is not
// of this request is none.
func (s *Service) settleRequest(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	r, err := s.requests.Get(ctx, id)
	if err != nil || r.State.State != InDraft {
		return err
	}
	d, err := s.drafts.Get(ctx, r.State.Draft)
	missing := errors.Is(err, resource.ErrNotFound)
	if err != nil && !missing {
		return err
	}
	switch {
	case missing || d.State.Request != id:
		if s.now().Sub(r.State.Decided) < patience {
			return nil // it is being created
		}
		return s.settled(ctx, r, reopened, (*Request).reopen)
	case d.State.State == Published:
		return s.settled(ctx, r, "special_request.made_rule", func(r *Request) {
			r.State, r.Version, r.Rules = MadeRule, d.State.Version, d.State.Rules
		})
	case d.State.ended():
		return s.settled(ctx, r, reopened, func(r *Request) {
			r.Attempts = append(r.Attempts[:len(r.Attempts):len(r.Attempts)], Attempt{Draft: d.ID, State: string(d.State.State),
				By: d.State.EndedBy, At: d.State.Ended, Reason: d.State.Ending})
			r.reopen()
		})
	}
	return nil
}

// settled changes a request that is as it was read; one that is not is looked at again by
// whoever changed it.
func (s *Service) settled(ctx context.Context, r resource.Stored[Request], event string, change func(*Request)) error {
	_, err := s.requests.Update(ctx, resource.Call{Principal: itself}, r.ID, resource.IfVersion[Request](r.Version), event, func(r *Request) error {
		change(r)
		return nil
	})
	if errors.Is(err, resource.ErrStale) {
		return nil
	}
	return err
}
