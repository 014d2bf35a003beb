package sessions

import (
	"errors"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// sessionType is the API's type of the resource.
const sessionType = "evenhand/StrategySession"

// Reasons of evenhand.type.v1.ErrorReason that this package gives itself.
const (
	reasonState        = "STRATEGY_SESSION_STATE"
	reasonIncomplete   = "STRATEGY_SESSION_INCOMPLETE"
	reasonUndecided    = "STRATEGY_SESSION_UNDECIDED"
	reasonAccountState = "ACCOUNT_STATE"
)

// The failures that callers tell apart, with errors.Is.
var (
	// ErrState says that the session is in a state that does not allow what was asked.
	ErrState = fault.New(fault.FailedPrecondition, reasonState, "The session's state does not allow this.")
	// ErrIncomplete says that a session lacks what an open one needs; its conditions name it.
	ErrIncomplete = fault.New(fault.FailedPrecondition, reasonIncomplete, "The session is not complete.")
	// ErrUndecided says that ideas have no answer yet; its conditions name them.
	ErrUndecided = fault.New(fault.FailedPrecondition, reasonUndecided, "Ideas are undecided.")
	// ErrRefused is what a Board adds to an error that asking again would not change. It is
	// told apart, and not told.
	ErrRefused = errors.New("the board service refused")
)

// Name returns the resource name of a session.
func Name(id string) string { return names.Join("strategySessions", id) }

// SolicitationName returns the resource name of a solicitation.
func SolicitationName(id string) string { return names.Join("solicitations", id) }

// stateFault is STRATEGY_SESSION_STATE about a session.
func stateFault(id, format string, args ...any) error {
	return fault.Precondition(reasonState, Name(id), format, args...).WithResource(sessionType, Name(id))
}

// mustBe is STRATEGY_SESSION_STATE unless the session is in one of the states, with no step
// under way.
func (s *Session) mustBe(id string, states ...State) error {
	if s.Step != nil {
		return stateFault(id, "%s is being %s: read it again in a minute.", Name(id), s.Step.Kind)
	}
	if slices.Contains(states, s.State) {
		return nil
	}
	words := make([]string, len(states))
	for i, state := range states {
		words[i] = string(state)
	}
	return stateFault(id, "%s is %s, and this can be done only to one that is %s.", Name(id), s.State, strings.Join(words, " or "))
}
