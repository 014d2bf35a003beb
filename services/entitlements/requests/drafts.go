package requests

import (
	"context"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// GetDraft returns a draft, or NOT_FOUND.
func (s *Service) GetDraft(ctx context.Context, id string) (resource.Stored[Draft], error) {
	return s.drafts.Get(ctx, id)
}

// Newest says which page of a list is wanted, the newest first.
type Newest[T any] struct {
	// Keep says whether one is wanted; nil wants all.
	Keep  func(resource.Stored[T]) bool
	Size  int
	After resource.Place
}

// ListDrafts lists drafts, the newest first.
func (s *Service) ListDrafts(ctx context.Context, query Newest[Draft]) (resource.Page[Draft], error) {
	q := docstore.Query{Index: byCreated, Descending: true, After: query.After, Limit: query.Size}
	return s.drafts.List(ctx, q, createdPlace[Draft], query.Keep)
}

func createdPlace[T any](s resource.Stored[T]) resource.Place { return resource.Place{s.Created, s.ID} }

// LastVersion returns the number of the version published last; 0 where there is none.
func (s *Service) LastVersion(ctx context.Context) (int, error) {
	number, _, err := s.schedule.Last(ctx)
	return number, err
}

// NewDraft is an edition to be written down.
type NewDraft struct {
	// ID is the draft's; made by the service where it is empty.
	ID string
	// File is the text of the whole edition; nil where Fragment counts.
	File []byte
	// Fragment is the text of rules, and of benefits and bundles, to be added to the version
	// published last.
	Fragment []byte
	Reason   string
}

// CreateDraft writes an edition down, on the version published last. INVALID_ARGUMENT with
// SCHEDULE_INVALID for a text that is no schedule; FAILED_PRECONDITION with
// NO_SCHEDULE_IN_FORCE for a fragment where nothing was published; ALREADY_EXISTS.
func (s *Service) CreateDraft(ctx context.Context, call resource.Call, by Caller, n NewDraft, validateOnly bool) (resource.Stored[Draft], error) {
	id := n.ID
	if id == "" {
		var err error
		if id, err = call.NewID(s.random); err != nil {
			return resource.Stored[Draft]{}, err
		}
	}
	if earlier, known, err := s.drafts.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	d, err := s.drafted(ctx, by, n)
	if err != nil {
		return resource.Stored[Draft]{}, err
	}
	if validateOnly {
		return s.drafts.Unwritten(id, d), nil
	}
	return s.drafts.Create(ctx, call, id, d, "draft.created")
}

// drafted is a new draft as it is to be stored.
func (s *Service) drafted(ctx context.Context, by Caller, n NewDraft) (Draft, error) {
	if err := needReason("reason", n.Reason, "say why the schedule should change so"); err != nil {
		return Draft{}, err
	}
	number, last, err := s.schedule.Last(ctx)
	if err != nil {
		return Draft{}, fmt.Errorf("read the schedule: %w", err)
	}
	d := Draft{State: Writing, YAML: string(n.File), Base: number, Reason: n.Reason, Writers: []string{by.Name}}
	if n.File == nil {
		next, err := compose(last, n.Fragment, n.Reason, s.now())
		if err != nil {
			return Draft{}, err
		}
		d.YAML = string(schedule.Format(next))
	}
	content, err := s.schedule.Read(ctx, []byte(d.YAML))
	if err != nil {
		return Draft{}, err
	}
	d.Hash = content.Hash()
	return d, nil
}

// UpdateDraft changes a draft, which takes back that it was proposed. NOT_FOUND; ABORTED
// with STALE_ETAG; FAILED_PRECONDITION with DRAFT_STATE for one that was approved or ended;
// INVALID_ARGUMENT.
func (s *Service) UpdateDraft(ctx context.Context, call resource.Call, by Caller, id, etag string, patch DraftPatch) (resource.Stored[Draft], error) {
	if earlier, known, err := s.drafts.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	hash := ""
	if patch.YAML != nil {
		content, err := s.schedule.Read(ctx, []byte(*patch.YAML))
		if err != nil {
			return resource.Stored[Draft]{}, err
		}
		hash = content.Hash()
	}
	if patch.Reason != nil {
		if err := needReason("draft.reason", *patch.Reason, "say why the schedule should change so"); err != nil {
			return resource.Stored[Draft]{}, err
		}
	}
	if patch.Base != nil {
		number, _, err := s.schedule.Last(ctx)
		if err != nil {
			return resource.Stored[Draft]{}, fmt.Errorf("read the schedule: %w", err)
		}
		if *patch.Base != number {
			return resource.Stored[Draft]{}, fault.Invalid("draft.base_version", "must be the version published last, which is %d", number)
		}
	}
	return s.drafts.Update(ctx, call, id, resource.IfEtag[Draft](etag), "draft.updated", func(d *Draft) error {
		if err := d.wants(id, "changed", Writing, Proposed); err != nil {
			return err
		}
		if patch.YAML != nil && *patch.YAML != d.YAML {
			d.YAML, d.Hash = *patch.YAML, hash
			d.written(by.Name)
		}
		if patch.Reason != nil {
			d.Reason = *patch.Reason
		}
		if patch.Base != nil {
			d.Base = *patch.Base
		}
		d.unproposed()
		return nil
	})
}

// ProposeDraft puts a draft before who approves it. NOT_FOUND; ABORTED with STALE_ETAG;
// FAILED_PRECONDITION with DRAFT_STATE, with SECOND_PERSON for a machine, with
// DRAFT_CONFLICT where another version was published since it was written, with
// NO_NEW_RULE, with SPECIAL_REQUEST_STATE where the request it is of does not wait for it,
// and with whatever would keep it from being published now.
func (s *Service) ProposeDraft(ctx context.Context, call resource.Call, by Caller, id, etag string) (resource.Stored[Draft], error) {
	d, err := s.drafts.Get(ctx, id)
	if err != nil {
		return d, err
	}
	if earlier, known, err := s.drafts.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := d.State.wants(id, "proposed", Writing, Proposed); err != nil {
		return d, err
	}
	if err := onlyPeople(by, DraftName(id), "propose"); err != nil {
		return d, err
	}
	rules, err := s.publishable(ctx, id, d.State, by.Name)
	if err != nil {
		return d, err
	}
	return s.drafts.Update(ctx, call, id, unchanged(d, etag), "draft.proposed", func(d *Draft) error {
		d.State, d.Proposer, d.Proposed, d.Rules = Proposed, by.Name, s.now(), rules
		return nil
	})
}

// unchanged wants a draft to be as it was read for a check, and as the caller has read it.
func unchanged[T any](read resource.Stored[T], etag string) resource.Condition[T] {
	given := resource.IfEtag[T](etag)
	return func(s resource.Stored[T]) bool {
		return s.Version == read.Version && (given == nil || given(s))
	}
}

// publishable says what would keep a draft from being published now, or else which of its
// rules are new.
func (s *Service) publishable(ctx context.Context, id string, d Draft, proposer string) (rules []string, err error) {
	name := DraftName(id)
	if d.Request != "" {
		if _, err := s.holdDraft(ctx, itself, d.Request, id); err != nil {
			return nil, err
		}
	}
	if err := s.schedule.Check(ctx, Edition{Draft: name, File: []byte(d.YAML), Base: d.Base, Proposer: proposer, Approver: proposer}); err != nil {
		return nil, err
	}
	number, last, err := s.schedule.Last(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schedule: %w", err)
	}
	content, err := s.schedule.Read(ctx, []byte(d.YAML))
	if err != nil {
		return nil, err
	}
	rules = content.NewRules(last)
	switch {
	case last != nil && d.Hash == last.Hash():
		return nil, fault.Precondition(ReasonNoNewRule, name, "%s says what version %d of the schedule says: change something, or withdraw it.", name, number)
	case d.Request != "" && len(rules) == 0:
		return nil, fault.Precondition(ReasonNoNewRule, name, "%s is to make a rule of %s, and has no rule that is not in version %d of the schedule already: add one.", name, RequestName(d.Request), number)
	}
	return rules, nil
}

// onlyPeople refuses machines.
func onlyPeople(by Caller, name, what string) error {
	if by.Person {
		return nil
	}
	return fault.Precondition(ReasonSecondPerson, name, "%s is a machine, and only people %s: whoever answers for it has to do so by name.", by.Name, what)
}

// RejectDraft refuses a proposed draft, with a reason; the special request it is of is open
// again. NOT_FOUND; ABORTED with STALE_ETAG; FAILED_PRECONDITION with DRAFT_STATE.
func (s *Service) RejectDraft(ctx context.Context, call resource.Call, by Caller, id, etag, reason string) (resource.Stored[Draft], error) {
	return s.end(ctx, call, by, id, etag, reason, Rejected, Proposed)
}

// WithdrawDraft takes a draft back before it is approved. As RejectDraft.
func (s *Service) WithdrawDraft(ctx context.Context, call resource.Call, by Caller, id, etag, reason string) (resource.Stored[Draft], error) {
	return s.end(ctx, call, by, id, etag, reason, Withdrawn, Writing, Proposed)
}

func (s *Service) end(
	ctx context.Context, call resource.Call, by Caller, id, etag, reason string, end DraftState, from ...DraftState,
) (resource.Stored[Draft], error) {
	if err := needReason("reason", reason, "say why"); err != nil {
		return resource.Stored[Draft]{}, err
	}
	d, err := s.drafts.Update(ctx, call, id, resource.IfEtag[Draft](etag), "draft."+string(end), func(d *Draft) error {
		if err := d.wants(id, string(end), from...); err != nil {
			return err
		}
		d.State, d.EndedBy, d.Ended, d.Ending = end, by.Name, s.now().Truncate(time.Millisecond), reason
		return nil
	})
	if err != nil {
		return d, err
	}
	return d, s.settleRequest(ctx, d.State.Request)
}
