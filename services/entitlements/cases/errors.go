package cases

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The reasons of this package's failures, besides those of package fault.
const (
	ReasonCaseState       = "CASE_STATE"
	ReasonNotAcknowledged = "NOT_ACKNOWLEDGED"
	ReasonNotStaff        = "NOT_STAFF"
	ReasonAttestation     = "ATTESTATION_MISSING"
	ReasonDeparture       = "DEPARTS_FROM_PRECEDENT"
	ReasonNoEscalation    = "NO_ESCALATION_PATH"
	ReasonCaseFull        = "CASE_FULL"
)

// The API's types of resources.
const (
	caseType            = "evenhand/Case"
	acknowledgementType = "evenhand/Acknowledgement"
	pathType            = "evenhand/EscalationPath"
)

// refuse is FAILED_PRECONDITION about a resource: what has to be true first, and how to
// get there.
func refuse(reason, name, format string, args ...any) *fault.Error {
	return fault.Precondition(reason, name, format, args...)
}

// wants refuses where the case is in none of these states.
func (c *Case) wants(name, what, instead string, states ...State) error {
	if slices.Contains(states, c.State) {
		return nil
	}
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return refuse(ReasonCaseState, name, "%s is %s, and %s only while it is %s%s.", name, c.State, what, strings.Join(words, " or "), instead).
		WithResource(caseType, name)
}

// problems collects what is wrong with the fields of a request, below a prefix.
type problems struct {
	prefix string
	fields []fault.Field
}

func (p *problems) add(path, format string, args ...any) {
	p.fields = append(p.fields, fault.Field{Path: p.prefix + path, Description: fmt.Sprintf(format, args...)})
}

// err is INVALID_ARGUMENT that names every wrong field; nil where there is none.
func (p *problems) err() error {
	if len(p.fields) == 0 {
		return nil
	}
	first := p.fields[0]
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "%s: %s", first.Path, first.Description).WithFields(p.fields...)
}
