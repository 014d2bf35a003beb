package rewards

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// approves is the permission that a second person needs.
const approves = "rewards.approve"

// ApproveRules publishes a proposed version as it was read. The approver is another person
// than who proposed it and than all who wrote it, unless nobody else could approve. Etag is
// needed: nobody approves what they have not read. NOT_FOUND; ABORTED with STALE_ETAG;
// FAILED_PRECONDITION with POINT_RULES_STATE, with SECOND_PERSON, and with
// POINT_RULES_CONFLICT where another version was published since it was written;
// INVALID_ARGUMENT for an effective day on which it cannot begin to count any more. With
// check, nothing is written.
func (s *Service) ApproveRules(
	ctx context.Context, call resource.Call, by Caller, id, etag string, check bool,
) (resource.Stored[PointRules], error) {
	p, err := s.rules.Get(ctx, id)
	if err != nil {
		return p, err
	}
	if earlier, known, err := s.rules.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := p.State.wants(id, "approved", Proposed); err != nil {
		return p, err
	}
	single, err := s.mayApprove(ctx, by, id, &p.State)
	if err != nil {
		return p, err
	}
	if etag == "" {
		return p, fault.Invalid("etag", "is needed: approve the version as you have read it")
	}
	if err := s.publishable(ctx, id, &p.State); err != nil {
		return p, err
	}
	if check {
		return p, s.rules.Check(p, resource.IfEtag[PointRules](etag))
	}
	done, err := s.rules.Update(ctx, call, id, asRead(p, etag), "point_rules.published", func(p *PointRules) error {
		follows := int64(p.Base)
		p.State, p.Approver, p.Approved, p.SingleOperator, p.Follows = Published, by.Name, s.now(), single, &follows
		return nil
	})
	var duplicate *docstore.DuplicateError
	if errors.As(err, &duplicate) { // another was published between the check and the write
		versions, err := s.versions(ctx)
		if err != nil {
			return p, err
		}
		return p, rulesConflict(id, last(versions).number())
	}
	return done, err
}

// mayApprove says whether somebody may approve a version, and whether that is so only
// because nobody else could.
func (s *Service) mayApprove(ctx context.Context, by Caller, id string, p *PointRules) (single bool, err error) {
	if err := onlyPeople(by, RulesName(id), "approve point rules"); err != nil {
		return false, err
	}
	var involved string
	switch {
	case by.Name == p.Proposer:
		involved = "proposed it"
	case slices.Contains(p.Writers, by.Name):
		involved = "wrote some of it"
	default:
		return false, nil
	}
	others, err := s.opts.People.Others(ctx, by.Name, approves)
	if err != nil {
		return false, fmt.Errorf("look for another approver: %w", err)
	}
	if others {
		return false, fault.Precondition(ReasonSecondPerson, RulesName(id), "%s %s: another person who may approve point rules has to.", by.Name, involved)
	}
	return true, nil
}

// RejectRules refuses a proposed version, with a reason. NOT_FOUND; ABORTED with
// STALE_ETAG; FAILED_PRECONDITION with POINT_RULES_STATE; INVALID_ARGUMENT.
func (s *Service) RejectRules(ctx context.Context, call resource.Call, by Caller, id, etag, reason string) (resource.Stored[PointRules], error) {
	return s.end(ctx, call, by, id, etag, reason, Rejected, Proposed)
}

// WithdrawRules takes a version back before it is approved. As RejectRules.
func (s *Service) WithdrawRules(ctx context.Context, call resource.Call, by Caller, id, etag, reason string) (resource.Stored[PointRules], error) {
	return s.end(ctx, call, by, id, etag, reason, Retracted, Writing, Proposed)
}

func (s *Service) end(
	ctx context.Context, call resource.Call, by Caller, id, etag, reason string, end State, from ...State,
) (resource.Stored[PointRules], error) {
	if reason == "" {
		return resource.Stored[PointRules]{}, fault.Invalid("reason", "is empty: say why")
	}
	return s.rules.Update(ctx, call, id, resource.IfEtag[PointRules](etag), "point_rules."+string(end), func(p *PointRules) error {
		if err := p.wants(id, string(end), from...); err != nil {
			return err
		}
		p.State, p.EndedBy, p.Ended, p.Ending = end, by.Name, s.now(), reason
		return nil
	})
}
