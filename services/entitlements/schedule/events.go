package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// The events of a case between which the clocks of commitments can run: nothing starts or
// stops a clock by any other.
const (
	EventOpened             = "opened"
	EventAssigned           = "assigned"
	EventFirstReply         = "first_reply"
	EventEscalated          = "escalated"
	EventEscalationAnswered = "escalation_answered"
	EventReopened           = "reopened"
	EventResolved           = "resolved"
)

// Events are the events of a case, in the order in which they mostly come.
var Events = []string{EventOpened, EventAssigned, EventFirstReply, EventEscalated, EventEscalationAnswered, EventReopened, EventResolved}

// unheard returns the clocks that would never run, or never stop: those from or to what is
// no event of a case. A schedule with such clocks is valid, since earlier versions may have
// them.
func unheard(s *Schedule, problems *Problems) {
	for i, commitment := range s.Commitments {
		if commitment.Clock == nil {
			continue
		}
		for _, event := range []struct{ key, name string }{{"from", commitment.Clock.From}, {"to", commitment.Clock.To}} {
			if !slices.Contains(Events, event.name) {
				problems.add(fmt.Sprintf("commitments[%d].clock.%s", i, event.key), UnknownRef,
					"nothing ever happens to a case that is called %q%s, so this promise could not be measured: known are %s",
					event.name, suggest(event.name, Events), strings.Join(Events, ", "))
			}
		}
	}
}
