package requests

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// ApproveDraft approves a draft as it was read, and publishes it. The approver is another
// person than who proposed it, than all who wrote its text, and than who asked for it,
// unless nobody else could approve. Etag is needed: nobody approves what they have not
// read. NOT_FOUND; ABORTED with STALE_ETAG; FAILED_PRECONDITION with DRAFT_STATE, with
// SECOND_PERSON, with DRAFT_CONFLICT, and with whatever keeps it from being published.
func (s *Service) ApproveDraft(ctx context.Context, call resource.Call, by Caller, id, etag string) (resource.Stored[Draft], error) {
	d, err := s.drafts.Get(ctx, id)
	if err != nil {
		return d, err
	}
	if earlier, known, err := s.drafts.Replay(ctx, call, id); known || err != nil {
		if err != nil {
			return earlier, err
		}
		return s.approveAgain(ctx, earlier)
	}
	if d.State.State == Approved && d.State.Approver == by.Name { // an attempt that did not get to its end
		return s.publish(ctx, d)
	}
	single, err := s.mayApprove(ctx, by, id, d.State)
	if err != nil {
		return d, err
	}
	if etag == "" {
		return d, fault.Invalid("etag", "is needed: approve the draft as you have read it")
	}
	if _, err := s.publishable(ctx, id, d.State, d.State.Proposer); err != nil {
		return d, err
	}
	d, err = s.drafts.Update(ctx, call, id, unchanged(d, etag), "draft.approved", func(d *Draft) error {
		d.State, d.Approver, d.ApprovedAt, d.SingleOperator, d.Returned = Approved, by.Name, s.now(), single, nil
		return nil
	})
	if err != nil {
		return d, err
	}
	return s.publish(ctx, d)
}

// approveAgain answers an approval that was made before: it publishes what is approved, and
// says why where that turned out not to be possible.
func (s *Service) approveAgain(ctx context.Context, d resource.Stored[Draft]) (resource.Stored[Draft], error) {
	why := d.State.Returned
	if d.State.State == Published || d.State.State == Approved || why == nil {
		return s.publish(ctx, d)
	}
	return d, fault.New(why.Kind, why.Reason, "%s", why.Message).WithResource(draftType, DraftName(d.ID))
}

// mayApprove says whether somebody may approve a draft, and whether that is so only because
// nobody else could.
func (s *Service) mayApprove(ctx context.Context, by Caller, id string, d Draft) (single bool, err error) {
	name := DraftName(id)
	if err := d.wants(id, "approved", Proposed); err != nil {
		return false, err
	}
	if err := onlyPeople(by, name, "approve"); err != nil {
		return false, err
	}
	involved := ""
	switch {
	case by.Name == d.Proposer:
		involved = "proposed it"
	case slices.Contains(d.Writers, by.Name):
		involved = "wrote some of it"
	case d.Request != "":
		r, err := s.requests.Get(ctx, d.Request)
		if err != nil {
			return false, fmt.Errorf("read the request of %s: %w", name, err)
		}
		if r.State.Requester == by.Name {
			involved = "asked for it"
		}
	}
	if involved == "" {
		return false, nil
	}
	others, err := s.people.Others(ctx, by.Name, approves)
	if err != nil {
		return false, fmt.Errorf("look for another approver: %w", err)
	}
	if others {
		return false, fault.Precondition(ReasonSecondPerson, name, "%s %s: another person who may approve schedules has to.", by.Name, involved)
	}
	return true, nil
}

// publish publishes an approved draft, and notes that. Where it cannot be published any
// more, as when another version came in between, it is proposed again, with the reason. A
// draft that is not approved is left as it is.
func (s *Service) publish(ctx context.Context, d resource.Stored[Draft]) (resource.Stored[Draft], error) {
	if d.State.State != Approved {
		return d, nil
	}
	call := resource.Call{Principal: d.State.Approver}
	version, err := s.schedule.Publish(docstore.WithPrincipal(ctx, d.State.Approver), Edition{
		Draft: DraftName(d.ID), File: []byte(d.State.YAML), Base: d.State.Base,
		Proposer: d.State.Proposer, Approver: d.State.Approver, SingleOperator: d.State.SingleOperator,
	})
	if told := final(err); told != nil {
		_, undoErr := s.drafts.Update(ctx, call, d.ID, resource.IfVersion[Draft](d.Version), "draft.returned", func(d *Draft) error {
			d.Returned = &Return{Approver: d.Approver, At: s.now(), Kind: told.Kind, Reason: told.Reason, Message: told.Message}
			d.State, d.Approver, d.ApprovedAt, d.SingleOperator = Proposed, "", time.Time{}, false
			return nil
		})
		if undoErr != nil {
			err = errors.Join(err, undoErr)
		}
		return d, err
	}
	if err != nil {
		return d, fmt.Errorf("publish %s: %w", DraftName(d.ID), err)
	}
	done, err := s.drafts.Update(ctx, call, d.ID, nil, "draft.published", func(d *Draft) error {
		d.State, d.Version = Published, version
		return nil
	})
	if err != nil {
		return done, err
	}
	return done, s.settleRequest(ctx, done.State.Request)
}

// final is the failure by which publishing the same again would fail again; nil where it
// might not.
func final(err error) *fault.Error {
	var told *fault.Error
	if errors.As(err, &told) && (told.Kind == fault.FailedPrecondition || told.Kind == fault.InvalidArgument) {
		return told
	}
	return nil
}

// publishApproved publishes drafts whose approval a process that died has left without a
// version.
func (s *Service) publishApproved(ctx context.Context) error {
	q := docstore.Query{Index: byState, Equal: []any{string(Approved)}}
	for d, err := range s.drafts.All(ctx, q) {
		if err != nil {
			return err
		}
		if s.now().Sub(d.State.ApprovedAt) < patience {
			continue
		}
		if _, err := s.publish(ctx, d); err != nil {
			slog.WarnContext(ctx, "an approved draft was not published", "draft", d.ID, "error", err)
		}
	}
	return nil
}
