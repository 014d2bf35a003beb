package requests

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// CreateRequest notes a special request. INVALID_ARGUMENT; NOT_FOUND for the account.
func (s *Service) CreateRequest(ctx context.Context, call resource.Call, by Caller, id string, r Request, validateOnly bool) (resource.Stored[Request], error) {
	r.State, r.Requester, r.Roles = Undecided, by.Name, by.Roles
	if err := r.check(); err != nil {
		return resource.Stored[Request]{}, err
	}
	if id == "" {
		var err error
		if id, err = call.NewID(s.random); err != nil {
			return resource.Stored[Request]{}, err
		}
	}
	if earlier, known, err := s.requests.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := s.schedule.Account(ctx, r.Account); err != nil {
		return resource.Stored[Request]{}, err
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
	if err := needReason("reason", reason, "who asked is told why"); err != nil {
		return resource.Stored[Request]{}, err
	}
	r, err := s.requests.Get(ctx, id)
	if err != nil {
		return r, err
	}
	if earlier, known, err := s.requests.Replay(ctx, call, id); known || err != nil {
		return earlier, err
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
		return false, fault.Precondition(ReasonSecondPerson, RequestName(r.ID), "%s asked for it, and nobody decides their own request: another person has to.", by.Name)
	}
	return true, nil
}
