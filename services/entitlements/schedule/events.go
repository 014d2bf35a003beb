package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// The events of a case between which the clocks of commitments can run: nothing starts or
// stops a clock by any other.
const (
	EventOpened   = "opened"
	EventAssigned = "assigned"
	// EventFirstReply is, to a clock that began later, as with a reopening, the first reply
	// since it began.
	EventFirstReply         = "first_reply"
	EventEscalated          = "escalated"
	EventEscalationAnswered = "escalation_answered"
	EventReopened           = "reopened"
	EventResolved           = "resolved"
)

// Events are the events of a case, in the order in which they mostly come.
var Events = []string{EventOpened, EventAssigned, EventFirstReply, EventEscalated, EventEscalationAnswered, EventReopened, EventResolved}

// unheard returns the clocks that would never run, or never stop: those from or to what is
// no event of a case, or none that comes while a clock runs. A schedule with such clocks is
// valid, since earlier versions may have them.
func unheard(s *Schedule, problems *Problems) {
	for i, commitment := range s.Commitments {
		if commitment.Clock == nil {
			continue
		}
		for _, event := range []struct{ key, name, never string }{
			{"from", commitment.Clock.From, neverFrom[commitment.Clock.From]},
			{"to", commitment.Clock.To, neverTo[commitment.Clock.To]},
		} {
			path := fmt.Sprintf("commitments[%d].clock.%s", i, event.key)
			switch {
			case !slices.Contains(Events, event.name):
				problems.add(path, UnknownRef, "nothing ever happens to a case that is called %q%s, so this promise could not be measured: known are %s",
					event.name, suggest(event.name, Events), strings.Join(Events, ", "))
			case event.never != "":
				problems.add(path, BadValue, "this promise could not be measured: %s", event.never)
			}
		}
	}
}

// neverFrom and neverTo say why no clock is ever measured from or to an event.
var (
	neverFrom = map[string]string{EventResolved: "all clocks of a case end with its resolution; from reopened on they run anew"}
	neverTo   = map[string]string{
		EventOpened:   "no clock of a case runs before it is opened; name a later event",
		EventReopened: "all clocks of a case end with its resolution, before it is reopened; name an earlier event",
	}
)
