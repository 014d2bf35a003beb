package clauses

import (
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The API's types of these resources.
const (
	clauseType   = "evenhand/Clause"
	citationType = "evenhand/Citation"
)

// reasonClauseState is the reason of failures that is this package's own.
const reasonClauseState = "CLAUSE_STATE"

// Name returns the resource name of a clause.
func Name(id string) string { return "clauses/" + id }

// CitationName returns the resource name of a citation, whose id is that of the clause, a
// slash and its own.
func CitationName(id string) string {
	clause, own, _ := strings.Cut(id, "/")
	return Name(clause) + "/citations/" + own
}

// clauseState is FAILED_PRECONDITION with CLAUSE_STATE about a clause.
func clauseState(name, format string, args ...any) error {
	return fault.Precondition(reasonClauseState, name, format, args...).WithResource(clauseType, name)
}
