package innovation

import (
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// projectType is the API's type of the resource.
const projectType = "evenhand/InnovationProject"

// The reasons of this package's failures, besides those of package fault.
const (
	reasonState        = "PROJECT_STATE"
	reasonIncomplete   = "PROJECT_INCOMPLETE"
	reasonFull         = "PROJECT_FULL"
	reasonSecondPerson = "SECOND_PERSON"
)

// Name returns the resource name of a project.
func Name(id string) string { return names.Join("innovationProjects", id) }

// refused is FAILED_PRECONDITION about a project.
func refused(reason, id, format string, args ...any) error {
	return fault.Precondition(reason, Name(id), format, args...).WithResource(projectType, Name(id))
}

// mustBe is PROJECT_STATE unless the project is in one of the states.
func (p *Project) mustBe(id string, states ...State) error {
	if slices.Contains(states, p.State) {
		return nil
	}
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = s.words()
	}
	return refused(reasonState, id, "%s is %s, and this can be done only to one that is %s.", Name(id), p.State.words(), strings.Join(words, " or "))
}

// incomplete is PROJECT_INCOMPLETE, which names each thing that is missing; nil where
// nothing is.
func incomplete(id, what string, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	told := fault.New(fault.FailedPrecondition, reasonIncomplete, "%s cannot be %s yet: %s", Name(id), what, strings.Join(missing, " ")).
		WithResource(projectType, Name(id))
	for _, text := range missing {
		told = told.WithCondition(reasonIncomplete, Name(id), "%s", text)
	}
	return told
}
