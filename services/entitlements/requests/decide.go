package requests

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// CreateRequest notes a special request. INVALID_ARGUMENT; NOT_FOUND for the account.
func (s *Service) CreateRequest(ctx context.Context, call resource.Call, by Caller, id string, r Request, validateOnly bool) (resource.Stored[Request], error) {
	r.State, r.Requester, r.Roles = Undecided, by.Name, by.Roles
	if err := r.check(); err != nil {
		return resource.Stored[Request]{}, err
	}
	if err := s.schedule.Account(ctx, r.Account); err != nil {
		return resource.Stored[Request]{}, err
	}
	if id == "" {
		var err error
		if id, err = call.NewID(s.random); err != nil {
			return resource.Stored[Request]{}, err
		}
	}
	if validateOnly {
		return s.requests.Unwritten(id, r), nil
	}
	return s.requests.Create(ctx, call, id, r, "special_request.created")
}

// GetRequest returns a special request, or NOT_FOUND.
func (s *Service) GetRequest(ctx context.Context, id string) (resource.Stored[Request], error) {
	return s.requests.Get(ctx, id)
}

// RequestQuery says which special requests to list, the newest first.
type RequestQuery struct {
	// Requester is a principal's name, and Account an account's id; empty for all.
	Requester, Account string
	Newest[Request]
}

// ListRequests lists special requests, the newest first.
func (s *Service) ListRequests(ctx context.Context, query RequestQuery) (resource.Page[Request], error) {
	q := docstore.Query{Index: byCreated, Descending: true, After: query.After, Limit: query.Size}
	keep := query.Keep
	switch {
	case query.Requester != "":
		q.Index, q.Equal = byRequester, []any{query.Requester}
		keep = func(r resource.Stored[Request]) bool {
			return (query.Account == "" || r.State.Account == query.Account) && (query.Keep == nil || query.Keep(r))
		}
	case query.Account != "":
		q.Index, q.Equal = byAccount, []any{query.Account}
	}
	return s.requests.List(ctx, q, createdPlace[Request], keep)
}

// DeclineRequest ends an open request with a reason. NOT_FOUND; ABORTED with STALE_ETAG;
// INVALID_ARGUMENT without a reason; FAILED_PRECONDITION with SPECIAL_REQUEST_STATE, and
// with SECOND_PERSON for who asked, unless nobody else may decide, and for a machine.
func (s *Service) DeclineRequest(ctx context.Context, call resource.Call, by Caller, id, etag, reason string) (resource.Stored[Request], error) {
	if strings.TrimSpace(reason) == "" {
		return resource.Stored[Request]{}, fault.Invalid("reason", "is needed: who asked is told why")
	}
	r, err := s.requests.Get(ctx, id)
	if err != nil {
		return r, err
	}
	single, err := s.mayDecide(ctx, by, r)
	if err != nil {
		return r, err
	}
	return s.requests.Update(ctx, call, id, resource.IfEtag[Request](etag), "special_request.declined", func(r *Request) error {
		if err := r.wants(id, "declined", Undecided); err != nil {
			return err
		}
		r.State, r.Decision, r.DecidedBy, r.Decided, r.SingleOperator = Declined, reason, by.Name, s.now(), single
		return nil
	})
}

// mayDecide says whether somebody may decide a request, and whether that is so only because
// nobody else could.
func (s *Service) mayDecide(ctx context.Context, by Caller, r resource.Stored[Request]) (single bool, err error) {
	if err := onlyPeople(by, RequestName(r.ID), "decide"); err != nil {
		return false, err
	}
	if by.Name != r.State.Requester {
		return false, nil
	}
	others, err := s.people.Others(ctx, by.Name, decides)
	if err != nil {
		return false, fmt.Errorf("look for somebody else who decides: %w", err)
	}
	if others {
		return false, refuse(ReasonSecondPerson, RequestName(r.ID), "%s asked for it, and nobody decides their own request: another person has to.", by.Name)
	}
	return true, nil
}

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
	if earlier, known, err := s.requests.Replay(ctx, call, id); known || err != nil {
		if err != nil || earlier.State.State != InDraft {
			return earlier, err
		}
		return earlier, s.createRuleDraft(ctx, by, earlier, rule)
	}
	if err := r.State.wants(id, "made a rule", Undecided); err != nil {
		return r, err
	}
	single, err := s.mayDecide(ctx, by, r)
	if err != nil {
		return r, err
	}
	d, err := s.drafted(ctx, by, NewDraft{Fragment: rule.Fragment, Reason: rule.Reason})
	if err != nil {
		return r, err
	}
	if rule.Draft == "" {
		rule.Draft = fmt.Sprintf("for-%.40s-%d", id, len(r.State.Attempts)+1)
	}
	if _, err := s.drafts.Get(ctx, rule.Draft); err == nil {
		return r, s.drafts.Kind().Exists(rule.Draft)
	} else if !errors.Is(err, resource.ErrNotFound) {
		return r, err
	}
	rules, effect, err := s.foresee(ctx, d, r.State.Account)
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
	return r, s.createRuleDraft(ctx, by, r, rule)
}

// foresee says which rules of a draft are new, and what they would do.
func (s *Service) foresee(ctx context.Context, d Draft, account string) ([]string, Effect, error) {
	_, last, err := s.schedule.Last(ctx)
	if err != nil {
		return nil, Effect{}, fmt.Errorf("read the schedule: %w", err)
	}
	content, err := schedule.Parse([]byte(d.YAML))
	if err != nil {
		return nil, Effect{}, err
	}
	rules := content.NewRules(last)
	effect, err := s.schedule.Foresee(ctx, []byte(d.YAML), rules, account)
	return rules, effect, err
}

// createRuleDraft creates the draft that a request names, unless it is there.
func (s *Service) createRuleDraft(ctx context.Context, by Caller, r resource.Stored[Request], rule Rule) error {
	d, err := s.drafted(ctx, by, NewDraft{Fragment: rule.Fragment, Reason: rule.Reason})
	if err != nil {
		return err
	}
	d.Request = r.ID
	_, err = s.drafts.Create(ctx, resource.Call{Principal: by.Name}, r.State.Draft, d, "draft.created")
	if errors.Is(err, resource.ErrExists) {
		there, getErr := s.drafts.Get(ctx, r.State.Draft)
		if getErr == nil && there.State.Request == r.ID {
			return nil
		}
	}
	return err
}
