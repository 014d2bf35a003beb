package requests

import (
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The reasons of this package's failures, besides those of package fault.
const (
	ReasonSecondPerson  = "SECOND_PERSON"
	ReasonDraftState    = "DRAFT_STATE"
	ReasonDraftConflict = "DRAFT_CONFLICT"
	ReasonRequestState  = "SPECIAL_REQUEST_STATE"
	ReasonNoNewRule     = "NO_NEW_RULE"
)

// The API's types of resources.
const (
	draftType   = "evenhand/Draft"
	requestType = "evenhand/SpecialRequest"
)

// wants refuses where a draft is in none of these states.
func (d *Draft) wants(id, what string, states ...DraftState) error {
	if slices.Contains(states, d.State) {
		return nil
	}
	return fault.Precondition(ReasonDraftState, DraftName(id), "%s is %s, and it can be %s only while it is %s.",
		DraftName(id), d.State, what, either(states)).WithResource(draftType, DraftName(id))
}

// wants refuses where a request is not in a state.
func (r *Request) wants(id, what string, state RequestState) error {
	if r.State == state {
		return nil
	}
	return fault.Precondition(ReasonRequestState, RequestName(id), "%s is %s, and it can be %s only while it is %s.",
		RequestName(id), r.State, what, state).WithResource(requestType, RequestName(id))
}

func either[S ~string](states []S) string {
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return strings.Join(words, " or ")
}
