package meetings

import (
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The reasons of this package's failures, besides those of package fault.
const (
	ReasonMeetingState  = "MEETING_STATE"
	ReasonDecisionState = "DECISION_STATE"
	ReasonBoardState    = "BOARD_STATE"
	ReasonNoCharter     = "NO_CHARTER_IN_FORCE"
	ReasonCharter       = "CHARTER_BROKEN"
	ReasonShortNotice   = "SHORT_NOTICE"
	ReasonNoMembers     = "NO_MEMBERS"
	ReasonNoQuorum      = "NO_QUORUM"
	ReasonSubstitute    = "SUBSTITUTE"
	ReasonMinutes       = "MINUTES"
)

// The API's types of resources.
const (
	meetingType  = "evenhand/Meeting"
	decisionType = "evenhand/Decision"
	minutesType  = "evenhand/Minutes"
)

// wants refuses where the meeting is in none of these states.
func (m *Meeting) wants(name, what string, states ...State) error {
	if slices.Contains(states, m.State) {
		return nil
	}
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return fault.Precondition(ReasonMeetingState, name, "%s is %s, and %s only while it is %s.", name, m.State, what, strings.Join(words, " or ")).
		WithResource(meetingType, name)
}
