package requests

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Rule is what a request is made: rules for everybody who meets them.
type Rule struct {
	// Draft is the id of the draft; made by the service where it is empty.
	Draft string
	// Fragment is the text of the rules, and of benefits and bundles, to be added to the
	// version published last.
	Fragment []byte
	// Reason is why the schedule should change so.
	Reason string
}

// MakeRule makes a draft of a request that adds rules to the schedule, and says who else
// would get something by them. The request is made a rule once the draft is published, and
// is open again if it is rejected or withdrawn. Errors as of DeclineRequest and CreateDraft.
func (s *Service) MakeRule(
	ctx context.Context, call resource.Call, by Caller, id, etag string, rule Rule, validateOnly bool,
) (resource.Stored[Request], error) {
	r, err := s.requests.Get(ctx, id)
	if err != nil {
		return r, err
	}
	if rule.Draft == "" {
		if rule.Draft, err = call.NewID(s.random); err != nil {
			return r, err
		}
	}
	if earlier, known, err := s.requests.Replay(ctx, call, id); known || err != nil {
		if err != nil {
			return earlier, err
		}
		return s.makeRuleAgain(ctx, call, by, earlier, rule)
	}
	if err := r.State.wants(id, "made a rule", Undecided); err != nil {
		return r, err
	}
	single, err := s.mayDecide(ctx, by, r)
	if err != nil {
		return r, err
	}
	d, rules, effect, err := s.ruleDraft(ctx, by, r, rule)
	if err != nil {
		return r, err
	}
	intend := func(r *Request) error {
		r.State, r.Draft, r.Rules, r.Effect = InDraft, rule.Draft, rules, &effect
		r.DecidedBy, r.Decided, r.SingleOperator = by.Name, s.now(), single
		return nil
	}
	if validateOnly {
		_ = intend(&r.State) // it has no way to fail
		return s.requests.Unwritten(id, r.State), nil
	}
	r, err = s.requests.Update(ctx, call, id, unchanged(r, etag), "special_request.in_draft", intend)
	if err != nil {
		return r, err
	}
	return s.createRuleDraft(ctx, call, r, d)
}

// ruleDraft is the draft that would make a rule of a request, which of its rules are new,
// and what they would do.
func (s *Service) ruleDraft(ctx context.Context, by Caller, r resource.Stored[Request], rule Rule) (Draft, []string, Effect, error) {
	d, err := s.drafted(ctx, by, NewDraft{Fragment: rule.Fragment, Reason: rule.Reason})
	if err != nil {
		return d, nil, Effect{}, err
	}
	d.Request = r.ID
	if _, err := s.drafts.Get(ctx, rule.Draft); err == nil {
		return d, nil, Effect{}, s.drafts.Kind().Exists(rule.Draft)
	} else if !errors.Is(err, resource.ErrNotFound) {
		return d, nil, Effect{}, err
	}
	_, last, err := s.schedule.Last(ctx)
	if err != nil {
		return d, nil, Effect{}, fmt.Errorf("read the schedule: %w", err)
	}
	content, err := schedule.Parse([]byte(d.YAML))
	if err != nil {
		return d, nil, Effect{}, err
	}
	rules := content.NewRules(last)
	effect, err := s.schedule.Foresee(ctx, []byte(d.YAML), rules, r.State.Account)
	return d, rules, effect, err
}

// makeRuleAgain answers a call to make a rule that has written its request before: it
// creates the draft where the request still waits for it.
func (s *Service) makeRuleAgain(
	ctx context.Context, call resource.Call, by Caller, r resource.Stored[Request], rule Rule,
) (resource.Stored[Request], error) {
	d, known, err := s.drafts.Created(ctx, creating(call), rule.Draft)
	switch {
	case err != nil || known && d.State.ended():
		return r, err
	case known:
		return s.holdDraft(ctx, call.Principal, r.ID, d.ID)
	case !r.State.waitsFor(rule.Draft):
		return r, fault.Precondition(ReasonRequestState, RequestName(r.ID), "%s could not be created, and %s is %s: look at it, and ask again with a new request id.",
			DraftName(rule.Draft), RequestName(r.ID), r.State.State).WithResource(requestType, RequestName(r.ID))
	}
	next, err := s.drafted(ctx, by, NewDraft{Fragment: rule.Fragment, Reason: rule.Reason})
	if err != nil {
		return r, err
	}
	next.Request = r.ID
	return s.createRuleDraft(ctx, call, r, next)
}

// creating is the call that creates the draft of a call that makes a rule.
func creating(call resource.Call) resource.Call {
	call.Method += ".draft"
	return call
}

// createRuleDraft creates the draft that a request names. Where somebody else's has the id
// the request is open again.
func (s *Service) createRuleDraft(ctx context.Context, call resource.Call, r resource.Stored[Request], d Draft) (resource.Stored[Request], error) {
	_, err := s.drafts.Create(ctx, creating(call), r.State.Draft, d, "draft.created")
	if errors.Is(err, resource.ErrExists) {
		if reopenErr := s.settled(ctx, r, reopened, (*Request).reopen); reopenErr != nil {
			err = errors.Join(err, reopenErr)
		}
	}
	if err != nil {
		return r, err
	}
	return s.holdDraft(ctx, call.Principal, r.ID, r.State.Draft)
}

// holdDraft notes in a request that its draft is there, from when on nothing but the end
// of the draft opens the request again. It refuses where the request does not wait for that
// draft: it was open again before the draft came to be, and may have been decided otherwise.
func (s *Service) holdDraft(ctx context.Context, principal, request, draft string) (resource.Stored[Request], error) {
	call := resource.Call{Principal: principal}
	return s.requests.Update(ctx, call, request, nil, "special_request.drafted", func(r *Request) error {
		if !r.waitsFor(draft) {
			return fault.Precondition(ReasonRequestState, RequestName(request), "%s is %s, and does not wait for %s: withdraw the draft.",
				RequestName(request), r.State, DraftName(draft)).WithResource(requestType, RequestName(request))
		}
		r.Drafted = true
		return nil
	})
}
